//! What was sent for the pages below `/_wire/`: to see it while looking at something else would be confusing, and each
//! look would give something new to see.

use crate::transcript::{Meaning, Octets, Record, RecordKind, Side};
use std::collections::HashSet;

const OWN: &[u8] = b"/_wire/";

/// Tells records of one connection, in their order, whether they are about the server's own pages.
#[derive(Debug)]
pub(super) struct Own {
    shown: bool,
    streams: HashSet<u64>,
    /// Over HTTP/1.1: the request under way is one of them.
    request: bool,
}

impl Own {
    /// Hides nothing if `shown`.
    pub fn new(shown: bool) -> Self {
        Self { shown, streams: HashSet::new(), request: false }
    }

    /// Whether the next record is one of them and is not to be shown.
    pub fn hides(&mut self, record: &Record) -> bool {
        if self.shown {
            return false;
        }
        match &record.kind {
            RecordKind::Frame(frame) => {
                let stream = u64::from(frame.header().stream_id);
                let path = frame.fields().and_then(Result::ok).and_then(|section| section.get(b":path"));
                if record.from == Some(Side::Client) && path.is_some_and(|path| path.starts_with(OWN)) {
                    self.streams.insert(stream);
                }
                self.streams.contains(&stream)
            }
            RecordKind::Octets(octets) if octets.meaning == Meaning::Http1 => {
                if let Some(target) = target(octets).filter(|_| record.from == Some(Side::Client)) {
                    self.request = target.starts_with(OWN);
                }
                self.request
            }
            RecordKind::Request(head) => head.target.starts_with(OWN),
            RecordKind::NotSent(unsent) => unsent.stream.is_some_and(|stream| self.streams.contains(&stream.into())),
            _ => false,
        }
    }
}

/// The target of the request line at the beginning (RFC 9112 §3).
fn target(octets: &Octets) -> Option<&[u8]> {
    let line = octets.octets.split(|octet| *octet == b'\r' || *octet == b'\n').next()?;
    let mut words = line.split(|octet| *octet == b' ');
    let (_method, target, version) = (words.next()?, words.next()?, words.next()?);
    version.starts_with(b"HTTP/").then_some(target)
}
