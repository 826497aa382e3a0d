//! What a client receives: responses, and promises of them.

use crate::h2::connection::Connection;
use crate::h2::events::{Event, HeadersKind};
use crate::h2::field_block::{Fate, PartialBlock};
use crate::h2::message;
use crate::h2::rules::Rule;
use crate::h2::state::{Effect, Input, State};
use crate::h2::stream::Stream;
use crate::http::ContentRule;
use crate::wire::frame::{FrameHeader, PayloadError, PushPromise, RawFrame, flag};
use crate::wire::hpack::Block;

impl Connection {
    /// The header section of an interim or final response.
    pub(super) fn on_response(&mut self, frame: RawFrame, block: Block) {
        let header = frame.header;
        let id = header.stream_id;
        let end_stream = header.has(flag::END_STREAM);
        // The layer above may have reset the stream while its block was incomplete.
        let Some(stream) = self.streams.get(id) else { return };
        let (effect, state) = stream.state.step(self.role, Input::ReceiveHeaders);
        if effect == Effect::Open && !self.check_concurrency(header) {
            return;
        }
        if block.truncated && !self.section_too_large(id, header, &block) {
            return;
        }
        let response = message::read_response(&block, end_stream, self.auto.validate);
        let is_interim = matches!(response.status, Some(100..=199)) && !end_stream;
        if !self.go_on_with(response.faults, id, header) {
            return;
        }
        if effect == Effect::Open {
            self.streams.open_promised(id, state);
        }
        if is_interim {
            let kind = HeadersKind::Informational;
            return self.events.push(Event::Headers { stream: id, frame, block, end_stream, kind });
        }
        self.expect_content(id, response.status, response.content_length);
        if end_stream && !self.content_is_complete(id, header) {
            return;
        }
        let kind = HeadersKind::Response;
        self.events.push(Event::Headers { stream: id, frame, block, end_stream, kind });
        if end_stream {
            self.end_stream(id, Input::ReceiveEndStream);
        }
    }

    /// Which content follows a final response (RFC 9110 §6.4.1, §8.6).
    fn expect_content(&mut self, id: u32, status: Option<u16>, content_length: Option<u64>) {
        let validate = self.auto.validate;
        let Some(stream) = self.streams.get_mut(id) else { return };
        stream.headers_received = true;
        match stream.method.content_rule(status.unwrap_or_default()) {
            ContentRule::Head | ContentRule::NotModified | ContentRule::Nothing => stream.no_content = validate,
            ContentRule::Tunnel => stream.is_tunnel = validate,
            ContentRule::Any | ContentRule::Reset => stream.expected = content_length,
        }
    }

    pub(super) fn on_push_promise(&mut self, frame: RawFrame) {
        let header = frame.header;
        let parent = header.stream_id;
        if parent == 0 {
            self.violation(Rule::PushPromiseStreamZero, 0, Some(header), "");
            return;
        }
        let promise = match PushPromise::parse(&frame) {
            Ok(promise) => promise,
            Err(error) => {
                let padding = matches!(error, PayloadError::Padding { .. });
                let rule = if padding { Rule::PushPromisePadding } else { Rule::PushPromiseLength };
                self.violation(rule, parent, Some(header), error.to_string());
                return;
            }
        };
        let promised = promise.promised_stream_id;
        if let Some(fate) = self.promise_fate(header, promised) {
            self.extend_block(PartialBlock::new(frame, promise.fragment, fate), header);
        }
    }

    /// What becomes of a promise; `None` if the connection has ended.
    fn promise_fate(&mut self, header: FrameHeader, promised: u32) -> Option<Fate> {
        let parent = header.stream_id;
        if !self.inbound.settings().enable_push && !self.violation(Rule::PushPromiseDisabled, parent, Some(header), "")
        {
            return None;
        }
        // After our own reset, promises may still come, and count (RFC 9113 §5.1).
        let state = self.streams.state(parent);
        let is_parent = matches!(state, State::Open | State::HalfClosedLocal | State::ClosedSentReset);
        if (!is_parent || self.streams.is_peers(parent))
            && !self.violation(Rule::PushPromiseParent, parent, Some(header), format!("{state:?}"))
        {
            return None;
        }
        if promised == 0 || !self.streams.is_peers(promised) {
            let detail = promised.to_string();
            return self.violation(Rule::PushPromiseId, parent, Some(header), detail).then_some(Fate::Discard);
        }
        if let Effect::Violation(rule) = self.streams.state(promised).step(self.role, Input::ReceivePushPromise).0 {
            let detail = format!("{promised} after {}", self.streams.last_peer());
            return self.violation(rule, parent, Some(header), detail).then_some(Fate::Discard);
        }
        self.streams.use_peer(promised);
        Some(if self.is_ignored(promised) { Fate::Discard } else { Fate::Promise(promised) })
    }

    /// The request of a promise.
    pub(super) fn on_promise(&mut self, frame: RawFrame, block: Block, promised: u32) {
        let header = frame.header;
        let (_, state) = State::Idle.step(self.role, Input::ReceivePushPromise);
        let window = i64::from(self.inbound.settings().initial_window_size);
        let mut stream = Stream::new(state, window, i64::from(self.outbound.peer().initial_window_size));
        // Nothing is sent on it.
        stream.end_queued = true;
        self.streams.insert(promised, stream);
        if self.streams.num_promised() > self.limits.max_promises
            && !self.violation(Rule::LimitPromises, header.stream_id, Some(header), "")
        {
            return;
        }
        if block.truncated && !self.section_too_large(promised, header, &block) {
            return;
        }
        let request = message::read_promise(&block, self.auto.validate);
        if !self.go_on_with(request.faults, promised, header) {
            return;
        }
        if let Some(stream) = self.streams.get_mut(promised) {
            stream.method = request.method;
            stream.announced = true;
        }
        self.events.push(Event::PushPromise { stream: header.stream_id, promised, frame, block });
    }
}
