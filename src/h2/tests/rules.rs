//! Every rule is broken once, and the exact reaction asserted.

use super::client::Client;
use super::responses::CASES as OF_CLIENT;
use crate::h2::*;
use std::time::Duration;

fn config(role: Role) -> Config {
    let limits = Limits {
        max_field_block: 2_000,
        max_continuations: 4,
        max_resets: 3,
        max_errors: 3,
        max_settings: 6,
        max_pings: 5,
        max_priorities: 5,
        max_empty_data: 5,
        max_window_updates: 5,
        max_unknown: 5,
        max_queued: 1_000,
        max_promises: 3,
        preface_timeout: Some(Duration::from_secs(5)),
        ..Limits::default()
    };
    let push = (role == Role::Client).then_some((2, 1));
    let settings = push.into_iter().chain([(3, 2), (4, 70_000), (6, 500)]).collect();
    Config { settings, connection_window: 65_535, limits, ..Config::default() }
}

/// The rule, and what to do after the handshake to break it; `fresh` in front: before it.
const CASES: &[(Rule, &str)] = &[
    (Rule::Preface, "fresh\noctets 474554202f20485454502f312e310d0a0d0a"),
    (Rule::PrefaceSettings, "fresh\npreface\nframe PING 0 00 0000000000000000"),
    (Rule::PrefaceTimeout, "fresh\npreface\n!later 5\n!timeout"),
    (Rule::FrameSize, "post 1\ndata 1 16385"),
    (Rule::Compression, "frame HEADERS 1 05 80"),
    (Rule::StreamIdEven, "get 2"),
    (Rule::StreamIdDecreasing, "get 5\nget 3"),
    (Rule::ConcurrentStreams, "post 1\npost 3\nget 5"),
    (Rule::IdleFrame, "data 1 5"),
    (Rule::IdleFrame, "frame RST_STREAM 1 00 00000008"),
    (Rule::IdleFrame, "frame WINDOW_UPDATE 1 00 00000008"),
    (Rule::IdleFrame, "frame WINDOW_UPDATE 2 00 00000008"),
    (Rule::HalfClosedFrame, "get 1\ndata 1 5"),
    (Rule::HalfClosedFrame, "get 1\nget 1"),
    (Rule::ClosedFrame, "get 1\n!respond 1\ndata 1 5"),
    (Rule::ClosedFrame, "get 1\n!respond 1\nget 1"),
    (Rule::ResetFrame, "post 1\nframe RST_STREAM 1 00 00000008\ndata 1 5"),
    (Rule::ResetFrame, "post 1\nframe RST_STREAM 1 00 00000008\ntrailers 1 a=b"),
    (Rule::ReservedFrame, "get 1\n!push 1\ndata 2 5"),
    (Rule::FlowConnection, "post 1\nx5 data 1 16384"),
    (Rule::FlowStream, "!window 10\nack\npost 1\ndata 1 11"),
    (Rule::DataStreamZero, "data 0 5"),
    (Rule::DataPadding, "post 1\nframe DATA 1 08 0561626364"),
    (Rule::DataLength, "post 1\nframe DATA 1 08"),
    (Rule::HeadersStreamZero, "get 0"),
    (Rule::HeadersPadding, "frame HEADERS 1 0c 058286"),
    (Rule::HeadersLength, "frame HEADERS 1 24 8286"),
    (Rule::HeadersSelfDependency, "frame HEADERS 1 25 000000010f828784410161"),
    (Rule::PriorityStreamZero, "frame PRIORITY 0 00 000000000f"),
    (Rule::PriorityLength, "post 1\nframe PRIORITY 1 00 0000000f"),
    (Rule::PrioritySelfDependency, "post 1\nframe PRIORITY 1 00 000000010f"),
    (Rule::ResetStreamZero, "frame RST_STREAM 0 00 00000008"),
    (Rule::ResetLength, "post 1\nframe RST_STREAM 1 00 000008"),
    (Rule::SettingsStream, "frame SETTINGS 1 00"),
    (Rule::SettingsLength, "frame SETTINGS 0 00 0001000000"),
    (Rule::SettingsAckLength, "!window 9\nframe SETTINGS 0 01 000100000000"),
    (Rule::SettingsAckUnexpected, "ack"),
    (Rule::SettingsEnablePush, "frame SETTINGS 0 00 000200000002"),
    (Rule::SettingsInitialWindow, "frame SETTINGS 0 00 000480000000"),
    (Rule::SettingsWindowOverflow, "post 1\nframe WINDOW_UPDATE 1 00 7fff0000\nframe SETTINGS 0 00 00047fffffff"),
    (Rule::SettingsMaxFrameSize, "frame SETTINGS 0 00 000500003fff"),
    (Rule::SettingsMaxFrameSize, "frame SETTINGS 0 00 000501000000"),
    (Rule::SettingsConnectProtocol, "frame SETTINGS 0 00 000800000002"),
    (Rule::SettingsConnectProtocol, "frame SETTINGS 0 00 000800000001000800000000"),
    (Rule::SettingsNoPriorities, "frame SETTINGS 0 00 000900000002"),
    (Rule::SettingsNoPriorities, "frame SETTINGS 0 00 000900000001"),
    (Rule::PushPromiseFromClient, "post 1\nframe PUSH_PROMISE 1 04 0000000282"),
    (Rule::PingStream, "post 1\nframe PING 1 00 0000000000000000"),
    (Rule::PingLength, "frame PING 0 00 00000000000000"),
    (Rule::GoAwayStream, "post 1\nframe GOAWAY 1 00 0000000000000000"),
    (Rule::GoAwayLength, "frame GOAWAY 0 00 00000000000000"),
    (Rule::GoAwayIncreased, "frame GOAWAY 0 00 0000000000000000\nframe GOAWAY 0 00 0000000200000000"),
    (Rule::WindowUpdateLength, "frame WINDOW_UPDATE 0 00 000000"),
    (Rule::WindowUpdateZero, "post 1\nframe WINDOW_UPDATE 1 00 00000000"),
    (Rule::WindowUpdateZeroConnection, "frame WINDOW_UPDATE 0 00 80000000"),
    (Rule::WindowUpdateOverflow, "post 1\nframe WINDOW_UPDATE 1 00 7fffffff"),
    (Rule::WindowUpdateOverflowConnection, "frame WINDOW_UPDATE 0 00 7fffffff"),
    (Rule::ContinuationUnexpected, "frame CONTINUATION 1 04 82"),
    (Rule::ContinuationUnexpected, "get 1\nframe CONTINUATION 1 04 82"),
    (Rule::ContinuationUnexpected, "frame CONTINUATION 0 04 82"),
    (Rule::ContinuationInterrupted, "frame HEADERS 1 00 82\nframe PING 0 00 0000000000000000"),
    (Rule::ContinuationInterrupted, "frame HEADERS 1 00 82\nframe ee 0 00 00"),
    (Rule::ContinuationStream, "frame HEADERS 1 00 82\nframe CONTINUATION 3 04 87"),
    (Rule::PriorityUpdateStream, "post 1\nframe PRIORITY_UPDATE 1 00 00000001753d31"),
    (Rule::PriorityUpdateLength, "frame PRIORITY_UPDATE 0 00 000001"),
    (Rule::PriorityUpdateZero, "frame PRIORITY_UPDATE 0 00 00000000753d31"),
    (Rule::PriorityUpdateIdle, "frame PRIORITY_UPDATE 0 00 00000002753d31"),
    (Rule::FieldNameEmpty, "get 1 =v"),
    (Rule::FieldNameUppercase, "get 1 aB=v"),
    (Rule::FieldNameForbidden, "get 1 a\\sb=v"),
    (Rule::FieldNameForbidden, "get 1 a:b=v"),
    (Rule::FieldNameForbidden, "get 1 a\\x80b=v"),
    (Rule::FieldValueForbidden, "get 1 a=b\\0c"),
    (Rule::FieldValueForbidden, "get 1 a=b\\rc"),
    (Rule::FieldValueForbidden, "get 1 a=b\\nc"),
    (Rule::FieldValueWhitespace, "get 1 a=\\sb"),
    (Rule::FieldValueWhitespace, "get 1 a=b\\s"),
    (Rule::ConnectionSpecific, "get 1 connection=close"),
    (Rule::ConnectionSpecific, "get 1 transfer-encoding=chunked"),
    (Rule::TeNotTrailers, "get 1 te=gzip"),
    (Rule::HostDiffers, "get 1 host=example.com"),
    (Rule::PseudoUnknown, "trailers 1 :method=GET :scheme=https :path=/ :test=1"),
    (Rule::PseudoUnknown, "trailers 1 :method=GET :scheme=https :path=/ :status=200"),
    (Rule::PseudoAfterField, "trailers 1 :method=GET a=b :scheme=https :path=/"),
    (Rule::PseudoDuplicate, "trailers 1 :method=GET :method=GET :scheme=https :path=/"),
    (Rule::PseudoMissing, "trailers 1 :scheme=https :path=/"),
    (Rule::PseudoMissing, "trailers 1 :method=GET :path=/"),
    (Rule::PseudoMissing, "trailers 1 :method=GET :scheme=https"),
    (Rule::PseudoInTrailers, "post 1\ntrailers 1 :method=GET"),
    (Rule::MethodInvalid, "trailers 1 :method=G\\sT :scheme=https :path=/"),
    (Rule::SchemeInvalid, "trailers 1 :method=GET :scheme=1http :path=/"),
    (Rule::PathInvalid, "trailers 1 :method=GET :scheme=https :path"),
    (Rule::PathInvalid, "trailers 1 :method=GET :scheme=https :path=*"),
    (Rule::AuthorityInvalid, "trailers 1 :method=GET :scheme=https :path=/ :authority=me@a"),
    (Rule::AuthorityInvalid, "trailers 1 :method=GET :scheme=https :path=/ :authority=a\\sb"),
    (Rule::AuthorityInvalid, "trailers 1 :method=GET :scheme=https :path=/ :authority=a:x"),
    (Rule::AuthorityInvalid, "trailers 1 :method=GET :scheme=https :path=/ :authority=[::1"),
    (Rule::ConnectForm, "fields 1 :method=CONNECT :scheme=https :authority=a:1"),
    (Rule::ConnectForm, "fields 1 :method=CONNECT"),
    (Rule::ProtocolNotAnnounced, "fields 1 :method=CONNECT :scheme=https :path=/ :authority=a :protocol=websocket"),
    (Rule::ContentLengthInvalid, "post 1 content-length=1x"),
    (Rule::ContentLengthInvalid, "post 1 content-length=1 content-length=2"),
    (Rule::ContentLengthInvalid, "post 1 content-length=18446744073709551616"),
    (Rule::ContentLengthMismatch, "get 1 content-length=5"),
    (Rule::ContentLengthMismatch, "post 1 content-length=5\nend 1 4"),
    (Rule::ContentLengthMismatch, "post 1 content-length=5\ndata 1 6"),
    (Rule::ContentLengthMismatch, "post 1 content-length=5\ntrailers 1 a=b"),
    (Rule::TrailersEndStream, "post 1\nfields 1 a=b"),
    (
        Rule::LimitFieldSection,
        "get 1 a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b=bbbbbbbbbbbbbbbbbbbbb c=ccccccccccccccccccccccc d=dddddddddddddddddddddddddddddddddddddddddddd e=eeeeeeeeeeeeeeeeeeeeeeeeeeeee f=ffffffffffffffffffffffffff g=gggggggggggggggg",
    ),
    (Rule::LimitContinuations, "frame HEADERS 1 00 82\nx5 frame CONTINUATION 1 00"),
    (Rule::LimitResets, "post 1\nx4 frame RST_STREAM 1 00 00000008"),
    (Rule::LimitFrameTime, "octets 00000806\n!later 30\n!timeout"),
    (Rule::LimitSettings, "x6 frame SETTINGS 0 00"),
    (Rule::LimitPings, "x6 frame PING 0 00 0000000000000000"),
    (Rule::LimitPriorities, "post 1\nx6 frame PRIORITY 1 00 000000000f"),
    (Rule::LimitEmptyData, "post 1\nx6 data 1 0"),
    (Rule::LimitWindowUpdates, "x6 frame WINDOW_UPDATE 0 00 00000001"),
    (Rule::LimitUnknown, "x6 frame ee 0 00 0102"),
];

