//! What is wrong with a template.

use std::fmt;

/// An expression that means nothing here; its text says where it stands, why, and what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What stands between the braces, cut if it is long.
    pub expression: String,
    /// Why.
    pub fault: Fault,
}

/// Why an expression means nothing. All but the last are for the template's author to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not begin with a name, or goes on with one.
    Syntax,
    /// An index or arguments that are not UTF-8.
    NotUtf8(String),
    /// No such name; the second is one that it resembles.
    Unknown(String, Option<String>),
    /// A variable that was not set before.
    NotSet(String),
    /// What was indexed, the index, what there is.
    Index(String, String, String),
    /// What was indexed although it has no parts.
    NoParts(String),
    /// What was called although it is no function.
    NoFunction(String),
    /// A function, and how it is to be called.
    Call(&'static str, &'static str),
    /// A whole group of values; what to write after it.
    NotText(String, &'static str),
    /// A file: its name and why it is of no use.
    File(String, String),
    /// More octets than this.
    TooLarge(usize),
}

/// Characters of an expression that are shown.
const SHOWN: usize = 80;

impl TemplateError {
    pub(super) fn new(content: &[u8], at: usize, expression: &[u8], fault: Fault) -> Self {
        let before = content.get(..at).unwrap_or_default();
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let column = 1 + String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count();
        Self { line, column, expression: shown(expression), fault }
    }
}

/// Some octets as text of bearable length, in one line: it may come from a client, and is logged.
pub(super) fn shown(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets.get(..SHOWN * 4).unwrap_or(octets));
    let mut shown = String::with_capacity(text.len());
    for character in text.chars().take(SHOWN) {
        match character {
            control if control.is_control() => shown.extend(control.escape_default()),
            other => shown.push(other),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, expression, fault } = self;
        write!(f, "{{{{{expression}}}}} at line {line}, column {column}: {fault}")
    }
}

impl std::error::Error for TemplateError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str(
                "an expression is a name, then any number of [index] and (arguments), without a space before it; \
                 {{$name:…}} sets a variable",
            ),
            Self::NotUtf8(text) => write!(f, "{text} is not UTF-8"),
            Self::Unknown(name, Some(like)) => write!(f, "there is no name {name}; did you mean {like}?"),
            Self::Unknown(name, None) => {
                write!(f, "there is no name {name}, in templates or in the configuration")
            }
            Self::NotSet(name) => write!(f, "the variable {name} is not set; {{{{{name}:…}}}} sets it, before its use"),
            Self::Index(of, index, known) => write!(f, "{of} has no [{index}]; {known}"),
            Self::NoParts(what) => write!(f, "{what} has no parts to be picked by [index]"),
            Self::NoFunction(what) => write!(f, "{what} is not a function"),
            Self::Call(name, usage) => write!(f, "{name} is a function; it is called as {usage}"),
            Self::NotText(what, usage) => write!(f, "{what} is not a single value; choose one with {usage}"),
            Self::File(name, why) => write!(f, "the file {name} {why}"),
            Self::TooLarge(most) => write!(f, "the file becomes larger than {most} bytes here"),
        }
    }
}
