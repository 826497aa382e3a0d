//! A named part of a record's bytes.

use serde::Serialize;

/// A named part of a record's bytes, and the parts that it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// What it says; bytes that are not printable ASCII are escaped.
    pub value: String,
    /// How it is written, or what is wrong with it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The first of its bytes, counted from the beginning of the record's.
    pub from: usize,
    /// The first byte behind it.
    pub to: usize,
    /// Whether it is a header, or a setting: what people look for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub main: bool,
    /// What it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl Part {
    /// A part without parts.
    pub fn new(name: &str, value: impl Into<String>, from: usize, to: usize) -> Self {
        let (name, value) = (name.to_owned(), value.into());
        Self { name, value, note: String::new(), from, to, main: false, parts: Vec::new() }
    }

    /// The same with a note.
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}
