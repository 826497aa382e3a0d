//! What can stand in a transcript. JSON, JSON Lines and text are functions of these types.

use super::codec::{hex, seconds, text};
use super::frame::Frame;
use super::octets::Octets;
use crate::h2::Rule;
use crate::http::role::Role;
use crate::http::transport::{self, CloseReason};
use crate::wire::frame::HEADER_LENGTH;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that accepted it.
    Server,
}

impl Side {
    /// The opposite end.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// What made the recording end send something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// A response, or a call that follows the rules.
    Checked,
    /// A call that sends as given.
    Raw,
    /// The engine: SETTINGS at the start, acknowledgements, windows, GOAWAY and RST_STREAM for broken rules.
    Automatic,
}

impl From<transport::Cause> for Cause {
    fn from(cause: transport::Cause) -> Self {
        match cause {
            transport::Cause::Checked => Self::Checked,
            transport::Cause::Raw => Self::Raw,
            transport::Cause::Automatic => Self::Automatic,
        }
    }
}

impl Cause {
    /// `checked`, `raw` or `automatic`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Raw => "raw",
            Self::Automatic => "automatic",
        }
    }
}

/// Where in a script something was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The script's file.
    pub file: String,
    /// The function of the script API, such as `connection.send`; or the function of the script whose result was sent.
    pub function: String,
    /// The line of the call, from 1; `None` if only the file is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} at {}:{line}", self.function, self.file),
            None => write!(f, "{} in {}", self.function, self.file),
        }
    }
}

/// A rule that was broken on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Breach {
    /// The rule's stable name, such as `h2.window-update.zero`.
    pub rule: String,
    /// Where the rule is written.
    pub section: String,
}

impl Breach {
    /// Of this rule.
    pub fn of(rule: Rule) -> Self {
        Self { rule: rule.id().to_owned(), section: rule.section().to_owned() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "breaks {} ({})", self.rule, self.section)
    }
}

/// One thing that happened on a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number on its connection: 1, 2, 3, without gaps.
    pub seq: u64,
    /// When, since the connection began. What an endpoint handled in one pass shares a time.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// Which end did it; `None` where the recording end notes something of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    /// What made the recording end send it; `None` for what it received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The call of a script that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Place>,
    /// The rule that it breaks, if a raw call sent it and a conforming peer would object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<Breach>,
    /// What it is.
    #[serde(flatten)]
    pub kind: RecordKind,
}

impl Record {
    /// The bytes of the wire that this record is about, as far as they were kept, and how many there were; `None` for
    /// notes.
    pub fn wire(&self) -> Option<(Bytes, u64)> {
        match &self.kind {
            RecordKind::Preface => Some((Bytes::from_static(crate::h2::PREFACE), crate::h2::PREFACE.len() as u64)),
            RecordKind::Frame(frame) => {
                Some((frame.octets().clone(), HEADER_LENGTH as u64 + u64::from(frame.header().length)))
            }
            RecordKind::Octets(octets) => Some((octets.octets.clone(), octets.length)),
            _ => None,
        }
    }
}

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum RecordKind {
    /// The client's preface (RFC 9113 §3.4).
    Preface,
    /// A frame of HTTP/2.
    Frame(Frame),
    /// Bytes of HTTP/1.1; or bytes that a raw call sent over HTTP/2 and that are not a whole frame.
    Octets(Octets),
    /// The head of a request over HTTP/1.1 is complete.
    Request(RequestHead),
    /// Something that was queued is not sent.
    NotSent(NotSent),
    /// The other end broke a rule.
    Violation(Violation),
    /// A script expected something.
    Expectation(Expected),
    /// Something worth knowing happened, for people.
    Notice(Notice),
    /// In a file: records before this one are not in it. Its number is that of the last of them.
    Dropped(Dropped),
    /// The recording end's engine ended the connection. Its queued output still goes out.
    Closed(Closed),
    /// The transport is closed: nothing follows.
    Ended(Closed),
}

/// The head of a request over HTTP/1.1. Its bytes are in the records before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHead {
    /// The number of the request on its connection, from 1.
    pub number: u64,
    /// The method; the first 1,000 bytes.
    #[serde(with = "text")]
    pub method: Bytes,
    /// The target as written; the first 1,000 bytes.
    #[serde(with = "text")]
    pub target: Bytes,
    /// How many bytes the head has.
    pub head_octets: u64,
}

