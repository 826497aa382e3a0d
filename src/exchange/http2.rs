//! HTTP/2 events become exchanges.

use super::connection::{Connection, Notice};
use super::conversation::{Exchange, Outcome};
use super::input::Input;
use super::request::{RawHead, Request, Routing};
use crate::h2::{CallSite, Event, HeadersKind, Initiator};
use crate::http::Fields;
use crate::http::transport::Cause;
use crate::wire::frame::{ErrorCode, FrameHeader, FrameType, Payload, RawFrame};
use crate::wire::hpack::Block;
use bytes::Bytes;

/// Errors reported by the client of one connection that are noted.
const MAX_CLIENT_ERRORS: u32 = 16;
/// Bytes of a GOAWAY's debug data that are noted.
const MAX_DEBUG: usize = 100;

impl Connection {
    pub(super) fn drain_http2(&self) {
        while let Some(event) = self.next_http2_event() {
            self.observe(|observer, now| observer.http2(now, self.call_of(&event), &event));
            self.handle_http2(event);
        }
    }

    /// The call of a script that sent something. Content that waited for window leaves when no call runs.
    fn call_of(&self, event: &Event) -> CallSite {
        let call = self.0.call.get();
        let Event::Sent { octets, cause: Cause::Checked, .. } = event else { return call };
        if call != CallSite::default() || !self.0.has_calls.get() {
            return call;
        }
        let stream = octets.first_chunk().map_or(0, |octets| FrameHeader::parse(octets).stream_id);
        self.exchange(u64::from(stream)).map(|exchange| exchange.call()).unwrap_or_default()
    }

    fn next_http2_event(&self) -> Option<Event> {
        self.0.engine.borrow_mut().http2()?.poll_event()
    }

    fn handle_http2(&self, event: Event) {
        match event {
            Event::Frame(frame) => self.frame_arrived(frame),
            Event::Headers {
                stream,
                frame,
                block,
                end_stream,
                kind: HeadersKind::Request { unsupported_protocol },
            } => {
                let request = request(frame.clone(), block, unsupported_protocol);
                let exchange = Exchange::new(self.clone(), u64::from(stream), request, end_stream);
                exchange.remember(&frame);
                if !end_stream {
                    exchange.expect_continue(exchange.request().fields.has_token("expect", "100-continue"));
                }
                self.0.requests.set(self.0.requests.get() + 1);
                self.open(exchange.clone());
                self.0.fresh.borrow_mut().push_back(exchange);
            }
            Event::Headers { stream, frame, block, end_stream, kind: HeadersKind::Trailers } => {
                self.to(stream, |exchange| {
                    exchange.deliver(Input::Trailers { fields: regular(&block), frame: Some(frame) }, 0);
                    if end_stream {
                        exchange.deliver(Input::End, 0);
                    }
                });
            }
            Event::Data { stream, frame, data, end_stream } => self.to(stream, |exchange| {
                let weight = data.len() as u64;
                exchange.deliver(Input::Data { data, frame: Some(frame), end: end_stream }, weight);
            }),
            Event::Reset { stream, code, by: Initiator::Peer } => {
                self.note_client_error(code, || format!("RST_STREAM {code} on stream {stream}"));
                self.forget(u64::from(stream), Outcome::Reset(code));
            }
            Event::Reset { stream, code, by: Initiator::Engine } => {
                self.to(stream, |exchange| exchange.note_own_reset(code));
                self.forget(u64::from(stream), Outcome::Reset(code));
            }
            Event::Reset { .. } => {}
            Event::StreamClosed { stream } => self.forget(u64::from(stream), Outcome::Complete),
            Event::Writable { stream, .. } => self.to(stream, Exchange::wake),
            Event::PingAcked { opaque } => {
                self.0.pings.acked(&opaque);
                self.0.waiters.wake();
            }
            Event::SettingsAcked | Event::Held => self.0.waiters.wake(),
            Event::Violation(violation) => self.note(Notice::Violation(violation)),
            Event::GoAway { last_stream_id, code, debug } => self.note_client_error(code, || {
                let debug = debug.get(..MAX_DEBUG).unwrap_or(&debug).escape_ascii();
                format!("GOAWAY {code}, last stream ID {last_stream_id}, \"{debug}\"")
            }),
            Event::Closed { reason } => {
                self.note_lost_responses(reason);
                self.0.ended.set(Some(reason));
                self.end_exchanges();
                // Whoever waits for a frame that was held, or for room in the output, waits for the end now.
                self.0.waiters.wake();
                self.0.drained.wake();
            }
            Event::WindowUpdate { stream: 0, .. } => self.0.windows.wake(),
            Event::WindowUpdate { stream, .. } => self.to(stream, Exchange::wake),
            // They may open the windows of all streams.
            Event::Settings { .. } => self.0.exchanges.borrow().values().for_each(Exchange::wake),
            Event::Preface
            // What a client alone receives.
            | Event::Headers { kind: HeadersKind::Informational | HeadersKind::Response, .. }
            | Event::PushPromise { .. }
            | Event::Unprocessed { .. }
            | Event::AltSvc { .. }
            | Event::Origin { .. }
            | Event::Ping { .. }
            | Event::PriorityUpdate { .. }
            | Event::Sent { .. }
            | Event::NotSent { .. } => {}
        }
    }

