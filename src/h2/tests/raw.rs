//! Raw calls.

use super::client::{Client, block, borrow, fields, headers};
use crate::h2::*;
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use crate::wire::hpack::{BlockBuilder, Name};
use bytes::Bytes;

fn contradicts(what: Contradiction, site: u32) -> Misuse {
    Misuse::Contradicts { what, site: CallSite(site) }
}

fn raw(frame_type: FrameType, flags: u8, stream: u32, payload: impl Into<Bytes>) -> RawFrame {
    RawFrame::new(frame_type, flags, stream, payload)
}

#[test]
fn frames_go_out_as_they_are_and_before_queued_content() {
    let mut client = Client::default();
    client.says("frame SETTINGS 0 00 000400000000\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"later"), true).expect("send_data");
    client.connection.send_raw_frame(&raw(FrameType::DATA, 0, 1, &b"now"[..]), Track::No);
    client.connection.send_raw_frame(&headers(1, 0, "aB=c"), Track::No);
    client.expect(&["SETTINGS 0 ACK", "HEADERS 1 :status=200", "DATA 1 3", "HEADERS 1 aB=c"]);
    client.says("frame WINDOW_UPDATE 1 00 00000008");
    client.expect(&["DATA 1 END_STREAM 5"]);
}

#[test]
fn lying_frames_and_any_octets_go_out() {
    let mut client = Client::default();
    let mut frame = raw(FrameType::DATA, 0xff, 0x7fff_ffff, &b"abc"[..]);
    frame.header.length = 0xff_ffff;
    frame.header.reserved = true;
    client.connection.send_raw_frame(&frame, Track::Yes);
    client.connection.send_raw_octets(Bytes::from_static(b"anything"), CallSite(1));
    let transmit = client.connection.poll_transmit().expect("octets");
    assert_eq!(transmit.octets, b"\xff\xff\xff\x00\xff\xff\xff\xff\xffabcanything");
}

#[test]
fn raw_data_is_taken_from_the_windows() {
    let mut client = Client::default();
    client.says("frame SETTINGS 0 00 000400000005\nget 1");
    client.respond(1, false);
    client.connection.send_raw_frame(&raw(FrameType::DATA, 0, 1, vec![0; 15]), Track::Yes);
    assert_eq!(client.connection.send_window(1), Some(-10));
    assert_eq!(client.connection.send_window(0), Some(65_520));
    client.connection.send_raw_frame(&raw(FrameType::DATA, 0, 1, vec![0; 15]), Track::No);
    assert_eq!(client.connection.send_window(1), Some(-25), "what was sent was sent, tracked or not");
}

#[test]
fn tracked_end_stream_ends_our_half() {
    let mut client = Client::default();
    client.says("get 1");
    client.connection.send_raw_frame(&headers(1, flag::END_STREAM, ":status=200"), Track::Yes);
    assert!(client.events().iter().any(|event| matches!(event, Event::StreamClosed { stream: 1 })));
    let data = client.connection.send_data(1, Bytes::new(), true);
    assert_eq!(data, Err(contradicts(Contradiction::Ended, 0)));
}

#[test]
fn tracked_headers_allow_checked_content() {
    let mut client = Client::default();
    client.says("get 1");
    client.connection.send_raw_frame(&headers(1, 0, ":status=200 aB=c"), Track::Yes);
    client.connection.send_data(1, Bytes::from_static(b"x"), true).expect("send_data");
    client.expect(&["HEADERS 1 :status=200 aB=c", "DATA 1 END_STREAM 1"]);
}

#[test]
fn tracked_reset_ends_the_stream_and_drops_its_queue() {
    let config = Config { record_frames: true, ..Config::default() };
    let mut client = Client::new(config);
    client.says("frame SETTINGS 0 00 000400000000\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"lost"), true).expect("send_data");
    let reset = raw(FrameType::RST_STREAM, 0, 1, &[0, 0, 0, 0xee][..]);
    client.connection.send_raw_frame(&reset, Track::Yes);
    let events = client.events();
    let why = NotSentReason::StreamReset { by: Initiator::Local, code: ErrorCode(0xee) };
    let what = Unsent::Data { stream: 1, data: Bytes::from_static(b"lost") };
    let found =
        events.iter().any(|event| matches!(event, Event::NotSent { what: w, why: y } if *w == what && *y == why));
    assert!(found, "{events:?}");
    client.expect(&["SETTINGS 0 ACK", "HEADERS 1 :status=200", "RST_STREAM 1 UNKNOWN(0xee)"]);
}

#[test]
fn content_is_told_cut_and_everything_else_whole() {
    let mut client = Client::new(Config { record_frames: true, record_data: 2, ..Config::default() });
    client.says("frame SETTINGS 0 00 000400000064\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"content"), false).expect("send_data");
    client.connection.send_raw_frame(&raw(FrameType::DATA, 0, 1, &b"raw data"[..]), Track::No);
    client.expect(&["SETTINGS 0 ACK", "HEADERS 1 :status=200", "DATA 1 7", "DATA 1 8"]);
    let told: Vec<(u8, usize, usize)> = client
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Sent { octets, length, .. } => Some((octets[3], octets.len(), *length)),
            _ => None,
        })
        .collect();
    assert_eq!(told[told.len() - 2..], [(0, 9 + 2, 9 + 7), (0, 9 + 8, 9 + 8)], "{told:?}");
}

#[test]
fn frames_of_others_wait_until_a_raw_block_ends() {
    let mut client = Client::default();
    client.says("get 1\nget 3");
    let octets = block(":status=200 a=b");
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, 0, 1, octets.slice(..5)), Track::Yes);
    client.respond(3, false);
    client.connection.send_data(3, Bytes::from_static(b"body"), true).expect("send_data");
    client.says("frame PING 0 00 0000000000000000");
    client.expect(&["HEADERS 1 (5 octets)"]);
    client.connection.send_raw_frame(&raw(FrameType::CONTINUATION, 0, 1, octets.slice(5..9)), Track::Yes);
    client.connection.send_raw_frame(&raw(FrameType::CONTINUATION, 4, 1, octets.slice(9..)), Track::Yes);
    client.expect(&[
        "CONTINUATION 1 (4 octets)",
        "CONTINUATION 1 :status=200 a=b",
        "HEADERS 3 :status=200",
        "PING 0 ACK",
        "DATA 3 END_STREAM 4",
    ]);
    assert!(client.connection.encoder().table_known());
}

