//! `hpack::`: field blocks from fields, and back.

use rhai::{Array, Dynamic, Engine, INT, Map};

use super::arguments::octets;
use super::block::Builder;
use super::current;
use super::fields::fields_of;
use super::functions::Functions;
use super::outcome::{Outcome, fail, sent};
use crate::script::octets::{Octets, latin1_text};
use crate::wire::hpack::{DEFAULT_TABLE_SIZE, Decoder, Entry};

pub fn register(engine: &mut Engine) {
    let mut module = Functions::default();
    module.add("block", Builder::default);
    module.add("decode", |block: Dynamic| decode(&block));
    module.add("encode", |fields: Dynamic| encode(&fields));
    module.register(engine, "hpack");
}

/// Encodes with the encoder of the handler's connection: its table follows, so the block must be sent.
fn encode(fields: &Dynamic) -> Outcome<Octets> {
    let fields = fields_of(fields)?;
    let Some(connection) = current::connection() else {
        return fail("hpack::encode works inside a handler or a profile only");
    };
    sent(connection.encode(&fields)).map(Octets)
}

/// Decodes a block with a fresh decoder: what refers to the dynamic table must be in the block itself.
fn decode(block: &Dynamic) -> Outcome<Array> {
    let block = octets("a header block", block)?;
    let decoded = Decoder::new(DEFAULT_TABLE_SIZE).decode(block, 16 << 20);
    match decoded {
        Ok(block) => Ok(block.entries.iter().map(|entry| Dynamic::from_map(entry_map(entry))).collect()),
        Err(error) => fail(format!("the block cannot be decoded: {error}")),
    }
}

/// A field or size update as scripts see it.
pub fn entry_map(entry: &Entry) -> Map {
    let mut map = Map::new();
    let mut set = |name: &str, value: Dynamic| {
        map.insert(name.into(), value);
    };
    match entry {
        Entry::Field(field) => {
            set("name", latin1_text(&field.name).into());
            set("value", latin1_text(&field.value).into());
            set("name_bytes", Dynamic::from(Octets(field.name.clone())));
            set("value_bytes", Dynamic::from(Octets(field.value.clone())));
            set("representation", field.representation.name().into());
            set("index", INT::try_from(field.index).unwrap_or(INT::MAX).into());
            set("name_huffman", field.name_huffman.into());
            set("value_huffman", field.value_huffman.into());
            set("bytes", Dynamic::from(Octets(field.octets.clone())));
        }
        Entry::SizeUpdate { size, octets } => {
            set("representation", "size-update".into());
            set("size", INT::try_from(*size).unwrap_or(INT::MAX).into());
            set("bytes", Dynamic::from(Octets(octets.clone())));
        }
    }
    map
}