    fn frame_arrived(&self, frame: RawFrame) {
        self.0.subscriptions.publish(&frame);
        let header = frame.header;
        if header.stream_id == 0 {
            // It stands on stream 0, and is about another one (RFC 9218 §7.1).
            if let Ok(Payload::PriorityUpdate(update)) = Payload::parse(&frame) {
                self.to(update.prioritized_stream_id, |exchange| exchange.deliver(Input::Frame(frame), 0));
            }
            return;
        }
        self.to(header.stream_id, |exchange| {
            exchange.remember(&frame);
            // These arrive with their meaning, as events of their own.
            if !matches!(header.frame_type, FrameType::DATA | FrameType::HEADERS | FrameType::CONTINUATION) {
                exchange.deliver(Input::Frame(frame), 0);
            }
        });
    }

    fn to(&self, stream: u32, act: impl FnOnce(&Exchange)) {
        if let Some(exchange) = self.exchange(u64::from(stream)) {
            act(&exchange);
        }
    }

    /// Notes an error that the client reports. A client that sends very many is noted no further.
    fn note_client_error(&self, code: ErrorCode, what: impl FnOnce() -> String) {
        let noted = self.0.client_errors.get();
        let is_normal = matches!(code, ErrorCode::NO_ERROR | ErrorCode::CANCEL | ErrorCode::REFUSED_STREAM);
        if is_normal || noted >= MAX_CLIENT_ERRORS {
            return;
        }
        self.0.client_errors.set(noted + 1);
        self.note(Notice::ClientError { text: what() });
    }
}

fn request(frame: RawFrame, block: Block, unsupported_protocol: bool) -> Request {
    let mut pseudo = Pseudo::default();
    let mut fields = Fields::with_capacity(block.entries.len());
    for field in block.fields() {
        let slot = match &field.name[..] {
            b":method" => &mut pseudo.method,
            b":scheme" => &mut pseudo.scheme,
            b":authority" => &mut pseudo.authority,
            b":path" => &mut pseudo.path,
            b":protocol" => continue,
            _ => {
                fields.append(field.name.clone(), field.value.clone());
                continue;
            }
        };
        slot.get_or_insert_with(|| field.value.clone());
    }
    let authority = pseudo.authority.or_else(|| fields.get("host").cloned()).unwrap_or_default();
    Request {
        method: pseudo.method.unwrap_or_default(),
        scheme: pseudo.scheme.unwrap_or_default(),
        target: pseudo.path.unwrap_or_else(|| authority.clone()),
        authority,
        connect_protocol_known: !unsupported_protocol,
        fields,
        raw: RawHead::Http2 { frame, block },
        routing: Routing::default(),
    }
}

#[derive(Default)]
struct Pseudo {
    method: Option<Bytes>,
    scheme: Option<Bytes>,
    authority: Option<Bytes>,
    path: Option<Bytes>,
}

fn regular(block: &Block) -> Fields {
    block
        .fields()
        .filter(|field| field.name.first() != Some(&b':'))
        .map(|field| (field.name.clone(), field.value.clone()))
        .collect()
}
