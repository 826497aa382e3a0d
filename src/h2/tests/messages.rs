//! Messages that are in order, and what is told about them.

use super::client::{Client, REQUEST};
use crate::h2::*;

/// The Headers event of lines that must not violate anything.
#[track_caller]
fn accepted(config: Config, lines: &str) -> Event {
    let mut client = Client::new(config);
    client.events();
    client.says(lines);
    let events = client.events();
    assert!(!events.iter().any(|event| matches!(event, Event::Violation(_))), "{lines}: {events:?}");
    let headers = events.into_iter().rfind(|event| matches!(event, Event::Headers { .. }));
    headers.unwrap_or_else(|| panic!("no Headers after {lines}"))
}

#[test]
fn lawful_requests_of_all_forms() {
    for lines in [
        "trailers 1 :method=GET :scheme=https :path=/",
        "trailers 1 :path=/ :authority=a :scheme=http :method=GET te=trailers cookie=a cookie=b",
        "trailers 1 :method=OPTIONS :scheme=https :path=* :authority=a",
        "trailers 1 :method=GET :scheme=urn :path=a:b",
        "fields 1 :method=CONNECT :authority=example.org:443",
        "get 1 host=EXAMPLE.org",
        "get 1 content-length=0",
        "post 1 content-length=5,\\s5 content-length=5\nend 1 5",
        "get 1 a= b=\\x80 x-y_z=\"q\"",
        "frame HEADERS 1 25 000000030f828784410161",
        "frame PRIORITY 9 00 000000030f\nget 1",
        "frame PRIORITY_UPDATE 0 00 00000009753d31\nframe SETTINGS 0 00 00ff00000001\nget 1",
    ] {
        accepted(Config::default(), lines);
    }
}

#[test]
fn fields_arrive_in_order_with_duplicates() {
    let Event::Headers { block, stream, end_stream, kind, .. } = accepted(Config::default(), "get 1 a=1 b=2 a=3")
    else {
        panic!("not Headers")
    };
    let names: Vec<_> = block.fields().skip(4).map(|field| (field.name.clone(), field.value.clone())).collect();
    assert_eq!(names, [("a".into(), "1".into()), ("b".into(), "2".into()), ("a".into(), "3".into())]);
    assert_eq!((stream, end_stream), (1, true));
    assert_eq!(kind, HeadersKind::Request { unsupported_protocol: false });
}

#[test]
fn unknown_protocols_are_told_and_known_ones_too() {
    let lines = "fields 1 :method=CONNECT :scheme=https :path=/ :authority=a :protocol=websocket";
    let Event::Headers { kind, .. } = accepted(Config::default(), lines) else { panic!("not Headers") };
    assert_eq!(kind, HeadersKind::Request { unsupported_protocol: true });
    let config = Config { connect_protocols: vec!["websocket".into()], ..Config::default() };
    let Event::Headers { kind, .. } = accepted(config, lines) else { panic!("not Headers") };
    assert_eq!(kind, HeadersKind::Request { unsupported_protocol: false });
}

#[test]
fn protocol_needs_our_setting() {
    let mut client = Client::new(Config { settings: vec![], ..Config::default() });
    client.says("fields 1 :method=CONNECT :scheme=https :path=/ :authority=a :protocol=websocket\nget 3");
    client.respond(3, true);
    client.expect(&["RST_STREAM 1 PROTOCOL_ERROR", "HEADERS 3 END_STREAM :status=200"]);
    assert_eq!(client.violations()[0].rule, Rule::ProtocolNotAnnounced);
}

#[test]
fn malformed_requests_are_no_requests_unless_validation_is_off() {
    let lines = "trailers 1 :method=GET a=b Up=c :path=\\s content-length=9";
    let mut client = Client::default();
    client.events();
    client.says(lines);
    let events = client.events();
    assert!(!events.iter().any(|event| matches!(event, Event::Headers { .. } | Event::StreamClosed { .. })));
    let mut client = Client::default();
    client.events();
    client.connection.auto_mut().validate = false;
    client.says(lines);
    let events = client.events();
    assert!(events.iter().any(|event| matches!(event, Event::Headers { .. })), "{events:?}");
    assert!(!events.iter().any(|event| matches!(event, Event::Violation(_))), "{events:?}");
}

#[test]
fn one_fault_can_be_pardoned_and_another_not() {
    let mut policy = Policy::default();
    policy.set(Rule::FieldNameUppercase, Action::Report);
    let mut client = Client::new(Config { policy, ..Config::default() });
    client.events();
    client.says("get 1 Up=a\nget 3 Up=a connection=close");
    let events = client.events();
    let streams: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Headers { stream, .. } = event { Some(*stream) } else { None })
        .collect();
    assert_eq!(streams, [1], "{REQUEST}: {events:?}");
}

#[test]
fn hpack_state_survives_refused_sections() {
    let mut client = Client::new(Config { settings: vec![(3, 1)], ..Config::default() });
    // An incremental literal in a refused request, then an index to it.
    client.says("post 1\nframe HEADERS 3 05 8287844101614001780179\nframe RST_STREAM 1 00 00000008");
    client.says("frame HEADERS 5 05 828784410161bf");
    let events = client.events();
    let block = events.iter().rev().find_map(|event| match event {
        Event::Headers { stream: 5, block, .. } => Some(block.clone()),
        _ => None,
    });
    let block = block.unwrap_or_else(|| panic!("{events:?}"));
    assert!(block.fields().any(|field| field.name == "x" && field.value == "y"), "{block:?}");
}

#[test]
fn tunnels_have_no_content_length() {
    let mut client = Client::default();
    client.events();
    client.says("fields 1 :method=CONNECT :authority=a:1 content-length=3\ndata 1 10\nend 1 10");
    assert!(client.violations().is_empty());
}

#[test]
fn unknown_frames_are_seen_and_ignored() {
    let mut client = Client::default();
    client.events();
    client.says("frame ee 0 ff 0102\nframe ee 7 ff 0102\nframe ALTSVC 0 00 0000\nframe ORIGIN 0 00\nget 1");
    let events = client.events();
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Frame(_))).count(), 5);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Headers { .. })).count(), 1);
    client.expect(&[]);
}
