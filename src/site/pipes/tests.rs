//! Every rule of pipes, but for what goes over a connection.

use super::call::{LONGEST, Pipe, parse};
use super::content::{Divided, Part};
use super::*;
use crate::exchange::pace::{Due, Step};
use crate::exchange::{ErrorCode, NextPiece, ResponseHead};
use std::io::Read;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wire::How;

const TEXT: &[u8] = b"0123456789";

/// Content in pieces of three octets, whose length may be known.
#[derive(Debug)]
struct Threes {
    rest: Bytes,
    known: bool,
}

impl Pieces for Threes {
    fn length(&self) -> Option<u64> {
        self.known.then_some(self.rest.len() as u64)
    }

    fn next(&mut self) -> NextPiece<'_> {
        let piece = self.rest.split_to(self.rest.len().min(3));
        Box::pin(async move { Ok((!piece.is_empty()).then_some(piece)) })
    }
}

/// A response in each form that content has.
fn responses() -> [Prepared; 3] {
    let rest = Bytes::from_static(TEXT);
    let threes = |known| Content::Pieces(Box::new(Threes { rest: rest.clone(), known }));
    [rest.clone().into(), threes(true), threes(false)].map(|content| Prepared {
        head: ResponseHead { status: 200, ..ResponseHead::default() },
        content,
        ..Prepared::default()
    })
}

/// What a future gives that lets others have their turns, and waits for nothing else.
fn in_turns<T>(future: impl Future<Output = T>) -> (usize, T) {
    let mut future = pin!(future);
    let mut turns = 0;
    loop {
        turns += 1;
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return (turns, done);
        }
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("nothing is waited for here"),
    }
}

fn text(content: Content) -> String {
    let octets = now(content.collect(1000)).expect("it is short");
    String::from_utf8_lossy(&octets).into_owned()
}

fn error(pipes: &str) -> String {
    parse(pipes).expect_err(pipes).to_string()
}

#[test]
fn the_last_parameter_named_pipe_that_is_not_empty_counts() {
    for (query, found) in [
        ("pipe=a", Some("a")),
        ("x=1&pipe=a&y=2", Some("a")),
        ("pipe=a&pipe=b", Some("b")),
        ("pipe=a&pipe=&pipe", Some("a")),
        ("%70%69pe=a", Some("a")),
        ("pipe=a=b", Some("a=b")),
        ("xpipe=a", None),
        ("pipes=a", None),
        ("x=pipe=a", None),
        ("PIPE=a", None),
        ("pipe=", None),
        ("", None),
        ("%=a", None),
    ] {
        assert_eq!(parameter(query.as_bytes()), found.map(str::as_bytes), "{query}");
        assert_eq!(Pipeline::is_asked_for(Some(query.as_bytes()), "a.txt"), found.is_some(), "{query}");
    }
    let header = Pipe::Header { name: b"a".to_vec(), value: b"b c d+\xe9".to_vec(), append: false };
    let pipeline = Pipeline::parse(Some(b"pipe=header(a,b+c%20d%2B%C3%A9)"), "").map(|pipeline| pipeline.0);
    assert_eq!(pipeline, Ok(vec![header]));
}

#[test]
fn a_file_name_with_sub_comes_first() {
    let pipes = |query: Option<&str>, name| {
        Pipeline::parse(query.map(str::as_bytes), name).map(|pipeline| pipeline.0).unwrap_or_default()
    };
    assert_eq!(pipes(Some("pipe=gzip"), "a.sub.html"), [Pipe::Sub(Escape::Html), Pipe::Gzip]);
    assert_eq!(pipes(None, "a.sub.js"), [Pipe::Sub(Escape::None)]);
    assert_eq!(pipes(Some("pipe=sub"), "a.js"), [Pipe::Sub(Escape::Html)], "for historic reasons");
    assert_eq!(pipes(Some("pipe=||"), "a.js"), []);
    assert!(Pipeline::is_asked_for(None, "a.sub.js") && !Pipeline::is_asked_for(None, "sub.js"));
}

