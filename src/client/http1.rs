//! A small client for HTTP/1.1: requests one after the other, each answered to its end.

use super::exit::Exit;
use super::session::Transcript;
use crate::h1;
use crate::http::transport::{Cause, Close, CloseReason, PeerClosed, Transmitted};
use crate::net::now;
use crate::net::pump::{End, Engine, pump};
use crate::net::transport::Transport;
use bytes::{Buf, Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::task::Waker;
use std::time::{Duration, Instant};

/// Headers of a response.
const MAX_HEADERS: usize = 256;
/// Bytes of a head, a chunk-size line or trailers.
const MAX_HEAD: usize = 1 << 20;

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// The URL as it was given.
    pub url: String,
    /// The response has no body.
    pub is_head: bool,
    /// Head and body.
    pub octets: Bytes,
}

/// What is read next of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Head,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
}

/// Requests, and what came of them.
pub struct Requests {
    waiting: VecDeque<Request>,
    current: Option<Request>,
    output: BytesMut,
    input: BytesMut,
    phase: Phase,
    status: Option<u16>,
    length: u64,
    /// The server closes after this response.
    is_last: bool,
    lines: Vec<String>,
    exit: Exit,
}

impl Requests {
    fn new(requests: Vec<Request>) -> Self {
        Self {
            waiting: requests.into(),
            current: None,
            output: BytesMut::new(),
            input: BytesMut::new(),
            phase: Phase::Head,
            status: None,
            length: 0,
            is_last: false,
            lines: Vec::new(),
            exit: Exit::Success,
        }
    }

    fn is_done(&self) -> bool {
        self.current.is_none() && (self.waiting.is_empty() || self.is_last)
    }

    /// Sends the next request, if it is its turn. Gives its bytes.
    fn next(&mut self) -> Option<Bytes> {
        if self.current.is_some() || self.is_last {
            return None;
        }
        let request = self.waiting.pop_front()?;
        let octets = request.octets.clone();
        self.output.extend_from_slice(&octets);
        (self.phase, self.status, self.length) = (Phase::Head, None, 0);
        self.current = Some(request);
        Some(octets)
    }

