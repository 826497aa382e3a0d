//! Field blocks: HEADERS, CONTINUATION, requests and trailers.

use crate::h2::connection::Connection;
use crate::h2::events::{Event, HeadersKind};
use crate::h2::field_block::{Fate, PartialBlock};
use crate::h2::message;
use crate::h2::rules::{Rule, Scope};
use crate::h2::state::{Effect, Input, State};
use crate::h2::stream::Stream;
use crate::http::role::Role;
use crate::wire::frame::{Continuation, FrameHeader, Headers, PayloadError, RawFrame, flag};
use crate::wire::hpack::Block;
use bytes::Bytes;

impl Connection {
    pub(super) fn on_headers(&mut self, frame: RawFrame) {
        let header = frame.header;
        let id = header.stream_id;
        if id == 0 {
            self.violation(Rule::HeadersStreamZero, 0, Some(header), "");
            return;
        }
        let headers = match Headers::parse(&frame) {
            Ok(headers) => headers,
            Err(error) => {
                let padding = matches!(error, PayloadError::Padding { .. });
                let rule = if padding { Rule::HeadersPadding } else { Rule::HeadersLength };
                self.violation(rule, id, Some(header), error.to_string());
                return;
            }
        };
        let Some(mut fate) = self.fate(header) else { return };
        if headers.priority.is_some_and(|priority| priority.dependency == id) && !matches!(fate, Fate::Error(_)) {
            fate = Fate::Error(Rule::HeadersSelfDependency);
        }
        self.extend_block(PartialBlock::new(frame, headers.fragment, fate), header);
    }

    /// What a HEADERS frame means on its stream; `None` if the connection has ended.
    fn fate(&mut self, header: FrameHeader) -> Option<Fate> {
        let id = header.stream_id;
        let state = self.streams.state(id);
        let goes_on = |go_on: bool| go_on.then_some(Fate::Discard);
        if state == State::Idle && !self.streams.is_peers(id) {
            let rule = match self.role {
                Role::Server => Rule::StreamIdEven,
                Role::Client => Rule::IdleHeaders,
            };
            return goes_on(self.violation(rule, id, Some(header), ""));
        }
        if state != State::Idle && self.streams.was_skipped(id) {
            let detail = format!("after {}", self.streams.last_peer());
            return goes_on(self.violation(Rule::StreamIdDecreasing, id, Some(header), detail));
        }
        let ignored = self.is_ignored(id);
        match state.step(self.role, Input::ReceiveHeaders).0 {
            Effect::Open if state == State::Idle => {
                self.streams.use_peer(id);
                Some(if ignored { Fate::Discard } else { Fate::Request })
            }
            _ if ignored => Some(Fate::Discard),
            Effect::Open | Effect::Proceed => Some(self.message_part(id)),
            Effect::Violation(rule) if rule.scope() == Scope::Stream => Some(Fate::Error(rule)),
            Effect::Violation(rule) => goes_on(self.violation(rule, id, Some(header), "")),
            _ => Some(Fate::Discard),
        }
    }

    /// What a field section on a stream is, by what has arrived there.
    fn message_part(&self, id: u32) -> Fate {
        match self.streams.get(id) {
            Some(stream) if stream.is_tunnel => Fate::Error(Rule::TunnelHeaders),
            Some(stream) if stream.headers_received => Fate::Trailers,
            Some(_) => Fate::Response,
            None if self.role == Role::Server => Fate::Request,
            None => Fate::Discard,
        }
    }

    pub(super) fn on_continuation(&mut self, frame: &RawFrame) {
        let header = frame.header;
        let Some(mut block) = self.inbound.take_block() else {
            self.violation(Rule::ContinuationUnexpected, header.stream_id, Some(header), "");
            return;
        };
        if header.stream_id != block.stream() {
            let detail = format!("{} instead of {}", header.stream_id, block.stream());
            if !self.violation(Rule::ContinuationStream, header.stream_id, Some(header), detail) {
                return;
            }
        }
        let Ok(Continuation { fragment }) = Continuation::parse(frame) else { return };
        if block.count_continuation() > self.limits.max_continuations
            && !self.violation(Rule::LimitContinuations, block.stream(), Some(header), "")
        {
            return;
        }
        block.extend(&fragment);
        self.extend_block(block, header);
    }

    /// A frame of a block was added to it: is the block too large, has it ended?
    pub(super) fn extend_block(&mut self, block: PartialBlock, header: FrameHeader) {
        if block.length() > self.limits.max_field_block {
            let detail = format!("more than {} octets", self.limits.max_field_block);
            if !self.violation(Rule::LimitFieldBlock, block.stream(), Some(header), detail) {
                return;
            }
        }
        if header.has(flag::END_HEADERS) {
            self.end_block(block);
        } else {
            self.inbound.set_block(block);
        }
    }

