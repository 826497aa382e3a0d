//! Which records a filter wants.

use super::super::text::Columns;
use super::super::{Cause, Closed, Expected, Filter, Frame, Place, Reaction, Record, RecordKind, Side, Violation};
use super::super::{FieldLine, FieldSection, Meaning, Octets};
use crate::wire::frame::{ErrorCode, FrameType, GoAway, Payload, RawFrame, flag};
use crate::wire::hpack::Representation;
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use std::time::Duration;

fn record(seq: u64, from: Side, cause: Option<Cause>, kind: RecordKind) -> Record {
    Record { seq, time: Duration::from_millis(seq), from: Some(from), cause, script: None, breaks: None, kind }
}

fn frame(frame: &RawFrame, fields: &[(&'static str, &'static str)]) -> RecordKind {
    let mut octets = BytesMut::new();
    frame.write(&mut octets);
    let line = |(name, value): &(&'static str, &'static str)| FieldLine::Field {
        name: Bytes::from_static(name.as_bytes()),
        value: Bytes::from_static(value.as_bytes()),
        representation: Representation::Indexed,
        index: 0,
    };
    let section = FieldSection { lines: fields.iter().map(line).collect(), whole: true };
    let fields = (!fields.is_empty()).then_some(Ok(section));
    RecordKind::Frame(Frame::new(octets.freeze(), fields).expect("a whole frame"))
}

/// One of each kind that a filter tells apart.
fn connection() -> Vec<Record> {
    let raw = |frame_type, flags, stream, payload: &[u8]| {
        RawFrame::new(frame_type, flags, stream, Bytes::copy_from_slice(payload))
    };
    let goaway = GoAway { code: ErrorCode::PROTOCOL_ERROR, debug: "Bad Frame".into(), ..GoAway::default() };
    let request = [(":method", "GET"), (":path", "/a b"), ("user-agent", "Curl")];
    let violation = Violation {
        rule: Some("h2.window-update.zero".into()),
        section: "RFC 9113 §6.9".into(),
        text: "an increment of 0".into(),
        stream: Some(3),
        reaction: Some(Reaction::StreamError("PROTOCOL_ERROR".into())),
        status: None,
        detail: String::new(),
    };
    let expected = Expected { name: "it stops".into(), passed: false, detail: String::new() };
    let http1 = Octets { length: 900, octets: Bytes::from_static(b"HTTP/1.1 200 OK\r\n"), meaning: Meaning::Http1 };
    let mut all = vec![
        record(1, Side::Server, Some(Cause::Automatic), frame(&raw(FrameType::SETTINGS, 0, 0, b""), &[])),
        record(
            2,
            Side::Client,
            None,
            frame(&raw(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, b"123"), &request),
        ),
        record(
            3,
            Side::Server,
            Some(Cause::Raw),
            frame(&raw(FrameType::CONTINUATION, flag::END_HEADERS, 1, b""), &[(":status", "200")]),
        ),
        record(4, Side::Server, Some(Cause::Checked), frame(&raw(FrameType::DATA, flag::END_STREAM, 1, b"Hello"), &[])),
        record(5, Side::Client, None, RecordKind::Violation(violation)),
        record(6, Side::Client, None, frame(&Payload::GoAway(goaway).to_raw(0, 0), &[])),
        record(7, Side::Server, Some(Cause::Raw), frame(&raw(FrameType(0x42), 0, 5, b"?"), &[])),
        record(8, Side::Server, Some(Cause::Raw), frame(&raw(FrameType::PING, flag::ACK, 0, b"short"), &[])),
        record(9, Side::Server, None, RecordKind::Expectation(expected)),
        record(10, Side::Server, None, RecordKind::Octets(http1)),
        record(11, Side::Server, None, RecordKind::Ended(Closed { why: "idle".into(), text: "idle too long".into() })),
    ];
    if let Some(one) = all.get_mut(2) {
        one.script = Some(Place { file: "Split.rhai".into(), function: "write_raw".into(), line: Some(14) });
    }
    all
}

fn found(text: &str) -> Vec<u64> {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    connection().iter().filter(|record| filter.fits(record)).map(|record| record.seq).collect()
}

