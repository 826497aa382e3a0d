//! The fields of a field block.

use crate::http::latin1::{from_latin1, latin1};
use crate::wire::hpack::{Block, Entry, Representation};
use bytes::Bytes;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What stands in place of a name for a size update.
const SIZE_UPDATE: &str = "size update";

/// The fields of a field block, in the order of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSection {
    /// Fields, and size updates between them.
    pub lines: Vec<FieldLine>,
    /// Whether these are all. A few bytes can stand for many fields, and then the rest is left out.
    pub whole: bool,
}

/// A field, or an instruction between fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldLine {
    /// A field.
    Field {
        /// Any bytes.
        name: Bytes,
        /// Any bytes.
        value: Bytes,
        /// How it was written (RFC 7541 §6).
        representation: Representation,
        /// The index of the entry (indexed) or of the name; 0 where the name was a literal (RFC 7541 §2.3.3).
        index: u64,
    },
    /// A dynamic table size update (RFC 7541 §6.3), bytes.
    SizeUpdate(u64),
}

impl FieldSection {
    /// The value of the first field with this name.
    pub fn get(&self, wanted: &[u8]) -> Option<&Bytes> {
        self.lines.iter().find_map(|line| match line {
            FieldLine::Field { name, value, .. } if name == wanted => Some(value),
            _ => None,
        })
    }
}

impl From<&Block> for FieldSection {
    fn from(block: &Block) -> Self {
        let line = |entry: &Entry| match entry {
            Entry::Field(field) => FieldLine::Field {
                name: field.name.clone(),
                value: field.value.clone(),
                representation: field.representation,
                index: field.index,
            },
            Entry::SizeUpdate { size, .. } => FieldLine::SizeUpdate(*size),
        };
        Self { lines: block.entries.iter().map(line).collect(), whole: !block.truncated }
    }
}

impl Serialize for FieldLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Field { name, value, representation, index } => {
                let mut tuple = serializer.serialize_tuple(4)?;
                tuple.serialize_element(&latin1(name))?;
                tuple.serialize_element(&latin1(value))?;
                tuple.serialize_element(representation.name())?;
                tuple.serialize_element(index)?;
                tuple.end()
            }
            Self::SizeUpdate(size) => (SIZE_UPDATE, size).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FieldLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LineVisitor)
    }
}

struct LineVisitor;

/// The second part of a line: a value, or a size.
#[derive(Deserialize)]
#[serde(untagged)]
enum Second {
    Size(u64),
    Value(String),
}

impl<'de> Visitor<'de> for LineVisitor {
    type Value = FieldLine;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[name, value, representation, index] or [\"{SIZE_UPDATE}\", bytes]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<FieldLine, A::Error> {
        let (Some(name), Some(second)) = (parts.next_element::<String>()?, parts.next_element()?) else {
            return Err(A::Error::custom("a field has a name and a value"));
        };
        let third: Option<String> = parts.next_element()?;
        let index = parts.next_element()?.unwrap_or_default();
        let representation = third.as_deref().and_then(representation);
        match (second, representation) {
            (Second::Size(size), _) if name == SIZE_UPDATE && third.is_none() => Ok(FieldLine::SizeUpdate(size)),
            (Second::Value(value), Some(representation)) => {
                let octets = |text: &str| {
                    from_latin1(text)
                        .map(Bytes::from)
                        .ok_or_else(|| A::Error::custom("expected one character per byte"))
                };
                Ok(FieldLine::Field { name: octets(&name)?, value: octets(&value)?, representation, index })
            }
            _ => Err(A::Error::custom("expected [name, value, representation, index]")),
        }
    }
}

fn representation(name: &str) -> Option<Representation> {
    use Representation::{Incremental, Indexed, NeverIndexed, WithoutIndexing};
    [Indexed, Incremental, WithoutIndexing, NeverIndexed].into_iter().find(|one| one.name() == name)
}