    fn end_block(&mut self, block: PartialBlock) {
        let (frame, octets, fate) = block.into_parts();
        let id = frame.header.stream_id;
        match self.inbound.decode(octets) {
            Ok(section) => self.on_section(frame, section, fate),
            Err(error) => {
                self.violation(Rule::Compression, id, Some(frame.header), error.to_string());
            }
        }
    }

    fn on_section(&mut self, frame: RawFrame, section: Block, fate: Fate) {
        let header = frame.header;
        let fate = match fate {
            Fate::Error(rule @ (Rule::HeadersSelfDependency | Rule::TunnelHeaders)) => {
                if !self.violation(rule, header.stream_id, Some(header), "") {
                    return;
                }
                match self.message_part(header.stream_id) {
                    // Going on: what else could it be?
                    Fate::Error(_) => Fate::Trailers,
                    fate => fate,
                }
            }
            fate => fate,
        };
        match fate {
            Fate::Request => self.on_request(frame, section),
            Fate::Response => self.on_response(frame, section),
            Fate::Trailers => self.on_trailers(frame, section),
            Fate::Promise(promised) => self.on_promise(frame, section, promised),
            Fate::Discard => self.count_unknown(header),
            Fate::Handled => {}
            Fate::Error(rule) => {
                self.violation(rule, header.stream_id, Some(header), "");
            }
        }
    }

    fn on_request(&mut self, frame: RawFrame, block: Block) {
        let header = frame.header;
        let id = header.stream_id;
        let end_stream = header.has(flag::END_STREAM);
        if !self.check_concurrency(header) {
            return;
        }
        if block.truncated && !self.section_too_large(id, header, &block) {
            return;
        }
        let announced = self.inbound.settings().enable_connect_protocol;
        let request = message::read_request(&block, end_stream, announced, self.auto.validate);
        if !self.go_on_with(request.faults, id, header) {
            return;
        }
        let initial = i64::from(self.inbound.settings().initial_window_size);
        let (_, state) = State::Idle.step(self.role, Input::ReceiveHeaders);
        let mut stream = Stream::new(state, initial, i64::from(self.outbound.peer().initial_window_size));
        stream.expected = request.content_length;
        stream.announced = true;
        stream.method = request.method;
        stream.headers_received = true;
        if let Some(view) = &self.view {
            stream.send_window -= view.used_early(id);
        }
        self.streams.insert(id, stream);
        let served = |protocol: &Bytes| self.connect_protocols.iter().any(|known| known.as_bytes() == protocol);
        let unsupported_protocol = request.protocol.is_some_and(|protocol| !served(&protocol));
        let kind = HeadersKind::Request { unsupported_protocol };
        self.events.push(Event::Headers { stream: id, frame, block, end_stream, kind });
        if end_stream {
            self.end_stream(id, Input::ReceiveEndStream);
        }
    }

    /// Whether another stream of the peer's may be open (RFC 9113 §5.1.2).
    pub(super) fn check_concurrency(&mut self, header: FrameHeader) -> bool {
        let max = self.inbound.settings().max_concurrent_streams.unwrap_or(u32::MAX);
        self.streams.num_peer() < max
            || self.violation(Rule::ConcurrentStreams, header.stream_id, Some(header), format!("{max} are allowed"))
    }

    fn on_trailers(&mut self, frame: RawFrame, block: Block) {
        let header = frame.header;
        let id = header.stream_id;
        let end_stream = header.has(flag::END_STREAM);
        // The layer above may have reset the stream while its block was incomplete.
        if !self.streams.contains(id) {
            return;
        }
        if block.truncated && !self.section_too_large(id, header, &block) {
            return;
        }
        if self.auto.validate {
            if !end_stream && !self.violation(Rule::TrailersEndStream, id, Some(header), "") {
                return;
            }
            if !self.go_on_with(message::trailer_faults(&block), id, header) {
                return;
            }
        }
        if end_stream && !self.content_is_complete(id, header) {
            return;
        }
        let kind = HeadersKind::Trailers;
        self.events.push(Event::Headers { stream: id, frame, block, end_stream, kind });
        if end_stream {
            self.end_stream(id, Input::ReceiveEndStream);
        }
    }

    pub(super) fn section_too_large(&mut self, id: u32, header: FrameHeader, block: &Block) -> bool {
        let detail = format!("{} octets", block.list_size);
        self.violation(Rule::LimitFieldSection, id, Some(header), detail)
    }

    /// Whether to deliver a section in spite of its faults.
    pub(super) fn go_on_with(&mut self, faults: message::Faults, id: u32, header: FrameHeader) -> bool {
        faults.into_iter().all(|(rule, detail)| self.violation(rule, id, Some(header), detail))
    }

    /// END_STREAM arrives: is the content as long as announced?
    pub(super) fn content_is_complete(&mut self, id: u32, header: FrameHeader) -> bool {
        let Some(stream) = self.streams.get(id) else { return false };
        match stream.expected {
            Some(expected) if expected != stream.received => {
                let detail = format!("{} octets of {expected}", stream.received);
                self.violation(Rule::ContentLengthMismatch, id, Some(header), detail)
            }
            _ => true,
        }
    }
}
