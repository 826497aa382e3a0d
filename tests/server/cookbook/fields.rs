//! Field sections: interim, final, trailing, many, slow, and cookies.

use super::{ask, kinds, server};
use crate::support::raw::{Client, assemble};
use std::time::Instant;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

#[test]
fn push_informational() {
    let server = server();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/push-informational.rhai");
    let mut ended = 0;
    let frames = client.until(|frame| {
        ended += usize::from(frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
        ended == 2
    });
    let promise = frames.iter().find(|frame| frame.is(FrameType::PUSH_PROMISE)).expect("a PUSH_PROMISE");
    assert_eq!((promise.header.stream_id, promise.word(0)), (stream, 2));
    assert_eq!(kinds(&frames, 2), ["HEADERS", "HEADERS", "HEADERS", "DATA"]);
    let pushed = assemble(&frames, 2);
    assert_eq!((pushed.informational.len(), pushed.status(), &*pushed.text()), (2, Some(200), "Pushed.\n"));
    assert_eq!(assemble(&frames, stream).text(), "With a push.\n");
    let refused = ask(&mut Client::h2c_with(&server, &[(2, 0)]), "/handlers/push-informational.rhai");
    assert!(refused.status() == Some(500) && refused.text().contains("ENABLE_PUSH"), "{refused:?}");
}

#[test]
fn many_informational() {
    let server = server();
    for (query, count) in [("", 100), ("?count=3", 3)] {
        let response = ask(&mut Client::h2c(&server), &format!("/handlers/many-informational.rhai{query}"));
        assert_eq!((response.status(), response.informational.len()), (Some(200), count));
        let last = response.informational.last().expect("there are some");
        assert!(last.contains(&(b"x-number".to_vec(), count.to_string().into_bytes())), "{last:?}");
        assert_eq!(response.text(), format!("{count} came before this.\n"));
    }
}

#[test]
fn empty_trailers() {
    let server = server();
    for (query, wanted) in [("", &["HEADERS", "HEADERS"][..]), ("?data=empty", &["HEADERS", "DATA", "HEADERS"])] {
        let mut client = Client::h2c(&server);
        let stream = client.get(&format!("/handlers/empty-trailers.rhai{query}"));
        let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
        assert_eq!(kinds(&frames, stream), wanted);
        let response = assemble(&frames, stream);
        assert_eq!((response.status(), response.body.len()), (Some(200), 0));
        assert_eq!(response.trailers, [(b"x-end".to_vec(), b"yes".to_vec())]);
    }
}

#[test]
fn many_fields() {
    let server = server();
    for (query, size, count) in [("", 3, 300), ("?size=100", 100, 300), ("?count=5000&size=0", 0, 5000)] {
        let mut client = Client::h2c(&server);
        let stream = client.get(&format!("/handlers/many-fields.rhai{query}"));
        let frames = client.until(|frame| frame.is(FrameType::DATA));
        let response = assemble(&frames, stream);
        let here = |name: &[u8], value: &[u8]| name.starts_with(b"x-") && value == "v".repeat(size).as_bytes();
        assert_eq!(response.fields.iter().filter(|(name, value)| here(name, value)).count(), count);
        assert_eq!(frames.iter().any(|frame| frame.is(FrameType::CONTINUATION)), !query.is_empty());
    }
}

#[test]
fn slow_fields() {
    let server = server();
    for (query, size, least) in
        [("?pause=0.002", 5, 0.1), ("?pause=0&size=1", 1, 0.0), ("?size=100&write=1000", 100, 0.0)]
    {
        let mut client = Client::h2c(&server);
        let begin = Instant::now();
        let stream = client.get(&format!("/handlers/slow-fields.rhai{query}"));
        let first = client.until(|frame| frame.is(FrameType::HEADERS)).pop().expect("`until` gives the frame");
        // Nothing may come in between: the ACK has to wait.
        client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![7; 8]));
        let mut rest = if first.fields.is_some() { Vec::new() } else { client.until(|frame| frame.fields.is_some()) };
        let all = [&[first][..], &rest].concat();
        assert!(all.iter().skip(1).all(|frame| frame.is(FrameType::CONTINUATION)));
        assert!(all.iter().rev().skip(1).all(|frame| frame.payload.len() == size), "{all:?}");
        assert!(size == 100 || all.len() > 3);
        let ended = |frame: &crate::support::raw::Received| frame.is(FrameType::DATA);
        rest = [all, client.until(ended)].concat();
        let response = assemble(&rest, stream);
        assert!(begin.elapsed().as_secs_f64() > least, "{:?}", begin.elapsed());
        assert_eq!((response.get("x-slow").as_deref(), &*response.text()), (Some("yes"), "Slowly.\n"));
        client.barrier();
    }
}

#[test]
fn cookie_crumbs() {
    let server = server();
    let mut client = Client::h2c(&server);
    let fields = [("cookie", "a=1"), ("x-between", "1"), ("cookie", "b=2; c=3")];
    let stream = client.request("GET", "/handlers/cookie-crumbs.rhai", &fields, true);
    let text = client.response(stream).text();
    let values: Vec<&str> = text.lines().filter_map(|line| line.split_once(": ")).map(|(_, value)| value).collect();
    assert_eq!(values, ["a=1", "b=2; c=3", "a=1; b=2; c=3"], "{text}");
}
