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
fn streams_that_we_have_to_refuse() {
    let limits = Limits { max_refused: 100, ..Limits::default() };
    let mut client = Client::new(Config { settings: vec![(3, 1)], limits, ..Config::default() });
    client.says("post 1");
    let mut stream = 1;
    let mut refuse = |client: &mut Client, times: u32| {
        for _ in 0..times {
            stream += 2;
            client.says(&format!("get {stream}"));
            client.frames();
        }
        client.violations().last().map(|violation| violation.rule)
    };
    // A client that races a lower setting.
    for _ in 0..10 {
        assert_eq!(refuse(&mut client, 100), Some(Rule::ConcurrentStreams));
        client.says("!later 10");
    }
    assert_eq!(refuse(&mut client, 101), Some(Rule::LimitRefused));
    assert!(client.connection.is_closed());
}

#[test]
fn a_frame_or_field_block_has_to_end_in_time() {
    let half_header = "octets 00000806";
    let half_payload = "octets 000008060000000000aabb";
    let open_block = "frame HEADERS 1 00 82\nframe CONTINUATION 1 00 84";
    for begun in [half_header, half_payload, open_block] {
        let mut client = Client::default();
        client.says(begun);
        client.says("!later 29\n!timeout");
        assert!(!client.connection.is_closed(), "{begun}");
        assert_eq!(client.connection.poll_timeout(), Some(client.now + Duration::from_secs(1)), "{begun}");
        client.says("!later 1\n!timeout");
        assert_eq!(client.violations().last().map(|violation| violation.rule), Some(Rule::LimitFrameTime), "{begun}");
        assert!(client.connection.is_closed(), "{begun}");
    }
}

#[test]
fn a_client_that_sends_byte_by_byte_has_no_more_time() {
    let mut client = Client::default();
    client.says("octets 000008060000000000");
    for _ in 0..7 {
        client.says("!later 4\noctets 00");
    }
    assert!(!client.connection.is_closed());
    client.says("!later 2\n!timeout");
    assert!(client.connection.is_closed());
}

#[test]
fn frames_that_each_end_in_time_may_go_on_as_long_as_they_like() {
    let mut client = Client::default();
    client.says("octets 000008060000000000");
    for _ in 0..100 {
        // The rest of a PING, and the header of another.
        client.says("!later 20\n!timeout\noctets 0000000000000000000008060000000000");
    }
    client.says("octets 0000000000000000\n!later 60\n!timeout");
    assert!(!client.connection.is_closed());
    // A large frame has its time for each 16 KiB.
    let mut large = Client::new(Config { settings: vec![(5, 100_000)], ..Config::default() });
    large.says("post 1\noctets 00ea60000000000001");
    for _ in 0..3 {
        large.says(&format!("!later 20\n!timeout\noctets {}", "00".repeat(20_000)));
    }
    assert!(large.connection.poll_timeout() > Some(large.now + Duration::from_secs(60)));
    assert!(!large.connection.is_closed());
}

#[test]
fn a_client_that_nothing_reads_from_is_excused() {
    let mut client = Client::default();
    client.says("octets 00000806\n!later 40");
    client.connection.excuse_silence(client.now);
    client.says("!timeout\n!later 29\n!timeout");
    assert!(!client.connection.is_closed());
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

/// A connection whose client has asked for more than its window of 10 bytes holds.
fn waiting() -> Client {
    let mut client = Client::new(config(Limits { stall_timeout: Some(Duration::from_secs(60)), ..Limits::default() }));
    client.says("frame SETTINGS 0 00 00040000000a\nget 1");
    client.respond(1, false);
    client.connection.send_data(1, vec![0; 1_000].into(), true).expect("send_data");
    client.shown();
    client.events();
    client
}

#[test]
fn content_does_not_wait_without_end_for_a_silent_peer() {
    let mut client = waiting();
    client.says("!later 60\n!timeout");
    assert_eq!(client.connection.poll_timeout(), Some(client.now + Duration::from_secs(60)));
    client.says("!later 60\n!timeout");
    assert_eq!(client.violations()[0].rule, Rule::LimitStall);
    client.expect(&["GOAWAY 0 1 ENHANCE_YOUR_CALM"]);
}

#[test]
fn content_that_the_layer_above_holds_back_for_a_window_waits_like_queued_content() {
    let limits = Limits { stall_timeout: Some(Duration::from_secs(60)), ..Limits::default() };
    let silent = |client: &mut Client| client.says("!later 60\n!timeout\n!later 60\n!timeout");
    let asked = |settings: &str| {
        let mut client = Client::new(config(limits.clone()));
        client.says(&format!("{settings}\nget 1"));
        client.respond(1, false);
        client.connection.want_window(1, true);
        client.shown();
        client.events();
        client
    };
    let mut client = asked("frame SETTINGS 0 00 000400000000");
    silent(&mut client);
    assert_eq!(client.violations()[0].rule, Rule::LimitStall);
    // The connection's window counts, too.
    let mut client = asked("frame SETTINGS 0 00 000400020000");
    client.connection.send_data(1, vec![0; 65_535].into(), false).expect("send_data");
    client.shown();
    client.events();
    silent(&mut client);
    assert_eq!(client.violations()[0].rule, Rule::LimitStall);
    // Here it is not the client that is slow.
    let mut client = asked("frame SETTINGS 0 00 000400000001");
    silent(&mut client);
    assert!(!client.connection.is_closed());
    let mut client = asked("frame SETTINGS 0 00 000400000000");
    client.connection.want_window(1, false);
    silent(&mut client);
    assert!(!client.connection.is_closed());
}

#[test]
fn a_peer_that_says_something_is_waited_for() {
    for word in ["frame PING 0 00 0000000000000000", "frame WINDOW_UPDATE 1 00 00000001"] {
        let mut client = waiting();
        for _ in 0..20 {
            client.says("!later 50\n!timeout");
            client.says(word);
            client.frames();
        }
        assert!(!client.connection.is_closed(), "{word}");
    }
}

#[test]
fn a_response_that_is_not_complete_is_no_stall() {
    let mut client = Client::new(config(Limits { stall_timeout: Some(Duration::from_secs(60)), ..Limits::default() }));
    client.says("get 1");
    client.respond(1, false);
    for _ in 0..20 {
        client.says("!later 50\n!timeout");
        client.connection.send_data(1, vec![0; 10].into(), false).expect("send_data");
        client.frames();
    }
    assert!(!client.connection.is_closed());
    // Content that a script holds back waits in the output.
    client.connection.send_data(1, vec![0; 10].into(), false).expect("send_data");
    for _ in 0..20 {
        client.says("!later 50\n!timeout");
    }
    assert!(!client.connection.is_closed());
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

/// Browsers open connections ahead, and do not use all of them.
#[test]
fn a_connection_on_which_nothing_came_breaks_no_rule() {
    let limits = Limits { preface_timeout: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut client = Client::fresh(config(limits));
    client.frames();
    client.says("!later 3\n!timeout");
    let events = client.events();
    let idle = |event: &Event| matches!(event, Event::Closed { reason: CloseReason::Idle });
    assert!(matches!(&events[..], [event] if idle(event)), "{events:?}");
    client.expect(&["GOAWAY 0 0 NO_ERROR"]);
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
