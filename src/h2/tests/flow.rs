//! Flow control in both directions.

use super::client::{Client, borrow, fields};
use crate::h2::*;
use crate::wire::frame::ErrorCode;
use bytes::Bytes;

fn body(length: usize) -> Bytes {
    Bytes::from(vec![b'x'; length])
}

/// A client that announces `window` for each stream.
fn with_window(window: u32) -> Client {
    let mut client = Client::default();
    client.says(&format!("frame SETTINGS 0 00 0004{window:08x}"));
    client.shown();
    client
}

#[test]
fn closed_window_sends_no_empty_data_and_finishes_when_it_opens() {
    let mut client = with_window(0);
    client.says("get 1");
    client.respond(1, false);
    client.connection.send_data(1, body(200_000), true).expect("send_data");
    client.expect(&["HEADERS 1 :status=200"]);
    client.says("frame PING 0 00 0000000000000000");
    client.expect(&["PING 0 ACK"]);
    assert_eq!(client.connection.queued(1), 200_000);
    client.says("frame WINDOW_UPDATE 1 00 00000064");
    client.expect(&["DATA 1 100"]);
    client.expect(&[]);
    client.says("frame WINDOW_UPDATE 1 00 000f4240\nframe WINDOW_UPDATE 0 00 000f4240");
    let sent = client.shown();
    let octets: usize = sent.iter().map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(octets, 199_900);
    assert!(sent.last().unwrap().starts_with("DATA 1 END_STREAM"), "{sent:?}");
    assert!(client.events().iter().any(|event| matches!(event, Event::StreamClosed { stream: 1 })));
}

#[test]
fn padding_counts_against_both_windows() {
    let mut client = with_window(100);
    client.says("get 1");
    client.respond(1, false);
    client.connection.set_padding(1, 9).expect("set_padding");
    client.connection.send_data(1, body(93), true).expect("send_data");
    client.expect(&["HEADERS 1 :status=200", "DATA 1 90"]);
    assert_eq!((client.connection.queued(1), client.connection.send_window(0)), (3, Some(65_435)));
    client.says("frame WINDOW_UPDATE 1 00 0000000a");
    client.expect(&[]);
    client.says("frame WINDOW_UPDATE 1 00 00000001");
    client.expect(&["DATA 1 1"]);
    client.says("frame WINDOW_UPDATE 1 00 00000064");
    client.expect(&["DATA 1 END_STREAM 2"]);
    assert_eq!(client.connection.set_padding(1, 9), Err(Misuse::StreamClosed));
}

#[test]
fn connection_window_is_shared_and_streams_take_turns() {
    let mut client = with_window(1 << 20);
    client.says("get 1\nget 3");
    client.respond(1, false);
    client.respond(3, false);
    client.shown();
    client.connection.send_data(1, body(65_535), false).expect("send_data");
    client.connection.send_data(3, body(40_000), true).expect("send_data");
    client.connection.send_data(1, body(40_000), true).expect("send_data");
    assert_eq!(client.shown().len(), 4);
    assert_eq!(client.connection.send_window(0), Some(0));
    client.says("frame WINDOW_UPDATE 0 00 0000c000");
    client.expect(&["DATA 3 16384", "DATA 1 16384", "DATA 3 16384"]);
    client.says("frame WINDOW_UPDATE 0 00 0000ffff");
    client.expect(&["DATA 1 16384", "DATA 3 END_STREAM 7232", "DATA 1 END_STREAM 7232"]);
}

#[test]
fn trailers_pass_a_stream_that_waits_for_the_connection_window() {
    let mut client = with_window(1 << 20);
    client.says("get 1\nget 3");
    client.respond(1, false);
    client.respond(3, false);
    client.connection.send_data(1, body(65_536), true).expect("send_data");
    client.shown();
    let trailers = fields("a=b");
    client.connection.send_trailers(3, borrow(&trailers)).expect("send_trailers");
    client.expect(&["HEADERS 3 END_STREAM a=b"]);
}