#[test]
fn end_stream_on_an_open_block_does_not_release_it() {
    let mut client = Client::default();
    client.says("get 1");
    let octets = block(":status=200 a=b");
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, 1, 1, octets.slice(..5)), Track::Yes);
    client.says("frame PING 0 00 0000000000000000");
    client.expect(&["HEADERS 1 END_STREAM (5 octets)"]);
    client.connection.send_raw_frame(&raw(FrameType::CONTINUATION, 4, 1, octets.slice(5..)), Track::Yes);
    client.expect(&["CONTINUATION 1 :status=200 a=b", "PING 0 ACK"]);
}

#[test]
fn nothing_waits_for_a_block_that_was_interrupted_and_then_no_dynamic_entry_is_trusted() {
    let mut client = Client::default();
    client.says("get 1");
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, 0, 1, &[0x88][..]), Track::No);
    client.says("frame PING 0 00 0000000000000000");
    client.connection.settle(1);
    client.expect(&["HEADERS 1 (1 octets)"]);
    client.connection.send_raw_frame(&raw(FrameType::PRIORITY, 0, 3, &[0; 5][..]), Track::No);
    client.expect(&["PRIORITY 3", "PING 0 ACK"]);
    assert!(!client.connection.encoder().table_known());
}

#[test]
fn a_block_is_ended_for_whoever_cannot_do_so_any_more() {
    for reset_by in ["!reset 1", "frame RST_STREAM 1 00 00000008"] {
        let mut client = Client::default();
        client.says("get 1\nget 3");
        client.connection.send_raw_frame(&raw(FrameType::HEADERS, 0, 1, block(":status=200 a=b")), Track::No);
        client.respond(3, true);
        client.expect(&["HEADERS 1 (18 octets)"]);
        client.says(reset_by);
        let shown = client.shown();
        assert_eq!(shown[0], "CONTINUATION 1 :status=200 a=b", "{reset_by}");
        assert!(shown.contains(&"HEADERS 3 END_STREAM :status=200".to_owned()), "{shown:?}");
        assert!(client.connection.encoder().table_known());
    }
}

#[test]
fn encoder_follows_what_raw_blocks_do_to_the_table() {
    let mut client = Client::default();
    client.says("get 1\nget 3");
    let mut block = BlockBuilder::new();
    block.indexed(8);
    block.incremental(Name::Literal(b"x-raw"), b"value");
    let frame = raw(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, block.finish());
    client.connection.send_raw_frame(&frame, Track::Yes);
    let answer = fields(":status=200 x-other=1 x-raw=value");
    client.connection.send_headers(3, borrow(&answer), true).expect("send_headers");
    client.expect(&[
        "HEADERS 1 END_STREAM :status=200 x-raw=value",
        "HEADERS 3 END_STREAM :status=200 x-other=1 x-raw=value",
    ]);
    let table: Vec<_> = client.connection.encoder().table().map(|(name, _)| name.clone()).collect();
    assert_eq!(table, [&b"x-other"[..], b"x-raw"]);
}

