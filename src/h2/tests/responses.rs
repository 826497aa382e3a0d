//! The client role: requests, responses, pushes, and every rule that a server can break.

use super::client::{Client, REQUEST, UPLOAD, borrow, fields, headers, request};
use crate::h2::*;
use crate::wire::frame::{AltSvc, ErrorCode, FrameType, Origin, RawFrame, flag};
use bytes::Bytes;

/// As the cases of a server in `rules.rs`: the rule, and what a server does to break it.
pub const CASES: &[(Rule, &str)] = &[
    (Rule::PrefaceSettings, "fresh\nframe PING 0 00 0000000000000000"),
    (Rule::PrefaceTimeout, "fresh\noctets 0000\n!later 5\n!timeout"),
    (Rule::FrameSize, "!open GET\nfields 1 :status=200\ndata 1 16385"),
    (Rule::Compression, "!open GET\nframe HEADERS 1 05 80"),
    (Rule::Compression, "!open GET\nframe PUSH_PROMISE 1 04 0000000280"),
    (Rule::IdleHeaders, "trailers 1 :status=200"),
    (Rule::IdleHeaders, "trailers 2 :status=200"),
    (Rule::StreamIdDecreasing, "!open GET\npromise 1 4\npromise 1 4"),
    (Rule::StreamIdDecreasing, "!open GET\npromise 1 4\npromise 1 2"),
    (
        Rule::ConcurrentStreams,
        "!open GET\npromise 1 2\npromise 1 4\npromise 1 6\nfields 2 :status=200\nfields 4 :status=103\nfields 6 :status=200",
    ),
    (Rule::IdleFrame, "data 1 5"),
    (Rule::IdleFrame, "data 2 5"),
    (Rule::IdleFrame, "frame RST_STREAM 1 00 00000008"),
    (Rule::IdleFrame, "frame WINDOW_UPDATE 1 00 00000008"),
    (Rule::HalfClosedFrame, "!open POST\ntrailers 1 :status=200\ndata 1 5"),
    (Rule::ClosedFrame, "!open GET\ntrailers 1 :status=200\ndata 1 5"),
    (Rule::ClosedFrame, "!open GET\ntrailers 1 :status=200\ntrailers 1 a=b"),
    (Rule::ResetFrame, "!open GET\nframe RST_STREAM 1 00 00000008\ndata 1 5"),
    (Rule::ReservedFrame, "!open GET\npromise 1 2\ndata 2 5"),
    (Rule::ReservedFrame, "!open GET\npromise 1 2\nframe WINDOW_UPDATE 2 00 00000008"),
    (Rule::FlowConnection, "!open GET\nfields 1 :status=200\nx5 data 1 16384"),
    (Rule::FlowStream, "!window 10\nack\n!open GET\nfields 1 :status=200\ndata 1 11"),
    (Rule::HeadersSelfDependency, "!open GET\nframe HEADERS 1 25 000000010f88"),
    (Rule::SettingsEnablePush, "frame SETTINGS 0 00 000200000002"),
    (Rule::SettingsEnablePushServer, "frame SETTINGS 0 00 000200000001"),
    (Rule::SettingsMaxFrameSize, "frame SETTINGS 0 00 000500003fff"),
    (Rule::PushPromiseStreamZero, "frame PUSH_PROMISE 0 04 0000000282"),
    (Rule::PushPromisePadding, "!open GET\nframe PUSH_PROMISE 1 0c 0a0000000282"),
    (Rule::PushPromiseLength, "!open GET\nframe PUSH_PROMISE 1 04 000002"),
    (Rule::PushPromiseDisabled, "!pushes 0\nack\n!open GET\npromise 1 2"),
    (Rule::PushPromiseParent, "promise 1 2"),
    (Rule::PushPromiseParent, "!open GET\ntrailers 1 :status=200\npromise 1 2"),
    (Rule::PushPromiseParent, "!open GET\npromise 1 2\nfields 2 :status=200\npromise 2 4"),
    (Rule::PushPromiseId, "!open GET\npromise 1 3"),
    (Rule::PushPromiseId, "!open GET\npromise 1 0"),
    (Rule::PriorityUpdateFromServer, "frame PRIORITY_UPDATE 0 00 00000001753d31"),
    (Rule::GoAwayIncreased, "frame GOAWAY 0 00 0000000100000000\nframe GOAWAY 0 00 0000000300000000"),
    (Rule::ContinuationInterrupted, "!open GET\nframe PUSH_PROMISE 1 00 00000002\nframe PING 0 00 0000000000000000"),
    (Rule::FieldNameUppercase, "!open GET\ntrailers 1 :status=200 aB=c"),
    (Rule::FieldNameUppercase, "!open GET\nfields 1 :status=103 aB=c"),
    (Rule::FieldNameUppercase, "!open GET\npromise 1 2 :method=GET :scheme=https :path=/ :authority=a aB=c"),
    (Rule::ConnectionSpecific, "!open GET\ntrailers 1 :status=200 connection=close"),
    (Rule::PseudoUnknown, "!open GET\ntrailers 1 :status=200 :path=/"),
    (Rule::PseudoUnknown, "!open GET\npromise 1 2 :method=GET :scheme=https :path=/ :authority=a :status=200"),
    (Rule::PseudoAfterField, "!open GET\ntrailers 1 a=b :status=200"),
    (Rule::PseudoDuplicate, "!open GET\ntrailers 1 :status=200 :status=200"),
    (Rule::PseudoMissing, "!open GET\npromise 1 2 :method=GET :scheme=https :authority=a"),
    (Rule::PseudoInTrailers, "!open GET\nfields 1 :status=200\ntrailers 1 :status=200"),
    (Rule::StatusMissing, "!open GET\ntrailers 1 a=b"),
    (Rule::StatusInvalid, "!open GET\ntrailers 1 :status=20x"),
    (Rule::StatusInvalid, "!open GET\ntrailers 1 :status=2000"),
    (Rule::StatusInvalid, "!open GET\ntrailers 1 :status=099"),
    (Rule::StatusSwitching, "!open GET\nfields 1 :status=101"),
    (Rule::ResponseInterimEnd, "!open GET\ntrailers 1 :status=103"),
    (Rule::ResponseDataFirst, "!open GET\ndata 1 5"),
    (Rule::ResponseDataFirst, "!open GET\nfields 1 :status=103\ndata 1 5"),
    (Rule::ResponseContent, "!open HEAD\nfields 1 :status=200 content-length=5\nend 1 5"),
    (Rule::ResponseContent, "!open GET\nfields 1 :status=204\ndata 1 1"),
    (Rule::ResponseContent, "!open GET\nfields 1 :status=304\ndata 1 1"),
    (Rule::ContentLengthInvalid, "!open GET\nfields 1 :status=200 content-length=x"),
    (Rule::ContentLengthMismatch, "!open GET\ntrailers 1 :status=200 content-length=5"),
    (Rule::ContentLengthMismatch, "!open GET\nfields 1 :status=200 content-length=5\nend 1 4"),
    (Rule::ContentLengthMismatch, "!open GET\nfields 1 :status=200 content-length=5\ndata 1 6"),
    (Rule::ContentLengthMismatch, "!open GET\nfields 1 :status=200 content-length=5\ntrailers 1 a=b"),
    (Rule::TrailersEndStream, "!open GET\nfields 1 :status=200\nfields 1 a=b"),
    (Rule::TunnelHeaders, "!open CONNECT\nfields 1 :status=200\ntrailers 1 a=b"),
    (Rule::PromiseMethod, "!open GET\npromise 1 2 :method=POST :scheme=https :path=/ :authority=a"),
    (Rule::PromiseContent, "!open GET\npromise 1 2 :method=GET :scheme=https :path=/ :authority=a content-length=5"),
    (Rule::PromiseAuthority, "!open GET\npromise 1 2 :method=GET :scheme=https :path=/"),
    (Rule::LimitPromises, "!open GET\npromise 1 2\npromise 1 4\npromise 1 6\npromise 1 8"),
    (Rule::LimitPings, "x6 frame PING 0 00 0000000000000000"),
    (Rule::LimitUnknown, "x6 frame ALTSVC 1 00 000161"),
];

