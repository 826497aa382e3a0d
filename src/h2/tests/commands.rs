//! Checked calls: what they send, what they refuse, and that a refusal changes nothing.

use super::client::{Client, REQUEST, UPLOAD, borrow, fields};
use crate::h2::*;
use crate::wire::frame::{ErrorCode, FrameType, flag};
use bytes::Bytes;

fn client() -> Client {
    let mut client = Client::default();
    client.says("get 1");
    client.events();
    client
}

/// The refusal of a response's header section; nothing may have been sent.
#[track_caller]
fn refused(text: &str) -> Misuse {
    let mut client = client();
    let fields = fields(text);
    let misuse = client.connection.send_headers(1, borrow(&fields), true).expect_err(text);
    client.expect(&[]);
    client.respond(1, true);
    client.expect(&["HEADERS 1 END_STREAM :status=200"]);
    assert!(!misuse.to_string().is_empty());
    misuse
}

#[test]
fn responses_are_checked() {
    let name = |name: &str| name.to_string();
    assert_eq!(refused(":status=200 :abc=d"), Misuse::PseudoField { name: name(":abc") });
    assert_eq!(refused(":status=200 :status=200"), Misuse::PseudoField { name: name(":status") });
    assert_eq!(refused(":status=200 a=b :status=200"), Misuse::PseudoField { name: name(":status") });
    assert_eq!(refused("a=b :status=200"), Misuse::PseudoMissing { name: ":status" });
    assert_eq!(refused(""), Misuse::PseudoMissing { name: ":status" });
    assert_eq!(refused(":status=100"), Misuse::Status { value: name("100") });
    assert_eq!(refused(":status=20"), Misuse::Status { value: name("20") });
    assert_eq!(refused(":status=2000"), Misuse::Status { value: name("2000") });
    assert_eq!(refused(":status=20x"), Misuse::Status { value: name("20x") });
    assert_eq!(refused(":status=200 Ab=c"), Misuse::Uppercase { name: name("Ab") });
    assert_eq!(refused(":status=200 a\\sb=c"), Misuse::FieldName { name: name("a b") });
    assert_eq!(refused(":status=200 =c"), Misuse::FieldName { name: name("") });
    assert_eq!(refused(":status=200 a=b\\0"), Misuse::FieldValue { name: name("a") });
    assert_eq!(refused(":status=200 a=b\\r\\nc"), Misuse::FieldValue { name: name("a") });
    assert_eq!(refused(":status=200 a=\\sb"), Misuse::FieldValue { name: name("a") });
    for field in ["connection=close", "keep-alive=1", "transfer-encoding=chunked", "upgrade=x", "te=gzip"] {
        let misuse = refused(&format!(":status=200 {field}"));
        assert!(matches!(misuse, Misuse::ConnectionSpecific { .. }), "{field}: {misuse:?}");
    }
}

#[test]
fn informational_responses_come_before_the_final_one() {
    let mut client = client();
    let hints = fields(":status=103 link=</a> link=</b>");
    client.connection.send_informational(1, borrow(&hints)).expect("send_informational");
    client.connection.send_informational(1, borrow(&hints)).expect("send_informational");
    for status in ["101", "200", "199x"] {
        let wrong = fields(&format!(":status={status}"));
        let misuse = client.connection.send_informational(1, borrow(&wrong));
        assert_eq!(misuse, Err(Misuse::Status { value: status.into() }));
    }
    client.respond(1, false);
    assert_eq!(client.connection.send_informational(1, borrow(&hints)), Err(Misuse::HeadersSent));
    let hint = "HEADERS 1 :status=103 link=</a> link=</b>";
    client.expect(&[hint, hint, "HEADERS 1 :status=200"]);
}