    fn receive(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        while self.current.is_some() {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.fail(Exit::StreamError, &format!("the response is malformed: {why}")),
            }
        }
    }

    /// Reads the next part; false if it is not there yet.
    fn step(&mut self) -> Result<bool, String> {
        match self.phase {
            Phase::Head => return self.head(),
            Phase::Length(0) => self.complete(),
            Phase::Chunk(0) => self.phase = Phase::ChunkEnd,
            Phase::Length(left) => match self.content(left) {
                0 => return Ok(false),
                taken => self.phase = Phase::Length(left - taken),
            },
            Phase::Chunk(left) => match self.content(left) {
                0 => return Ok(false),
                taken => self.phase = Phase::Chunk(left - taken),
            },
            Phase::UntilClose => return Ok(self.content(u64::MAX) > 0),
            Phase::ChunkSize => match httparse::parse_chunk_size(&self.input) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.input.advance(used);
                    self.phase = if size == 0 { Phase::Trailers } else { Phase::Chunk(size) };
                }
                Ok(httparse::Status::Partial) => return self.wait(),
                Err(_) => return Err("a chunk size is not a hexadecimal number".to_owned()),
            },
            Phase::ChunkEnd => match self.input.get(..2) {
                None => return Ok(false),
                Some(b"\r\n") => {
                    self.input.advance(2);
                    self.phase = Phase::ChunkSize;
                }
                Some(_) => return Err("a chunk does not end where its size says".to_owned()),
            },
            Phase::Trailers => {
                let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
                match httparse::parse_headers(&self.input, &mut headers) {
                    Ok(httparse::Status::Complete((used, _))) => {
                        self.input.advance(used);
                        self.complete();
                    }
                    Ok(httparse::Status::Partial) => return self.wait(),
                    Err(error) => return Err(error.to_string()),
                }
            }
        }
        Ok(true)
    }

    fn wait(&self) -> Result<bool, String> {
        if self.input.len() > MAX_HEAD { Err(format!("more than {MAX_HEAD} bytes of headers")) } else { Ok(false) }
    }

    fn head(&mut self) -> Result<bool, String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let used = match head.parse(&self.input) {
            Ok(httparse::Status::Complete(used)) => used,
            Ok(httparse::Status::Partial) => return self.wait(),
            Err(error) => return Err(error.to_string()),
        };
        let status = head.code.unwrap_or_default();
        let values = |name: &'static str| {
            head.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
        };
        let has_token = |name, token: &str| {
            values(name).any(|value| {
                value.split(|octet| *octet == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
            })
        };
        let lengths: Vec<&[u8]> = values("content-length").collect();
        let is_chunked = has_token("transfer-encoding", "chunked");
        let is_last = has_token("connection", "close") || head.version == Some(0);
        let is_head = self.current.as_ref().is_some_and(|request| request.is_head);
        let phase = match lengths[..] {
            _ if (100..200).contains(&status) && status != 101 => Phase::Head,
            _ if is_head || status == 204 || status == 304 => Phase::Length(0),
            _ if is_chunked => Phase::ChunkSize,
            [] => Phase::UntilClose,
            [first, ref others @ ..] if others.iter().all(|other| *other == first) => {
                let length = std::str::from_utf8(first).ok().and_then(|length| length.parse().ok());
                Phase::Length(length.ok_or("content-length is not a number")?)
            }
            _ => return Err("it has two different content-length headers".to_owned()),
        };
        self.input.advance(used);
        self.phase = phase;
        if phase != Phase::Head {
            self.status = Some(status);
            self.is_last |= is_last;
        }
        Ok(true)
    }

    /// Takes up to `max` bytes of content.
    fn content(&mut self, max: u64) -> u64 {
        let taken = self.input.len().min(usize::try_from(max).unwrap_or(usize::MAX));
        self.input.advance(taken);
        self.length += taken as u64;
        taken as u64
    }

    fn complete(&mut self) {
        let Some(request) = self.current.take() else { return };
        let (status, length) = (self.status.unwrap_or_default(), self.length);
        self.lines.push(format!("{status}, {length} bytes of body  {}", request.url));
    }

    fn fail(&mut self, exit: Exit, why: &str) {
        if let Some(request) = self.current.take() {
            self.lines.push(format!("{why}  {}", request.url));
        }
        self.is_last = true;
        self.exit = self.exit.max(exit);
    }

    /// Only a clean end completes a response without a length (RFC 9112 §8, §9.8).
    fn peer_closed(&mut self, how: PeerClosed) {
        if how == PeerClosed::Clean && self.phase == Phase::UntilClose && self.current.is_some() {
            self.complete();
        }
        let why = if self.status.is_some() { "the response is incomplete" } else { "no response" };
        self.fail(if self.current.is_some() { Exit::ConnectionError } else { Exit::Success }, why);
    }

    /// A line for each request, and how it ended.
    fn result(mut self) -> (Vec<String>, Exit) {
        self.lines.extend(self.waiting.iter().map(|request| format!("not sent: {}", request.url)));
        let unsent = if self.waiting.is_empty() { Exit::Success } else { Exit::ConnectionError };
        (self.lines, self.exit.max(unsent))
    }
}

struct State<'p> {
    requests: Requests,
    transcript: Transcript<'p>,
    deadline: Instant,
    is_late: bool,
}

struct Session<'p>(RefCell<State<'p>>);

/// Sends requests over a connection, until `deadline`. Gives a line for each, and how it ended.
pub async fn run(
    stream: impl Transport,
    requests: Vec<Request>,
    transcript: Transcript<'_>,
    deadline: Instant,
) -> (Vec<String>, Exit) {
    let requests = Requests::new(requests);
    let session = Session(RefCell::new(State { requests, transcript, deadline, is_late: false }));
    session.0.borrow_mut().turn(now());
    let end = pump(stream, &session, Duration::MAX).await;
    let State { mut requests, transcript, is_late, .. } = session.0.into_inner();
    if is_late {
        requests.fail(Exit::Timeout, "no complete response in time");
    }
    transcript.end(match end {
        End::Closed => CloseReason::Local(Close::Graceful),
        End::Aborted => CloseReason::Local(Close::Abort),
        End::Peer(how) => CloseReason::Peer(how),
        End::Stalled(_) => CloseReason::Stalled,
    });
    requests.result()
}

