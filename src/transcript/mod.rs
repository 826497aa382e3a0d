//! The ordered record of a connection: what came, what went, what did not go, and why.
//!
//! | file | what |
//! |---|---|
//! | [`Hub`] | the transcripts of all connections of a process, open and closed, within a bound |
//! | [`Recorder`] | sees what happens on one connection ([`Observer`](crate::exchange::Observer)) and records it |
//! | [`Transcript`] | one connection: its facts, its records, what scripts expected |
//! | `ring` | records in a bounded number of octets; the oldest go first |
//! | [`Blocks`] | field blocks read in order, for which the dynamic table of both ends is followed |
//! | `json`, `frames` | all that as JSON |
//!
//! While a connection runs, octets are copied and nothing is decoded: that is done for whoever asks to see it.

mod blocks;
mod frames;
mod hub;
mod json;
mod log;
mod recorder;
mod ring;
#[cfg(test)]
mod tests;

pub use blocks::Blocks;
pub use hub::{Hub, Options};
pub use log::{Failed, Transcript};
pub use recorder::Recorder;