#[test]
fn order_of_commands_is_checked() {
    let mut client = client();
    let trailers = fields("a=b");
    let data = Bytes::from_static(b"x");
    assert_eq!(client.connection.send_data(1, data.clone(), true), Err(Misuse::NoHeaders));
    assert_eq!(client.connection.send_trailers(1, borrow(&trailers)), Err(Misuse::NoHeaders));
    client.respond(1, false);
    let headers = fields(":status=200");
    assert_eq!(client.connection.send_headers(1, borrow(&headers), true), Err(Misuse::HeadersSent));
    let pseudo = fields(":status=200");
    let misuse = client.connection.send_trailers(1, borrow(&pseudo));
    assert_eq!(misuse, Err(Misuse::PseudoField { name: ":status".into() }));
    client.connection.send_data(1, data.clone(), false).expect("send_data");
    client.connection.send_trailers(1, borrow(&trailers)).expect("send_trailers");
    assert_eq!(client.connection.send_data(1, data.clone(), true), Err(Misuse::StreamClosed));
    assert_eq!(client.connection.send_data(3, data, true), Err(Misuse::StreamUnknown { stream: 3 }));
    assert_eq!(client.connection.reset(0, ErrorCode::CANCEL), Err(Misuse::StreamUnknown { stream: 0 }));
    client.expect(&["HEADERS 1 :status=200", "DATA 1 1", "HEADERS 1 END_STREAM a=b"]);
}

#[test]
fn nothing_follows_our_end_while_the_upload_runs() {
    let mut client = Client::default();
    client.says("post 1");
    client.respond(1, true);
    assert_eq!(client.connection.send_data(1, Bytes::new(), true), Err(Misuse::Ended));
    assert_eq!(client.connection.stream_state(1), State::HalfClosedLocal);
    client.says("end 1 5");
    assert!(client.events().iter().any(|event| matches!(event, Event::StreamClosed { stream: 1 })));
}

#[test]
fn large_field_sections_are_split() {
    let mut client = client();
    let value = "v".repeat(40_000);
    let answer = fields(&format!(":status=200 long={value}"));
    client.connection.send_headers(1, borrow(&answer), true).expect("send_headers");
    let frames = client.frames();
    let types: Vec<_> = frames.iter().map(|frame| (frame.header.frame_type, frame.header.flags)).collect();
    assert_eq!(types.len(), 3, "{types:?}");
    assert_eq!(types[0], (FrameType::HEADERS, flag::END_STREAM));
    assert_eq!(types[1], (FrameType::CONTINUATION, 0));
    assert_eq!(types[2], (FrameType::CONTINUATION, flag::END_HEADERS));
    assert_eq!(frames[0].payload.len(), 16_384);
}

#[test]
fn peers_reset_is_told_to_every_later_command() {
    let mut client = client();
    client.respond(1, false);
    client.says("frame RST_STREAM 1 00 00000008");
    let events = client.events();
    let reset =
        |event: &Event| matches!(event, Event::Reset { stream: 1, code: ErrorCode::CANCEL, by: Initiator::Peer });
    assert!(events.iter().any(reset), "{events:?}");
    assert!(!events.iter().any(|event| matches!(event, Event::Violation(_))), "{events:?}");
    let misuse = Err(Misuse::StreamReset { code: ErrorCode::CANCEL });
    assert_eq!(client.connection.send_data(1, Bytes::new(), true), misuse);
    assert_eq!(client.connection.reset(1, ErrorCode::NO_ERROR), misuse);
    client.connection.consume(1, 10);
    client.expect(&["HEADERS 1 :status=200"]);
}

#[test]
fn frames_after_our_reset_are_tolerated() {
    let mut client = Client::default();
    client.says("post 1");
    client.connection.reset(1, ErrorCode::NO_ERROR).expect("reset");
    client.events();
    client.says("data 1 10\nframe WINDOW_UPDATE 1 00 00000005\ntrailers 1 a=b\nframe RST_STREAM 1 00 00000008\nget 3");
    assert!(client.violations().is_empty());
    client.expect(&["RST_STREAM 1 NO_ERROR"]);
}

#[test]
fn push_promises_are_made_and_answered() {
    let mut client = client();
    let request = fields(REQUEST);
    let promised = client.connection.push_promise(1, borrow(&request)).expect("push_promise");
    assert_eq!(promised, 2);
    client.respond(2, false);
    client.connection.send_data(2, Bytes::from_static(b"pushed"), true).expect("send_data");
    client.respond(1, true);
    client.expect(&[
        &format!("PUSH_PROMISE 1 2 {REQUEST}"),
        "HEADERS 2 :status=200",
        "DATA 2 END_STREAM 6",
        "HEADERS 1 END_STREAM :status=200",
    ]);
    assert_eq!(client.connection.push_promise(1, borrow(&request)), Err(Misuse::StreamClosed));
}

