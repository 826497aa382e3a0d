//! The text between the braces as tokens.

use super::error::{Fault, shown};

/// An expression, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression<'a> {
    /// The variable that the value is kept in, with its `$`.
    pub variable: Option<&'a str>,
    /// The name that it begins with, with a `$` if it has one.
    pub name: &'a str,
    /// What follows.
    pub steps: Vec<Step<'a>>,
}

/// From a value to a part of it, or to what a function gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// `[…]`; octets as they stand there.
    Index(&'a str),
    /// `(…)`, split at commas with the spaces after them.
    Call(Vec<&'a str>),
}

impl<'a> Expression<'a> {
    /// As wptserve reads it: whatever follows the last token that can be read is passed over.
    pub fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let mut rest = text;
        let mut name = take_name(&mut rest).ok_or(Fault::Syntax)?;
        let mut variable = None;
        if name.starts_with('$') && rest.first() == Some(&b':') {
            rest = rest.get(1..).unwrap_or_default();
            variable = Some(name);
            name = take_name(&mut rest).ok_or(Fault::Syntax)?;
        }
        let mut steps = Vec::new();
        loop {
            let taken = match rest.first() {
                Some(b'[') => take_enclosed(&mut rest, b']')?.map(Step::Index),
                Some(b'(') => take_enclosed(&mut rest, b')')?.map(|text| Step::Call(arguments(text))),
                Some(b'$') if rest.get(1).is_some_and(|octet| is_word(*octet)) => return Err(Fault::Syntax),
                Some(octet) if is_word(*octet) => return Err(Fault::Syntax),
                _ => None,
            };
            let Some(step) = taken else { break };
            steps.push(step);
        }
        Ok(Self { variable, name, steps })
    }
}

fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

/// `name` or `$name`.
fn take_name<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let sign = usize::from(rest.first() == Some(&b'$'));
    let word = rest.get(sign..)?.iter().take_while(|octet| is_word(**octet)).count();
    if word == 0 {
        return None;
    }
    let (name, after) = rest.split_at_checked(sign + word)?;
    *rest = after;
    std::str::from_utf8(name).ok()
}

/// What stands between the bracket at the front and the next `close`; nothing if that is missing.
fn take_enclosed<'a>(rest: &mut &'a [u8], close: u8) -> Result<Option<&'a str>, Fault> {
    let Some(end) = memchr::memchr(close, rest) else { return Ok(None) };
    let inner = rest.get(1..end).unwrap_or_default();
    *rest = rest.get(end + 1..).unwrap_or_default();
    let text = std::str::from_utf8(inner);
    text.map(Some).map_err(|_| Fault::NotUtf8(shown(inner)))
}

fn arguments(text: &str) -> Vec<&str> {
    let mut all: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split(',').collect() };
    all.iter_mut().skip(1).for_each(|argument| *argument = argument.trim_start());
    all
}
