//! A record as a row of a table.

use super::codec::seconds;
use super::effect::Effect;
use super::record::{Cause, Place, Record, Side};
use super::text::Columns;
use serde::Serialize;
use std::time::Duration;

/// A record as a row of a table: what matters of it in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its number.
    pub seq: u64,
    /// When, since the connection began.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// Which end did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    /// Why the recording end sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The call of a script that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Place>,
    /// The stream, or over HTTP/1.1 the number of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<u64>,
    /// What it is.
    #[serde(rename = "type")]
    pub name: String,
    /// The flags of a frame.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub flags: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// What it says.
    pub says: String,
    /// What it does to its stream.
    pub effect: Effect,
    /// Whether something is wrong.
    pub error: bool,
    /// Where the rule is written that an error is about, or that a raw frame breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
}

impl Row {
    /// The row of a record.
    pub fn of(record: &Record) -> Self {
        let Record { seq, time, from, cause, script, kind, .. } = record;
        let Columns { stream, name, flags, length, says } = Columns::of(kind);
        Self {
            seq: *seq,
            time: *time,
            from: *from,
            cause: *cause,
            script: script.clone(),
            stream,
            name,
            flags,
            length,
            says,
            effect: Effect::of(kind),
            error: record.is_error(),
            section: record.section().map(str::to_owned),
        }
    }
}
