//! Requests one after the other: persistence, pipelining, expectations.

use super::*;

const GET: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const TOLD: &str = "request 1 GET /a HTTP/1.1 None [Host=h]";

#[test]
fn a_request_and_its_response() {
    let mut play = Play::new();
    play.peer(GET).tells(&[TOLD, "end 1"]).does(|c| ok(c, 1)).sends(OK).is_closing(None);
}

#[test]
fn pipelined_requests_wait_for_their_turn() {
    let mut play = Play::new();
    play.peer(format!("{GET}POST /b HTTP/1.1\r\nhost:h\r\ncontent-length:1\r\n\r\nx\r\n{GET}")).tells(&[TOLD, "end 1"]);
    play.does(|c| ok(c, 1)).sends(OK);
    play.tells(&["request 2 POST /b HTTP/1.1 Length(1) [host=h][content-length=1]", "body 2 x", "end 2"]);
    play.refuses(Misuse::NotActive(RequestId(1)), |c| ok(c, 1));
    play.does(|c| ok(c, 2)).sends(OK).tells(&["request 3 GET /a HTTP/1.1 None [Host=h]", "end 3"]);
    play.does(|c| ok(c, 3)).sends(OK);
}

#[test]
fn pipelined_octets_are_bounded_by_not_reading() {
    let mut play = Play::with(small_limits());
    play.peer(GET).tells(&[TOLD, "end 1"]);
    assert!(play.connection.wants_read());
    play.peer("GET /a HTTP/1.1\r\nHost");
    assert!(!play.connection.wants_read());
    play.does(|c| ok(c, 1)).sends(OK);
    assert!(play.connection.wants_read());
    play.peer(": h\r\n\r\n").tells(&["request 2 GET /a HTTP/1.1 None [Host=h]", "end 2"]);
}

#[test]
fn no_request_is_begun_while_the_peer_does_not_read() {
    let mut play = Play::with(small_limits());
    play.peer(GET).tells(&[TOLD, "end 1"]);
    play.does(|c| c.send_head(RequestId(1), 200, None, &Fields::new(), BodyLength::Known(100)));
    play.does(|c| c.send_body(RequestId(1), vec![b'x'; 100].into())).does(|c| c.end(RequestId(1)));
    play.peer(GET).tells(&[]);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    play.sends(format!("{head}{}", "x".repeat(100)));
    play.tells(&["request 2 GET /a HTTP/1.1 None [Host=h]", "end 2"]);
}

#[test]
fn a_handler_hears_when_it_may_write_again() {
    let mut play = Play::with(small_limits());
    play.peer(GET).tells(&[TOLD, "end 1"]);
    play.does(|c| c.send_head(RequestId(1), 200, None, &Fields::new(), BodyLength::Chunked));
    play.does(|c| c.send_body(RequestId(1), vec![b'x'; 100].into()));
    assert!(!play.connection.is_writable());
    let all = play.connection.queued();
    play.connection.transmitted(all - 100);
    play.tells(&[]);
    play.connection.transmitted(1);
    play.tells(&["writable 1"]);
    assert!(play.connection.is_writable());
    drain(&mut play.connection);
}

#[test]
fn close_ends_the_connection_after_the_response() {
    let mut play = Play::new();
    play.peer(format!("GET /a HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n{GET}"));
    play.tells(&["request 1 GET /a HTTP/1.1 None [Host=h][Connection=x, Close]", "end 1"]);
    play.does(|c| ok(c, 1)).is_closing(None).sends(OK_CLOSE);
    play.tells(&["closed: closed"]).is_closing(Some(Close::Graceful)).peer(GET);
    play.refuses(Misuse::Closed, |c| ok(c, 1));
}

#[test]
fn http_1_0_closes_unless_asked_to_persist() {
    let mut play = Play::new();
    play.peer("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n");
    play.tells(&["request 1 GET / HTTP/1.0 None [connection=Keep-Alive]", "end 1"]).does(|c| ok(c, 1));
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok");
    play.peer("GET / HTTP/1.0\r\n\r\n").tells(&["request 2 GET / HTTP/1.0 None ", "end 2"]).does(|c| ok(c, 2));
    play.sends(OK_CLOSE).tells(&["closed: closed"]);
}

const EXPECTING: &str = "PUT / HTTP/1.1\r\nhost: h\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n";
const EXPECTING_TOLD: &str =
    "request 1 PUT / HTTP/1.1 Length(2) expects [host=h][expect=100-Continue][content-length=2]";

#[test]
fn continue_is_sent_once_and_when_asked() {
    let mut play = Play::new();
    play.peer(EXPECTING).tells(&[EXPECTING_TOLD]).sends("");
    play.does(|c| c.send_continue(RequestId(1))).does(|c| c.send_continue(RequestId(1)));
    play.sends("HTTP/1.1 100 Continue\r\n\r\n");
    play.peer("ab").tells(&["body 1 ab", "end 1"]).does(|c| ok(c, 1)).sends(OK);
}

#[test]
fn continue_is_not_sent_after_the_body_began() {
    let mut play = Play::new();
    play.peer(EXPECTING).peer("a").tells(&[EXPECTING_TOLD, "body 1 a"]);
    play.does(|c| c.send_continue(RequestId(1))).sends("");
    play.peer("b").tells(&["body 1 b", "end 1"]).does(|c| ok(c, 1)).sends(OK);
}

#[test]
fn an_answer_instead_of_continue_closes() {
    let mut play = Play::new();
    play.peer(EXPECTING).tells(&[EXPECTING_TOLD]).does(|c| ok(c, 1)).sends(OK_CLOSE);
    play.tells(&["closed: closed"]);
}

#[test]
fn expectations_of_http_1_0_are_ignored() {
    let mut play = Play::new();
    play.peer("PUT / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n");
    play.tells(&["request 1 PUT / HTTP/1.0 Length(1) [expect=100-continue][content-length=1]"]);
    play.does(|c| c.send_continue(RequestId(1))).sends("");
}