fn server() -> Client {
    let settings = vec![(2, 1), (4, 1 << 20)];
    let mut server = Client::server(Config { settings, ..Config::client() });
    server.events();
    server
}

/// What happened, in one word each, except frames and what was sent.
fn kinds(server: &mut Client) -> Vec<String> {
    let kind = |event: Event| match event {
        Event::Frame(_) | Event::Settings { .. } => None,
        Event::Headers { stream, end_stream, kind, .. } => Some(format!("{kind:?} {stream} {end_stream}")),
        Event::Data { stream, data, end_stream, .. } => Some(format!("Data {stream} {} {end_stream}", data.len())),
        Event::PushPromise { stream, promised, .. } => Some(format!("PushPromise {stream} {promised}")),
        Event::StreamClosed { stream } => Some(format!("Closed {stream}")),
        Event::Unprocessed { stream } => Some(format!("Unprocessed {stream}")),
        Event::Violation(violation) => Some(format!("{:?}", violation.rule)),
        other => Some(format!("{other:?}")),
    };
    server.events().into_iter().filter_map(kind).collect()
}

#[test]
fn the_preface_comes_first() {
    let mut server = Client::against(Role::Client, Config::client());
    let transmit = server.connection.poll_transmit().expect("a preface");
    assert!(transmit.octets.starts_with(PREFACE));
    server.expect(&["SETTINGS 0 [(2, 0), (4, 1048576), (5, 16384), (6, 65536)]", "WINDOW_UPDATE 0 8323073"]);
    let id = server.connection.open(borrow(&fields(REQUEST)), true).expect("requests need not wait for the server");
    assert_eq!((id, server.connection.role()), (1, Role::Client));
    server.says("frame SETTINGS 0 00\nack\ntrailers 1 :status=200");
    server.expect(&[&format!("HEADERS 1 END_STREAM {REQUEST}"), "SETTINGS 0 ACK"]);
}