/// All cases, with our side in them.
fn cases() -> impl Iterator<Item = (Role, &'static (Rule, &'static str))> {
    let of = |role| move |case| (role, case);
    CASES.iter().map(of(Role::Server)).chain(OF_CLIENT.iter().map(of(Role::Client)))
}

fn run(role: Role, config: Config, lines: &str) -> Client {
    if let Some(lines) = lines.strip_prefix("fresh\n") {
        let mut client = Client::against(role, config);
        client.says(lines);
        return client;
    }
    let mut client = match role {
        Role::Client => Client::server(config),
        Role::Server => Client::new(config),
    };
    client.events();
    client.says(lines);
    client
}

#[test]
fn every_rule_is_enforced_with_its_exact_code() {
    for (role, (rule, lines)) in cases() {
        let mut strict = config(role);
        strict.policy.set_all(Action::Enforce);
        let mut client = run(role, strict, lines);
        let violations = client.violations();
        let shown = client.shown();
        let last = shown.last().map_or("", String::as_str);
        assert_eq!(violations.len(), 1, "{rule:?} after {lines:?}: {violations:?}");
        assert_eq!(violations[0].rule, *rule, "after {lines:?}: {violations:?}");
        match rule.scope() {
            Scope::Connection => {
                assert_eq!(violations[0].reaction, Reaction::ConnectionError(rule.code()));
                let expected = format!("GOAWAY 0 {} {}", client.connection.last_peer_stream_id(), rule.code());
                assert_eq!(last, expected, "{rule:?} after {lines:?}");
                assert!(client.connection.should_close(), "{rule:?} after {lines:?}");
            }
            Scope::Stream => {
                assert_eq!(violations[0].reaction, Reaction::StreamError(rule.code()));
                let stream = violations[0].stream;
                assert_eq!(last, format!("RST_STREAM {stream} {}", rule.code()), "{rule:?} after {lines:?}");
                assert!(!client.connection.is_closed(), "{rule:?} after {lines:?}");
                assert!(!client.connection.streams().any(|open| open == stream));
                client.says("frame PING 0 00 0000000000000000");
                client.expect(&["PING 0 ACK"]);
            }
        }
    }
}

