//! What a record does to a stream, and whether something is wrong with it: what colors and filters go by.

use super::frame::Frame;
use super::record::{Record, RecordKind};
use crate::wire::frame::{ErrorCode, FrameType, Payload};
use serde::Serialize;

/// What a record does to a stream, or to its connection. Inspector, terminals and docs give each its color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Opens it, or its response.
    Opens,
    /// Carries content.
    Content,
    /// Controls it.
    Control,
    /// Ends it.
    Ends,
    /// A frame of a type that RFC 9113 tells its reader to ignore.
    Unknown,
    /// Nothing: it is a note.
    Note,
}

impl Effect {
    /// The effect of a record.
    pub fn of(kind: &RecordKind) -> Self {
        match kind {
            RecordKind::Frame(frame) => Self::of_type(frame.header().frame_type),
            RecordKind::Octets(octets) => {
                octets.announced().map_or(Self::Content, |header| Self::of_type(header.frame_type))
            }
            RecordKind::Preface => Self::Control,
            RecordKind::Request(_) => Self::Opens,
            RecordKind::Closed(_) | RecordKind::Ended(_) => Self::Ends,
            RecordKind::NotSent(_)
            | RecordKind::Violation(_)
            | RecordKind::Expectation(_)
            | RecordKind::Notice(_)
            | RecordKind::Dropped(_) => Self::Note,
        }
    }

    /// The effect of frames of a type.
    pub fn of_type(frame_type: FrameType) -> Self {
        match frame_type {
            FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION => Self::Opens,
            FrameType::DATA => Self::Content,
            FrameType::RST_STREAM | FrameType::GOAWAY => Self::Ends,
            known if known.name().is_some() => Self::Control,
            _ => Self::Unknown,
        }
    }
}

impl Record {
    /// The error code of RST_STREAM and GOAWAY.
    pub fn code(&self) -> Option<ErrorCode> {
        let RecordKind::Frame(frame) = &self.kind else { return None };
        code(frame)
    }

    /// Whether something is wrong: a broken rule, an expectation in vain, a malformed frame, or an error code other than
    /// NO_ERROR and CANCEL.
    pub fn is_error(&self) -> bool {
        match &self.kind {
            RecordKind::Violation(_) | RecordKind::Dropped(_) => true,
            RecordKind::Expectation(expected) => !expected.passed,
            RecordKind::Frame(frame) => {
                let malformed = matches!(frame.payload(), Some(Err(_))) || matches!(frame.fields(), Some(Err(_)));
                malformed || code(frame).is_some_and(|code| !matches!(code, ErrorCode::NO_ERROR | ErrorCode::CANCEL))
            }
            _ => false,
        }
    }

    /// Where the rule is written that an error is about, or that a raw frame breaks.
    pub fn section(&self) -> Option<&str> {
        if let Some(breach) = &self.breaks {
            return Some(&breach.section);
        }
        match &self.kind {
            RecordKind::Violation(violation) => Some(&violation.section),
            _ if self.is_error() && self.code().is_some() => Some("RFC 9113 §7"),
            _ => None,
        }
    }
}

fn code(frame: &Frame) -> Option<ErrorCode> {
    if !matches!(frame.header().frame_type, FrameType::RST_STREAM | FrameType::GOAWAY) {
        return None;
    }
    match frame.payload()?.ok()? {
        Payload::RstStream(reset) => Some(reset.code),
        Payload::GoAway(goaway) => Some(goaway.code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_type_but_six_controls() {
        let effects = (0..=u8::MAX).map(FrameType).map(|one| (one, Effect::of_type(one)));
        for (frame_type, effect) in effects {
            let expected = match frame_type.0 {
                0 => Effect::Content,
                1 | 5 | 9 => Effect::Opens,
                3 | 7 => Effect::Ends,
                2 | 4 | 6 | 8 | 10 | 12 | 16 => Effect::Control,
                _ => Effect::Unknown,
            };
            assert_eq!(effect, expected, "{frame_type}");
        }
    }
}
