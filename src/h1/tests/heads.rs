//! Heads: what is tolerated and kept, what is refused.

use super::*;

fn answer(reason: Rejection) -> String {
    let phrase = crate::http::status::reason_phrase(reason.status());
    let text = format!("{} {phrase}: {} ({}).\n", reason.status(), reason.why(), reason.section());
    format!(
        "HTTP/1.1 {} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        reason.status(),
        text.len()
    )
}

/// The octets are refused for this reason, in one piece and octet by octet; later octets change nothing.
#[track_caller]
fn refused(octets: impl AsRef<[u8]>, reason: Rejection) {
    let told = [format!("bad {} {reason:?}", reason.status())];
    for size in [usize::MAX, 1] {
        let mut play = Play::with(small_limits());
        for piece in octets.as_ref().chunks(size) {
            play.peer(piece);
        }
        play.peer("\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n");
        play.tells(&[&told[0]]).is_closing(None).sends(answer(reason));
        play.tells(&["closed: bad-request"]).is_closing(Some(Close::Graceful));
    }
}

fn only_request(octets: &[u8]) -> RequestHead {
    let mut connection = Connection::server(Config::default(), beginning());
    connection.receive(beginning(), octets);
    match connection.poll_event() {
        Some(Event::Request { head, .. }) => head,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_octet_of_a_head_is_kept() {
    let octets = b"\r\n\nGET \t/\xff?a  HTTP/1.7\nHost:h\r\nX-Odd(: \t a\x01 \xe9\t \r\nFold: 1\r\n  2 \r\n\t\r\n 3\r\nEmpty:\r\n\r\n";
    let head = only_request(octets);
    assert_eq!(&head.head_octets[..], octets);
    assert_eq!(&head.request_line[..], b"GET \t/\xff?a  HTTP/1.7\n");
    assert_eq!((&head.method[..], &head.target[..], head.version), (&b"GET"[..], &b"/\xff?a"[..], Version::Http11));
    assert_eq!(shown_lines(&head.lines), "[Host=h][X-Odd(=a\\x01 \\xe9][Fold=1 2 3][Empty=]");
    assert_eq!(&head.lines[2].octets[..], b"Fold: 1\r\n  2 \r\n\t\r\n 3\r\n");
    let lines: Vec<u8> = head.lines.iter().flat_map(|line| line.octets.to_vec()).collect();
    assert!(octets.ends_with(&[&lines[..], b"\r\n"].concat()));
    assert_eq!(head.fields().get("FOLD").map(|value| &value[..]), Some(&b"1 2 3"[..]));
}

#[test]
fn absolute_targets_and_upgrades_are_ordinary_requests() {
    let head = only_request(b"GET http://x/a HTTP/1.1\r\nhost: h\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n");
    assert_eq!(&head.target[..], b"http://x/a");
}

#[test]
fn request_lines() {
    refused("GET\r\n", Rejection::RequestLine);
    refused(" \r\n", Rejection::RequestLine);
    refused("GET / x HTTP/1.1\r\n", Rejection::RequestLine);
    refused("GET /\r\n", Rejection::NoVersion);
    refused("G(T / HTTP/1.1\r\n", Rejection::Method);
    refused("G\u{e9}T / HTTP/1.1\r\n", Rejection::Method);
    refused("GET /\0 HTTP/1.1\r\n", Rejection::Target);
    refused("GET / HTTP/1.1x\r\n", Rejection::VersionSyntax);
    refused("GET / http/1.1\r\n", Rejection::VersionSyntax);
    refused("GET / HTTP/3.0\r\n", Rejection::Version);
    refused("GET / HTTP/2.0\r\n", Rejection::Version);
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Rejection::Http2Preface);
    refused(b"\x16\x03\x01\x02\x00\x01\x00", Rejection::TlsRecord);
}

#[test]
fn field_lines() {
    let head = |lines: &str| format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n");
    refused(head(" host: h"), Rejection::LeadingWhitespace);
    refused(head("host: h\r\nabc"), Rejection::NoColon);
    refused(head(": h"), Rejection::FieldName);
    refused(head("host : h"), Rejection::FieldName);
    refused(head("a\0: h"), Rejection::FieldName);
    refused(head("a: b\0c"), Rejection::FieldValue);
    refused(head("a: b\rc"), Rejection::FieldValue);
    refused(head("a: b\r\n c\rd"), Rejection::FieldValue);
    refused(head("a: b"), Rejection::NoHost);
    refused(head("host: a\r\nhost: a"), Rejection::RepeatedHost);
    refused(head("host: a/b"), Rejection::InvalidHost);
    refused(head("host: u@a"), Rejection::InvalidHost);
    refused("GET http://u:p@a/ HTTP/1.1\r\nhost: a\r\n\r\n", Rejection::TargetForm);
    refused("GET / HTTP/1.0\r\nhost: a:x\r\n\r\n", Rejection::InvalidHost);
}

#[test]
fn body_lengths() {
    let head = |lines: &str| format!("GET / HTTP/1.1\r\nhost: h\r\n{lines}\r\n\r\n");
    for bad in ["x", "-1", "+1", "", "1 2", "1, 2", "1,", "0x1"] {
        refused(head(&format!("content-length: {bad}")), Rejection::ContentLength);
    }
    refused(head("content-length: 1\r\ncontent-length: 2"), Rejection::ContentLength);
    refused(head("content-length: 18446744073709551616"), Rejection::ContentLengthTooLarge);
    refused(head("content-length: 1\r\ntransfer-encoding: chunked"), Rejection::LengthAndEncoding);
    for bad in ["gzip", "", "chunked, gzip", "chunked, chunked", "identity"] {
        refused(head(&format!("transfer-encoding: {bad}")), Rejection::NotFinallyChunked);
    }
    refused(head("transfer-encoding: gzip, chunked"), Rejection::TransferCoding);
    refused("GET / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", Rejection::EncodingInHttp10);
    let mut play = Play::new();
    play.peer(head("content-length: 0, 0\r\nContent-Length: 00"));
    play.tells(&["request 1 GET / HTTP/1.1 None [host=h][content-length=0, 0][Content-Length=00]", "end 1"]);
}

#[test]
fn limits_are_exact() {
    let limits = small_limits().limits;
    let line = |length: usize| format!("GET /{} HTTP/1.1\r\n", "a".repeat(length - 16));
    assert_eq!(line(limits.request_line).len(), limits.request_line);
    refused(line(limits.request_line + 1), Rejection::RequestLineTooLong);
    refused("G".repeat(limits.request_line + 1), Rejection::RequestLineTooLong);
    refused("\r\n".repeat(limits.head), Rejection::HeadTooLong);
    let head = |length: usize| {
        let start = "GET / HTTP/1.1\r\nhost: h\r\na: ";
        format!("{start}{}\r\n\r\n", "b".repeat(length - start.len() - 4))
    };
    refused(head(limits.head + 1), Rejection::HeadTooLong);
    refused(
        format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", "a: b\r\n".repeat(limits.field_lines)),
        Rejection::TooManyFieldLines,
    );
    let mut play = Play::with(small_limits());
    play.peer(format!("{}host: h\r\n{}\r\n", line(limits.request_line), "a: b\r\n".repeat(limits.field_lines - 1)));
    assert!(matches!(play.connection.poll_event(), Some(Event::Request { .. })));
    play.tells(&["end 1"]).does(|c| ok(c, 1)).sends(OK);
    play.peer(head(limits.head));
    assert!(matches!(play.connection.poll_event(), Some(Event::Request { .. })));
    play.tells(&["end 2"]);
}

#[test]
fn a_slow_head_times_out() {
    let mut play = Play::with(small_limits());
    play.seconds_pass(5).peer("GE").seconds_pass(0).peer("T").tells(&[]).seconds_pass(1);
    play.tells(&["bad 408 HeadTimeout"]).sends(answer(Rejection::HeadTimeout)).tells(&["closed: bad-request"]);
}

#[test]
fn every_reason_has_an_error_status_and_a_text() {
    for reason in Rejection::ALL {
        assert!((400..600).contains(&reason.status()), "{reason:?}");
        assert!(!crate::http::status::reason_phrase(reason.status()).is_empty(), "{reason:?}");
        assert!(!reason.why().is_empty() && !reason.why().ends_with('.') && !reason.why().contains("  "), "{reason:?}");
        assert!(reason.section().starts_with("RFC "), "{reason:?}");
    }
}