#[test]
fn an_ack_that_nothing_waits_for_is_reported_only() {
    let mut client = run(Role::Server, config(Role::Server), "ack");
    let violations = client.violations();
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].rule, violations[0].reaction), (Rule::SettingsAckUnexpected, Reaction::Reported));
    client.says("frame PING 0 00 0000000000000000");
    client.expect(&["PING 0 ACK"]);
}

/// A second copy of what the RFCs say, by code; whatever is not here is PROTOCOL_ERROR.
#[test]
fn codes_and_scopes_are_those_of_the_rfcs() {
    use crate::wire::frame::ErrorCode;
    let by_code: [(ErrorCode, &[&str]); 6] = [
        (
            ErrorCode::FRAME_SIZE_ERROR,
            &[
                "h2.frame.size",
                "h2.data.length",
                "h2.headers.length",
                "h2.priority.length",
                "h2.rst-stream.length",
                "h2.settings.length",
                "h2.settings.ack-length",
                "h2.ping.length",
                "h2.goaway.length",
                "h2.window-update.length",
                "h2.priority-update.length",
                "h2.push-promise.length",
            ],
        ),
        (
            ErrorCode::FLOW_CONTROL_ERROR,
            &[
                "h2.flow.connection",
                "h2.flow.stream",
                "h2.settings.initial-window",
                "h2.settings.window-overflow",
                "h2.window-update.overflow",
                "h2.window-update.overflow-connection",
            ],
        ),
        (ErrorCode::STREAM_CLOSED, &["h2.half-closed.frame", "h2.closed.frame", "h2.reset.frame"]),
        (ErrorCode::COMPRESSION_ERROR, &["h2.hpack"]),
        (ErrorCode::REFUSED_STREAM, &["h2.concurrent-streams"]),
        (ErrorCode::ENHANCE_YOUR_CALM, &["h2.limit."]),
    ];
    let of_streams = [
        "h2.concurrent-streams",
        "h2.half-closed.frame",
        "h2.reset.frame",
        "h2.flow.stream",
        "h2.headers.self-dependency",
        "h2.priority.length",
        "h2.priority.self-dependency",
        "h2.window-update.zero",
        "h2.window-update.overflow",
        "h2.limit.field-section",
    ];
    let of_messages = [
        "h2.field",
        "h2.pseudo.",
        "h2.connect.",
        "h2.content-length.",
        "h2.trailers.",
        "h2.status.",
        "h2.response.",
        "h2.promise.",
    ];
    for rule in Rule::ALL {
        let id = rule.id();
        let listed = by_code.iter().find(|(_, ids)| {
            ids.iter().any(|listed| id == *listed || (listed.ends_with('.') && id.starts_with(listed)))
        });
        assert_eq!(rule.code(), listed.map_or(ErrorCode::PROTOCOL_ERROR, |(code, _)| *code), "{id}");
        let message = of_messages.iter().any(|prefix| id.starts_with(prefix));
        let scope = if message || of_streams.contains(&id) { Scope::Stream } else { Scope::Connection };
        assert_eq!(rule.scope(), scope, "{id}");
    }
}

