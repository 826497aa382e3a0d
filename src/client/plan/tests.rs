//! Plans that are right and plans that are not.

use super::*;
use crate::client::steps::{Step, Wait};
use crate::wire::frame::FrameType;

fn steps(text: &str) -> Vec<Step> {
    match parse("plan.json", text) {
        Ok(plan) => plan.steps,
        Err(failure) => panic!("{failure}"),
    }
}

fn hex(step: &str) -> String {
    match &steps(&format!("[{step}]"))[..] {
        [Step::Frame(frame)] => crate::http::words::hex(&frame.octets()),
        [Step::Send(octets)] => crate::http::words::hex(octets),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_type_of_frame_can_be_written() {
    for (step, expected) in [
        (r#"{"type": "DATA", "stream_id": 1, "data": "hi", "flags": ["END_STREAM"]}"#, "0000020001000000016869"),
        (r#"{"type": "DATA", "stream_id": 1, "data": "hi", "padding": 1}"#, "000004000800000001 01686900"),
        (r#"{"type": "DATA", "stream": 1, "padding": "abcd", "length": 2}"#, "000002000800000001 02abcd"),
        (r#"{"type": "HEADERS", "stream_id": 1, "fields": [["a", "b"]]}"#, "000005010400000001 0001610162"),
        (
            r#"{"type": "HEADERS", "stream_id": 1, "fields": [[":method", "GET", "indexed", 2], ["a", "b", "incremental"]]}"#,
            "000006010400000001 824001610162",
        ),
        (
            r#"{"type": "HEADERS", "stream_id": 3, "dependency": 1, "weight": 9, "exclusive": true, "flags": []}"#,
            "000005012000000003 8000000109",
        ),
        (r#"{"type": "CONTINUATION", "stream_id": 1, "payload": "82 86", "flags": 0}"#, "000002090000000001 8286"),
        (r#"{"type": "PRIORITY", "stream_id": 1}"#, "000005020000000001 000000000f"),
        (r#"{"type": "RST_STREAM", "stream_id": 1, "code": "CANCEL"}"#, "000004030000000001 00000008"),
        (
            r#"{"type": "SETTINGS", "settings": [["ENABLE_PUSH", 0], [0xab, 0xffffffff]]}"#,
            "00000c040000000000 000200000000 00abffffffff",
        ),
        (r#"{"type": "SETTINGS", "flags": ["ACK"]}"#, "000000040100000000"),
        (
            r#"{"type": "PUSH_PROMISE", "stream_id": 1, "promised_stream": 2, "fields": []}"#,
            "000004050400000001 00000002",
        ),
        (r#"{"type": "PING", "opaque": "0102"}"#, "000002060000000000 0102"),
        (r#"{"type": "PING"}"#, "000008060000000000 0000000000000000"),
        (r#"{"type": "GOAWAY", "last_stream": 1, "code": 2, "debug": "é"}"#, "000009070000000000 0000000100000002e9"),
        (r#"{"type": "WINDOW_UPDATE", "increment": 1, "reserved": true}"#, "000004080080000000 00000001"),
        (r#"{"type": "ALTSVC", "origin": "o", "value": "v"}"#, "0000040a0000000000 00016f76"),
        (r#"{"type": "ORIGIN", "origins": ["o"]}"#, "0000030c0000000000 00016f"),
        (
            r#"{"type": "PRIORITY_UPDATE", "prioritized_stream": 1, "value": "u=1"}"#,
            "000007100000000000 00000001753d31",
        ),
        (r#"{"type": 250, "flags": 255, "payload": "00"}"#, "000001faff00000000 00"),
        (r#"{"hex": "00 01\n02"}"#, "000102"),
    ] {
        assert_eq!(hex(step), expected.replace(' ', ""), "{step}");
    }
}

#[test]
fn steps_wait_and_the_preface_can_be_the_plans_own() {
    let text = r#"[
        {"automatic": false}, // comments are allowed
        {"type": "PREFACE"},
        {"wait": 0.5}, {"wait": "SETTINGS"}, {"wait": "close"},
        {"wait": {"type": "DATA", "stream_id": 1, "flags": ["END_STREAM"]}},
    ]"#;
    let plan = parse("plan.json", text).unwrap();
    assert!(!plan.automatic);
    let pattern = Pattern { frame_type: Some(FrameType::DATA), stream: Some(1), flags: 1 };
    let settings = Pattern { frame_type: Some(FrameType::SETTINGS), ..Pattern::default() };
    let expected = [
        Step::Send(crate::h2::PREFACE.as_slice().into()),
        Step::Wait(Wait::Time(Duration::from_millis(500))),
        Step::Wait(Wait::Frame(settings)),
        Step::Wait(Wait::Close),
        Step::Wait(Wait::Frame(pattern)),
    ];
    assert_eq!(plan.steps, expected);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error = parse("plan.json", "[\n  {\"type\": \"HEADERS\", \"stream_id\": 1, \"field\": []}\n]").unwrap_err();
    let expected = "unknown key `field`\n  --> plan.json:2:39\n   2 |   {\"type\": \"HEADERS\", \"stream_id\": 1, \"field\": []}\n     \
                    |                                       ^^^^^^^\nhelp: a similar key exists: `fields`";
    assert_eq!(error.text, expected);
    for (text, words) in [
        ("", "the plan is empty"),
        ("[", "plan.json:1:"),
        ("{}", "a plan is a list of steps"),
        ("[1]", "a step is an object"),
        ("[{}]", "this step does nothing"),
        ("[{\"hexx\": \"\"}]", "unknown key `hexx`"),
        ("[{\"hex\": \"0g\"}]", "pairs of hexadecimal digits"),
        ("[{\"hex\": \"\"}, {\"automatic\": false}]", "must be the first step"),
        ("[{\"type\": \"HEADER\"}]", "a similar one exists: HEADERS"),
        ("[{\"type\": \"HEADERS\"}]", "HEADERS needs a `stream_id`"),
        ("[{\"type\": \"DATA\", \"stream_id\": -1}]", "whole number from 0 to 2147483647"),
        ("[{\"type\": \"DATA\", \"stream_id\": 1, \"flags\": [\"END\"]}]", "there is no such flag"),
        ("[{\"type\": \"PING\", \"increment\": 1}]", "unknown key `increment`"),
        ("[{\"type\": \"SETTINGS\", \"settings\": [[\"X\", 1]]}]", "there is no such setting"),
        ("[{\"type\": \"RST_STREAM\", \"stream_id\": 1, \"code\": \"NO\"}]", "there is no such error code"),
        ("[{\"type\": \"HEADERS\", \"stream_id\": 1, \"fields\": [[\"a\", \"b\", \"indexed\"]]}]", "cannot be indexed"),
        ("[{\"wait\": null}]", "not something to wait for"),
        ("[{\"wait\": -1}]", "seconds must be from 0"),
        ("[{\"type\": \"DATA\", \"stream_id\": 1}, \u{1b}]", "plan.json:1:"),
    ] {
        let error = parse("plan.json", text).expect_err(text).text;
        assert!(error.contains(words) && error.contains("-->") && !error.contains('\u{1b}'), "{text}: {error}");
    }
}
