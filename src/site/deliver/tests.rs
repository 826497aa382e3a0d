//! Responses on connections that are fed with octets.

use super::*;
use crate::exchange::{Close, ContentError, Limits, NextPiece, Peer, ResponseHead, Socket};
use crate::h1;
use crate::http::transport::Transmitted;
use bytes::Bytes;
use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Pieces at hand; an empty one stands for a fault.
#[derive(Debug)]
struct Given {
    pieces: VecDeque<&'static str>,
    counted: bool,
}

impl Pieces for Given {
    fn length(&self) -> Option<u64> {
        self.counted.then(|| self.pieces.iter().map(|piece| piece.len() as u64).sum())
    }

    fn next(&mut self) -> NextPiece<'_> {
        let piece = match self.pieces.pop_front() {
            Some("") => Err(ContentError("it broke".into())),
            piece => Ok(piece.map(|piece| Bytes::from_static(piece.as_bytes()))),
        };
        Box::pin(std::future::ready(piece))
    }
}

fn pieces(pieces: &[&'static str], counted: bool) -> Content {
    Content::Pieces(Box::new(Given { pieces: pieces.iter().copied().collect(), counted }))
}

fn whole(text: &'static str) -> Content {
    Bytes::from_static(text.as_bytes()).into()
}

fn response(status: u16, fields: &[(&'static str, &'static str)], content: Content) -> Prepared {
    let fields = fields.iter().copied().collect();
    Prepared { head: ResponseHead { status, reason: None, fields }, content, ..Prepared::default() }
}

/// What goes out in answer to `method` over HTTP/1.1, without `server`, and whether the connection is cut.
#[expect(clippy::disallowed_methods, reason = "engines want some instant")]
fn sent(method: &str, prepared: Prepared) -> (String, bool) {
    let engine = h1::Connection::server(h1::Config::default(), Instant::now());
    let socket = Socket::http1(Peer::default(), Limits::default(), engine);
    socket.receive(Instant::now(), format!("{method} / HTTP/1.1\r\nhost: a.test\r\n\r\n").as_bytes());
    let exchange = socket.next_exchange().expect("a request");
    let sending = pin!(send(&exchange, prepared, Fields::from([("server", "s")])));
    assert_eq!(sending.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(())));
    let mut all = Vec::new();
    let mut take = |octets: &[u8]| {
        all.extend_from_slice(octets);
        Ok(octets.len())
    };
    while socket.transmit(&mut take) != Transmitted::Idle {}
    let text = String::from_utf8(all).expect("text").replace("server: s\r\n", "");
    (text, matches!(socket.wants_close(), Some(Close::Abort)))
}

fn text(method: &str, prepared: Prepared) -> String {
    sent(method, prepared).0
}

#[test]
fn whole_content_is_counted_unless_the_fields_say_otherwise() {
    let sent = text("GET", response(200, &[("A", "b")], whole("abc")));
    assert_eq!(sent, "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 3\r\n\r\nabc");
    let lying = text("GET", response(200, &[("content-length", "99"), ("server", "mine")], whole("abc")));
    assert_eq!(lying, "HTTP/1.1 200 OK\r\ncontent-length: 99\r\nserver: mine\r\n\r\nabc");
    assert!(text("GET", response(200, &[], whole(""))).ends_with("content-length: 0\r\n\r\n"));
}

#[test]
fn pieces_are_counted_where_that_is_known_else_chunked() {
    let sent = text("GET", response(200, &[], pieces(&["ab", "c"], true)));
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
    let sent = text("GET", response(200, &[], pieces(&["ab", "c"], false)));
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
}

#[test]
fn head_and_304_have_no_content_unless_it_is_forced() {
    let sent = text("HEAD", response(200, &[], pieces(&["ab", ""], true)));
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    assert_eq!(text("GET", response(304, &[("a", "b")], whole("x"))), "HTTP/1.1 304 Not Modified\r\na: b\r\n\r\n");
    assert_eq!(text("GET", response(204, &[], whole(""))), "HTTP/1.1 204 No Content\r\n\r\n");
    let forced = Prepared { content_for_head: true, ..response(200, &[], whole("abc")) };
    assert_eq!(text("HEAD", forced), "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
}

#[test]
fn trailers_need_chunks() {
    let with = |fields: &[(&'static str, &'static str)], content| {
        text("GET", Prepared { trailers: Fields::from([("t", "1")]), ..response(200, fields, content) })
    };
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(with(&[], whole("abc")), format!("{chunked}3\r\nabc\r\n0\r\nt: 1\r\n\r\n"));
    assert_eq!(with(&[], whole("")), format!("{chunked}0\r\nt: 1\r\n\r\n"));
    assert_eq!(with(&[], pieces(&["ab", "c"], true)), format!("{chunked}2\r\nab\r\n1\r\nc\r\n0\r\nt: 1\r\n\r\n"));
    assert!(with(&[("content-length", "3")], whole("abc")).ends_with("content-length: 3\r\n\r\nabc"));
}

#[test]
fn content_that_breaks_off_cuts_the_connection() {
    let (text, cut) = sent("GET", response(200, &[], pieces(&["ab", "", "c"], false)));
    assert!(text.ends_with("2\r\nab\r\n") && cut, "{text}");
}

#[test]
fn a_head_that_must_not_go_out_is_answered_with_its_fault() {
    for (status, name, said) in [(200, "a b", "a b"), (1000, "a", "1000")] {
        let (text, cut) = sent("GET", response(status, &[(name, "c")], whole("abc")));
        assert!(text.starts_with("HTTP/1.1 500 ") && text.contains(said) && !cut, "{text}");
    }
}
