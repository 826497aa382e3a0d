//! What a connection may be told before it starts.

use std::time::Duration;

/// Options of a server connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Bounds on what a client may send and on what is queued.
    pub limits: Limits,
    /// How long a client may take.
    pub timeouts: Timeouts,
    /// Whether [`Event::Sent`](super::Event::Sent) is made; with at most this many octets of each run.
    pub record_octets: Option<usize>,
}

/// Bounds, all in octets unless said otherwise. A body has no bound here: it is held back by
/// [`unconsumed_body`](Self::unconsumed_body).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The request line with its line end; beyond it 414.
    pub request_line: usize,
    /// Request line and field lines together, also one trailer section; beyond it 431.
    pub head: usize,
    /// The number of field lines of a head or of a trailer section; beyond it 431.
    pub field_lines: usize,
    /// A chunk-size line with its extensions; beyond it 400.
    pub chunk_line: usize,
    /// Body octets that were given out in events and not consumed; from there on the connection asks not to be read.
    pub unconsumed_body: usize,
    /// Octets of pipelined requests that wait for the active one's response; from there on the connection asks not to
    /// be read.
    pub pipelined: usize,
    /// Response octets not yet transmitted; from there on no further pipelined request is begun, and falling below it
    /// gives [`Event::Writable`](super::Event::Writable).
    pub queued_output: usize,
    /// Body octets that are read and dropped after an early response; a longer rest closes the connection instead.
    pub drained_body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line: 16 * 1024,
            head: 64 * 1024,
            field_lines: 1_000,
            chunk_line: 4 * 1024,
            unconsumed_body: 256 * 1024,
            pipelined: 64 * 1024,
            queued_output: 128 * 1024,
            drained_body: 256 * 1024,
        }
    }
}

/// Times after which the connection is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first octet of a head to its end; beyond it 408. Stops clients that send a head octet by octet.
    pub head: Duration,
    /// Without any octet between requests (or in the dropped rest of a body): the connection is closed without a word.
    /// After a response it may take up to twice as long.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), idle: Duration::from_secs(120) }
    }
}
