//! Request bodies: lengths, chunks, trailers, backpressure, and what happens to a body nobody waits for.

use super::*;

const CHUNKED: &str = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: Chunked\r\n\r\n";
const CHUNKED_TOLD: &str = "request 1 POST / HTTP/1.1 Chunked [host=h][transfer-encoding=Chunked]";

fn post(length: u64) -> (String, String) {
    (
        format!("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n\r\n"),
        format!("request 1 POST / HTTP/1.1 Length({length}) [host=h][content-length={length}]"),
    )
}

#[test]
fn a_body_with_a_length_comes_as_it_arrives() {
    let (octets, told) = post(3);
    let mut play = Play::new();
    play.peer(octets).peer("a").tells(&[&told, "body 1 a"]).peer("bcG").tells(&["body 1 bc", "end 1"]);
}

#[test]
fn chunks_are_kept_to_the_octet() {
    let mut play = Play::new();
    play.peer(CHUNKED).peer("2;a=\"b\"\r\nab\r").tells(&[CHUNKED_TOLD]);
    play.peer("\n 0001 \nc").tells(&[r#"body 1 ab of 2;a=\"b\"\r\nab\r\n"#]).peer("xy");
    play.tells(&[r"body 1 c of  0001 \nc", "bad 1 400 ChunkEnd"]);
    drain(&mut play.connection);
    play.tells(&["closed: bad-request"]);
}

#[test]
fn trailers() {
    let mut play = Play::new();
    play.peer(CHUNKED).peer("1\r\na\r\n00;x\r\nT: 1\r\nt:2\r\n\r\nG").tells(&[
        CHUNKED_TOLD,
        r"body 1 a of 1\r\na\r\n",
        "trailers 1 [T=1][t=2]",
        r"end 1 00;x\r\nT: 1\r\nt:2\r\n\r\n",
    ]);
    play.does(|c| ok(c, 1)).sends(OK).peer("ET / HTTP/1.1\r\nhost: h\r\n\r\n");
    play.tells(&["request 2 GET / HTTP/1.1 None [host=h]", "end 2"]);
}

#[test]
fn long_chunks_come_in_pieces() {
    let mut play = Play::new();
    play.peer(CHUNKED).peer("4001\r\nab").tells(&[CHUNKED_TOLD, r"body 1 ab of 4001\r\nab"]);
    play.peer("c").tells(&["body 1 c"]);
    let rest = "x".repeat(0x4001 - 3);
    play.peer(&rest).tells(&[]).peer("\r\n").tells(&[&format!(r"body 1 {rest} of {rest}\r\n")]);
    play.peer("0\r\n\r\n").tells(&[r"end 1 0\r\n\r\n"]);
}

#[test]
fn bad_chunks() {
    for (octets, reason) in [
        ("\r\n", Rejection::ChunkSize),
        ("x\r\n", Rejection::ChunkSize),
        ("-1\r\n", Rejection::ChunkSize),
        ("1 2\r\n", Rejection::ChunkSize),
        ("1;\rx\r\n", Rejection::ChunkSize),
        ("10000000000000000\r\n", Rejection::ChunkSizeTooLarge),
        ("1;aaaaaaaaaaaaaaaaaaaaaaaa\r\n", Rejection::ChunkLineTooLong),
        ("0\r\n a: b\r\n\r\n", Rejection::LeadingWhitespace),
        ("0\r\na\r\n\r\n", Rejection::NoColon),
        ("0\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\n\r\n", Rejection::TooManyFieldLines),
    ] {
        for size in [usize::MAX, 1] {
            let mut play = Play::with(small_limits());
            play.peer(CHUNKED);
            for piece in octets.as_bytes().chunks(size) {
                play.peer(piece);
            }
            play.tells(&[CHUNKED_TOLD, &format!("bad 1 {} {reason:?}", reason.status())]);
            let sent = String::from_utf8(drain(&mut play.connection)).unwrap();
            assert!(
                sent.starts_with(&format!("HTTP/1.1 {} ", reason.status())) && sent.contains(reason.why()),
                "{sent}"
            );
            play.tells(&["closed: bad-request"]).refuses(Misuse::Closed, |c| ok(c, 1));
        }
    }
}

#[test]
fn nothing_is_added_to_a_response_that_had_begun() {
    let mut play = Play::new();
    play.peer(CHUNKED).tells(&[CHUNKED_TOLD]);
    play.does(|c| c.send_head(RequestId(1), 200, None, &Fields::new(), BodyLength::Known(2))).peer("x\r\n");
    play.tells(&["bad 1 400 ChunkSize unanswered"]).refuses(Misuse::NotActive(RequestId(1)), |c| c.end(RequestId(1)));
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").tells(&["closed: bad-request"]);
}

#[test]
fn a_body_that_is_not_consumed_is_not_read_on() {
    let (octets, told) = post(30);
    let mut play = Play::with(small_limits());
    play.peer(octets).peer("123456789").tells(&[&told, "body 1 123456789"]);
    assert!(play.connection.wants_read());
    play.peer("0").tells(&["body 1 0"]);
    assert!(!play.connection.wants_read());
    play.connection.consume(RequestId(1), 1);
    assert!(play.connection.wants_read());
    play.connection.consume(RequestId(2), 100);
    play.peer("1").tells(&["body 1 1"]);
    assert!(!play.connection.wants_read());
}

#[test]
fn the_rest_of_a_body_is_dropped_after_an_early_response() {
    let (octets, told) = post(4);
    let mut play = Play::new();
    play.peer(&octets).peer("a").tells(&[&told, "body 1 a"]).does(|c| ok(c, 1)).sends(OK).peer("bc").tells(&[]);
    play.peer("dGET / HTTP/1.1\r\nhost: h\r\n\r\n").tells(&["request 2 GET / HTTP/1.1 None [host=h]", "end 2"]);
    play.does(|c| ok(c, 2)).sends(OK);
}

#[test]
fn too_long_a_rest_closes_the_connection() {
    let (octets, told) = post(12);
    let mut play = Play::with(small_limits());
    play.peer(octets).peer("a").tells(&[&told, "body 1 a"]).does(|c| ok(c, 1)).sends(OK).tells(&["closed: closed"]);

    let mut play = Play::with(small_limits());
    play.peer(CHUNKED).tells(&[CHUNKED_TOLD]).does(|c| ok(c, 1)).sends(OK).peer("3\r\nabc\r\n").tells(&[]);
    play.peer("1\r\na\r\n").tells(&["closed: closed"]);
}

#[test]
fn a_rest_that_does_not_come_times_out() {
    let (octets, told) = post(4);
    let mut play = Play::with(small_limits());
    play.peer(octets).tells(&[&told]).does(|c| ok(c, 1)).sends(OK).seconds_pass(9).peer("a").seconds_pass(9);
    play.tells(&[]).seconds_pass(1).tells(&["closed: idle"]).is_closing(Some(Close::Graceful));
}

#[test]
fn a_malformed_rest_closes_without_a_second_response() {
    let mut play = Play::new();
    play.peer(CHUNKED).tells(&[CHUNKED_TOLD]).does(|c| ok(c, 1)).sends(OK).peer("x\r\n");
    play.tells(&["bad 400 ChunkSize unanswered", "closed: bad-request"]);
}

#[test]
fn a_body_that_breaks_off() {
    let (octets, told) = post(4);
    let mut play = Play::new();
    play.peer(octets).peer("ab").peer_closed(PeerClosed::Clean);
    play.tells(&[&told, "body 1 ab", "peer closed Clean", "bad 1 400 IncompleteBody"]);
    assert!(drain(&mut play.connection).starts_with(b"HTTP/1.1 400 "));
    play.tells(&["closed: bad-request"]);

    let mut play = Play::new();
    play.peer(CHUNKED).peer("5\r\nab").tells(&[CHUNKED_TOLD]).peer_closed(PeerClosed::Clean);
    play.tells(&["peer closed Clean", r"body 1 ab of 5\r\nab", "bad 1 400 IncompleteBody"]);
    drain(&mut play.connection);
    play.tells(&["closed: bad-request"]);
}