#[test]
fn every_rule_has_a_case() {
    // These have tests of their own beside this table.
    let elsewhere = [
        Rule::ProtocolForm,
        Rule::LimitFieldBlock,
        Rule::LimitErrors,
        Rule::LimitRefused,
        Rule::LimitStall,
        Rule::LimitQueued,
    ];
    for rule in Rule::ALL {
        let found = cases().any(|(_, (covered, _))| covered == rule) || elsewhere.contains(rule);
        assert!(found, "no case breaks {rule:?}");
    }
}

#[test]
fn rules_can_be_reported_or_ignored() {
    for (role, (rule, lines)) in cases() {
        let mut reporting = config(role);
        reporting.policy.set(*rule, Action::Report);
        let mut client = run(role, reporting, lines);
        let violations = client.violations();
        assert!(!violations.is_empty() && violations[0].rule == *rule, "{rule:?} after {lines:?}");
        assert_eq!(violations[0].reaction, Reaction::Reported);
        let mut ignoring = config(role);
        ignoring.policy.set_all(Action::Ignore);
        let mut client = run(role, ignoring, lines);
        assert!(client.violations().is_empty(), "{rule:?} after {lines:?}");
        assert!(!client.connection.is_closed(), "{rule:?} after {lines:?}");
        client.frames();
    }
}

