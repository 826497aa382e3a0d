//! Frames that wait for the layer above, and a preface that waits for it.

use super::client::{Client, block, headers, to_octets};
use crate::h2::*;
use crate::wire::frame::{FrameType, RawFrame};
use crate::wire::hpack::{BlockBuilder, LiteralKind, Name};
use bytes::Bytes;

/// A connection whose frames wait.
fn holding() -> Client {
    let mut client = Client::default();
    client.events();
    client.connection.set_hold_frames(true);
    client
}

fn held(client: &mut Client) -> Vec<FrameType> {
    let mut types = Vec::new();
    while let Some(frame) = client.connection.held_frame() {
        types.push(frame.header.frame_type);
        client.connection.admit(false);
    }
    types
}

#[test]
fn a_held_frame_has_no_effect_until_it_is_admitted() {
    let mut client = holding();
    client.says("frame PING 0 00 0102030405060708");
    client.expect(&[]);
    assert!(!client.connection.wants_read());
    let events = client.events();
    assert!(matches!(events.as_slice(), [Event::Frame(_), Event::Held]), "{events:?}");
    client.connection.admit(false);
    client.expect(&["PING 0 ACK"]);
    assert!(client.connection.wants_read());
}

#[test]
fn a_handled_frame_has_no_effect_at_all() {
    let mut client = holding();
    client.says("frame PING 0 00 0102030405060708\nframe SETTINGS 0 00 000400000001\nget 1");
    for _ in 0..3 {
        client.connection.admit(true);
    }
    client.expect(&[]);
    assert_eq!(client.connection.peer_settings().initial_window_size, 65_535);
    assert!(!client.events().iter().any(|event| matches!(event, Event::Headers { .. } | Event::Violation(_))));
}

#[test]
fn frames_behind_a_held_one_come_one_by_one_and_in_order() {
    let mut client = holding();
    let lines = "post 1\ndata 1 5\nframe PING 0 00 0102030405060708\nend 1 0";
    let octets: Vec<u8> = lines.lines().flat_map(super::client::octets).collect();
    client.connection.receive(client.now, &octets);
    assert_eq!(held(&mut client), [FrameType::HEADERS, FrameType::DATA, FrameType::PING, FrameType::DATA]);
    assert!(client.violations().is_empty());
}

#[test]
fn a_handled_field_block_still_changes_the_dynamic_table() {
    let mut client = holding();
    let mut first = BlockBuilder::new();
    first.literal(LiteralKind::Incremental, Name::Literal(b"x-kept"), b"value", false, false);
    let frame = RawFrame::new(FrameType::HEADERS, 0x5, 1, first.finish());
    client.connection.receive(client.now, &to_octets(&frame));
    client.connection.admit(true);
    client.connection.set_hold_frames(false);
    client.events();
    let mut second = BlockBuilder::new();
    second.raw(&block(super::client::REQUEST)).indexed(62);
    let frame = RawFrame::new(FrameType::HEADERS, 0x5, 3, second.finish());
    client.connection.receive(client.now, &to_octets(&frame));
    let events = client.events();
    let kept = events.iter().any(|event| {
        matches!(event, Event::Headers { block, .. } if block.fields().any(|field| &field.name[..] == b"x-kept"))
    });
    assert!(kept, "{events:?}");
}

#[test]
fn what_follows_a_handled_request_is_discarded() {
    let mut client = holding();
    client.says("post 1");
    client.connection.admit(true);
    client.connection.set_hold_frames(false);
    client.says("data 1 5\nend 1 5\nget 3");
    let events = client.events();
    assert!(!events.iter().any(|event| matches!(event, Event::Data { .. } | Event::Violation(_))), "{events:?}");
    assert!(events.iter().any(|event| matches!(event, Event::Headers { stream: 3, .. })), "{events:?}");
}

#[test]
fn a_block_that_is_handled_in_its_middle_is_no_request() {
    let mut client = holding();
    let whole = block(super::client::REQUEST);
    let (front, back) = whole.split_at(4);
    let first = RawFrame::new(FrameType::HEADERS, 0x1, 1, Bytes::copy_from_slice(front));
    let second = RawFrame::new(FrameType::CONTINUATION, 0x4, 1, Bytes::copy_from_slice(back));
    client.connection.receive(client.now, &[to_octets(&first), to_octets(&second)].concat());
    client.connection.admit(false);
    client.connection.admit(true);
    assert!(!client.events().iter().any(|event| matches!(event, Event::Headers { .. } | Event::Violation(_))));
    client.connection.set_hold_frames(false);
    client.connection.receive(client.now, &to_octets(&headers(3, 0x1, super::client::REQUEST)));
    assert!(client.events().iter().any(|event| matches!(event, Event::Headers { stream: 3, .. })));
}

#[test]
fn handled_data_uses_up_the_windows() {
    let mut client = holding();
    client.says("post 1");
    client.connection.admit(false);
    let before = (client.connection.receive_window(0), client.connection.receive_window(1));
    client.says("data 1 1000");
    client.connection.admit(true);
    let after = (client.connection.receive_window(0), client.connection.receive_window(1));
    assert_eq!((before.0.map(|window| window - 1000), before.1.map(|window| window - 1000)), after);
}

#[test]
fn settings_wait_for_the_start_and_automatic_frames_wait_with_them() {
    let mut client = Client::fresh(Config { wait_for_start: true, ..Config::default() });
    client.says("preface\nframe SETTINGS 0 00\nframe PING 0 00 0102030405060708");
    client.expect(&[]);
    let settings = client.connection.first_settings_mut().expect("not started");
    *settings = vec![(4, 1)];
    client.connection.start();
    client.connection.start();
    client.expect(&["SETTINGS 0 [(4, 1)]", "WINDOW_UPDATE 0 8323073", "SETTINGS 0 ACK", "PING 0 ACK"]);
}

#[test]
fn a_start_without_settings_sends_what_waited_alone() {
    let mut client = Client::fresh(Config { wait_for_start: true, ..Config::default() });
    client.says("preface\nframe SETTINGS 0 00");
    client.connection.start_without_settings();
    client.expect(&["SETTINGS 0 ACK"]);
    client.says("get 1");
    client.respond(1, true);
    // The window that was never opened is opened once something is given back.
    client.expect(&["HEADERS 1 END_STREAM :status=200", "WINDOW_UPDATE 0 8323073"]);
}

#[test]
fn an_error_before_the_start_ends_with_goaway_alone() {
    let mut client = Client::fresh(Config { wait_for_start: true, ..Config::default() });
    client.says("preface\nframe SETTINGS 0 00\nframe PING 1 00 0102030405060708");
    client.expect(&["GOAWAY 0 0 PROTOCOL_ERROR"]);
    client.connection.start();
    client.expect(&[]);
    assert!(client.connection.should_close());
}
