//! How connections begin, idle, shut down and end.

use super::client::Client;
use crate::h2::*;
use bytes::Bytes;
use std::time::Duration;

#[test]
fn preface_is_sent_at_once_and_answers_need_no_request() {
    let mut client = Client::fresh(Config::default());
    client.expect(&["SETTINGS 0 [(3, 250), (4, 1048576), (5, 16384), (6, 65536), (8, 1)]", "WINDOW_UPDATE 0 8323073"]);
    client.says("preface\nframe SETTINGS 0 00 00030000000a");
    client.expect(&["SETTINGS 0 ACK"]);
    client.says("frame PING 0 00 0102030405060708");
    client.expect(&["PING 0 ACK"]);
    assert_eq!(client.connection.peer_settings().max_concurrent_streams, Some(10));
}

#[test]
fn acks_can_be_switched_off() {
    let mut client = Client::new(Config { record_frames: true, ..Config::default() });
    client.events();
    client.connection.auto_mut().ping_ack = false;
    client.connection.auto_mut().settings_ack = false;
    client.says("frame PING 0 00 0102030405060708\nframe SETTINGS 0 00");
    client.expect(&[]);
    let unsent = client.events().iter().filter(|event| matches!(event, Event::NotSent { .. })).count();
    assert_eq!(unsent, 2);
}

#[test]
fn shutdown_waits_for_streams() {
    let mut client = Client::default();
    client.says("get 1");
    client.connection.shut_down();
    client.says("get 3");
    client.expect(&["GOAWAY 0 1 NO_ERROR"]);
    assert!(!client.connection.is_closed());
    client.respond(1, true);
    assert!(!client.connection.should_close());
    client.expect(&["HEADERS 1 END_STREAM :status=200"]);
    assert!(client.connection.should_close());
    let events = client.events();
    assert!(matches!(events.last(), Some(Event::Closed { reason: CloseReason::ShutDown })), "{events:?}");
}

#[test]
fn shutdown_of_an_idle_connection_is_at_once() {
    let mut client = Client::default();
    client.connection.shut_down();
    client.expect(&["GOAWAY 0 0 NO_ERROR"]);
    assert!(client.connection.should_close());
}

#[test]
fn shutdown_drains_queued_content_first() {
    let mut client = Client::default();
    client.says("frame SETTINGS 0 00 000400000001\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"ab"), true).expect("send_data");
    client.connection.shut_down();
    client.expect(&["SETTINGS 0 ACK", "HEADERS 1 :status=200", "DATA 1 1", "GOAWAY 0 1 NO_ERROR"]);
    assert!(!client.connection.is_closed());
    client.says("frame WINDOW_UPDATE 1 00 00000001");
    client.expect(&["DATA 1 END_STREAM 1"]);
    assert!(client.connection.should_close());
}

#[test]
fn end_of_octets_ends_everything_once() {
    let mut client = Client::new(Config { record_frames: true, ..Config::default() });
    client.says("frame SETTINGS 0 00 000400000000\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"lost"), true).expect("send_data");
    client.events();
    client.connection.peer_closed(client.now, PeerClosed::Reset);
    client.connection.peer_closed(client.now, PeerClosed::Clean);
    client.says("get 3");
    let events = client.events();
    assert!(matches!(events[0], Event::NotSent { why: NotSentReason::ConnectionClosed, .. }), "{events:?}");
    assert!(matches!(events[1], Event::Closed { reason: CloseReason::Peer(PeerClosed::Reset) }), "{events:?}");
    assert_eq!(events.len(), 2);
    assert_eq!(client.connection.poll_timeout(), None);
}

#[test]
fn idle_connections_are_closed_but_not_busy_ones() {
    let limits = Limits { idle_timeout: Some(Duration::from_secs(60)), ..Limits::default() };
    let mut client = Client::new(Config { limits, ..Config::default() });
    client.says("!later 50\nget 1\n!later 20\n!timeout");
    assert!(!client.connection.is_closed(), "it has a stream");
    client.respond(1, true);
    client.shown();
    client.says("!later 50\nframe PING 0 00 0000000000000000\n!later 20\n!timeout");
    assert!(!client.connection.is_closed(), "it was active");
    client.shown();
    assert_eq!(client.connection.poll_timeout(), Some(client.now + Duration::from_secs(40)));
    client.says("!later 40\n!timeout");
    client.expect(&["GOAWAY 0 1 NO_ERROR"]);
    assert!(client.connection.should_close());
    assert!(matches!(client.events().last(), Some(Event::Closed { reason: CloseReason::Idle })));
}

#[test]
fn preface_in_time_has_no_deadline_left() {
    let limits = Limits { idle_timeout: None, ..Limits::default() };
    let mut client = Client::fresh(Config { limits, ..Config::default() });
    assert_eq!(client.connection.poll_timeout(), Some(client.now + Duration::from_secs(10)));
    client.says("preface\nframe SETTINGS 0 00");
    assert_eq!(client.connection.poll_timeout(), None);
}

#[test]
fn streams_leave_nothing_behind() {
    let mut client = Client::default();
    for index in 0..2_000 {
        let stream = index * 2 + 1;
        client.says(&format!("get {stream}"));
        client.respond(stream, true);
        client.frames();
        client.events();
    }
    assert_eq!(client.connection.streams().count(), 0);
    client.says("frame WINDOW_UPDATE 1 00 00000001\ndata 3 1\nget 5");
    assert!(client.violations().is_empty(), "forgotten streams are treated kindly");
}

#[test]
fn records_every_frame_both_ways() {
    let mut client = Client::fresh(Config { record_frames: true, ..Config::default() });
    client.says("preface\nframe SETTINGS 0 00\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"x"), true).expect("send_data");
    let written: usize = client.frames().iter().map(|frame| frame.payload.len() + 9).sum();
    let events = client.events();
    let sent: usize =
        events.iter().map(|event| if let Event::Sent { octets, .. } = event { octets.len() } else { 0 }).sum();
    assert_eq!(sent, written);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Frame(_))).count(), 2);
}
