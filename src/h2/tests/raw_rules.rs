//! The rules that raw frames break, as what was sent tells them.

use super::client::{Client, borrow, fields, headers};
use crate::h2::*;
use crate::wire::frame::{FrameType, RawFrame, flag};
use bytes::Bytes;

fn raw(frame_type: FrameType, flags: u8, stream: u32, payload: impl Into<Bytes>) -> RawFrame {
    RawFrame::new(frame_type, flags, stream, payload)
}

/// A connection with these lines from its client.
fn after(script: &str) -> Client {
    let mut client = Client::new(Config { record_frames: true, ..Config::default() });
    client.says(script);
    client.events();
    client
}

/// The rules that were told with what was sent by raw commands, each with the end of its frame.
fn told(client: &mut Client) -> Vec<(usize, Rule)> {
    let events = client.events();
    let broken = events.iter().filter_map(|event| match event {
        Event::Sent { cause: Cause::Raw, broken, .. } => Some(broken),
        _ => None,
    });
    broken.flatten().map(|broken| (broken.end, broken.rule)).collect()
}

/// What a frame breaks on a connection with a request on stream 1.
fn breaks(frame: &RawFrame) -> Vec<Rule> {
    let mut client = after("get 1");
    client.connection.send_raw_frame(frame, Track::No);
    told(&mut client).into_iter().map(|(_, rule)| rule).collect()
}

#[test]
fn a_frame_breaks_a_rule_by_itself() {
    let data = |stream, payload: &'static [u8]| raw(FrameType::DATA, 0, stream, payload);
    for (frame, rule) in [
        (data(0, b"x"), Rule::DataStreamZero),
        (data(2, b"x"), Rule::IdleFrame),
        (data(1, b"x"), Rule::ResponseDataFirst),
        (raw(FrameType::DATA, flag::PADDED, 1, &[5, 0][..]), Rule::DataPadding),
        (headers(2, 0, ":status=200"), Rule::IdleHeaders),
        (raw(FrameType::RST_STREAM, 0, 1, &[0; 3][..]), Rule::ResetLength),
        (raw(FrameType::SETTINGS, 0, 1, &[][..]), Rule::SettingsStream),
        (raw(FrameType::SETTINGS, 0, 0, &[0; 5][..]), Rule::SettingsLength),
        (raw(FrameType::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 1][..]), Rule::SettingsEnablePushServer),
        (raw(FrameType::SETTINGS, flag::ACK, 0, &[0; 6][..]), Rule::SettingsAckLength),
        (raw(FrameType::PING, 0, 0, &b"short"[..]), Rule::PingLength),
        (raw(FrameType::PING, 0, 1, &b"eight   "[..]), Rule::PingStream),
        (raw(FrameType::PING, 0, 0, vec![0; 16_385]), Rule::FrameSize),
        (raw(FrameType::WINDOW_UPDATE, 0, 0, &[0; 4][..]), Rule::WindowUpdateZeroConnection),
        (raw(FrameType::WINDOW_UPDATE, 0, 1, &[0; 4][..]), Rule::WindowUpdateZero),
        (raw(FrameType::WINDOW_UPDATE, 0, 1, &[0x7f, 255, 255, 255][..]), Rule::WindowUpdateOverflow),
        (raw(FrameType::CONTINUATION, flag::END_HEADERS, 1, &[][..]), Rule::ContinuationUnexpected),
        (raw(FrameType::PRIORITY, 0, 1, &[0; 4][..]), Rule::PriorityLength),
        (raw(FrameType::PRIORITY, 0, 1, &[0, 0, 0, 1, 0][..]), Rule::PrioritySelfDependency),
        (raw(FrameType::PRIORITY_UPDATE, 0, 0, &[0, 0, 0, 1][..]), Rule::PriorityUpdateFromServer),
        (raw(FrameType::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 3][..]), Rule::PushPromiseId),
    ] {
        assert_eq!(breaks(&frame), [rule], "{frame:?}");
    }
}

#[test]
fn a_field_section_breaks_a_rule() {
    for (section, flags, rule) in [
        ("a=b", 0, Rule::StatusMissing),
        (":status=20", 0, Rule::StatusInvalid),
        (":status=200 A=b", 0, Rule::FieldNameUppercase),
        (":status=200 a=b\\0", 0, Rule::FieldValueForbidden),
        (":status=200 connection=close", 0, Rule::ConnectionSpecific),
        ("a=b :status=200", 0, Rule::PseudoAfterField),
        (":status=200 :path=/", 0, Rule::PseudoUnknown),
        (":status=103", flag::END_STREAM, Rule::ResponseInterimEnd),
        (":status=101", 0, Rule::StatusSwitching),
        (":status=200 content-length=3", flag::END_STREAM, Rule::ContentLengthMismatch),
    ] {
        assert_eq!(breaks(&headers(1, flags, section)), [rule], "{section}");
    }
    assert_eq!(breaks(&raw(FrameType::HEADERS, flag::END_HEADERS, 1, &[0x80][..])), [Rule::Compression]);
}