#[test]
fn arguments_are_read() {
    let header = |name: &str, value: &[u8], append| Pipe::Header { name: name.into(), value: value.into(), append };
    let end = |how, after| Pipe::End(Ending { how, after });
    let reset = |code| How::Reset(ErrorCode(code));
    for (pipes, pipe) in [
        ("sub", Pipe::Sub(Escape::Html)),
        ("sub(none)", Pipe::Sub(Escape::None)),
        ("status( 404 )", Pipe::Status(404)),
        ("status(+999)", Pipe::Status(999)),
        ("header(A,)", header("A", b"", false)),
        ("header(A,é b,TRUE)", header("A", b"\xe9 b", true)),
        (r"header(A,a\tb,0)", header("A", b"a\tb", false)),
        ("slice(null)", Pipe::Slice { start: None, end: None }),
        ("slice(NULL, -2)", Pipe::Slice { start: None, end: Some(-2) }),
        ("delay(.5)", Pipe::Delay(Duration::from_millis(500))),
        ("delay(36e2)", Pipe::Delay(LONGEST)),
        ("reset(cancel)", end(reset(8), None)),
        ("reset(CANCEL,0)", end(reset(8), Some(0))),
        ("reset(7,18446744073709551615)", end(reset(7), Some(u64::MAX))),
        ("reset(0xffffffff)", end(reset(u32::MAX), None)),
        ("close", end(How::Close, None)),
        ("close(5)", end(How::Close, Some(5))),
        ("split(16384)", Pipe::Split(16_384)),
        ("pad(0)", Pipe::Pad(0)),
    ] {
        assert_eq!(parse(pipes), Ok(vec![pipe]), "{pipes}");
    }
}

#[test]
fn rhythms_are_read() {
    let first = |steps: &str| match parse(&format!("trickle({steps})")).as_deref() {
        Ok([Pipe::Trickle(pace)]) => pace.clone().next(true),
        other => panic!("{steps}: {other:?}"),
    };
    assert_eq!(first("d1.5:2"), Due::Pause(Duration::from_millis(1500)));
    assert_eq!(first("0:5"), Due::Octets(5));
    assert_eq!(first("d0"), Due::Pause(Duration::ZERO));
    let pace = |steps: &str| parse(&format!("trickle({steps})"));
    let seconds = |count| Step::Pause(Duration::from_secs(count));
    let expected = |steps: &[Step], repeat| Pace::new(steps, repeat).map(|pace| vec![Pipe::Trickle(pace)]).ok_or(());
    for (steps, same) in [
        ("1:d2:r2", expected(&[Step::Octets(1), seconds(2)], Some(0))),
        ("d1:1:d2:r2", expected(&[seconds(1), Step::Octets(1), seconds(2)], Some(1))),
        ("1:d2:r8", expected(&[Step::Octets(1), seconds(2)], Some(0))),
        ("1:2:d1:d2", expected(&[Step::Octets(1), Step::Octets(2), seconds(1), seconds(2)], None)),
    ] {
        assert_eq!(pace(steps).map_err(drop), same, "{steps}");
    }
    for wrong in
        ["", "x", "1:", "-1", "d", "dx", "d-1", "dnan", "d3601", "1:r1", "1:r0", "1:r-2", "r2", "1:r2:1", "d0:r2"]
    {
        assert!(pace(wrong).is_err(), "{wrong}");
    }
    assert!(pace(&"1:".repeat(1000)).is_err() && pace(&"1:".repeat(999)).is_err() && pace(&"1:1".repeat(400)).is_ok());
}