#[test]
fn encoder_follows_a_block_in_several_frames() {
    let mut client = Client::default();
    client.says("get 1");
    let mut block = BlockBuilder::new();
    block.indexed(8);
    block.incremental(Name::Literal(b"x-raw"), b"value");
    let block = block.finish();
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, 0, 1, block.slice(..4)), Track::Yes);
    client.connection.send_raw_frame(&raw(FrameType::CONTINUATION, 4, 1, block.slice(4..)), Track::Yes);
    let table: Vec<_> = client.connection.encoder().table().map(|(name, _)| name.clone()).collect();
    assert_eq!(table, [&b"x-raw"[..]]);
}

#[test]
fn unreadable_raw_blocks_end_the_use_of_dynamic_entries() {
    let mut client = Client::default();
    client.says("get 1\nget 3\nget 5");
    let answer = fields(":status=200 x=1");
    client.connection.send_headers(1, borrow(&answer), true).expect("send_headers");
    let broken = raw(FrameType::HEADERS, flag::END_HEADERS, 3, &[0xff, 0xff][..]);
    client.connection.send_raw_frame(&broken, Track::Yes);
    client.frames();
    client.connection.send_headers(5, borrow(&answer), true).expect("send_headers");
    let frames = client.frames();
    assert!(frames[0].payload.iter().all(|octet| *octet != 0xbe), "{frames:?}");
}

#[test]
fn an_endless_raw_block_is_not_kept() {
    let mut client = Client::default();
    client.says("get 1\nget 3");
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, 0, 1, &[0x88][..]), Track::No);
    let piece = raw(FrameType::CONTINUATION, 0, 1, vec![0x88; 16_384]);
    for _ in 0..300 {
        client.connection.send_raw_frame(&piece, Track::No);
        let length = client.connection.poll_transmit().map_or(0, |transmit| transmit.octets.len());
        client.connection.transmitted(length);
    }
    client.says("!reset 1");
    client.expect(&["CONTINUATION 1", "RST_STREAM 1 CANCEL"]);
    assert!(!client.connection.encoder().table_known());
    client.respond(3, true);
    client.expect(&["HEADERS 3 END_STREAM :status=200"]);
}

#[test]
fn encoded_blocks_rely_on_no_order() {
    let mut client = Client::default();
    client.says("get 1\nget 3");
    let (one, other) = (fields(":status=200 x=1"), fields(":status=200 y=2"));
    let first = client.connection.encode(borrow(&one));
    let second = client.connection.encode(borrow(&other));
    let end = flag::END_HEADERS | flag::END_STREAM;
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, end, 3, second), Track::Yes);
    client.connection.send_raw_frame(&raw(FrameType::HEADERS, end, 1, first), Track::Yes);
    client.expect(&["HEADERS 3 END_STREAM :status=200 y=2", "HEADERS 1 END_STREAM :status=200 x=1"]);
}

#[test]
fn tracked_settings_wait_for_their_ack_and_updates_open_windows() {
    let mut client = Client::default();
    client.says("post 1");
    let settings = raw(FrameType::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 9][..]);
    client.connection.send_raw_frame(&settings, Track::Yes);
    let update = raw(FrameType::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 7][..]);
    client.connection.send_raw_frame(&update, Track::Yes);
    assert_eq!(client.connection.receive_window(1), Some((1 << 20) + 7));
    client.says("ack");
    assert!(client.violations().is_empty());
    assert_eq!(client.connection.local_settings().initial_window_size, 9);
    assert_eq!(client.connection.receive_window(1), Some(16));
}

#[test]
fn tracked_push_promise_reserves_its_stream() {
    let mut client = Client::default();
    client.says("get 1");
    let mut payload = vec![0, 0, 0, 4];
    payload.extend_from_slice(&block(":method=GET :scheme=https :path=/ :authority=a"));
    let promise = raw(FrameType::PUSH_PROMISE, flag::END_HEADERS, 1, payload);
    client.connection.send_raw_frame(&promise, Track::Yes);
    client.respond(4, true);
    assert_eq!(client.connection.stream_state(4), State::Closed);
    assert_eq!(client.shown().len(), 2);
}