#[test]
fn empty_data_is_sent_only_when_asked_for() {
    let mut client = with_window(0);
    client.says("get 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::new(), false).expect("send_data");
    client.connection.send_data(1, Bytes::new(), true).expect("send_data");
    client.expect(&["HEADERS 1 :status=200", "DATA 1 0", "DATA 1 END_STREAM 0"]);
}

#[test]
fn initial_window_changes_in_the_middle_and_may_go_negative() {
    let mut client = with_window(100);
    client.says("get 1");
    client.respond(1, false);
    client.connection.send_data(1, body(200), true).expect("send_data");
    client.expect(&["HEADERS 1 :status=200", "DATA 1 100"]);
    client.says("frame SETTINGS 0 00 000400000032");
    client.expect(&["SETTINGS 0 ACK"]);
    assert_eq!(client.connection.send_window(1), Some(-50));
    client.says("frame WINDOW_UPDATE 1 00 00000032");
    client.expect(&[]);
    client.says("frame WINDOW_UPDATE 1 00 0000000a");
    client.expect(&["DATA 1 10"]);
    client.says("frame SETTINGS 0 00 0004000000ff");
    client.expect(&["SETTINGS 0 ACK", "DATA 1 END_STREAM 90"]);
}

#[test]
fn frames_are_no_larger_than_the_peer_takes() {
    let mut client = with_window(1 << 20);
    client.says("get 1");
    client.respond(1, false);
    client.connection.send_data(1, body(16_385), true).expect("send_data");
    client.expect(&["HEADERS 1 :status=200", "DATA 1 16384", "DATA 1 END_STREAM 1"]);
}

#[test]
fn memory_stays_bounded_while_nothing_is_written() {
    let mut client = with_window(0x7fff_ffff);
    client.says("frame WINDOW_UPDATE 0 00 7fff0000\nget 1");
    client.respond(1, false);
    for _ in 0..100 {
        client.connection.send_data(1, body(16_384), false).expect("send_data");
    }
    assert!(client.connection.output_waiting() < 128 * 1024);
    assert_eq!(client.connection.queued(1) + client.connection.output_waiting() / 16_393 * 16_384, 1_638_400);
    let sent: usize = client.shown().iter().filter(|line| *line == "DATA 1 16384").count();
    assert_eq!(sent, 100);
    assert!(client.events().iter().any(|event| matches!(event, Event::Writable { stream: 1, queued: 65536, .. })));
}

#[test]
fn writable_is_reported_once_when_asked_for() {
    let mut client = with_window(10);
    client.says("get 1");
    client.events();
    client.respond(1, false);
    assert!(client.connection.notify_writable(1, 0));
    client.connection.send_data(1, body(30), true).expect("send_data");
    assert!(client.connection.notify_writable(1, 20));
    assert!(!client.connection.notify_writable(1, 0));
    client.says("frame WINDOW_UPDATE 1 00 0000000a");
    client.shown();
    assert!(!client.events().iter().any(|event| matches!(event, Event::Writable { .. })));
    client.says("frame WINDOW_UPDATE 1 00 0000000a");
    client.shown();
    let events = client.events();
    let ended = |event: &&Event| matches!(event, Event::Writable { stream: 1, queued: 0, end_sent: true });
    assert_eq!(events.iter().filter(ended).count(), 1, "{events:?}");
    assert!(client.connection.notify_writable(1, 0), "gone streams do not wait");
}

fn small_windows() -> Client {
    let settings = vec![(4, 1_000)];
    let mut client = Client::new(Config { settings, connection_window: 65_535, ..Config::default() });
    client.says("post 1");
    client
}

#[test]
fn consumed_octets_are_granted_in_batches() {
    let mut client = small_windows();
    client.says("data 1 1000");
    assert_eq!(client.connection.receive_window(1), Some(0));
    client.connection.consume(1, 499);
    client.expect(&[]);
    client.connection.consume(1, 1);
    client.expect(&["WINDOW_UPDATE 1 500"]);
    client.connection.consume(1, 1_000_000);
    client.expect(&["WINDOW_UPDATE 1 500"]);
    assert_eq!(client.connection.receive_window(1), Some(1_000));
    client.says("end 1 1000");
    client.connection.consume(1, 1000);
    client.expect(&[]);
}

#[test]
fn padding_is_granted_by_itself() {
    let mut client = small_windows();
    let frame = format!("frame DATA 1 08 ff{}", "00".repeat(255));
    client.says(&frame);
    client.says(&frame);
    client.expect(&["WINDOW_UPDATE 1 512"]);
}

#[test]
fn uploads_of_any_size_go_through() {
    let mut client = Client::new(Config { connection_window: 100_000, ..Config::default() });
    client.says("post 1");
    let (mut connection_window, mut stream_window) = (100_000_i64, 1_i64 << 20);
    let mut sent = 0;
    while sent < 10 << 20 {
        assert!(connection_window >= 10_000 && stream_window >= 10_000, "stalled after {sent}");
        client.says("data 1 10000");
        sent += 10_000;
        connection_window -= 10_000;
        stream_window -= 10_000;
        client.connection.consume(1, 10_000);
        for line in client.shown() {
            let increment: i64 = line.rsplit(' ').next().unwrap().parse().unwrap();
            match line.split(' ').nth(1) {
                Some("0") => connection_window += increment,
                _ => stream_window += increment,
            }
        }
        client.events();
    }
}

#[test]
fn octets_of_streams_that_are_gone_return_to_the_connection() {
    let mut client = Client::new(Config { connection_window: 65_535, ..Config::default() });
    client.says("post 1\ndata 1 16000\ndata 1 16000\ndata 1 1000");
    client.expect(&[]);
    client.connection.reset(1, ErrorCode::CANCEL).expect("reset");
    client.expect(&["RST_STREAM 1 CANCEL", "WINDOW_UPDATE 0 33000"]);
    client.says("data 1 16000\ndata 1 16000\ndata 1 1000");
    client.expect(&["WINDOW_UPDATE 0 33000"]);
}

#[test]
fn windows_can_be_withheld_and_granted_by_hand() {
    let mut client = small_windows();
    client.connection.auto_mut().window_update = false;
    client.says("data 1 1000");
    client.connection.consume(1, 1000);
    client.expect(&[]);
    client.connection.window_update(1, 10).expect("window_update");
    client.expect(&["WINDOW_UPDATE 1 10"]);
    assert_eq!(client.connection.receive_window(1), Some(10));
    assert_eq!(client.connection.window_update(1, 0x7fff_ffff), Err(Misuse::WindowOverflow));
    assert_eq!(client.connection.window_update(1, 0), Err(Misuse::Increment { increment: 0 }));
    assert_eq!(client.connection.window_update(9, 1), Err(Misuse::StreamUnknown { stream: 9 }));
    client.connection.auto_mut().window_update = true;
    client.says("data 1 10");
    client.connection.consume(1, 10);
    client.expect(&["WINDOW_UPDATE 1 1000"]);
}

#[test]
fn our_lowered_window_holds_from_the_ack_on() {
    let mut client = Client::default();
    client.says("post 1\n!window 10\ndata 1 11");
    assert!(client.violations().is_empty());
    client.says("ack\npost 3\ndata 3 11");
    assert_eq!(client.violations()[0].rule, Rule::FlowStream);
}

#[test]
fn connection_window_opens_at_the_start() {
    let mut client = Client::fresh(Config { settings: vec![], ..Config::default() });
    client.expect(&["SETTINGS 0", "WINDOW_UPDATE 0 8323073"]);
    let mut client = Client::fresh(Config { settings: vec![], connection_window: 10, ..Config::default() });
    client.expect(&["SETTINGS 0"]);
}

#[test]
fn a_changed_setting_changes_what_windows_are_kept_at() {
    let mut client = small_windows();
    client.says("!window 3000\nack");
    client.shown();
    client.says("data 1 1400");
    client.connection.consume(1, 1_400);
    client.expect(&[]);
    client.says("data 1 100");
    client.connection.consume(1, 100);
    client.expect(&["WINDOW_UPDATE 1 1500"]);
}

#[test]
fn a_wider_setting_is_tolerated_before_its_ack() {
    let mut client = small_windows();
    client.says("!window 3000");
    assert_eq!(client.connection.receive_window(1), Some(3_000));
    client.says("data 1 2000\nack\ndata 1 1000");
    assert!(client.violations().is_empty());
    assert_eq!(client.connection.receive_window(1), Some(0));
}

#[test]
fn trailers_are_not_stuck_behind_a_stream_in_the_list() {
    let mut client = with_window(1 << 20);
    client.says("get 1\nget 3\nget 5");
    for stream in [1, 3, 5] {
        client.respond(stream, false);
    }
    client.connection.send_data(5, body(65_535), false).expect("send_data");
    client.shown();
    client.connection.send_data(1, body(20_000), true).expect("send_data");
    client.connection.send_data(3, body(10), false).expect("send_data");
    let trailers = fields("a=b");
    client.connection.send_trailers(3, borrow(&trailers)).expect("send_trailers");
    client.expect(&[]);
    client.says("frame WINDOW_UPDATE 0 00 0000400a");
    client.expect(&["DATA 1 16384", "DATA 3 10", "HEADERS 3 END_STREAM a=b"]);
}

#[test]
fn empty_data_needs_no_window() {
    let mut client = Client::default();
    client.says("post 1\ndata 1 100\n!window 10\nack");
    client.shown();
    assert!(client.connection.receive_window(1).is_some_and(|window| window < 0), "the setting was lowered");
    client.events();
    client.says("data 1 0\nend 1 0");
    assert_eq!(client.violations(), [], "RFC 9113 §6.9.1");
}