impl State<'_> {
    fn turn(&mut self, now: Instant) {
        if let Some(octets) = self.requests.next() {
            let event = h1::Event::Sent { length: octets.len(), octets, cause: Cause::Checked };
            self.transcript.recorder.http1(Some(now), 0, &event);
        }
        self.transcript.print();
    }
}

impl Engine for Session<'_> {
    fn receive(&self, now: Instant, octets: &[u8]) {
        let mut state = self.0.borrow_mut();
        state.transcript.recorder.received(Some(now), octets);
        state.requests.receive(octets);
        state.turn(now);
    }

    fn peer_closed(&self, now: Instant, how: PeerClosed) {
        let mut state = self.0.borrow_mut();
        state.requests.peer_closed(how);
        state.turn(now);
    }

    fn handle_timeout(&self, now: Instant) {
        let mut state = self.0.borrow_mut();
        state.is_late = state.deadline <= now;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let state = self.0.borrow();
        (!state.is_late && !state.requests.is_done()).then_some(state.deadline)
    }

    fn transmit(&self, _: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        let mut state = self.0.borrow_mut();
        let output = &mut state.requests.output;
        if output.is_empty() {
            return Transmitted::Idle;
        }
        if let Ok(taken) = write(output) {
            output.advance(taken);
        }
        Transmitted::More
    }

    fn wants_read(&self) -> bool {
        true
    }

    fn close(&self) -> Option<Close> {
        let state = self.0.borrow();
        match state.is_late {
            true => Some(Close::Abort),
            false => state.requests.is_done().then_some(Close::Graceful),
        }
    }

    fn register_waker(&self, _: &Waker) {
        // Nothing but the pump makes output.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a GET whose response is this, cut anywhere.
    fn response(text: &str, closes: Option<PeerClosed>) -> (String, Exit) {
        let sizes = [1, 7, usize::MAX].into_iter();
        let mut results: Vec<(String, Exit)> = sizes
            .map(|size| {
                let request = Request { url: "URL".to_owned(), is_head: false, octets: Bytes::new() };
                let mut requests = Requests::new(vec![request]);
                requests.next();
                text.as_bytes().chunks(size.min(text.len().max(1))).for_each(|piece| requests.receive(piece));
                if let Some(how) = closes {
                    requests.peer_closed(how);
                }
                let (lines, exit) = requests.result();
                (lines.join("\n"), exit)
            })
            .collect();
        assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
        results.remove(0)
    }

    #[test]
    fn bodies_end_where_they_end() {
        for (text, closes, line) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcd", None, "200, 3 bytes of body  URL"),
            ("HTTP/1.1 204 No\r\n\r\n", None, "204, 0 bytes of body  URL"),
            ("HTTP/1.1 100 C\r\n\r\nHTTP/1.0 404 N\r\n\r\nabc", Some(PeerClosed::Clean), "404, 3 bytes of body  URL"),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\na: b\r\n\r\n",
                None,
                "200, 5 bytes of body  URL",
            ),
        ] {
            assert_eq!(response(text, closes), (line.to_owned(), Exit::Success), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_response_is_said() {
        for (text, exit, words) in [
            ("", Exit::ConnectionError, "no response"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", Exit::ConnectionError, "the response is incomplete"),
            ("PRI * HTTP/2.0\r\n\r\n", Exit::StreamError, "malformed"),
            ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", Exit::StreamError, "content-length is not a number"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", Exit::StreamError, "a chunk size"),
        ] {
            let (line, found) = response(text, Some(PeerClosed::Clean));
            assert!(line.contains(words) && found == exit, "{text:?}: {line} {found:?}");
        }
        for how in [PeerClosed::Reset, PeerClosed::Truncated] {
            let (line, found) = response("HTTP/1.1 200 OK\r\n\r\nabc", Some(how));
            assert!(line.contains("the response is incomplete") && found == Exit::ConnectionError, "{how:?}: {line}");
        }
    }
}
