//! The text of a plan, the values in it, and errors that point into it.

use super::super::exit::Failure;
use super::super::print;
use crate::http::words::similar;
use crate::wire::frame::{FrameType, flag};
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// Characters of a line that an error shows.
const MAX_SHOWN: usize = 120;

/// The text of a plan.
pub(super) struct Source<'t> {
    name: &'t str,
    text: &'t str,
}

impl<'t> Source<'t> {
    pub const fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text }
    }

    /// The value that it is.
    pub fn parse(&self) -> Result<Value<'t>, Failure> {
        let parsed = parse_to_ast(self.text, &CollectOptions::default(), &ParseOptions::default())
            .map_err(|error| self.error(error.range(), &error.kind().to_string(), None))?;
        let end = Range::new(self.text.len(), self.text.len());
        parsed.value.ok_or_else(|| self.error(end, "the plan is empty", None))
    }

    /// An error about a part of the text.
    pub fn error(&self, range: Range, what: &str, help: Option<&str>) -> Failure {
        let at = range.start.min(self.text.len());
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let (line, column) =
            (before.matches('\n').count() + 1, before.get(start..).unwrap_or_default().chars().count());
        let whole = self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let skipped = column.saturating_sub(MAX_SHOWN / 2);
        let shown: String = whole.chars().skip(skipped).take(MAX_SHOWN).map(printable).collect();
        let marked = self.text.get(at..range.end.min(start + whole.len())).map_or(1, |part| part.chars().count());
        let width = marked.clamp(1, (MAX_SHOWN - (column - skipped)).max(1));
        let number = line.to_string();
        let mut text = format!(
            "{what}\n  --> {}:{line}:{}\n{number:>4} | {shown}\n     | {:indent$}{}",
            self.name,
            column + 1,
            "",
            "^".repeat(width),
            indent = column - skipped
        );
        if let Some(help) = help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        Failure::usage(text)
    }

    pub fn boolean(&self, value: &Value<'_>) -> Result<bool, Failure> {
        let boolean = value.as_boolean_lit().map(|boolean| boolean.value);
        boolean.ok_or_else(|| self.error(value.range(), "expected true or false", None))
    }

    pub fn text<'v>(&self, value: &'v Value<'_>) -> Result<&'v str, Failure> {
        let text = value.as_string_lit().map(|text| &*text.value);
        text.ok_or_else(|| self.error(value.range(), "expected a string", None))
    }

    /// The bytes of a string: a character up to U+00FF is one byte, and other text is UTF-8.
    pub fn octets(&self, value: &Value<'_>) -> Result<Vec<u8>, Failure> {
        Ok(crate::http::latin1::octets_of_text(self.text(value)?))
    }

    pub fn number(&self, value: &Value<'_>) -> Result<f64, Failure> {
        let number = value.as_number_lit().and_then(|number| number.value.parse().ok());
        number.ok_or_else(|| self.error(value.range(), "expected a number", None))
    }

    /// A whole number from 0 to `max`, decimal or hexadecimal.
    pub fn whole<N: TryFrom<u64>>(&self, value: &Value<'_>, max: u32) -> Result<N, Failure> {
        let parse = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        };
        let number = value.as_number_lit().and_then(|number| parse(number.value));
        let number = number.filter(|number| *number <= u64::from(max)).and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| self.error(value.range(), &format!("expected a whole number from 0 to {max}"), None))
    }

    /// Pairs of hexadecimal digits; space between them is passed over.
    pub fn hex(&self, value: &Value<'_>) -> Result<Vec<u8>, Failure> {
        let text: String = self.text(value)?.split_whitespace().collect();
        let pairs = text.as_bytes().chunks(2).map(|pair| {
            let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2 && !digits.contains('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        let octets: Option<Vec<u8>> = pairs.collect();
        octets.ok_or_else(|| self.error(value.range(), "expected pairs of hexadecimal digits", None))
    }

    /// A frame type by name or number; `None` for the preface.
    pub fn frame_type(&self, value: &Value<'_>) -> Result<Option<FrameType>, Failure> {
        if value.as_number_lit().is_some() {
            return Ok(Some(FrameType(self.whole(value, 255)?)));
        }
        let name = self.text(value)?;
        if name == "PREFACE" {
            return Ok(None);
        }
        let known = print::frame_type(name).map_err(|failure| {
            let (what, help) = failure.text.split_once("\nhelp: ").unwrap_or((&failure.text, ""));
            self.error(value.range(), what, Some(help))
        });
        known.map(Some)
    }

    /// Flags as a number or a list of names.
    pub fn flags(&self, value: &Value<'_>) -> Result<u8, Failure> {
        let Value::Array(names) = value else { return self.whole(value, 255) };
        names.elements.iter().try_fold(0, |flags, name| {
            let bit = flag::by_name(self.text(name)?);
            let help = Some("the flags are END_STREAM, ACK, END_HEADERS, PADDED and PRIORITY; a number sets any bits");
            bit.map(|bit| flags | bit).ok_or_else(|| self.error(name.range(), "there is no such flag", help))
        })
    }

    pub fn list<'v, 'a>(&self, value: &'v Value<'a>) -> Result<&'v [Value<'a>], Failure> {
        let list = value.as_array().map(|array| &array.elements[..]);
        list.ok_or_else(|| self.error(value.range(), "expected a list", None))
    }
}

/// The keys of an object. Those that nothing asked for are errors.
pub(super) struct Keys<'s, 'v, 't> {
    pub source: &'s Source<'t>,
    object: &'v Object<'t>,
    known: Vec<&'static str>,
}

impl<'s, 'v, 't> Keys<'s, 'v, 't> {
    pub const fn new(source: &'s Source<'t>, object: &'v Object<'t>) -> Self {
        Self { source, object, known: Vec::new() }
    }

    /// The value of a key.
    pub fn get(&mut self, name: &'static str) -> Option<&'v Value<'t>> {
        self.known.push(name);
        let property = self.object.properties.iter().find(|property| property.name.as_str() == name);
        property.map(|property| &property.value)
    }

    /// The object as a whole, for errors.
    pub fn range(&self) -> Range {
        self.object.range
    }

    /// The error about the first key that nothing asked for.
    pub fn unknown(&self) -> Option<Failure> {
        let is_unknown = |name: &str| !self.known.contains(&name);
        let property = self.object.properties.iter().find(|property| is_unknown(property.name.as_str()))?;
        let name = property.name.as_str();
        let help = match similar(name, self.known.iter().copied()) {
            Some(similar) => format!("a similar key exists: `{similar}`"),
            None => format!("the keys here are {}", self.known.join(", ")),
        };
        Some(self.source.error(property.name.range(), &format!("unknown key `{name}`"), Some(&help)))
    }

    /// Refuses keys that nothing asked for.
    pub fn finish(self) -> Result<(), Failure> {
        self.unknown().map_or(Ok(()), Err)
    }
}

fn printable(character: char) -> char {
    if character.is_control() { '\u{fffd}' } else { character }
}
