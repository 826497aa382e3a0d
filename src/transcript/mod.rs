//! The ordered record of a connection: what came, what went, what did not go, and why.
//!
//! | file | what |
//! |---|---|
//! | [`Hub`] | the transcripts of all connections of a process, open and closed, within a bound |
//! | [`Recorder`] | records what happens on one connection, as either end of it |
//! | [`Transcript`] | one connection: its [`Facts`], its records, what scripts expected |
//! | [`Record`] | one thing that happened; `frame`, `octets`, `fields` are what it is made of |
//! | [`Snapshot`] | all that a transcript said at one moment, as JSON or JSON Lines, and read back |
//! | [`SCHEMA`] | the JSON Schema of the format |
//! | [`har`], [`qlog`], [`pcapng`], [`direction`] | a transcript for other programs, as functions of its records |
//! | [`Line`], [`Row`] | a record for people, as a line and as a row of a table |
//! | [`Filter`] | which records are wanted, in words |
//! | [`Anatomy`] | what each byte of a record means |
//! | [`Overview`] | streams over time, and flow-control windows |
//! | [`Effect`] | what a record does to its stream: what colors go by |
//! | [`Follow`], [`Connections`] | records and connections as they come |
//! | `ring` | entries in a bounded number of bytes; the oldest go first |
//! | [`Blocks`] | field blocks read in order, following the dynamic table of their direction |
//! | `exchanges` | requests and their responses, put together from records |
//! | `reading`, `cursor` | entries become records, at once and as they come |
//!
//! While a connection runs, bytes are copied and nothing is decoded: that is done when something reads it.

mod anatomy;
mod blocks;
mod codec;
mod cursor;
pub mod direction;
mod effect;
mod exchange;
mod exchanges;
mod facts;
mod fields;
mod filter;
mod follow;
mod frame;
pub mod har;
mod http1;
mod hub;
mod json;
mod log;
mod moment;
mod octets;
mod overview;
pub mod pcapng;
pub mod qlog;
mod reading;
mod record;
mod recorder;
mod ring;
mod row;
mod schema;
mod summary;
#[cfg(test)]
mod tests;
mod text;

pub use anatomy::{Anatomy, Dissection, Part, Table};
pub use blocks::{BlockError, Blocks};
pub use effect::Effect;
pub use facts::{Ending, Errors, Facts, GoAwayFacts, RequestFacts, ResetFacts, TimedExpectation, TlsFacts};
pub use fields::{FieldLine, FieldSection};
pub use filter::{Filter, FilterError};
pub use follow::{Connections, Follow, Next};
pub use frame::Frame;
pub use hub::{Counts, Hub, Options};
pub use json::{JSON_ENDS, ReadError, Saved, Snapshot, VERSION, json_begins, json_record, line, lines_begin};
pub use log::{Failed, Transcript};
pub use octets::{Meaning, Octets};
pub use overview::{Lane, Mark, Overseer, Overview, Window};
pub use reading::{Places, Records};
pub use record::{
    Breach, Cause, Closed, DropReason, Dropped, Expected, Initiator, NotSent, NotSentReason, Notice, Place, Reaction,
    Record, RecordKind, RequestHead, Side, Unsent, Violation,
};
pub use recorder::Recorder;
pub use row::Row;
pub use schema::SCHEMA;
pub use text::{Columns, ERROR, Line, field_lines, title};
