//! Conversations over both engines, fed with octets.

mod output;

use super::*;
use crate::http::Fields;
use crate::http::role::Role;
use crate::http::transport::{PeerClosed, Transmitted};
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use crate::wire::hpack::Encoder;
use crate::{h1, h2};
use bytes::{Bytes, BytesMut};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// The one clock reading of these tests: the engines only compare instants.
#[expect(clippy::disallowed_methods, reason = "engines want some instant")]
fn now() -> Instant {
    Instant::now()
}

fn http2(limits: Limits) -> Socket {
    let socket = Socket::http2(Peer::default(), limits, h2::Connection::server(h2::Config::default(), now()));
    let mut octets = BytesMut::from(&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..]);
    RawFrame::new(FrameType::SETTINGS, 0, 0, Bytes::new()).write(&mut octets);
    socket.receive(now(), &octets);
    sent(&socket);
    socket
}

fn http1() -> Socket {
    Socket::http1(Peer::default(), Limits::default(), h1::Connection::server(h1::Config::default(), now()))
}

/// Everything that the socket has to send.
fn sent(socket: &Socket) -> Vec<u8> {
    let mut all = Vec::new();
    let mut take = |octets: &[u8]| {
        all.extend_from_slice(octets);
        Ok(octets.len())
    };
    while socket.transmit(&mut take) != Transmitted::Idle {}
    all
}

fn frames(octets: &[u8]) -> Vec<RawFrame> {
    let mut buffer = BytesMut::from(octets);
    std::iter::from_fn(|| RawFrame::take(&mut buffer)).collect()
}

fn deliver(socket: &Socket, frame: &RawFrame) {
    let mut octets = BytesMut::new();
    frame.write(&mut octets);
    socket.receive(now(), &octets);
}

fn post(socket: &Socket, stream: u32) -> Exchange {
    let fields: [(&[u8], &[u8]); 5] = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/x?y=1"),
        (b":authority", b"a.test"),
        (b"x-twice", b"1"),
    ];
    let mut block = BytesMut::new();
    Encoder::new().encode(fields, &mut block);
    deliver(socket, &RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, stream, block.freeze()));
    socket.next_exchange().expect("a request became an exchange")
}

fn data(stream: u32, octets: usize, end: bool) -> RawFrame {
    RawFrame::new(FrameType::DATA, u8::from(end), stream, vec![b'd'; octets])
}

fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_request_becomes_an_exchange_with_its_body() {
    let socket = http2(Limits::default());
    let exchange = post(&socket, 1);
    let request = exchange.request();
    assert_eq!((&request.method[..], &request.authority[..]), (&b"POST"[..], &b"a.test"[..]));
    assert_eq!((request.path(), request.query()), (&b"/x"[..], Some(&b"y=1"[..])));
    assert_eq!(request.fields.len(), 1, "pseudo-fields are not among the fields");
    assert!(poll(exchange.request_complete()).is_pending());
    deliver(&socket, &data(1, 3, false));
    deliver(&socket, &data(1, 2, true));
    assert!(poll(exchange.request_complete()).is_ready());
    assert_eq!(&exchange.body()[..], b"ddddd");
    assert_eq!(exchange.frames().len(), 3);
    assert!(matches!(poll(exchange.next_input()), Poll::Ready(Some(Input::Data { end: false, .. }))));
    assert!(matches!(poll(exchange.next_input()), Poll::Ready(Some(Input::Data { end: true, .. }))));
    assert!(matches!(poll(exchange.next_input()), Poll::Ready(None)));
}

#[test]
fn a_slow_reader_withholds_the_window_until_it_reads() {
    let limits = Limits { queued_body: 16_384, ..Limits::default() };
    let socket = http2(limits);
    let exchange = post(&socket, 1);
    for _ in 0..60 {
        deliver(&socket, &data(1, 16_384, false));
    }
    let updates = |octets: &[u8]| {
        frames(octets)
            .iter()
            .filter(|frame| frame.header.frame_type == FrameType::WINDOW_UPDATE && frame.header.stream_id == 1)
            .count()
    };
    assert_eq!(updates(&sent(&socket)), 0, "60 frames wait: no window is granted");
    while let Poll::Ready(Some(_)) = poll(exchange.next_input()) {}
    assert_eq!(updates(&sent(&socket)), 1, "all were taken: the window is granted again");
}

