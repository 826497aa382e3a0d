//! What is wrong with a configuration.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong. Displays as what it is, its place, the line itself with carets, and what to do; the printer
/// puts `error: ` or `warning: ` in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: Option<Box<Place>>,
    what: String,
    advice: Option<String>,
    missing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub path: PathBuf,
    pub line: usize,
    pub column: usize,
    /// The line itself, or the part of a long one that matters.
    pub text: String,
    /// The characters of `text` before those that are meant, and how many those are.
    pub indent: usize,
    pub width: usize,
}

impl ConfigError {
    /// A file that is not there.
    pub(super) fn missing(what: String) -> ConfigError {
        ConfigError { missing: true, ..ConfigError::plain(what) }
    }

    pub(super) fn at(place: Place, what: String, advice: Option<String>) -> ConfigError {
        ConfigError { place: Some(Box::new(place)), ..ConfigError::plain(what) }.advised(advice)
    }

    /// A fault without a place.
    pub(super) fn plain(what: impl Into<String>) -> ConfigError {
        let what = replace_control_chars(&what.into());
        ConfigError { place: None, what, advice: None, missing: false }
    }

    fn advised(self, advice: Option<String>) -> ConfigError {
        ConfigError { advice: advice.map(|advice| replace_control_chars(&advice)), ..self }
    }

    pub(super) fn of_flag(flag: &str, what: impl fmt::Display) -> ConfigError {
        ConfigError::plain(format!("{flag}: {what}"))
    }

    pub(super) fn is_missing(&self) -> bool {
        self.missing
    }

    /// What is wrong, without its place.
    pub fn message(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// The file, and the line itself or the part of it that matters.
    pub fn source(&self) -> Option<(&Path, &str)> {
        self.place.as_ref().map(|place| (place.path.as_path(), place.text.as_str()))
    }

    /// The line in the file, counted from 1, if the fault has a place there.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }

    /// The column in the line, counted from 1 in characters.
    pub fn column(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.column)
    }
}

/// Text of a file without control characters, which a terminal would obey; line breaks and tabs stay.
pub(super) fn replace_control_chars(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        character if character.is_control() => '\u{fffd}',
        character => character,
    };
    text.chars().map(shown).collect()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(place) = &self.place {
            let Place { path, line, column, text, indent, width } = place.as_ref();
            let number = line.to_string();
            write!(f, "\n --> {}:{line}:{column}\n {number} | {text}", path.display())?;
            // Tabs stay tabs, so that the caret is where the eye expects it.
            let indent: String =
                text.chars().take(*indent).map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n {:1$} | {indent}{2}", "", number.len(), "^".repeat((*width).max(1)))?;
        }
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, "\nhelp: {advice}"))
    }
}

impl std::error::Error for ConfigError {}

/// Everything that is wrong, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}error: {error}", if index > 0 { "\n\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