/// Something that was queued and is not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSent {
    /// What it is.
    pub unsent: Unsent,
    /// On which stream; `None` for automatic frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<u32>,
    /// The type of an automatic frame.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "type")]
    pub frame_type: Option<String>,
    /// Why it is not sent.
    pub why: NotSentReason,
    /// The code of the reset that was the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What reset the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Initiator>,
    /// How many bytes of content it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// The bytes, or the first of them; empty if none are known.
    #[serde(default, skip_serializing_if = "Bytes::is_empty", with = "hex")]
    pub octets: Bytes,
}

/// What is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsent {
    /// Content.
    Data,
    /// Trailers.
    Trailers,
    /// A frame that waited for a raw frame or field block to end.
    HeldFrame,
    /// A frame of the engine's own whose switch is off.
    AutomaticFrame,
}

impl Unsent {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Trailers => "trailers",
            Self::HeldFrame => "held frame",
            Self::AutomaticFrame => "automatic frame",
        }
    }
}

/// Why something is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotSentReason {
    /// The stream was reset.
    StreamReset,
    /// A raw frame ended the stream.
    StreamEnded,
    /// A raw frame said the opposite meanwhile.
    Contradicted,
    /// The peer would read it as a part of a raw frame or field block that has not ended.
    RawUnfinished,
    /// The peer's GOAWAY says that it does not process the stream.
    Unprocessed,
    /// The connection ended.
    ConnectionClosed,
    /// It is switched off.
    SwitchedOff,
}

impl NotSentReason {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::StreamReset => "the stream was reset",
            Self::StreamEnded => "a raw frame ended the stream",
            Self::Contradicted => "a raw frame contradicts it",
            Self::RawUnfinished => "a raw frame or header block has not ended",
            Self::Unprocessed => "the peer does not process the stream",
            Self::ConnectionClosed => "the connection ended",
            Self::SwitchedOff => "it is switched off",
        }
    }
}

/// What reset a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Initiator {
    /// A script of the recording end.
    Script,
    /// The recording end's engine, because a rule was broken.
    Engine,
    /// The client, recorded by a server.
    Client,
    /// The server, recorded by a client.
    Server,
}

impl Initiator {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Engine => "engine",
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl From<Side> for Initiator {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The rule's stable name, such as `h2.window-update.zero`; `None` over HTTP/1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where the rule is written.
    pub section: String,
    /// What is wrong, for people.
    pub text: String,
    /// On which stream, 0 for the connection; `None` over HTTP/1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<u32>,
    /// What the recording end does about it; `None` over HTTP/1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction>,
    /// The status of the response to it, over HTTP/1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What exactly is wrong, for people; may be empty.
    #[serde(default)]
    pub detail: String,
}

/// What is done about a broken rule; codes by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// The connection ends with this code.
    ConnectionError(String),
    /// The stream ends with this code.
    StreamError(String),
    /// It is reported, and nothing else.
    Reported,
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionError(code) => write!(f, "connection error {code}"),
            Self::StreamError(code) => write!(f, "stream error {code}"),
            Self::Reported => f.write_str("reported only"),
        }
    }
}

/// Something that a script expected of the other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// By what name; at most 1,000 characters.
    pub name: String,
    /// Whether it was so.
    pub passed: bool,
    /// What more the script said; may be empty, at most 1,000 characters.
    pub detail: String,
}

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// On which stream, or on which request over HTTP/1.1; `None` for the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<u64>,
    /// For people; at most 1,000 characters.
    pub text: String,
}

/// Records that are not in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// How many.
    pub records: u64,
    /// Why.
    pub why: DropReason,
}

/// Why records are not in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// They came faster than they could be written.
    TooFast,
    /// The file has the size that it may have.
    FileFull,
    /// The file was removed while it was written.
    FileRemoved,
}

impl DropReason {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TooFast => "they came faster than they could be written",
            Self::FileFull => "the file has the size that it may have",
            Self::FileRemoved => "the file was removed while it was written",
        }
    }
}

/// How a connection, or its use, ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The reason: the id of a broken rule, or a name such as `client-closed`, `client-reset`, `shut-down`, `idle`.
    pub why: String,
    /// The reason for people.
    pub text: String,
}

impl Closed {
    /// A reason as the end `side` sees it.
    pub(super) fn of(reason: CloseReason, side: Side) -> Self {
        let role = match side {
            Side::Client => Role::Client,
            Side::Server => Role::Server,
        };
        Self { why: reason.id(role).to_owned(), text: reason.text(role) }
    }
}