#[test]
fn a_body_over_the_limit_is_told_of() {
    let socket = http2(Limits { body: 10, ..Limits::default() });
    let exchange = post(&socket, 1);
    deliver(&socket, &data(1, 8, false));
    assert!(!exchange.too_large());
    deliver(&socket, &data(1, 8, false));
    assert!(exchange.too_large() && exchange.body().is_empty());
    assert!(poll(exchange.received(u64::MAX)).is_ready(), "who waits for the whole body need not wait on");
    assert!(poll(exchange.request_complete()).is_pending(), "who wants nothing of it still waits for its end");
}

#[test]
fn a_part_of_a_body_is_waited_for() {
    let socket = http2(Limits::default());
    let exchange = post(&socket, 1);
    deliver(&socket, &data(1, 8, false));
    assert!(poll(exchange.received(8)).is_ready());
    assert!(poll(exchange.received(9)).is_pending());
    deliver(&socket, &data(1, 1, false));
    assert!(poll(exchange.received(9)).is_ready());
    assert!(poll(exchange.received(10)).is_pending());
    deliver(&socket, &data(1, 0, true));
    assert!(poll(exchange.received(10)).is_ready());
}

#[test]
fn what_nobody_wants_is_not_kept_and_its_window_given_back() {
    let socket = http2(Limits { queued_body: 0, ..Limits::default() });
    let exchange = post(&socket, 1);
    exchange.set_interest(Interest { data: false, frames: false, body: false });
    for _ in 0..60 {
        deliver(&socket, &data(1, 16_384, false));
    }
    assert!(exchange.body().is_empty());
    let updates = frames(&sent(&socket)).iter().filter(|frame| frame.header.stream_id == 1).count();
    assert!(updates > 0);
}

#[test]
fn a_reset_by_the_client_ends_the_exchange_with_its_code() {
    let socket = http2(Limits::default());
    let exchange = post(&socket, 1);
    deliver(&socket, &RawFrame::new(FrameType::RST_STREAM, 0, 1, &[0, 0, 0, 8][..]));
    assert_eq!(exchange.outcome(), Outcome::Reset(ErrorCode::CANCEL));
    let head = ResponseHead { status: 200, ..ResponseHead::default() };
    assert_eq!(exchange.send_head(&head, true), Err(SendError::Reset(ErrorCode::CANCEL)));
    assert!(poll(exchange.lost()).is_ready());
}

#[test]
fn the_end_of_the_connection_ends_everything() {
    let socket = http2(Limits::default());
    let exchange = post(&socket, 1);
    let frames = socket.connection().subscribe(None).expect("HTTP/2");
    socket.end_all();
    assert_eq!(exchange.outcome(), Outcome::Gone);
    assert!(matches!(poll(frames.next()), Poll::Ready(None)));
    assert!(matches!(poll(socket.connection().ping(CallSite::default())), Poll::Ready(Err(SendError::Gone))));
}

#[test]
fn content_waits_for_the_window_and_its_writer_with_it() {
    let socket = http2(Limits::default());
    let exchange = post(&socket, 1);
    let head = ResponseHead { status: 200, ..ResponseHead::default() };
    exchange.send_head(&head, false).expect("it is open");
    exchange.send_data(vec![0; 200_000].into(), true).expect("it is open");
    assert!(poll(exchange.drained()).is_pending());
    let octets: usize = frames(&sent(&socket))
        .iter()
        .filter(|frame| frame.header.frame_type == FrameType::DATA)
        .map(|frame| frame.payload.len())
        .sum();
    assert_eq!(octets, 65_535);
    assert!(poll(exchange.drained()).is_pending());
    for stream in [0, 1] {
        deliver(&socket, &RawFrame::new(FrameType::WINDOW_UPDATE, 0, stream, &[0, 4, 0, 0][..]));
    }
    sent(&socket);
    assert!(matches!(poll(exchange.flushed()), Poll::Ready(Ok(()))));
}

