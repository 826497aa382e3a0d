//! Requests and responses of HTTP/1.1, put together from what was recorded of their bytes.

use super::exchange::{Exchange, FieldList, Message};
use super::octets::Octets;
use super::record::{RequestHead, Side};
use crate::http::status::is_interim;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of one direction that belong together, as far as they were kept.
#[derive(Clone, Debug, Default)]
struct Run {
    kept: BytesMut,
    /// How many there were.
    size: u64,
}

impl Run {
    /// Adds bytes; up to `limit` of all are kept.
    fn add(&mut self, octets: &Octets, limit: Option<usize>) {
        // What comes behind a gap has no place: what a message says ends there.
        if self.size == self.kept.len() as u64 {
            let room = limit.unwrap_or(usize::MAX).saturating_sub(self.kept.len());
            self.kept.extend_from_slice(octets.octets.get(..room).unwrap_or(&octets.octets));
        }
        self.size += octets.length;
    }

    /// Takes a head from the front of it, of which `head` says how long it is; the rest is content.
    fn into_message(self, head: usize, began: Duration, newest: Duration) -> Message {
        let mut kept = self.kept.freeze();
        let head = kept.split_to(head.min(kept.len()));
        let mut message = Message {
            began,
            newest,
            headers: fields(&head),
            headers_size: head.len() as u64,
            content_size: self.size - head.len() as u64,
            ..Message::default()
        };
        let whole = message.content_size == kept.len() as u64;
        let coded = message.header(b"transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
        match unchunked(&kept).filter(|_| coded && whole) {
            Some((content, trailers)) => {
                message.content_size = content.iter().map(|piece| piece.len() as u64).sum();
                (message.content, message.trailers, message.ended) = (content, trailers, true);
            }
            None => {
                let announced = message.header(b"content-length").and_then(|value| number(value, 10));
                message.ended = announced.is_some_and(|length| message.content_size >= length);
                if !kept.is_empty() {
                    message.content.push(kept);
                }
            }
        }
        message
    }
}

/// Requests in the order in which they came, of which the first one waits for its response.
#[derive(Clone, Debug, Default)]
pub(super) struct Http1 {
    /// Bytes of one message that are kept, and no interim responses then; `None`: all.
    limit: Option<usize>,
    /// The client's bytes since the newest request's head.
    client: Run,
    client_began: Duration,
    open: VecDeque<Open>,
}

/// A request whose response is not complete.
#[derive(Clone, Debug)]
struct Open {
    exchange: Exchange,
    /// Bytes of its head.
    head: usize,
    /// The server's bytes for it.
    response: Run,
    began: Duration,
    newest: Duration,
}

impl Http1 {
    /// Keeps `limit` bytes of a message, and no interim responses.
    pub fn up_to(limit: usize) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// All that are left.
    pub fn finish(mut self) -> Vec<Exchange> {
        self.end_request();
        std::iter::from_fn(|| self.end_response()).collect()
    }

    /// Takes bytes of one end; gives the exchange that is over with them.
    pub fn octets(&mut self, time: Duration, from: Side, octets: &Octets) -> Option<Exchange> {
        if from == Side::Client {
            if self.client.size == 0 {
                self.client_began = time;
            }
            self.client.add(octets, self.limit);
            return None;
        }
        let status = status_line(&octets.octets);
        // A status line begins the next response once this one has its final status.
        let is_next = status.is_some() && self.open.len() > 1 && self.open[0].exchange.status.is_some();
        let done = if is_next { self.end_response() } else { None };
        let Some(open) = self.open.front_mut() else { return done };
        if let Some(status) = status.filter(|_| open.exchange.status.is_none()) {
            if is_interim(status) {
                if self.limit.is_none() {
                    open.exchange.interim.push((time, status, fields(&octets.octets)));
                }
                return done;
            }
            (open.exchange.status, open.began) = (Some(status), time);
        }
        open.newest = time;
        open.response.add(octets, self.limit);
        done
    }

    /// Takes a request whose head has come.
    pub fn request(&mut self, time: Duration, head: &RequestHead) {
        // Its head is in the bytes already, behind the content of the request before it.
        let line = [&head.method[..], b" ", &head.target[..]].concat();
        let kept = &self.client.kept;
        let start = kept.windows(line.len()).position(|window| window == line).unwrap_or(0);
        let rest = Run { size: self.client.size - start as u64, kept: self.client.kept.split_off(start) };
        self.client.size = start as u64;
        self.end_request();
        self.client = rest;
        let exchange = Exchange {
            stream: head.number,
            method: head.method.clone(),
            target: head.target.clone(),
            ..Exchange::default()
        };
        let head = usize::try_from(head.head_octets).unwrap_or(usize::MAX);
        self.open.push_back(Open { exchange, head, response: Run::default(), began: time, newest: time });
    }

    /// The bytes of the client so far are all that there is of the newest request.
    fn end_request(&mut self) {
        let run = std::mem::take(&mut self.client);
        let Some(open) = self.open.back_mut() else { return };
        open.exchange.request = run.into_message(open.head, self.client_began, self.client_began);
        open.exchange.request.ended = true;
    }

    fn end_response(&mut self) -> Option<Exchange> {
        let Open { mut exchange, response, began, newest, .. } = self.open.pop_front()?;
        let head = response.kept.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
        exchange.response = response.into_message(head, began, newest);
        exchange.response.ended |= !self.open.is_empty() || matches!(exchange.status, Some(204 | 304));
        Some(exchange)
    }
}

/// The field lines behind the first line.
fn fields(head: &[u8]) -> FieldList {
    let lines = head.split(|octet| *octet == b'\n').skip(1).map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let field = |line: &[u8]| {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let (name, value) = line.split_at(colon);
        Some((Bytes::copy_from_slice(name), Bytes::copy_from_slice(value.get(1..)?.trim_ascii())))
    };
    lines.take_while(|line| !line.is_empty()).filter_map(field).collect()
}

/// The status in a status line (RFC 9112 §4).
fn status_line(octets: &[u8]) -> Option<u16> {
    let rest = octets.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}

/// Content and trailers in the chunked coding (RFC 9112 §7.1); `None` if it has not ended, or is wrong.
fn unchunked(mut rest: &[u8]) -> Option<(Vec<Bytes>, FieldList)> {
    let mut pieces = Vec::new();
    loop {
        let end = rest.iter().position(|octet| *octet == b'\n')?;
        let size = rest.get(..end)?.split(|octet| *octet == b';').next()?.trim_ascii();
        let size = usize::try_from(number(size, 16)?).ok()?;
        if size == 0 {
            return rest.ends_with(b"\n").then(|| (pieces, fields(rest)));
        }
        rest = rest.get(end + 1..)?;
        pieces.push(Bytes::copy_from_slice(rest.get(..size)?));
        rest = rest.get(size..)?;
        rest = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n")?;
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}
