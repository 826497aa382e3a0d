//! Floods that are within the letter of the RFC.

use super::client::Client;
use crate::h2::*;
use crate::wire::frame::{FrameType, RawFrame};
use std::time::Duration;

fn config(limits: Limits) -> Config {
    Config { limits, ..Config::default() }
}

#[test]
fn counting_begins_anew_with_each_period() {
    let mut client = Client::new(config(Limits { max_pings: 3, ..Limits::default() }));
    for _ in 0..10 {
        client.says("x3 frame PING 0 00 0000000000000000\n!later 10");
    }
    assert!(client.violations().is_empty());
    client.says("x4 frame PING 0 00 0000000000000000");
    assert_eq!(client.violations()[0].rule, Rule::LimitPings);
}

#[test]
fn a_block_of_too_many_octets() {
    let mut client = Client::new(config(Limits { max_field_block: 30_000, ..Limits::default() }));
    let fragment = "00".repeat(16_000);
    client.says(&format!("frame HEADERS 1 00 {fragment}\nframe CONTINUATION 1 00 {fragment}"));
    let violations = client.violations();
    assert_eq!(violations[0].rule, Rule::LimitFieldBlock);
    client.expect(&["GOAWAY 0 1 ENHANCE_YOUR_CALM"]);
}

#[test]
fn rapid_reset() {
    let mut client = Client::new(config(Limits { max_resets: 100, ..Limits::default() }));
    for index in 0..101 {
        let stream = 2 * index + 1;
        client.says(&format!("get {stream}\nframe RST_STREAM {stream} 00 00000008"));
        client.frames();
    }
    assert_eq!(client.violations()[0].rule, Rule::LimitResets);
}

#[test]
fn streams_that_we_have_to_reset() {
    let mut client = Client::new(config(Limits { max_errors: 100, ..Limits::default() }));
    for index in 0..101 {
        let stream = 2 * index + 1;
        client.says(&format!("get {stream}\nframe WINDOW_UPDATE {stream} 00 00000000"));
        client.frames();
    }
    let violations = client.violations();
    assert_eq!(violations.last().map(|violation| violation.rule), Some(Rule::LimitErrors));
    assert!(client.connection.should_close());
}

#[test]
fn a_peer_that_does_not_read_what_it_asks_for() {
    let limits = Limits { max_queued: 1_700, max_pings: 1_000_000, ..Limits::default() };
    let mut client = Client::new(config(limits));
    client.says("x100 frame PING 0 00 0000000000000000");
    assert!(client.violations().is_empty());
    client.says("frame PING 0 00 0000000000000000");
    assert_eq!(client.violations()[0].rule, Rule::LimitQueued);
    let mut reading = Client::new(config(Limits { max_queued: 1_700, max_pings: 1_000_000, ..Limits::default() }));
    for _ in 0..1_000 {
        reading.says("frame PING 0 00 0000000000000000");
        reading.frames();
    }
    assert!(reading.violations().is_empty());
}

#[test]
fn window_updates_are_paid_by_what_we_send() {
    let limits = Limits { max_window_updates: 10, ..Limits::default() };
    let mut client = Client::new(config(limits));
    client.says("frame SETTINGS 0 00 000400000000\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, vec![0; 1_000].into(), true).expect("send_data");
    for _ in 0..900 {
        client.says("frame WINDOW_UPDATE 1 00 00000001");
        client.frames();
    }
    assert!(client.violations().is_empty());
}

#[test]
fn refused_streams_can_be_tried_again() {
    let settings = vec![(3, 1)];
    let mut client = Client::new(Config { settings, ..Config::default() });
    client.says("get 1\nget 3");
    client.expect(&["RST_STREAM 3 REFUSED_STREAM"]);
    client.respond(1, true);
    client.says("get 5");
    client.respond(5, true);
    client.expect(&["HEADERS 1 END_STREAM :status=200", "HEADERS 5 END_STREAM :status=200"]);
}

#[test]
fn a_frame_that_only_announces_its_length_takes_no_memory() {
    let mut policy = Policy::default();
    policy.set(Rule::FrameSize, Action::Report);
    let mut client = Client::new(Config { policy, ..Config::default() });
    client.events();
    client.says("octets ffffff000000000001");
    client.says("x10 octets 00");
    assert_eq!(client.violations().len(), 1, "reported once");
    assert!(!client.connection.is_closed());
}

#[test]
fn preface_deadline_holds_for_half_a_preface() {
    let limits = Limits { preface_timeout: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut client = Client::fresh(config(limits));
    client.frames();
    client.says("preface\n!later 2\n!timeout");
    assert!(!client.connection.is_closed());
    client.says("!later 1\n!timeout");
    client.expect(&["GOAWAY 0 0 PROTOCOL_ERROR"]);
}

#[test]
fn acks_that_we_asked_for_are_no_flood() {
    let mut client = Client::new(config(Limits { max_settings: 10, ..Limits::default() }));
    for _ in 0..100 {
        client.connection.send_settings(&[]).expect("the connection is open");
    }
    client.frames();
    client.says("x100 ack");
    assert!(client.violations().is_empty());
    client.says("x11 ack");
    assert!(client.violations().iter().any(|violation| violation.rule == Rule::LimitSettings));
}

#[test]
fn acks_of_pings_that_we_sent_are_no_flood() {
    let mut client = Client::new(config(Limits { max_pings: 10, ..Limits::default() }));
    let ping = RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]);
    for _ in 0..50 {
        client.connection.ping([0; 8]).expect("the connection is open");
        client.connection.send_raw_frame(&ping, Track::Yes);
    }
    client.frames();
    client.says("x100 frame PING 0 01 0000000000000000");
    assert!(client.violations().is_empty());
    client.says("x11 frame PING 0 01 0000000000000000");
    assert_eq!(client.violations()[0].rule, Rule::LimitPings);
}

#[test]
fn promised_streams_may_all_be_refused() {
    let mut client = Client::new(config(Limits { max_resets: 10, ..Limits::default() }));
    client.says("get 1");
    for promised in (2..=200).step_by(2) {
        let payload = [0, 0, 0, promised, 0x82];
        client.connection.send_raw_frame(&RawFrame::new(FrameType::PUSH_PROMISE, 4, 1, payload.to_vec()), Track::Yes);
    }
    client.frames();
    for promised in (2..=200).step_by(2) {
        client.says(&format!("frame RST_STREAM {promised} 00 00000008"));
    }
    assert!(client.violations().is_empty());
    client.says("x11 frame RST_STREAM 2 00 00000008");
    assert_eq!(client.violations()[0].rule, Rule::LimitResets);
}