#[test]
fn http_1_tells_which_calls_are_for_http_2() {
    let socket = http1();
    socket.receive(now(), b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let exchange = socket.next_exchange().expect("a request");
    let error = exchange.push("GET", "http", "a", "/", &Fields::new()).expect_err("no push in HTTP/1.1");
    assert_eq!(error.to_string(), "writer.write_push exists over HTTP/2 only, and this request came over HTTP/1.1");
    assert!(sent(&socket).is_empty());
    assert!(poll(exchange.request_complete()).is_pending());
    assert!(sent(&socket).starts_with(b"HTTP/1.1 100 "), "who wants the body asks for it");
    socket.receive(now(), b"ok");
    assert!(poll(exchange.request_complete()).is_ready());
    let head = ResponseHead { status: 204, ..ResponseHead::default() };
    exchange.send_head(&head, true).expect("it is open");
    assert_eq!(exchange.outcome(), Outcome::Complete);
    assert_eq!(exchange.send_head(&head, true), Err(SendError::Ended));
}

#[test]
fn an_absolute_target_wins_over_host() {
    let socket = http1();
    socket.receive(now(), b"GET http://b.test:81/p?q HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let exchange = socket.next_exchange().expect("a request");
    assert_eq!(&exchange.request().authority[..], b"b.test:81");
    assert_eq!(&exchange.request().target[..], b"/p?q");
}

#[test]
fn nobody_remembers_a_ping_for_which_nobody_waits_any_more() {
    let socket = http2(Limits::default());
    assert!(poll(socket.connection().ping(CallSite::default())).is_pending());
    assert!(!socket.connection().0.pings.awaits_any());
}

#[test]
fn how_the_client_left_is_why_the_connection_ended() {
    for (how, id) in [
        (PeerClosed::Clean, "client-closed"),
        (PeerClosed::Truncated, "client-truncated"),
        (PeerClosed::Reset, "client-reset"),
        (PeerClosed::Failed(std::io::ErrorKind::TimedOut), "transport-failed"),
    ] {
        for socket in [http1(), http2(Limits::default())] {
            socket.peer_closed(now(), how);
            assert_eq!(socket.connection().end_reason(), CloseReason::Peer(how), "{}", socket.connection().protocol());
            assert_eq!(socket.connection().end_reason().id(Role::Server), id);
        }
    }
}

#[test]
fn a_client_that_ended_its_side_is_answered_and_may_still_break_the_connection() {
    for how in [PeerClosed::Clean, PeerClosed::Truncated] {
        let socket = http1();
        socket.receive(now(), b"GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
        let exchange = socket.next_exchange().expect("a request");
        socket.peer_closed(now(), how);
        exchange.send_head(&ResponseHead { status: 200, ..ResponseHead::default() }, true).expect("it may still read");
        assert!(sent(&socket).starts_with(b"HTTP/1.1 200 OK\r\n"), "{how:?}");
        assert_eq!(socket.connection().end_reason(), CloseReason::Peer(how));
    }
    let socket = http1();
    socket.receive(now(), b"GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
    let exchange = socket.next_exchange().expect("a request");
    socket.peer_closed(now(), PeerClosed::Clean);
    socket.peer_closed(now(), PeerClosed::Reset);
    assert_eq!(
        (exchange.outcome(), socket.connection().end_reason().id(Role::Server)),
        (Outcome::Gone, "client-reset")
    );
}

/// Panics at the first thing that it sees.
struct Panics(std::cell::Cell<bool>);

impl Observer for Panics {
    fn http2(&self, _: Option<Instant>, _: CallSite, _: &h2::Event) {
        assert!(self.0.replace(true), "the first event");
    }
    fn http1(&self, _: Option<Instant>, _: CallSite, _: &h1::Event) {
        assert!(self.0.replace(true), "the first event");
    }
    fn received(&self, _: Option<Instant>, _: &[u8]) {}
    fn response_ended(&self, _: u64) {}
    fn expected(&self, _: Option<Instant>, _: CallSite, _: Expectation<'_>) {}
    fn notice(&self, _: Option<Instant>, _: Option<u64>, _: &str) {}
}

#[test]
fn a_panic_in_a_turn_does_not_leave_the_connection_deaf() {
    let panics = |act: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).is_err();
    let socket = http1();
    socket.observe_by(Box::new(Panics(false.into())));
    let get = b"GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";
    assert!(panics(&|| socket.at(now(), || socket.receive(now(), get))));
    assert_eq!(socket.connection().0.now.get(), None, "the turn is over");
    // The event that was seen is lost, and no other.
    socket.receive(now(), b"");
    assert!(socket.connection().0.engine.borrow_mut().http1().is_some_and(|engine| engine.poll_event().is_none()));

    let socket = http1();
    socket.receive(now(), get);
    let exchange = socket.next_exchange().expect("a request");
    assert!(panics(&|| socket.in_turn(|| panic!("a fault of the server"))));
    let woken = std::sync::Arc::new(Woken::default());
    socket.register_waker(&woken.clone().into());
    exchange.send_head(&ResponseHead { status: 200, ..ResponseHead::default() }, true).expect("it is open");
    assert!(woken.0.load(std::sync::atomic::Ordering::Relaxed), "the owner of the socket has to transmit");
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicBool);

impl std::task::Wake for Woken {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn inputs_that_wait_are_charged_for_what_they_cost() {
    let connection = http2(Limits { kept: 1 << 20, ..Limits::default() });
    let exchange = post(&connection, 1);
    exchange.set_interest(Interest { data: true, frames: false, body: false });
    let mut arrived = 0;
    while exchange.outcome() == Outcome::Open {
        deliver(&connection, &data(1, 1, false));
        arrived += 1;
        assert!(arrived < 20_000, "one MiB holds no more than this many");
    }
    assert!(arrived > 2_000, "{arrived} frames are no flood");
    assert_eq!(exchange.outcome(), Outcome::Reset(ErrorCode::ENHANCE_YOUR_CALM));
    let resets =
        frames(&sent(&connection)).iter().filter(|frame| frame.header.frame_type == FrameType::RST_STREAM).count();
    assert_eq!(resets, 1);
    deliver(&connection, &data(1, 1, false));
    assert!(matches!(connection.next_notice(), Some(Notice::Overloaded { stream: 1 })));
    assert!(!std::iter::from_fn(|| connection.next_notice()).any(|notice| matches!(notice, Notice::Overloaded { .. })));
    // What it kept is free again.
    drop(exchange);
    let other = post(&connection, 3);
    deliver(&connection, &data(3, 1_000, true));
    assert_eq!((other.outcome(), other.body().len()), (Outcome::Open, 1_000));
}

#[test]
fn bodies_of_all_streams_count_together() {
    let connection = http2(Limits { body: 100_000, kept: 150_000, frame_octets: 0, ..Limits::default() });
    let exchanges = [1, 3, 5].map(|stream| {
        let exchange = post(&connection, stream);
        exchange.set_interest(Interest { data: false, frames: false, body: true });
        for _ in 0..6 {
            deliver(&connection, &data(stream, 10_000, false));
        }
        exchange
    });
    assert_eq!(exchanges.each_ref().map(Exchange::too_large), [false, false, true]);
    drop(exchanges);
    // One that is alone may be as large as a body may be.
    let connection = http2(Limits { body: 100_000, kept: 50_000, frame_octets: 0, ..Limits::default() });
    let exchange = post(&connection, 1);
    exchange.set_interest(Interest { data: false, frames: false, body: true });
    for _ in 0..10 {
        deliver(&connection, &data(1, 10_000, false));
    }
    assert_eq!((exchange.too_large(), exchange.body().len()), (false, 100_000));
}

#[test]
fn a_slow_reader_of_small_frames_withholds_the_window_by_what_they_cost() {
    let socket = http2(Limits::default());
    let exchange = post(&socket, 1);
    exchange.set_interest(Interest { data: true, frames: false, body: false });
    for _ in 0..40_000 {
        deliver(&socket, &data(1, 1, false));
    }
    let owed = || exchange.0.inbox.borrow().owed();
    assert!(owed() > 20_000, "40,000 octets, yet some MiB in memory: {} are withheld", owed());
    while let Poll::Ready(Some(_)) = poll(exchange.next_input()) {}
    assert_eq!(owed(), 0);
}

#[test]
fn frames_for_the_request_are_kept_up_to_their_cost() {
    let connection = http2(Limits { frame_octets: 50_000, ..Limits::default() });
    let exchange = post(&connection, 1);
    for _ in 0..10 {
        deliver(&connection, &data(1, 16_000, false));
    }
    assert_eq!(exchange.frames().len(), 4, "the request and three of its frames");
}

#[test]
fn content_waits_for_both_windows() {
    let connection = http2(Limits::default());
    let exchange = post(&connection, 1);
    assert!(matches!(poll(exchange.window()), Poll::Ready(Ok(65_535))));
    deliver(&connection, &RawFrame::new(FrameType::SETTINGS, 0, 0, vec![0, 4, 0, 0, 0, 0]));
    assert!(poll(exchange.window()).is_pending());
    deliver(&connection, &RawFrame::new(FrameType::WINDOW_UPDATE, 0, 1, vec![0, 0, 0, 7]));
    assert!(matches!(poll(exchange.window()), Poll::Ready(Ok(7))));
}

#[test]
fn a_head_is_not_late_while_a_script_reads_nothing() {
    let (socket, start) = (http1(), now());
    let connection = socket.connection();
    let timeout = h1::Config::default().timeouts.head;
    let rejected = || matches!(socket.next_notice(), Some(Notice::BadRequest { status: 408, .. }));
    socket.receive(start, b"GET / HT");
    connection.pause_reading();
    socket.handle_timeout(start + timeout);
    assert!(!rejected(), "reading is paused");
    connection.resume_reading();
    // The pause ended a moment before this.
    socket.handle_timeout(start + 2 * timeout);
    assert!(!rejected(), "the time begins again after the pause");
    socket.handle_timeout(start + 3 * timeout);
    assert!(rejected(), "the client had all of its time");
}
