//! HTTP/1.1 events become exchanges.

use super::connection::{Connection, Notice};
use super::conversation::{Exchange, Outcome};
use super::input::Input;
use super::request::{RawHead, Request, Routing};
use crate::h1::{Event, Line, RequestHead};
use crate::http::transport::{Close, CloseReason};
use crate::http::{Authority, Fields, Target};
use bytes::{Bytes, BytesMut};

impl Connection {
    pub(super) fn drain_http1(&self) {
        while let Some(event) = self.next_http1_event() {
            self.observe(|observer, now| observer.http1(now, self.0.call.get(), &event));
            self.handle_http1(event);
        }
    }

    fn next_http1_event(&self) -> Option<Event> {
        self.0.engine.borrow_mut().http1()?.poll_event()
    }

    fn handle_http1(&self, event: Event) {
        match event {
            Event::Request { id, head, expects_continue, .. } => {
                let request = self.request(head);
                let exchange = Exchange::new(self.clone(), id.0, request, false);
                exchange.expect_continue(expects_continue);
                self.0.requests.set(self.0.requests.get() + 1);
                self.open(exchange.clone());
                self.0.fresh.borrow_mut().push_back(exchange);
            }
            Event::Body { id, data, octets: _ } => self.to_request(id.0, |exchange| {
                let weight = data.len() as u64;
                exchange.deliver(Input::Data { data, frame: None, end: false }, weight);
            }),
            Event::Trailers { id, lines } => {
                self.to_request(id.0, |exchange| {
                    exchange.deliver(Input::Trailers { fields: fields(&lines), frame: None }, 0);
                });
            }
            Event::RequestEnd { id, .. } => self.to_request(id.0, |exchange| exchange.deliver(Input::End, 0)),
            Event::BadRequest { id, reason, .. } => {
                let text = reason.to_string();
                self.note(Notice::BadRequest { status: reason.status(), text });
                if let Some(id) = id {
                    self.forget(id.0, Outcome::Gone);
                }
            }
            Event::Writable { id } => self.to_request(id.0, Exchange::wake),
            Event::PeerClosed { .. } | Event::Sent { .. } => {}
            Event::Closed { reason } => {
                self.note_lost_responses(reason);
                self.0.ended.set(Some(reason));
                let outcome = match reason {
                    CloseReason::Local(Close::Graceful) => Outcome::Complete,
                    CloseReason::Peer(how) if how.may_still_read() => Outcome::Complete,
                    _ => Outcome::Gone,
                };
                for id in self.streams() {
                    self.forget(id, outcome);
                }
            }
        }
    }

    fn to_request(&self, id: u64, act: impl FnOnce(&Exchange)) {
        if let Some(exchange) = self.exchange(id) {
            act(&exchange);
        }
    }

    fn request(&self, head: RequestHead) -> Request {
        let fields = fields(&head.lines);
        let scheme = if self.0.peer.tls.is_some() { "https" } else { "http" };
        let host = fields.get("host").cloned().unwrap_or_default();
        let (scheme, authority, target) = absolute_form(&head, scheme)
            .unwrap_or_else(|| (Bytes::from_static(scheme.as_bytes()), host, head.target.clone()));
        Request {
            method: head.method.clone(),
            scheme,
            authority,
            target,
            connect_protocol_known: true,
            fields,
            raw: RawHead::Http1(head),
            routing: Routing::default(),
        }
    }
}

/// Scheme, authority and origin form of an absolute-form target (`default` is the scheme of an authority alone): it is the target URI, whatever `Host` and the port say
/// (RFC 9112 §3.2.2, §3.3).
fn absolute_form(head: &RequestHead, default: &str) -> Option<(Bytes, Bytes, Bytes)> {
    if head.target.starts_with(b"/") {
        return None;
    }
    let target = Target::parse(&head.method, &head.target).ok()?;
    let scheme = target.scheme.unwrap_or_else(|| default.to_owned()).into();
    let Authority { host, port, .. } = target.authority?;
    let authority = match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    // RFC 9112 §3.2.4: without a path it is `*` that is meant.
    if &head.method[..] == b"OPTIONS"
        && target.query.is_none()
        && &target.path[..] == b"/"
        && !head.target.ends_with(b"/")
    {
        return Some((scheme, authority.into(), Bytes::from_static(b"*")));
    }
    let mut origin = BytesMut::from(&target.path[..]);
    if let Some(query) = target.query {
        origin.extend_from_slice(b"?");
        origin.extend_from_slice(&query);
    }
    Some((scheme, authority.into(), origin.freeze()))
}

fn fields(lines: &[Line]) -> Fields {
    lines.iter().map(|line| (line.name.clone(), line.value.clone())).collect()
}
