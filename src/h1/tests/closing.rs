//! How connections end.

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";

fn asked() -> Play {
    let mut play = Play::with(small_limits());
    play.peer(GET).tells(&["request 1 GET / HTTP/1.1 None [host=h]", "end 1"]);
    play
}

#[test]
fn an_idle_connection_times_out_without_a_word() {
    let mut play = Play::with(small_limits());
    play.seconds_pass(9).tells(&[]).seconds_pass(1).tells(&["closed: idle"]);
    assert_eq!(play.connection.poll_timeout(), None);
}

#[test]
fn no_time_runs_while_a_handler_works() {
    let mut play = asked();
    assert_eq!(play.connection.poll_timeout(), None);
    play.seconds_pass(1_000).does(|c| ok(c, 1)).sends(OK);
    // The deadline is an estimate from long ago: it begins once more.
    assert!(play.connection.poll_timeout().is_some_and(|deadline| deadline < play.now));
    play.seconds_pass(0).tells(&[]).seconds_pass(9).tells(&[]).seconds_pass(1).tells(&["closed: idle"]);
}

#[test]
fn a_half_closed_peer_gets_its_responses() {
    let mut play = asked();
    play.peer(GET).peer_closed(PeerClosed::Clean).tells(&["peer closed Clean"]).is_closing(None);
    play.does(|c| ok(c, 1)).sends(OK).tells(&["request 2 GET / HTTP/1.1 None [host=h]", "end 2"]);
    play.does(|c| ok(c, 2)).sends(OK).tells(&["closed: client-closed"]).is_closing(Some(Close::Graceful));
}

#[test]
fn a_peer_that_leaves_between_requests() {
    let mut play = Play::new();
    play.peer("\r\n").peer_closed(PeerClosed::Clean).tells(&["peer closed Clean", "closed: client-closed"]);
    assert!(!play.connection.wants_read());
}

#[test]
fn a_peer_that_leaves_inside_a_head() {
    let mut play = Play::new();
    play.peer("GET /").peer_closed(PeerClosed::Clean).tells(&["peer closed Clean", "bad 400 IncompleteHead"]);
    assert!(drain(&mut play.connection).starts_with(b"HTTP/1.1 400 "));
    play.tells(&["closed: bad-request"]);
}

#[test]
fn a_reset_ends_everything_at_once() {
    let mut play = asked();
    play.does(|c| ok(c, 1)).peer(GET).peer_closed(PeerClosed::Reset);
    play.tells(&["request 2 GET / HTTP/1.1 None [host=h]", "end 2", "peer closed Reset", "closed: client-reset"]);
    play.is_closing(Some(Close::Abort)).sends("").refuses(Misuse::Closed, |c| ok(c, 2));
    play.peer_closed(PeerClosed::Failed(std::io::ErrorKind::TimedOut)).peer(GET).seconds_pass(100);
}

#[test]
fn close_after_lets_the_response_end() {
    let mut play = asked();
    play.orders(|c| c.close_after());
    play.does(|c| ok(c, 1)).sends(OK_CLOSE).tells(&["closed: closed"]);
    let mut play = Play::new();
    play.orders(|c| c.close_after());
    play.tells(&["closed: closed"]).is_closing(Some(Close::Graceful));
}

#[test]
fn close_after_a_head_that_did_not_announce_it() {
    let mut play = asked();
    play.does(|c| c.send_head(RequestId(1), 200, None, &Fields::new(), BodyLength::None));
    play.orders(|c| c.close_after());
    play.does(|c| c.end(RequestId(1))).sends("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").tells(&["closed: closed"]);
}

#[test]
fn close_cuts_a_response_short_but_sends_what_is_queued() {
    let mut play = asked();
    play.does(|c| c.send_head(RequestId(1), 200, None, &Fields::new(), BodyLength::Known(5)));
    play.orders(|c| c.close());
    play.is_closing(None).refuses(Misuse::NotActive(RequestId(1)), |c| c.end(RequestId(1)));
    play.connection.send_raw(Bytes::from_static(b"late"), Track::No);
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").tells(&["closed: closed"]);
    play.is_closing(Some(Close::Graceful));
}