#[test]
fn ids_are_unique_and_found() {
    for rule in Rule::ALL {
        assert_eq!(Rule::by_id(rule.id()), Some(*rule));
    }
    assert_eq!(Rule::by_id("h2.nothing"), None);
}

#[test]
fn extended_connect_needs_its_other_pseudo_fields() {
    for lines in [
        "fields 1 :method=CONNECT :protocol=websocket :authority=a",
        "fields 1 :method=GET :scheme=https :path=/ :authority=a :protocol=websocket",
    ] {
        let mut client = Client::default();
        client.events();
        client.says(lines);
        assert_eq!(client.violations()[0].rule, Rule::ProtocolForm);
        client.expect(&["RST_STREAM 1 PROTOCOL_ERROR"]);
    }
}

#[test]
fn stream_errors_on_idle_streams_end_the_connection() {
    let mut client = Client::default();
    client.says("frame PRIORITY 5 00 000000050f");
    client.expect(&["GOAWAY 0 0 PROTOCOL_ERROR"]);
}

#[test]
fn goaway_on_error_can_be_switched_off() {
    let config = Config { record_frames: true, ..Config::default() };
    let mut client = Client::new(config);
    client.events();
    client.connection.auto_mut().goaway_on_error = false;
    client.says("data 0 1");
    client.expect(&[]);
    assert!(client.connection.should_close());
    let events = client.events();
    let unsent = events.iter().any(|event| {
        matches!(event, Event::NotSent { what: Unsent::Automatic { .. }, why: NotSentReason::SwitchedOff })
    });
    assert!(unsent, "{events:?}");
}
