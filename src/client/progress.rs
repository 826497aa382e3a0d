//! How far one end of a connection is, as far as the other may wait for it.

use crate::wire::frame::{FrameHeader, FrameType, flag};
use std::collections::BTreeMap;

/// How far one end of a connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress(BTreeMap<Mark, u64>);

/// What is counted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Preface,
    Settings,
    SettingsAck,
    Ping,
    PingAck,
    GoAway,
    Headers(u32),
    /// Bytes of DATA.
    Content(u32),
    End(u32),
    Reset(u32),
}

impl Progress {
    /// The client's preface came.
    pub fn preface(&mut self) {
        self.add(Mark::Preface, 1);
    }

    /// A frame came. Frames that a connection can do without are not counted.
    pub fn frame(&mut self, header: &FrameHeader) {
        let stream = header.stream_id;
        match header.frame_type {
            FrameType::SETTINGS if header.has(flag::ACK) => self.add(Mark::SettingsAck, 1),
            FrameType::SETTINGS => self.add(Mark::Settings, 1),
            FrameType::PING if header.has(flag::ACK) => self.add(Mark::PingAck, 1),
            FrameType::PING => self.add(Mark::Ping, 1),
            FrameType::GOAWAY => self.add(Mark::GoAway, 1),
            FrameType::RST_STREAM => self.add(Mark::Reset(stream), 1),
            FrameType::HEADERS => self.add(Mark::Headers(stream), 1),
            FrameType::DATA => self.add(Mark::Content(stream), u64::from(header.length)),
            _ => return,
        }
        if matches!(header.frame_type, FrameType::HEADERS | FrameType::DATA) && header.has(flag::END_STREAM) {
            self.add(Mark::End(stream), 1);
        }
    }

    /// The first thing that `other` does not have; for people.
    pub fn missing(&self, other: &Self) -> Option<String> {
        let count = |mark: Mark| other.0.get(&mark).copied().unwrap_or_default();
        let is_over = |stream: u32| count(Mark::End(stream)) + count(Mark::Reset(stream)) > 0;
        let missing = self.0.iter().find(|(mark, wanted)| match **mark {
            Mark::Headers(stream) | Mark::Content(stream) | Mark::End(stream) if is_over(stream) => false,
            mark => count(mark) < **wanted,
        });
        missing.map(|(mark, _)| match mark {
            Mark::Preface => "the preface".to_owned(),
            Mark::Settings => "SETTINGS".to_owned(),
            Mark::SettingsAck => "an ACK of SETTINGS".to_owned(),
            Mark::Ping => "a PING".to_owned(),
            Mark::PingAck => "an ACK of a PING".to_owned(),
            Mark::GoAway => "GOAWAY".to_owned(),
            Mark::Headers(stream) => format!("headers on stream {stream}"),
            Mark::Content(stream) => format!("as much body on stream {stream}"),
            Mark::End(stream) => format!("the end of stream {stream}"),
            Mark::Reset(stream) => format!("a reset of stream {stream}"),
        })
    }

    /// As an expression of the scripts that `replay --as-script` writes.
    pub fn condition(&self) -> String {
        let part = |(mark, count): (&Mark, &u64)| match mark {
            // Frames come behind it.
            Mark::Preface => None,
            Mark::Settings => Some(format!("has(connection, \"SETTINGS\", {count})")),
            Mark::SettingsAck => Some(format!("has(connection, \"SETTINGS ACK\", {count})")),
            Mark::Ping => Some(format!("has(connection, \"PING\", {count})")),
            Mark::PingAck => Some(format!("has(connection, \"PING ACK\", {count})")),
            Mark::GoAway => Some(format!("has(connection, \"GOAWAY\", {count})")),
            Mark::Headers(stream) => Some(format!("has_on(connection, \"HEADERS\", {stream}, {count})")),
            Mark::Content(stream) => Some(format!("has_on(connection, \"DATA\", {stream}, {count})")),
            Mark::End(stream) => Some(format!("has_on(connection, \"end\", {stream}, {count})")),
            Mark::Reset(stream) => Some(format!("has_on(connection, \"RST_STREAM\", {stream}, {count})")),
        };
        self.0.iter().filter_map(part).collect::<Vec<_>>().join(" && ")
    }

    /// What of it changed since `former`.
    pub fn since(&self, former: &Self) -> Self {
        let changed = self.0.iter().filter(|(mark, count)| former.0.get(*mark) != Some(*count));
        Self(changed.map(|(mark, count)| (*mark, *count)).collect())
    }

    /// Nothing has come.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, mark: Mark, count: u64) {
        *self.0.entry(mark).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let (mut wanted, mut seen) = (Progress::default(), Progress::default());
        wanted.frame(&FrameHeader::new(FrameType::SETTINGS, 0, 0, 0));
        wanted.frame(&FrameHeader::new(FrameType::HEADERS, flag::END_STREAM, 3, 0));
        assert_eq!(wanted.missing(&seen).as_deref(), Some("SETTINGS"));
        seen.frame(&FrameHeader::new(FrameType::SETTINGS, 0, 0, 0));
        assert_eq!(wanted.missing(&seen).as_deref(), Some("headers on stream 3"));
        // The stream is over: nothing more of it will come.
        seen.frame(&FrameHeader::new(FrameType::RST_STREAM, 0, 3, 4));
        assert_eq!(wanted.missing(&seen), None);
        wanted.frame(&FrameHeader::new(FrameType::PING, flag::ACK, 0, 8));
        assert_eq!(wanted.since(&seen).0.keys().next(), Some(&Mark::PingAck));
    }
}