#[test]
fn what_keeps_to_the_rules_breaks_none() {
    let mut client = after("get 1");
    for frame in [
        headers(1, 0, ":status=103 link=x"),
        headers(1, 0, ":status=200 content-length=3"),
        raw(FrameType::DATA, 0, 1, &b"abc"[..]),
        raw(FrameType::PING, 0, 0, &b"eight   "[..]),
        raw(FrameType::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 1][..]),
        raw(FrameType(0xee), 0xff, 99, &b"unknown"[..]),
        headers(1, flag::END_STREAM, "a=trailer"),
        raw(FrameType::RST_STREAM, 0, 1, &[0; 4][..]),
    ] {
        client.connection.send_raw_frame(&frame, Track::No);
        assert_eq!(told(&mut client), [], "{frame:?}");
    }
}

#[test]
fn a_frame_breaks_a_rule_after_others() {
    let mut client = after("frame SETTINGS 0 00 000400000005\nget 1\nget 3\nget 5");
    let mut send = |frame: RawFrame| {
        client.connection.send_raw_frame(&frame, Track::No);
        told(&mut client).into_iter().map(|(_, rule)| rule).collect::<Vec<_>>()
    };
    assert_eq!(send(headers(1, 0, ":status=200 content-length=3")), []);
    assert_eq!(send(raw(FrameType::DATA, flag::END_STREAM, 1, &b"ab"[..])), [Rule::ContentLengthMismatch]);
    assert_eq!(send(raw(FrameType::DATA, 0, 1, &b"c"[..])), [Rule::HalfClosedFrame]);
    assert_eq!(send(headers(3, 0, ":status=200")), []);
    assert_eq!(send(raw(FrameType::DATA, 0, 3, &b"too many"[..])), [Rule::FlowStream]);
    assert_eq!(send(headers(3, 0, ":status=200")), [Rule::PseudoInTrailers]);
    assert_eq!(send(headers(3, 0, "a=b")), [Rule::TrailersEndStream]);
    assert_eq!(send(raw(FrameType::RST_STREAM, 0, 3, &[0; 4][..])), []);
    assert_eq!(send(raw(FrameType::DATA, 0, 3, &b""[..])), [Rule::ResetFrame]);
    assert_eq!(send(headers(5, 0, ":status=204")), []);
    assert_eq!(send(raw(FrameType::DATA, 0, 5, &b"c"[..])), [Rule::ResponseContent]);
    assert_eq!(send(raw(FrameType::GOAWAY, 0, 0, &[0; 8][..])), []);
    assert_eq!(send(raw(FrameType::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0][..])), [Rule::GoAwayIncreased]);
    let mut block = headers(5, 0, ":status=200");
    block.header.flags = 0;
    assert_eq!(send(block), []);
    assert_eq!(send(raw(FrameType::PING, 0, 0, &b"eight   "[..])), [Rule::ContinuationInterrupted]);
}

#[test]
fn checked_commands_count_too() {
    let mut client = after("get 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"all"), true).expect("send_data");
    client.connection.send_raw_frame(&raw(FrameType::DATA, 0, 1, &b"more"[..]), Track::No);
    let rules: Vec<Rule> = told(&mut client).into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(rules, [Rule::ClosedFrame], "the request has ended, too");
}

#[test]
fn of_several_frames_each_has_its_rule_where_it_ends() {
    let mut client = after("get 1");
    let mut octets = Vec::new();
    for frame in [
        headers(1, 0, ":status=200"),
        raw(FrameType::WINDOW_UPDATE, 0, 1, &[0; 4][..]),
        raw(FrameType::PING, 0, 0, &b"short"[..]),
    ] {
        let mut one = bytes::BytesMut::new();
        frame.write(&mut one);
        octets.extend_from_slice(&one);
    }
    let length = octets.len();
    // The last byte comes by another call.
    let last = octets.split_off(length - 1);
    client.connection.send_raw_octets(octets.into(), CallSite(1));
    assert_eq!(told(&mut client), [(length - 14, Rule::WindowUpdateZero)]);
    client.connection.send_raw_octets(last.into(), CallSite(2));
    assert_eq!(told(&mut client), [(1, Rule::PingLength)]);
}

#[test]
fn a_client_that_lies_is_told_its_rules() {
    let mut server = Client::server(Config { record_frames: true, ..Config::default() });
    let request = fields(":method=GET :scheme=http :path=/ :authority=a");
    let stream = server.connection.open(borrow(&request), true).expect("a stream");
    let promise = raw(FrameType::PUSH_PROMISE, flag::END_HEADERS, stream, &[0, 0, 0, 2][..]);
    server.connection.send_raw_frame(&promise, Track::No);
    let rules: Vec<Rule> = told(&mut server).into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(rules, [Rule::PushPromiseFromClient]);
}
