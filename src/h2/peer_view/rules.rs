//! Rules that a raw frame breaks by what the peer has seen before it.

use super::open_block::OpenBlock;
use super::reading::Reading;
use crate::h2::flow::MAX_WINDOW;
use crate::h2::hold::Which;
use crate::h2::message;
use crate::h2::rules::Rule;
use crate::h2::state::State;
use crate::h2::stream::Method;
use crate::http::role::Role;
use crate::wire::hpack::{Block, Entry, Field, Representation};
use bytes::Bytes;

impl Reading<'_, '_> {
    /// The rule that DATA or HEADERS break on a stream of which our half is over to the peer.
    pub(super) fn closed_rule(&self, stream: u32) -> Option<Rule> {
        if let Some(seen) = self.view.streams.get(&stream) {
            if seen.reset.is_some() {
                return Some(Rule::ResetFrame);
            }
            if seen.ended.is_some() {
                return Some(Rule::HalfClosedFrame);
            }
        }
        match self.context.streams.state(stream) {
            State::HalfClosedLocal => Some(Rule::HalfClosedFrame),
            State::Closed => Some(Rule::ClosedFrame),
            State::ClosedSentReset => Some(Rule::ResetFrame),
            // The peer's RST_STREAM may cross what we send.
            _ => None,
        }
    }

    /// Whether the header section of our message was sent, as far as the peer knows.
    fn has_begun(&self, stream: u32) -> bool {
        let waits = self.context.hold.is_some_and(|hold| hold.contains(Which::Headers(stream)));
        (!waits && self.context.streams.get(stream).is_some_and(|known| known.headers_sent))
            || self.view.streams.get(&stream).is_some_and(|seen| seen.headers.is_some())
    }

    /// The rule that DATA break: `length` bytes count for the windows.
    pub(super) fn data_rule(&self, stream: u32, length: usize, content: usize, end: bool) -> Option<Rule> {
        if let Some(rule) = self.closed_rule(stream) {
            return Some(rule);
        }
        let known = self.context.streams.get(stream);
        if known.is_some() && !self.has_begun(stream) {
            let is_reserved = self.context.streams.state(stream) == State::ReservedLocal;
            return Some(if is_reserved { Rule::ReservedFrame } else { Rule::ResponseDataFirst });
        }
        let used = length as i64;
        if used > 0 && self.context.send_window < used {
            return Some(Rule::FlowConnection);
        }
        if used > 0 && known.is_some_and(|known| known.send_window < used) {
            return Some(Rule::FlowStream);
        }
        let seen = self.view.streams.get(&stream)?;
        let (announced, _) = seen.length.filter(|_| known.is_none_or(|known| known.method != Method::Connect))?;
        let sum = seen.content.saturating_add(content as u64);
        if seen.no_content {
            return (sum > 0).then_some(Rule::ResponseContent);
        }
        (sum > announced || (end && sum < announced)).then_some(Rule::ContentLengthMismatch)
    }

    /// The rule that a WINDOW_UPDATE breaks.
    pub(super) fn window_update_rule(&self, stream: u32, increment: u32) -> Option<Rule> {
        let (zero, overflow, window) = if stream == 0 {
            let window = Some(self.context.receive_window);
            (Rule::WindowUpdateZeroConnection, Rule::WindowUpdateOverflowConnection, window)
        } else {
            let window = self.context.streams.get(stream).map(|known| known.receive.available());
            (Rule::WindowUpdateZero, Rule::WindowUpdateOverflow, window)
        };
        if increment == 0 {
            return Some(zero);
        }
        window.is_some_and(|window| i64::from(increment) > MAX_WINDOW - window).then_some(overflow)
    }

    /// Looks for what is wrong with a whole field section.
    pub(super) fn check_section(&mut self, block: &OpenBlock, fields: Vec<(Bytes, Bytes)>) {
        let entries = fields.into_iter().map(|(name, value)| Entry::Field(plain(name, value)));
        let section = Block { entries: entries.collect(), ..Block::default() };
        let is_first = !self.has_begun(block.stream);
        let (faults, length) = match self.context.streams.role() {
            _ if block.promise => (message::read_promise(&section, true).faults, None),
            Role::Server if is_first => {
                let response = message::read_response(&section, block.end_stream, true);
                let method = self.context.streams.get(block.stream).map(|known| known.method).unwrap_or_default();
                let has_content = response.status.is_some_and(|status| method.content_rule(status).allows_content());
                (response.faults, response.content_length.filter(|_| has_content))
            }
            Role::Client if is_first => (message::read_request(&section, block.end_stream, true, true).faults, None),
            _ => (message::trailer_faults(&section), None),
        };
        if let Some((rule, _)) = faults.first() {
            self.breaks(*rule);
        }
        if !block.promise && !is_first && !block.end_stream {
            self.breaks(Rule::TrailersEndStream);
        }
        if block.end_stream && length.is_some_and(|length| length > 0) {
            self.breaks(Rule::ContentLengthMismatch);
        }
    }
}

/// A field of which only name and value matter.
fn plain(name: Bytes, value: Bytes) -> Field {
    Field {
        name,
        value,
        representation: Representation::WithoutIndexing,
        index: 0,
        name_huffman: false,
        value_huffman: false,
        octets: Bytes::new(),
    }
}