#[test]
fn a_request_gets_interim_responses_a_final_one_and_trailers() {
    let mut server = server();
    server.says("!open GET\nx3 fields 1 :status=103\nfields 1 :status=200\ndata 1 5\ndata 1 0\ntrailers 1 a=b");
    let expected = [
        "Informational 1 false",
        "Informational 1 false",
        "Informational 1 false",
        "Response 1 false",
        "Data 1 5 false",
        "Data 1 0 false",
        "Trailers 1 true",
        "Closed 1",
    ];
    assert_eq!(kinds(&mut server), expected);
}

#[test]
fn uploads_obey_the_servers_windows_and_end_with_trailers() {
    let mut server = server();
    server.says("frame SETTINGS 0 00 000400000003");
    let id = server.connection.open(borrow(&fields(UPLOAD)), false).expect("open");
    server.connection.send_data(id, Bytes::from_static(b"upload"), false).expect("send_data");
    server.connection.send_trailers(id, borrow(&fields("sum=6"))).expect("send_trailers");
    server.expect(&["SETTINGS 0 ACK", &format!("HEADERS 1 {UPLOAD}"), "DATA 1 3"]);
    server.says("frame WINDOW_UPDATE 1 00 00000008\ntrailers 1 :status=200");
    server.expect(&["DATA 1 3", "HEADERS 1 END_STREAM sum=6"]);
    assert!(kinds(&mut server).contains(&"Closed 1".to_owned()));
}

#[test]
fn responses_may_end_before_their_requests() {
    let mut server = server();
    server.says("!open POST\ntrailers 1 :status=413");
    assert_eq!(kinds(&mut server), ["Response 1 true"]);
    server.connection.send_data(1, Bytes::new(), true).expect("the upload goes on");
    assert_eq!(kinds(&mut server), ["Closed 1"]);
    server.says("!open POST\ntrailers 3 :status=413\nframe RST_STREAM 3 00 00000000");
    let kinds = kinds(&mut server);
    assert_eq!(kinds[0], "Response 3 true");
    assert_eq!(kinds.last().map(String::as_str), Some("Closed 3"), "{kinds:?}");
}

#[test]
fn responses_without_content_may_announce_a_length() {
    let mut server = server();
    server.says("!open HEAD\ntrailers 1 :status=200 content-length=5");
    server.says("!open GET\ntrailers 3 :status=304 content-length=5");
    server.says("!open GET\nfields 5 :status=204\nend 5 0");
    let expected =
        ["Response 1 true", "Closed 1", "Response 3 true", "Closed 3", "Response 5 false", "Data 5 0 true", "Closed 5"];
    assert_eq!(kinds(&mut server), expected);
}

#[test]
fn pushes_are_promised_and_arrive() {
    let mut server = server();
    server.says("!open GET\npromise 1 2\nfields 2 :status=103\nfields 2 :status=200 content-length=3\nend 2 3");
    server.says("trailers 1 :status=200");
    let expected = [
        "PushPromise 1 2",
        "Informational 2 false",
        "Response 2 false",
        "Data 2 3 true",
        "Closed 2",
        "Response 1 true",
        "Closed 1",
    ];
    assert_eq!(kinds(&mut server), expected);
    let misuse = server.connection.send_data(2, Bytes::new(), true);
    assert_eq!(misuse, Err(Misuse::StreamClosed));
}