#[test]
fn wrong_pipes_are_named() {
    for (pipes, text) in [
        ("hedaer(a,b)", "There is no pipe \"hedaer\". Did you mean header?"),
        ("a\n\u{1b}b", "There is no pipe \"a\\n\\u{1b}b\"."),
        ("zzz", "There is no pipe \"zzz\". There are sub, status, header, slice, trickle, gzip, delay"),
        ("()", "There is no pipe \"\""),
        ("status", "The pipe status(code) has no arguments here."),
        ("status(1,2)", "The pipe status(code) has 2 arguments here."),
        ("gzip()", "The pipe gzip has 1 argument here. It takes no arguments and no parentheses."),
        ("sub()", "Argument 1 of the pipe sub(escape) must be html or none, not \"\"."),
        ("slice(1,x)", "Argument 2 of the pipe slice(start,end) must be a whole number, or null, not \"x\"."),
        ("gzip|status(x", "Argument 1 of the pipe status(code) must be a whole number from 100 to 999, not \"x\"."),
        (r"header(a,b\", "The pipes end in a backslash, which escapes nothing."),
    ] {
        let error = error(pipes);
        assert!(error.starts_with(text), "{pipes}: {error}");
    }
    assert_eq!(error(&"gzip|".repeat(101)), "There are more than 100 pipes.");
    assert!(error(&format!("status({})", "1".repeat(10_000))).len() < 300, "long arguments are cut");
}

#[test]
fn slices_follow_python() {
    for (start, end, expected) in [
        (Some(1), None, "123456789"),
        (None, Some(3), "012"),
        (Some(1), Some(8), "1234567"),
        (Some(-3), None, "789"),
        (Some(-3), Some(-1), "78"),
        (None, Some(-8), "01"),
        (Some(-99), Some(99), "0123456789"),
        (Some(5), Some(2), ""),
        (Some(99), None, ""),
        (None, None, "0123456789"),
        (Some(i64::MIN), Some(i64::MAX), "0123456789"),
    ] {
        for mut prepared in responses() {
            prepared.head.fields.append("content-length", "77");
            now(slice(&mut prepared, start, end)).expect("it is short");
            let announced = prepared.head.fields.get("content-length").cloned();
            let known = prepared.content.length();
            assert_eq!(text(prepared.content), expected, "{start:?} {end:?}");
            assert_eq!(announced, known.map(|length| length.to_string().into()), "{start:?} {end:?}");
            assert!(known.is_none_or(|length| length == expected.len() as u64), "{start:?} {end:?}");
        }
    }
}

#[test]
fn parts_and_pieces() {
    for (skip, left, expected) in [(0, None, "0123456789"), (4, Some(3), "456"), (9, Some(9), "9"), (99, Some(1), "")] {
        for prepared in responses() {
            let part = Part::new(pieces_of(prepared.content), skip, left);
            assert_eq!(text(Content::Pieces(Box::new(part))), expected, "{skip} {left:?}");
        }
    }
    for prepared in responses() {
        let known = prepared.content.length();
        let mut divided = Divided::new(pieces_of(prepared.content), 4, None);
        assert_eq!(divided.length(), known);
        let pieces = std::iter::from_fn(|| now(divided.next()).expect("it does not break off"));
        let lengths: Vec<usize> = pieces.map(|piece| piece.len()).collect();
        assert!(lengths.iter().all(|length| *length <= 4) && lengths.iter().sum::<usize>() == 10, "{lengths:?}");
    }
}

#[test]
fn gzip_tells_its_length_and_its_coding() {
    for mut prepared in responses() {
        prepared.head.fields.append("content-encoding", "br");
        in_turns(gzip(&mut prepared)).1.expect("it is short");
        let fields = prepared.head.fields.clone();
        let octets = now(prepared.content.collect(1000)).expect("it is short");
        assert_eq!(
            fields.get("content-length").map(|value| value.to_vec()),
            Some(octets.len().to_string().into_bytes())
        );
        assert_eq!(fields.get_all("content-encoding").collect::<Vec<_>>(), ["gzip"]);
        assert_eq!(octets[4..8], [0; 4], "no time stamp");
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&octets[..]).read_to_end(&mut plain).expect("it is gzip");
        assert_eq!(plain, TEXT);
    }
}

#[test]
fn others_have_their_turn_while_much_is_compressed() {
    let content = Bytes::from(vec![b'x'; 10 * GZIP_TURN]);
    let mut prepared = Prepared { content: content.into(), ..Prepared::default() };
    let (turns, done) = in_turns(gzip(&mut prepared));
    assert!(done.is_ok() && turns > 10, "{turns}");
}

#[test]
fn trickle_forbids_storing_unless_something_is_said_of_it() {
    let pace = Pace::new([Step::Octets(4)], None).expect("it ends");
    for name in ["Cache-Control", "pragma", "EXPIRES"] {
        let [mut prepared, ..] = responses();
        prepared.head.fields.append(name, "x");
        trickle(&mut prepared, &pace).expect("it is quick");
        assert_eq!(prepared.head.fields.len(), 1, "{name}");
    }
    for mut prepared in responses() {
        trickle(&mut prepared, &pace).expect("it is quick");
        assert_eq!(prepared.head.fields.len(), 3);
        assert_eq!(prepared.content.length(), None);
        assert_eq!(text(prepared.content), "0123456789");
    }
    let slow = Pace::new([Step::Octets(1), Step::Pause(Duration::from_secs(361))], Some(0)).expect("it ends");
    let [mut known, _, mut unknown] = responses();
    assert!(matches!(trickle(&mut known, &slow), Err(PipeError::TooSlow(3600))));
    assert!(trickle(&mut unknown, &slow).is_ok(), "how long it takes is seen on the way");
}

#[test]
fn content_that_is_too_long_is_not_collected() {
    #[derive(Debug)]
    struct Endless;
    impl Pieces for Endless {
        fn length(&self) -> Option<u64> {
            None
        }

        fn next(&mut self) -> NextPiece<'_> {
            Box::pin(async { Ok(Some(Bytes::from(vec![0; 1 << 20]))) })
        }
    }
    let mut prepared = Prepared { content: Content::Pieces(Box::new(Endless)), ..Prepared::default() };
    let error = now(gzip(&mut prepared)).expect_err("it never ends").to_string();
    assert_eq!(error, "The pipe gzip needs all of the content. The body is longer than 67108864 bytes.");
}
