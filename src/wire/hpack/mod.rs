//! HPACK (RFC 7541): field blocks read without loss and written representation by representation.
//!
//! [`Decoder`] gives the fields and how each was represented; [`Encoder`] chooses sensibly or as told;
//! [`BlockBuilder`] knows no table and writes whatever it is asked to.

mod builder;
mod decoder;
mod encoder;
mod error;
mod field;
pub mod huffman;
pub mod integer;
mod reader;
mod static_table;
mod table;
#[cfg(test)]
mod tests;

pub use builder::{BlockBuilder, LiteralKind, Name};
pub use decoder::Decoder;
pub use encoder::{EncodeError, Encoder, FieldSpec};
pub use error::{DecodeError, DecodeErrorKind};
pub use field::{Block, Entry, Field, Representation};
pub use reader::boundaries;
pub use static_table::{STATIC_TABLE, static_entry};
pub use table::{DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD};