#[test]
fn pushes_can_be_refused_and_come_after_our_reset() {
    let mut server = server();
    server.says("!open GET\npromise 1 2");
    assert_eq!(server.connection.send_data(2, Bytes::new(), true), Err(Misuse::Ended));
    server.connection.reset(2, ErrorCode::CANCEL).expect("reset");
    server.connection.reset(1, ErrorCode::CANCEL).expect("reset");
    server.says("fields 2 :status=200\ndata 2 5\npromise 1 4\nfields 1 :status=200");
    server.expect(&[&format!("HEADERS 1 END_STREAM {REQUEST}"), "RST_STREAM 2 CANCEL", "RST_STREAM 1 CANCEL"]);
    let kinds = kinds(&mut server);
    assert_eq!(kinds.last().map(String::as_str), Some("PushPromise 1 4"), "{kinds:?}");
}

#[test]
fn goaway_marks_what_was_not_processed() {
    let mut server = Client::server(Config { record_frames: true, ..Config::client() });
    server.events();
    server.says("!open GET\n!open GET\n!open GET\nframe GOAWAY 0 00 0000000100000000");
    let events = server.events();
    let unprocessed: Vec<u32> = events
        .iter()
        .filter_map(|event| if let Event::Unprocessed { stream } = event { Some(*stream) } else { None })
        .collect();
    assert_eq!(unprocessed, [3, 5]);
    assert_eq!(server.connection.streams().collect::<Vec<_>>(), [1]);
    assert_eq!(server.connection.open(borrow(&fields(REQUEST)), true), Err(Misuse::GoingAway));
    server.says("trailers 3 :status=200\ntrailers 1 :status=200");
    assert_eq!(kinds(&mut server), ["Response 1 true", "Closed 1"], "what comes late is discarded");
}

#[test]
fn requests_are_checked() {
    let mut server = server();
    let mut refused = |text: &str| {
        let misuse = server.connection.open(borrow(&fields(text)), true).expect_err(text);
        server.expect(&[]);
        assert!(!misuse.to_string().is_empty());
        misuse
    };
    let rule = |misuse| if let Misuse::Malformed { rule, .. } = misuse { Some(rule) } else { None };
    assert_eq!(rule(refused(":scheme=https :path=/ :authority=a")), Some(Rule::PseudoMissing));
    assert_eq!(rule(refused(":method=GET :scheme=https :authority=a")), Some(Rule::PseudoMissing));
    assert_eq!(rule(refused(":method=GET :scheme=https :path=x :authority=a")), Some(Rule::PathInvalid));
    assert_eq!(rule(refused(":method=GET :method=GET :scheme=https :path=/")), Some(Rule::PseudoDuplicate));
    assert_eq!(rule(refused(":method=GET :scheme=https :path=/ :status=200")), Some(Rule::PseudoUnknown));
    assert_eq!(rule(refused(":method=GET :scheme=https :path=/ :authority=a host=b")), Some(Rule::HostDiffers));
    assert_eq!(rule(refused(":method=CONNECT :scheme=https :authority=a")), Some(Rule::ConnectForm));
    let websocket = ":method=CONNECT :protocol=websocket :scheme=https :path=/ :authority=a";
    assert_eq!(rule(refused(websocket)), Some(Rule::ProtocolNotAnnounced));
    assert_eq!(refused(&format!("{REQUEST} Ab=c")), Misuse::Uppercase { name: "Ab".into() });
    assert_eq!(refused(&format!("{REQUEST} a=b :path=/")), Misuse::PseudoField { name: ":path".into() });
    server.says("frame SETTINGS 0 00 000800000001000300000001");
    server.connection.open(borrow(&fields(websocket)), false).expect("the server announced it");
    let full = server.connection.open(borrow(&fields(REQUEST)), true);
    assert_eq!(full, Err(Misuse::Concurrency { max: 1 }));
    server.connection.reset(1, ErrorCode::CANCEL).expect("reset");
    assert_eq!(server.connection.open(borrow(&fields(&request("OPTIONS"))), true), Ok(3));
    let response = server.connection.send_headers(3, borrow(&fields(":status=200")), true);
    assert!(matches!(response, Err(Misuse::Role { role: Role::Client, .. })), "{response:?}");
}

#[test]
fn a_server_opens_no_streams() {
    let mut client = Client::default();
    let misuse = client.connection.open(borrow(&fields(REQUEST)), true);
    assert!(matches!(misuse, Err(Misuse::Role { role: Role::Server, .. })), "{misuse:?}");
}

#[test]
fn a_client_may_turn_pushes_on_and_off() {
    let mut server = server();
    for value in [0, 1] {
        server.connection.send_settings(&[(2, value)]).expect("send_settings");
    }
    assert_eq!(server.connection.send_settings(&[(2, 2)]), Err(Misuse::Setting { id: 2, value: 2 }));
    server.says("ack\nack\n!open GET\npromise 1 2");
    assert!(kinds(&mut server).contains(&"PushPromise 1 2".to_owned()));
}

