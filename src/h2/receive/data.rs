//! DATA: both windows, content-length, and what is late.

use crate::h2::connection::Connection;
use crate::h2::events::Event;
use crate::h2::limits::within;
use crate::h2::rules::{Rule, Scope};
use crate::h2::state::{Effect, Input};
use crate::wire::frame::{Data, FrameHeader, PayloadError, RawFrame, flag};

impl Connection {
    pub(super) fn on_data(&mut self, frame: RawFrame) {
        let header = frame.header;
        let id = header.stream_id;
        if id == 0 {
            self.violation(Rule::DataStreamZero, 0, Some(header), "");
            return;
        }
        let Data { data, .. } = match Data::parse(&frame) {
            Ok(data) => data,
            Err(error) => {
                let padding = matches!(error, PayloadError::Padding { .. });
                let rule = if padding { Rule::DataPadding } else { Rule::DataLength };
                self.violation(rule, id, Some(header), error.to_string());
                return;
            }
        };
        let effect = self.streams.state(id).step(self.role, Input::ReceiveData).0;
        if let Effect::Violation(rule) = effect
            && rule.scope() == Scope::Connection
        {
            self.violation(rule, id, Some(header), "");
            return;
        }
        // The whole payload counts, padding too, also on streams that are gone (RFC 9113 §6.9.1).
        let length = frame.payload.len();
        if !self.inbound.window.take(length) && !self.violation(Rule::FlowConnection, 0, Some(header), "") {
            return;
        }
        if effect != Effect::Proceed || self.is_ignored(id) || !self.accept_data(header, length, data.len()) {
            self.inbound.window.consume(length);
            self.grant(0);
            self.late_data(effect, header);
            return;
        }
        let padding = length - data.len();
        if padding > 0 {
            self.give_back(id, padding);
        }
        let end_stream = header.has(flag::END_STREAM);
        self.events.push(Event::Data { stream: id, frame, data, end_stream });
        if end_stream {
            self.end_stream(id, Input::ReceiveEndStream);
        }
    }

    fn late_data(&mut self, effect: Effect, header: FrameHeader) {
        match effect {
            Effect::Violation(rule) => {
                self.violation(rule, header.stream_id, Some(header), "");
            }
            Effect::Discard => self.count_unknown(header),
            _ => {}
        }
    }

    /// Checks DATA on a stream that may receive it. `false` if it is not to be delivered.
    fn accept_data(&mut self, header: FrameHeader, length: usize, content: usize) -> bool {
        let id = header.stream_id;
        let end_stream = header.has(flag::END_STREAM);
        if content == 0
            && !end_stream
            && !within(&mut self.inbound.counts.num_empty_data, self.limits.max_empty_data)
            && !self.violation(Rule::LimitEmptyData, id, Some(header), "")
        {
            return false;
        }
        let Some(stream) = self.streams.get_mut(id) else { return false };
        let fits = stream.receive.take(length);
        stream.received = stream.received.saturating_add(content as u64);
        let (headers_received, no_content) = (stream.headers_received, stream.no_content);
        let excess = stream.expected.filter(|&expected| stream.received > expected);
        if !headers_received && !self.violation(Rule::ResponseDataFirst, id, Some(header), "") {
            return false;
        }
        if !fits && !self.violation(Rule::FlowStream, id, Some(header), "") {
            return false;
        }
        if no_content && content > 0 && !self.violation(Rule::ResponseContent, id, Some(header), "") {
            return false;
        }
        if let Some(expected) = excess {
            let detail = format!("more than {expected} octets");
            if !self.violation(Rule::ContentLengthMismatch, id, Some(header), detail) {
                return false;
            }
        } else if end_stream && !self.content_is_complete(id, header) {
            return false;
        }
        if let Some(stream) = self.streams.get_mut(id) {
            stream.unconsumed += content;
        }
        true
    }
}
