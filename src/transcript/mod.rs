//! The ordered record of a connection: what came, what went, what did not go, and why.
//!
//! | file | what |
//! |---|---|
//! | [`Hub`] | the transcripts of all connections of a process, open and closed, within a bound |
//! | [`Recorder`] | records what happens on one connection, as either end of it |
//! | [`Transcript`] | one connection: its [`Facts`], its records, what scripts expected |
//! | [`Record`] | one thing that happened; `frame`, `octets`, `fields` are what it is made of |
//! | [`Snapshot`] | all that a transcript said at one moment, as JSON or JSON Lines, and read back |
//! | [`Line`] | a record for people |
//! | [`Follow`], [`Connections`] | records and connections as they come |
//! | `ring` | entries in a bounded number of bytes; the oldest go first |
//! | [`Blocks`] | field blocks read in order, following the dynamic table of their direction |
//! | `reading` | entries become records; `last`: the newest request |
//!
//! While a connection runs, bytes are copied and nothing is decoded: that is done when something reads it.

mod blocks;
mod codec;
mod facts;
mod fields;
mod follow;
mod frame;
mod hub;
mod json;
mod last;
mod log;
mod octets;
mod reading;
mod record;
mod recorder;
mod ring;
#[cfg(test)]
mod tests;
mod text;

pub use blocks::Blocks;
pub use facts::{Ending, Errors, Facts, LastRequest, TimedExpectation, TlsFacts};
pub use fields::{FieldLine, FieldSection};
pub use follow::{Connections, Follow, Next};
pub use frame::Frame;
pub use hub::{Hub, Options};
pub use json::{JSON_ENDS, ReadError, Snapshot, VERSION, json_begins, json_record, line, lines_begin};
pub use log::{Failed, Transcript};
pub use octets::{Meaning, Octets};
pub use reading::{Places, Records};
pub use record::{
    Cause, Closed, Expected, Initiator, NotSent, NotSentReason, Notice, Place, Reaction, Record, RecordKind,
    RequestHead, Side, Unsent, Violation,
};
pub use recorder::Recorder;
pub use text::{Line, field_lines, title};
