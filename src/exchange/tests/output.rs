//! Output that is paused, delayed and cut off.

use crate::exchange::{CallSite, Close, Limits, Peer, Socket};
use crate::h1;
use crate::http::transport::{PeerClosed, Transmitted};
use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "instants are only compared")]
fn begin() -> (Socket, Instant) {
    let now = Instant::now();
    let engine = h1::Connection::server(h1::Config::default(), now);
    (Socket::http1(Peer::default(), Limits::default(), engine), now)
}

fn queue(socket: &Socket, text: &'static str) {
    socket.connection().send_octets(text.as_bytes().into(), CallSite::default()).expect("it is open");
}

/// What goes out at `now`, with `|` for each cut mark.
fn sent(socket: &Socket, now: Instant) -> String {
    let mut all = String::new();
    loop {
        let mut take = |octets: &[u8]| {
            all.push_str(&String::from_utf8_lossy(octets));
            Ok(octets.len())
        };
        match socket.at(now, || socket.transmit(&mut take)) {
            Transmitted::Flush => all.push('|'),
            Transmitted::More => {}
            Transmitted::Idle => return all,
        }
    }
}

#[test]
fn paused_output_waits_and_so_does_the_end() {
    let (socket, now) = begin();
    socket.connection().pause_writing();
    queue(&socket, "a");
    socket.connection().close(Close::Graceful);
    assert_eq!((sent(&socket, now).as_str(), socket.wants_close()), ("", None));
    assert!(socket.connection().is_closed());
    socket.connection().resume_writing();
    assert_eq!((sent(&socket, now).as_str(), socket.wants_close()), ("a", Some(Close::Graceful)));
    socket.connection().pause_writing();
    queue(&socket, "b");
    socket.connection().close(Close::Abort);
    assert_eq!(socket.wants_close(), Some(Close::Abort), "a reset waits for nothing");
}

#[test]
fn a_pause_ends_when_the_client_does() {
    let (socket, now) = begin();
    socket.connection().pause_writing();
    queue(&socket, "a");
    socket.peer_closed(now, PeerClosed::Clean);
    assert_eq!(sent(&socket, now), "a");
}

#[test]
fn what_is_held_back_does_not_outlive_the_idle_timeout() {
    let (socket, now) = begin();
    socket.connection().pause_writing();
    queue(&socket, "a");
    socket.handle_timeout(now);
    assert_eq!(sent(&socket, now), "");
    socket.handle_timeout(socket.poll_timeout().expect("a client has to send something"));
    assert_eq!(sent(&socket, now), "a");
    let (socket, _) = begin();
    socket.connection().cut_after(0, None);
    socket.handle_timeout(socket.poll_timeout().expect("a client has to send something"));
    assert_eq!(socket.wants_close(), Some(Close::Graceful));
}

#[test]
fn each_write_waits_and_takes_along_what_comes_meanwhile() {
    let (socket, now) = begin();
    let delay = Duration::from_millis(10);
    socket.connection().set_write_size(Some(2));
    socket.connection().set_write_delay(delay);
    let quiet = socket.poll_timeout();
    queue(&socket, "a");
    assert_eq!(sent(&socket, now), "");
    queue(&socket, "bc");
    assert_eq!(socket.poll_timeout(), Some(now + delay));
    socket.handle_timeout(now + delay / 2);
    assert_eq!(sent(&socket, now + delay / 2), "", "too early");
    socket.handle_timeout(now + delay);
    assert_eq!(sent(&socket, now + delay), "ab|");
    socket.handle_timeout(now + delay * 2);
    assert_eq!(sent(&socket, now + delay * 2), "c");
    assert_eq!(socket.poll_timeout(), quiet, "nothing waits");
    socket.connection().set_write_delay(Duration::ZERO);
    queue(&socket, "d");
    assert_eq!(sent(&socket, now + delay * 2), "d");
}

#[test]
fn the_output_is_cut_off_behind_what_waits_already() {
    for (how, close) in
        [(Some(Close::Graceful), Some(Close::Graceful)), (Some(Close::Abort), Some(Close::Abort)), (None, None)]
    {
        let (socket, now) = begin();
        queue(&socket, "before ");
        socket.connection().cut_after(2, how);
        assert_eq!(socket.wants_close(), None);
        queue(&socket, "abc");
        assert_eq!(sent(&socket, now), "before ab|");
        socket.connection().cut_after(100, None);
        assert_eq!((sent(&socket, now).as_str(), socket.wants_close()), ("", close));
        // Who ends a silent socket finds no one who holds on to it.
        socket.peer_closed(now, PeerClosed::Clean);
        assert_eq!(socket.wants_close(), Some(close.unwrap_or(Close::Graceful)));
    }
}

#[test]
fn a_cut_without_octets_lets_nothing_out() {
    let (socket, now) = begin();
    socket.connection().cut_after(0, Some(Close::Half));
    queue(&socket, "a");
    assert_eq!((sent(&socket, now).as_str(), socket.wants_close()), ("", Some(Close::Half)));
}
