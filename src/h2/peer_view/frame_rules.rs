//! Rules that a frame breaks by itself.

use crate::h2::rules::Rule;
use crate::wire::frame::{FrameHeader, FrameType, PayloadError, flag};

/// Whether the RFC binds a type to stream 0 (`Some(true)`) or to others (`Some(false)`).
pub(super) fn belongs_to_connection(frame_type: FrameType) -> Option<bool> {
    match frame_type {
        FrameType::SETTINGS | FrameType::PING | FrameType::GOAWAY => Some(true),
        FrameType::DATA
        | FrameType::HEADERS
        | FrameType::PRIORITY
        | FrameType::RST_STREAM
        | FrameType::PUSH_PROMISE
        | FrameType::CONTINUATION => Some(false),
        _ => None,
    }
}

/// The rule that a frame breaks by being on stream 0, or not on it.
pub(super) fn place_rule(header: FrameHeader, in_block: bool) -> Option<Rule> {
    let is_misplaced = belongs_to_connection(header.frame_type)? != (header.stream_id == 0);
    is_misplaced.then_some(match header.frame_type {
        FrameType::DATA => Rule::DataStreamZero,
        FrameType::HEADERS => Rule::HeadersStreamZero,
        FrameType::PRIORITY => Rule::PriorityStreamZero,
        FrameType::RST_STREAM => Rule::ResetStreamZero,
        FrameType::SETTINGS => Rule::SettingsStream,
        FrameType::PUSH_PROMISE => Rule::PushPromiseStreamZero,
        FrameType::PING => Rule::PingStream,
        FrameType::GOAWAY => Rule::GoAwayStream,
        _ if in_block => Rule::ContinuationStream,
        _ => Rule::ContinuationUnexpected,
    })
}

/// The rule that a payload breaks that cannot be read.
pub(super) fn payload_rule(header: FrameHeader, error: &PayloadError) -> Rule {
    let padding = matches!(error, PayloadError::Padding { .. });
    match header.frame_type {
        FrameType::DATA if padding => Rule::DataPadding,
        FrameType::DATA => Rule::DataLength,
        FrameType::HEADERS if padding => Rule::HeadersPadding,
        FrameType::HEADERS => Rule::HeadersLength,
        FrameType::PUSH_PROMISE if padding => Rule::PushPromisePadding,
        FrameType::PUSH_PROMISE => Rule::PushPromiseLength,
        FrameType::RST_STREAM => Rule::ResetLength,
        FrameType::SETTINGS if header.has(flag::ACK) => Rule::SettingsAckLength,
        FrameType::SETTINGS => Rule::SettingsLength,
        FrameType::PING => Rule::PingLength,
        FrameType::GOAWAY => Rule::GoAwayLength,
        FrameType::WINDOW_UPDATE => Rule::WindowUpdateLength,
        FrameType::PRIORITY_UPDATE => Rule::PriorityUpdateLength,
        _ => Rule::FrameSize,
    }
}
