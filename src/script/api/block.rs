//! A field block that a script builds, representation by representation: `hpack::block()`.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Dynamic, Engine, INT};

use super::arguments::{octets, within};
use super::fields::{name_of, value_of};
use super::outcome::{Outcome, fail};
use crate::script::octets::Octets;
use crate::script::types;
use crate::wire::hpack::{BlockBuilder, LiteralKind, Name};

/// Octets of one block that a script may build.
const MAX_BLOCK: usize = 64 << 20;

/// A block being built; every method adds to it and gives it back.
#[derive(Clone, Default)]
pub struct Builder(Rc<RefCell<BlockBuilder>>);

impl Builder {
    /// What was built so far.
    pub fn octets(&self) -> Bytes {
        Bytes::copy_from_slice(self.0.borrow().octets())
    }

    fn add(&self, more: impl FnOnce(&mut BlockBuilder)) -> Outcome<Self> {
        if self.0.borrow().octets().len() > MAX_BLOCK {
            return fail("the block is larger than any that fits a connection");
        }
        more(&mut self.0.borrow_mut());
        Ok(self.clone())
    }

    fn literal(&self, kind: LiteralKind, name: &Dynamic, value: &Dynamic, huffman: (bool, bool)) -> Outcome<Self> {
        let value = value_of(value)?;
        if let Ok(index) = name.as_int() {
            let index = index_of(index)?;
            return self.add(|block| {
                block.literal(kind, Name::Index(index), &value, huffman.0, huffman.1);
            });
        }
        let name = name_of(name)?;
        self.add(|block| {
            block.literal(kind, Name::Literal(&name), &value, huffman.0, huffman.1);
        })
    }
}

fn index_of(index: INT) -> Outcome<u64> {
    u64::try_from(index).or_else(|_| fail(format!("{index} is not an index")))
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "header block", |block: &Builder| {
        format!("header block {}", Octets(block.octets()).shown())
    });
    for (name, kind) in [
        ("incremental", LiteralKind::Incremental),
        ("without_indexing", LiteralKind::WithoutIndexing),
        ("never_indexed", LiteralKind::NeverIndexed),
    ] {
        engine.register_fn(name, move |block: &mut Builder, name: Dynamic, value: Dynamic| {
            block.literal(kind, &name, &value, (false, false))
        });
        engine.register_fn(
            name,
            move |block: &mut Builder, name: Dynamic, value: Dynamic, name_huffman: bool, value_huffman: bool| {
                block.literal(kind, &name, &value, (name_huffman, value_huffman))
            },
        );
    }
    engine.register_fn("indexed", |block: &mut Builder, index: INT| {
        let index = index_of(index)?;
        block.add(|block| {
            block.indexed(index);
        })
    });
    engine.register_fn("size_update", |block: &mut Builder, size: INT| {
        let size = index_of(size)?;
        block.add(|block| {
            block.size_update(size);
        })
    });
    engine.register_fn("raw", |block: &mut Builder, more: Dynamic| {
        let more = octets("raw octets", &more)?;
        block.add(|block| {
            block.raw(&more);
        })
    });
    engine.register_fn("string", |block: &mut Builder, text: Dynamic, huffman: bool| {
        let text = value_of(&text)?;
        block.add(|block| {
            block.string(&text, huffman);
        })
    });
    engine.register_fn("integer", |block: &mut Builder, bits: INT, value: INT, first: INT| {
        integer(block, bits, value, first, 0)
    });
    engine.register_fn("integer", |block: &mut Builder, bits: INT, value: INT, first: INT, extra: INT| {
        integer(block, bits, value, first, extra)
    });
    engine.register_fn("bytes", |block: &mut Builder| Octets(block.octets()));
    engine.register_fn("len", |block: &mut Builder| block.0.borrow().octets().len() as INT);
    engine.register_get("len", |block: &mut Builder| block.0.borrow().octets().len() as INT);
}

fn integer(block: &Builder, bits: INT, value: INT, first: INT, extra: INT) -> Outcome<Builder> {
    let bits = match within("prefix bits", bits, 8)? {
        0 => return fail("an integer has a prefix of 1 to 8 bits, not 0"),
        bits => bits as u8,
    };
    let value = u64::try_from(value).or_else(|_| fail(format!("{value} is negative")))?;
    let first = within("the first octet", first, 255)? as u8;
    let extra = within("extra octets", extra, 1 << 20)? as usize;
    block.add(|block| {
        block.integer(bits, value, first, extra);
    })
}
