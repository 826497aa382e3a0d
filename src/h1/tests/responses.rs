//! Responses: what is added, what is refused, what goes out raw.

use super::*;

const ID: RequestId = RequestId(1);

fn asked(octets: &str) -> Play {
    let mut play = Play::new();
    play.peer(octets);
    while play.connection.poll_event().is_some() {}
    play
}

fn get() -> Play {
    asked("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
}

fn http_1_0() -> Play {
    asked("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
}

fn head(
    status: u16,
    fields: &[(&'static str, &'static str)],
    body: BodyLength,
) -> impl FnOnce(&mut Connection) -> Result<(), Misuse> {
    let fields: Fields = fields.iter().copied().collect();
    move |connection| connection.send_head(ID, status, None, &fields, body)
}

fn body(data: &'static str) -> impl FnOnce(&mut Connection) -> Result<(), Misuse> {
    move |connection| connection.send_body(ID, Bytes::from_static(data.as_bytes()))
}

fn end(connection: &mut Connection) -> Result<(), Misuse> {
    connection.end(ID)
}

#[test]
fn fields_keep_case_order_and_repetition() {
    let mut play = get();
    let fields = Fields::from([("X-B", "1"), ("a", ""), ("x-b", "\u{e9}")]);
    play.does(|c| c.send_head(ID, 299, Some(b"Own \xff words"), &fields, BodyLength::None)).does(end);
    play.sends(b"HTTP/1.1 299 Own \xff words\r\nX-B: 1\r\na: \r\nx-b: \xc3\xa9\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn chunks_and_trailers() {
    let mut play = get();
    play.does(head(200, &[], BodyLength::Chunked)).does(body("abc")).does(body(""));
    play.does(body("de"));
    play.does(|c| c.send_trailers(ID, &Fields::from([("T", "1")])));
    play.sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n");
    let mut play = get();
    play.does(head(200, &[("Transfer-Encoding", "chunked")], BodyLength::Chunked)).does(end);
    play.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

#[test]
fn http_1_0_gets_no_chunks() {
    let mut play = http_1_0();
    play.does(head(200, &[("transfer-encoding", "chunked")], BodyLength::Chunked)).does(body("abc"));
    play.does(body("d"));
    play.does(|c| c.send_trailers(ID, &Fields::from([("t", "1")])));
    play.sends("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabcd").tells(&["closed: closed"]);
    let mut play = http_1_0();
    play.refuses(Misuse::InformationalToHttp10, |c| c.send_informational(ID, 103, None, &Fields::new()));
}

#[test]
fn responses_without_content() {
    let mut play = asked("HEAD / HTTP/1.1\r\nhost: h\r\n\r\n");
    play.does(head(200, &[], BodyLength::Known(3))).does(body("abc")).does(end);
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n").is_closing(None);
    for (body_length, added) in [
        (BodyLength::Chunked, "transfer-encoding: chunked\r\n"),
        (BodyLength::None, ""),
        (BodyLength::Known(0), "content-length: 0\r\n"),
    ] {
        let mut play = asked("HEAD / HTTP/1.1\r\nhost: h\r\n\r\n");
        play.does(head(200, &[], body_length)).does(|c| c.send_trailers(ID, &Fields::new()));
        play.sends(format!("HTTP/1.1 200 OK\r\n{added}\r\n"));
    }
    for status in [204, 304] {
        let mut play = get();
        play.does(head(status, &[], BodyLength::Known(3))).does(body("abc")).does(end);
        let phrase = crate::http::status::reason_phrase(status);
        play.sends(format!("HTTP/1.1 {status} {phrase}\r\n\r\n")).is_closing(None);
    }
    let mut play = get();
    play.does(head(304, &[("content-length", "9")], BodyLength::None)).does(end);
    play.sends("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n");
}

#[test]
fn interim_responses() {
    let mut play = get();
    let links = Fields::from([("link", "a"), ("link", "b")]);
    play.does(|c| c.send_informational(ID, 103, None, &links))
        .does(|c| c.send_informational(ID, 102, Some(b""), &Fields::new()));
    play.does(|c| ok(c, 1));
    play.sends(format!("HTTP/1.1 103 Early Hints\r\nlink: a\r\nlink: b\r\n\r\nHTTP/1.1 102 \r\n\r\n{OK}"));
}

#[test]
fn misuse_of_heads() {
    let mut play = get();
    let fields = |name: &'static str, value: &'static str| Fields::from([(name, value)]);
    let send = |fields: Fields| move |c: &mut Connection| c.send_head(ID, 200, None, &fields, BodyLength::Known(1));
    play.refuses(Misuse::NotActive(RequestId(2)), |c| c.end(RequestId(2)));
    play.refuses(Misuse::HeadNotSent, body("a")).refuses(Misuse::HeadNotSent, end);
    play.refuses(Misuse::HeadNotSent, |c| c.send_trailers(ID, &Fields::new()));
    play.refuses(Misuse::Status(103), head(103, &[], BodyLength::None));
    play.refuses(Misuse::Status(1000), head(1000, &[], BodyLength::None));
    play.refuses(Misuse::Status(101), |c| c.send_informational(ID, 101, None, &Fields::new()));
    play.refuses(Misuse::Status(200), |c| c.send_informational(ID, 200, None, &Fields::new()));
    play.refuses(Misuse::Reason, |c| c.send_head(ID, 200, Some(b"a\r\nb"), &Fields::new(), BodyLength::None));
    play.refuses(Misuse::FieldName("".into()), send(fields("", "x")));
    play.refuses(Misuse::FieldName("a b".into()), send(fields("a b", "x")));
    play.refuses(Misuse::FieldName(":abc".into()), send(fields(":abc", "x")));
    play.refuses(Misuse::FieldValue("a".into()), send(fields("a", "x\ny")));
    play.refuses(Misuse::FieldValue("a".into()), send(fields("a", "x\0")));
    play.refuses(Misuse::Framing("content-length".into()), send(fields("content-length", "2")));
    play.refuses(Misuse::Framing("transfer-encoding".into()), send(fields("transfer-encoding", "chunked")));
    play.refuses(Misuse::Framing("content-length".into()), head(204, &[("content-length", "0")], BodyLength::None));
    play.refuses(Misuse::Framing("content-length".into()), head(200, &[("content-length", "1")], BodyLength::Chunked));
    play.refuses(
        Misuse::Framing("transfer-encoding".into()),
        head(200, &[("transfer-encoding", "gzip")], BodyLength::Chunked),
    );
    play.refuses(Misuse::Framing("content-length".into()), |c| {
        c.send_informational(ID, 103, None, &fields("content-length", "0"))
    });
    play.does(send(fields("Content-Length", "1"))).refuses(Misuse::HeadSent, send(Fields::new()));
    play.refuses(Misuse::HeadSent, |c| c.send_informational(ID, 103, None, &Fields::new()));
    play.refuses(Misuse::HeadSent, |c| c.send_continue(ID));
    play.sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
}

#[test]
fn misuse_of_bodies() {
    let mut play = get();
    play.does(head(200, &[], BodyLength::Known(3))).does(body("ab"));
    play.refuses(Misuse::BodyTooLong { announced: 3 }, body("cd"));
    play.refuses(Misuse::BodyTooShort { announced: 3, sent: 2 }, end);
    play.refuses(Misuse::NotChunked, |c| c.send_trailers(ID, &Fields::new()));
    play.does(body("c")).does(end).sends("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
    let mut play = get();
    play.does(head(200, &[], BodyLength::Chunked));
    play.refuses(Misuse::Framing("Content-Length".into()), |c| {
        c.send_trailers(ID, &Fields::from([("Content-Length", "0")]))
    });
    drain(&mut play.connection);
}

#[test]
fn lengths_that_lie() {
    let mut play = get();
    play.does(head(200, &[("content-length", "3")], BodyLength::AsGiven)).does(body("abc")).does(end);
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc").is_closing(None);
    for length in ["10", "2", "x", "-3"] {
        let mut play = get();
        play.does(head(200, &[("content-length", length)], BodyLength::AsGiven)).does(body("abc")).is_closing(None);
        play.does(end).sends(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nabc"));
        play.tells(&["closed: closed"]);
    }
    let mut play = get();
    play.does(head(204, &[("Content-Length", "1"), ("content-length", "2")], BodyLength::AsGiven)).does(body("abc"));
    play.does(end).sends("HTTP/1.1 204 No Content\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nabc");
    play.tells(&["closed: closed"]);
    let mut play = get();
    play.does(head(200, &[], BodyLength::AsGiven)).does(body("abc")).does(end);
    play.sends("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc").tells(&["closed: closed"]);
}

#[test]
fn true_lengths_as_given_persist() {
    let mut play = asked("HEAD / HTTP/1.1\r\nhost: h\r\n\r\n");
    play.does(head(200, &[("content-length", "3")], BodyLength::AsGiven)).does(end);
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n").is_closing(None);
    let mut play = http_1_0();
    play.does(head(200, &[("content-length", "1")], BodyLength::AsGiven)).does(body("a")).does(end);
    play.sends("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\na").is_closing(None);
    let mut play = get();
    play.does(head(200, &[("transfer-encoding", "chunked")], BodyLength::AsGiven)).does(body("1\r\na\r\n0\r\n\r\n"));
    play.does(end).sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n").is_closing(None);
}

#[test]
fn raw_octets_at_any_point() {
    let mut play = Play::new();
    play.connection.send_raw(Bytes::from_static(b"\0before"), Track::Yes);
    play.sends(b"\0before").peer("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    play.tells(&["request 1 GET / HTTP/1.1 None [host=h]", "end 1"]);
    play.connection.send_raw(Bytes::from_static(b"untracked"), Track::No);
    play.does(head(200, &[], BodyLength::Known(2))).does(body("a"));
    play.connection.send_raw(Bytes::from_static(b"between"), Track::Yes);
    play.does(body("b")).does(end);
    play.sends("untrackedHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabetweenb");
}

#[test]
fn what_is_queued_is_told_if_that_is_wanted() {
    let mut play = Play::with(Config { record_octets: Some(12), ..Config::default() });
    play.peer("POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n");
    play.tells(&["request 1 POST / HTTP/1.1 Length(1) expects [host=h][expect=100-continue][content-length=1]"]);
    play.does(|c| c.send_continue(RequestId(1)));
    play.does(head(200, &[], BodyLength::Chunked)).does(body("abc"));
    play.connection.send_raw(Bytes::from_static(b"raw"), Track::No);
    play.tells(&[
        "sent Automatic 25 HTTP/1.1 100",
        "sent Checked 47 HTTP/1.1 200",
        r"sent Checked 8 3\r\nabc\r\n",
        "sent Raw 3 raw",
    ]);
    play.sends("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nraw");
}

#[test]
fn a_raw_response() {
    let mut play = get();
    let octets = Bytes::from_static(b"HTTP/1.1 200 \r\n\r\na: \0\r\n\r\n");
    play.orders(|c| c.send_raw(octets, Track::Yes));
    play.refuses(Misuse::HeadSent, head(200, &[], BodyLength::None)).does(body("x"));
    play.orders(|c| c.close_after()).does(end);
    play.sends("HTTP/1.1 200 \r\n\r\na: \0\r\n\r\nx").tells(&["closed: closed"]);
}

#[test]
fn writes_can_be_cut() {
    let mut play = get();
    play.connection.set_write_size(Some(20));
    play.does(|c| ok(c, 1));
    let runs: Vec<(usize, bool)> = std::iter::from_fn(|| {
        let Transmit { octets, flush } = play.connection.poll_transmit()?;
        let run = (octets.len(), flush);
        play.connection.transmitted(run.0);
        Some(run)
    })
    .collect();
    assert_eq!(runs, [(20, true), (18 + 2, true)].map(|(n, f)| (n, f)));
}