#[test]
fn each_word_finds_what_it_says() {
    let all: Vec<u64> = (1..=11).collect();
    for (text, expected) in [
        ("", &all[..]),
        ("  \t", &all),
        ("type:HEADERS", &[2]),
        ("TYPE:headers,Data", &[2, 4]),
        ("type:violation", &[5]),
        ("type:unknown", &[7]),
        ("type:0x42", &[7]),
        ("type:octets", &[10]),
        ("type:expectation,ended", &[9, 11]),
        ("stream:1", &[2, 3, 4]),
        ("stream:3-", &[5, 7]),
        ("stream:-0", &[1, 6, 8]),
        ("stream:3,5-9", &[5, 7]),
        ("frame:2-3,11", &[2, 3, 11]),
        ("length:3", &[2]),
        ("length:6-", &[6, 10]),
        ("flag:END_STREAM", &[2, 4]),
        ("flag:end-headers", &[2, 3]),
        ("flag:ACK", &[8]),
        ("code:PROTOCOL_ERROR", &[5, 6]),
        ("code:1", &[5, 6]),
        ("code:0x1", &[5, 6]),
        ("code:", &[5, 6]),
        ("code:CANCEL", &[]),
        ("rule:h2.window", &[5]),
        ("from:client", &[2, 5, 6]),
        ("-from:client", &[1, 3, 4, 7, 8, 9, 10, 11]),
        ("cause:raw", &[3, 7, 8]),
        ("cause:raw,automatic", &[1, 3, 7, 8]),
        ("is:error", &[5, 6, 8, 9]),
        ("is:violation", &[5]),
        ("is:request", &[2]),
        ("is:response", &[3, 10]),
        ("is:malformed", &[8]),
        ("is:cut", &[10]),
        ("hello", &[4]),
        ("user-agent: curl", &[2]),
        ("\"/a b\"", &[2]),
        ("\"bad frame", &[6]),
        ("split.rhai", &[3]),
        ("-\"/a b\" type:HEADERS", &[]),
        ("is:error -type:GOAWAY -is:violation", &[8, 9]),
        ("\"is:error\"", &[]),
        ("-", &all),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn a_key_with_a_value_that_it_cannot_have_is_a_fault() {
    for (text, says) in [
        ("stream:a", "stream: expects numbers such as 1 or 5-9, not \"a\"."),
        ("length:1-x", "length: expects"),
        ("code:NO", "code: expects an error code"),
        ("type:HEADRES", "type: knows no \"HEADRES\"; a similar type is HEADERS."),
        ("type:DATA,violatoin", "type: knows no \"violatoin\"; a similar type is violation."),
        ("-type:not_snet", "type: knows no \"not_snet\"; a similar type is not-sent."),
        ("type:0x", "type: knows no \"0x\"; types are those of RFC 9113 §6 such as HEADERS, unknown, 0x42, octets"),
        ("flag:X", "flag: expects END_STREAM"),
        ("from:me", "from: expects client, server, not \"me\"."),
        ("-cause:x", "cause: expects checked, raw, automatic"),
        ("is:odd", "is: expects error, violation, request"),
    ] {
        let error = Filter::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(says), "{text}: {error}");
    }
    for record in connection() {
        let name = Columns::of(&record.kind).name;
        let name = name.trim_start_matches(['✗', '✓', ' ']).replace(' ', "_");
        let name = if name.starts_with("UNKNOWN") { "unknown" } else { &name };
        assert!(Filter::parse(&format!("type:{name}")).is_ok(), "{name}");
    }
    let long = "a ".repeat(65);
    assert!(Filter::parse(&long).is_err() && Filter::parse(&"a".repeat(4_001)).is_err());
}

proptest! {
    #![proptest_config(crate::properties::config(300))]

    #[test]
    fn any_text_is_a_filter_or_a_fault(text in "\\PC{0,40}") {
        if let Ok(filter) = Filter::parse(&text) {
            connection().iter().for_each(|record| { filter.fits(record); });
        }
    }

    /// A minus inverts, and words join: what either finds alone is what both find together, and nothing else.
    #[test]
    fn words_are_sets(first in word(), second in word()) {
        let all: Vec<u64> = (1..=11).collect();
        let (a, b) = (found(&first), found(&second));
        let both: Vec<u64> = all.iter().copied().filter(|seq| a.contains(seq) && b.contains(seq)).collect();
        prop_assert_eq!(found(&format!("{first}  {second}")), both);
        let not: Vec<u64> = all.iter().copied().filter(|seq| !a.contains(seq)).collect();
        prop_assert_eq!(found(&format!("-{first}")), not);
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..12_u64, 0..12_u64).prop_map(|(from, to)| format!("frame:{from}-{to}")),
        (0..9_u64).prop_map(|stream| format!("stream:{stream}")),
        prop::sample::select(vec![
            "type:HEADERS",
            "from:client",
            "cause:raw",
            "is:error",
            "code:1",
            "\"a b\"",
            "hello"
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,3}",
    ]
}