#[test]
fn push_promises_are_refused() {
    let mut client = client();
    let request = fields(REQUEST);
    let missing = fields(":method=GET :scheme=https :path=/");
    let misuse = client.connection.push_promise(1, borrow(&missing));
    assert_eq!(misuse, Err(Misuse::PseudoMissing { name: ":authority" }));
    let twice = fields(&format!("{REQUEST} :path=/"));
    let misuse = client.connection.push_promise(1, borrow(&twice));
    assert_eq!(misuse, Err(Misuse::PseudoField { name: ":path".into() }));
    client.connection.push_promise(1, borrow(&request)).expect("push_promise");
    assert_eq!(client.connection.push_promise(2, borrow(&request)), Err(Misuse::PushParent));
    client.says("frame SETTINGS 0 00 000300000001");
    let misuse = client.connection.push_promise(1, borrow(&request));
    assert_eq!(misuse, Err(Misuse::PushConcurrency { max: 1 }));
    client.says("frame RST_STREAM 2 00 00000008");
    client.connection.push_promise(1, borrow(&request)).expect("the promised stream is gone");
    client.says("frame SETTINGS 0 00 000200000000");
    assert_eq!(client.connection.push_promise(1, borrow(&request)), Err(Misuse::PushDisabled));
}

#[test]
fn settings_pings_and_goaways() {
    let mut client = client();
    client.connection.ping(*b"12345678").expect("ping");
    client.connection.send_settings(&[(4, 10), (0xabcd, 1)]).expect("send_settings");
    assert_eq!(client.connection.send_settings(&[(2, 1)]), Err(Misuse::Setting { id: 2, value: 1 }));
    assert_eq!(client.connection.send_settings(&[(5, 1)]), Err(Misuse::Setting { id: 5, value: 1 }));
    client.connection.go_away(5, ErrorCode(0x99), Bytes::from_static(b"why")).expect("go_away");
    let misuse = client.connection.go_away(7, ErrorCode::NO_ERROR, Bytes::new());
    assert_eq!(misuse, Err(Misuse::LastStreamId { last_stream_id: 7 }));
    let long = Bytes::from(vec![0; 20_000]);
    assert_eq!(client.connection.go_away(0, ErrorCode::NO_ERROR, long), Err(Misuse::DebugData));
    client.expect(&["PING 0", "SETTINGS 0 [(4, 10), (43981, 1)]", "GOAWAY 0 5 UNKNOWN(0x99)"]);
    client.says("frame PING 0 01 3132333435363738\nack\nget 5\nget 7");
    let events = client.events();
    assert!(events.iter().any(|event| matches!(event, Event::PingAcked { opaque } if opaque == b"12345678")));
    assert!(events.iter().any(|event| matches!(event, Event::SettingsAcked)));
    assert_eq!(client.connection.local_settings().initial_window_size, 10);
    let streams: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Headers { stream, .. } = event { Some(*stream) } else { None })
        .collect();
    assert_eq!(streams, [5], "stream 7 is beyond the GOAWAY");
}

#[test]
fn uploads_answered_early_keep_their_stream() {
    let mut client = Client::default();
    client.says("post 1\ndata 1 100");
    client.respond(1, false);
    client.connection.send_data(1, Bytes::from_static(b"early"), true).expect("send_data");
    client.says("data 1 100\ntrailers 1 sum=200");
    let events = client.events();
    let trailers =
        |event: &Event| matches!(event, Event::Headers { kind: HeadersKind::Trailers, end_stream: true, .. });
    assert!(events.iter().any(trailers));
    assert!(matches!(events.last(), Some(Event::StreamClosed { stream: 1 })), "{UPLOAD}: {events:?}");
}

#[test]
fn commands_on_a_closed_connection_are_refused() {
    let mut client = client();
    client.connection.close();
    let headers = fields(":status=200");
    assert_eq!(client.connection.send_headers(1, borrow(&headers), true), Err(Misuse::ConnectionClosed));
    assert_eq!(client.connection.ping([0; 8]), Err(Misuse::ConnectionClosed));
    assert_eq!(client.connection.reset(1, ErrorCode::CANCEL), Err(Misuse::ConnectionClosed));
    client.connection.send_raw_octets(Bytes::from_static(b"late"), CallSite(0));
    client.connection.shut_down();
    client.expect(&[]);
    assert!(client.connection.should_close());
}