#[test]
fn alternative_services_and_origins_are_events() {
    let mut server = server();
    server.says("!open GET");
    let altsvc = |origin: &'static [u8]| AltSvc { origin: origin.into(), value: Bytes::from_static(b"h3=\":1\"") };
    let origin = Origin { entries: vec![Bytes::from_static(b"https://a")] };
    let frames = [
        altsvc(b"https://a").to_raw(0, 0),
        altsvc(b"").to_raw(0, 1),
        origin.to_raw(0, 0),
        // These are to be ignored.
        altsvc(b"").to_raw(0, 0),
        altsvc(b"https://a").to_raw(0, 1),
        origin.to_raw(0, 1),
        origin.to_raw(1, 0),
    ];
    let now = server.now;
    for frame in frames {
        server.connection.receive(now, &super::client::to_octets(&frame));
    }
    let kinds = kinds(&mut server);
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    assert!(kinds[0].starts_with("AltSvc { stream: 0, origin: b\"https://a\""), "{kinds:?}");
    assert!(kinds[1].starts_with("AltSvc { stream: 1, origin: b\"\""), "{kinds:?}");
    assert!(kinds[2].starts_with("Origin"), "{kinds:?}");
}

#[test]
fn tunnels_carry_any_octets() {
    let mut server = server();
    server.says("!open CONNECT\nfields 1 :status=200 content-length=1\ndata 1 5");
    server.connection.send_data(1, Bytes::from_static(b"hello"), false).expect("send_data");
    server.says("end 1 5");
    server.connection.send_data(1, Bytes::new(), true).expect("send_data");
    assert_eq!(kinds(&mut server), ["Response 1 false", "Data 1 5 false", "Data 1 5 true", "Closed 1"]);
    server.says("!open CONNECT\ntrailers 3 :status=502");
    assert_eq!(kinds(&mut server), ["Response 3 true"]);
}

#[test]
fn raw_requests_open_streams() {
    let mut server = server();
    server.connection.send_raw_frame(&headers(1, flag::END_STREAM, &request("HEAD")), Track::Yes);
    server.connection.send_raw_frame(&headers(3, flag::END_STREAM, REQUEST), Track::No);
    server.says("trailers 1 :status=200 content-length=5\ntrailers 3 :status=200");
    assert_eq!(
        kinds(&mut server),
        ["Response 1 true", "Closed 1"],
        "the response to an untracked request is discarded"
    );
    assert_eq!(server.connection.open(borrow(&fields(REQUEST)), true), Ok(5));
}

#[test]
fn raw_requests_take_the_place_of_those_that_wait() {
    let mut server = Client::server(Config { record_frames: true, ..Config::client() });
    server.events();
    let block = super::client::block(REQUEST);
    let whole = |flags, stream, payload: Bytes| RawFrame::new(FrameType::HEADERS, flags, stream, payload);
    server.connection.send_raw_frame(&whole(flag::END_STREAM, 1, block.slice(..4)), Track::Yes);
    assert_eq!(server.connection.open(borrow(&fields(REQUEST)), true), Ok(3));
    server.connection.send_raw_frame(&headers(5, flag::END_STREAM, REQUEST), Track::Yes);
    let events = server.events();
    let dropped = events.iter().any(|event| {
        matches!(event, Event::NotSent { what: Unsent::Held { stream: 3 }, why: NotSentReason::Contradicted })
    });
    assert!(dropped, "{events:?}");
    assert!(!server.connection.streams().any(|open| open == 3));
    assert_eq!(server.connection.next_stream_id(), 7);
}

#[test]
fn shutting_down_waits_for_responses() {
    let mut server = server();
    server.says("!open GET");
    server.connection.shut_down();
    assert_eq!(server.connection.open(borrow(&fields(REQUEST)), true), Err(Misuse::GoingAway));
    server.expect(&[&format!("HEADERS 1 END_STREAM {REQUEST}"), "GOAWAY 0 0 NO_ERROR"]);
    assert!(!server.connection.is_closed());
    server.says("trailers 1 :status=200");
    assert!(server.connection.should_close());
}

#[test]
fn handled_responses_and_promises_change_the_table_alone() {
    let mut server = server();
    server.says("!open GET");
    server.connection.set_hold_frames(true);
    for line in ["promise 1 2", "fields 1 :status=200"] {
        server.says(line);
        server.connection.admit(true);
    }
    server.connection.set_hold_frames(false);
    server.says("fields 2 :status=200\nend 1 5");
    let kinds = kinds(&mut server);
    assert_eq!(kinds, ["Held", "Held", "Data 1 5 true", "Closed 1"]);
}
