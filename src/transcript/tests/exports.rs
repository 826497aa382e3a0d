//! Transcripts for other programs. The programs themselves read them in tests/clients/exports.rs.

use super::{Recorder, headers, hub, now, octets_of, sent};
use crate::h2;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Cause, CloseReason, PeerClosed};
use crate::transcript::exchanges::Exchanges;
use crate::transcript::{Hub, Options, Side, Transcript, direction, har, pcapng, qlog};
use crate::wire::frame::{FrameType, RawFrame, flag};
use crate::wire::hpack::Encoder;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn connection(protocol: Protocol, data: usize) -> (Arc<Hub>, Recorder) {
    let hub = hub(Options { data, ..Options::default() });
    let peer = Peer {
        id: 1,
        client_address: "127.0.0.1:50000".into(),
        server_address: "127.0.0.1:8000".into(),
        server_port: 8000,
        ..Peer::default()
    };
    let opened = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_085_011);
    let recorder = Recorder::begin(&hub, Side::Server, &peer, protocol, now(), opened).expect("it records");
    (hub, recorder)
}

fn block(fields: &[(&str, &str)]) -> BytesMut {
    let mut block = BytesMut::new();
    Encoder::new().encode(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), &mut block);
    block
}

/// A request with interim response, content, trailers; one that the client reset; and an odd frame.
fn http2(data: usize) -> (Arc<Hub>, Recorder) {
    let (hub, recorder) = connection(Protocol::Http2, data);
    let request = [(":method", "POST"), (":scheme", "http"), (":authority", "a.test"), (":path", "/a b?x=1")];
    recorder.http2(None, 0, &h2::Event::Preface);
    let mut open = headers(block(&[&request[..], &[("x-odd", "caf\u{e9}\u{7}"), ("cookie", "a=b; c=d")]].concat()), 1);
    recorder.http2(None, 0, &h2::Event::Frame(open.clone()));
    let content = RawFrame::new(FrameType::DATA, flag::END_STREAM, 1, &b"0123456789"[..]);
    recorder.http2(None, 0, &h2::Event::Frame(content));
    let own = |frame: &RawFrame| recorder.http2(None, 3, &sent(&octets_of(frame), Cause::Checked));
    own(&headers(block(&[(":status", "103"), ("link", "</a>")]), 1));
    own(&headers(block(&[(":status", "200"), ("content-type", "text/plain")]), 1));
    own(&RawFrame::new(FrameType::DATA, flag::PADDED, 1, &b"\x02hello\0\0"[..]));
    let mut trailers = headers(block(&[("x-last", "1")]), 1);
    trailers.header.flags |= flag::END_STREAM;
    own(&trailers);
    open.header.stream_id = 3;
    recorder.http2(None, 0, &h2::Event::Frame(open));
    recorder.http2(None, 0, &h2::Event::Frame(RawFrame::new(FrameType::RST_STREAM, 0, 3, vec![0, 0, 0, 8])));
    recorder.http2(None, 0, &sent(b"\0\0\x09\x04", Cause::Raw));
    recorder.notice(None, None, "a note");
    (hub, recorder)
}

#[test]
fn requests_and_responses_are_put_together() {
    let (hub, _recorder) = http2(1024);
    let snapshot = hub.transcript(1).expect("it is kept").snapshot();
    let exchanges = Exchanges::read(snapshot.records);
    let all = exchanges.all();
    let [first, second] = &all[..] else { panic!("two: {all:#?}") };
    assert_eq!((&first.method[..], &first.target[..], first.status), (&b"POST"[..], &b"/a b?x=1"[..], Some(200)));
    assert_eq!(first.interim.iter().map(|(_, status, _)| *status).collect::<Vec<_>>(), [103]);
    assert_eq!((first.request.content_size, first.request.ended), (10, true));
    assert_eq!((first.response.content.concat(), first.response.content_size), (b"hello".to_vec(), 5));
    assert_eq!(first.response.trailers, [(Bytes::from("x-last"), Bytes::from("1"))]);
    assert!(first.response.ended && !second.request.ended);
    let mut facts = snapshot.facts;
    exchanges.put_into(&mut facts);
    assert_eq!((facts.resets.len(), facts.requests.len()), (1, 2));
    assert_eq!(second.reset.as_ref().map(|reset| (&reset.code[..], reset.by)), Some(("CANCEL", Side::Client)));
}

#[test]
fn http1_is_put_together_from_its_bytes() {
    use crate::h1::{self, Event};
    let (hub, recorder) = connection(Protocol::Http1, 1024);
    let mut engine = h1::Connection::server(h1::Config { record_octets: Some(1024), ..h1::Config::default() }, now());
    let post = "POST /a?x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let get = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    let answers = [
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n",
        "3\r\nfoo\r\n0\r\nx-last: 1\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nmiss",
    ];
    let octets = [post.as_bytes(), get.as_bytes()].concat();
    recorder.received(None, &octets);
    engine.receive(now(), &octets);
    while let Some(event) = engine.poll_event() {
        if matches!(event, Event::Request { .. }) {
            recorder.http1(None, 0, &event);
            break;
        }
    }
    let own = |text: &str| {
        let octets = Bytes::copy_from_slice(text.as_bytes());
        recorder.http1(None, 0, &Event::Sent { length: octets.len(), octets, cause: Cause::Checked });
    };
    answers[..3].iter().for_each(|answer| own(answer));
    let head = |number: u64, text: &str| {
        let mut engine = h1::Connection::server(h1::Config::default(), now());
        engine.receive(now(), text.as_bytes());
        std::iter::from_fn(|| engine.poll_event())
            .find_map(|event| match event {
                Event::Request { head, .. } => Some((number, head)),
                _ => None,
            })
            .expect("a head")
    };
    let (_, second) = head(2, get);
    let note = crate::transcript::RequestHead {
        number: 2,
        method: second.method.clone(),
        target: second.target.clone(),
        head_octets: second.head_octets.len() as u64,
    };
    let mut records = hub.transcript(1).expect("it is kept").snapshot().records;
    let mut request = records.iter().find(|one| one.cause.is_none()).expect("a record").clone();
    request.kind = crate::transcript::RecordKind::Request(note);
    records.push(request);
    own(answers[3]);
    records.push(hub.transcript(1).expect("it is kept").snapshot().records.pop().expect("the last"));
    let all = Exchanges::read(records).all();
    let [post, get] = &all[..] else { panic!("two: {all:#?}") };
    assert_eq!((&post.target[..], post.status, post.interim.len()), (&b"/a?x"[..], Some(200), 1));
    assert_eq!((post.request.content.concat(), post.request.headers.len()), (b"abc".to_vec(), 2));
    assert_eq!((post.response.content.concat(), post.response.ended), (b"foo".to_vec(), true));
    assert_eq!(post.response.trailers, [(Bytes::from("x-last"), Bytes::from("1"))]);
    assert_eq!((&get.method[..], get.status, get.request.content_size), (&b"GET"[..], Some(404), 0));
    assert_eq!((get.response.content.concat(), get.response.ended), (b"miss".to_vec(), true));
}

#[test]
fn an_archive_has_an_entry_per_request_and_every_frame() {
    let (hub, _recorder) = http2(1024);
    let snapshot = hub.transcript(1).expect("it is kept").snapshot();
    let archive: Value = serde_json::from_str(&har::archive(&snapshot.facts, snapshot.records)).expect("JSON");
    let log = &archive["log"];
    assert_eq!(log["_h2Frames"].as_array().map(Vec::len), Some(8), "{log:#}");
    let first = &log["entries"][0];
    assert_eq!(first["request"]["url"], "http://a.test/a%20b?x=1");
    assert_eq!(first["request"]["cookies"][1], json!({"name": "c", "value": "d"}));
    assert_eq!(first["request"]["queryString"][0], json!({"name": "x", "value": "1"}));
    assert_eq!(first["request"]["postData"]["text"], "0123456789");
    assert_eq!((&first["response"]["content"]["text"], &first["response"]["status"]), (&json!("hello"), &json!(200)));
    let own = &first["_wireserve"];
    assert_eq!((&own["informational"][0]["status"], &own["outcome"]), (&json!(103), &json!("stream-ended")));
    assert_eq!(own["trailers"][0]["name"], "x-last");
    assert_eq!(log["entries"][1]["_wireserve"]["outcome"], "client-reset");
    assert_eq!(log["entries"][1]["response"]["status"], 0);
}

#[test]
fn qlog_has_an_event_per_frame_and_bytes_where_text_is_not_legal() {
    let (hub, _recorder) = http2(4);
    let (facts, records) = hub.transcript(1).expect("it is kept").read();
    let texts: Vec<String> = qlog::pieces(&facts, records).collect();
    let record = |text: &String| -> Value {
        let text = text.strip_prefix('\u{1e}').and_then(|text| text.strip_suffix('\n')).expect("a text sequence");
        serde_json::from_str(text).expect("JSON")
    };
    let all: Vec<Value> = texts.iter().map(record).collect();
    assert_eq!(all[0]["trace"]["event_schemas"][0], "urn:ietf:params:qlog:events:http2-00");
    let request = &all[1]["data"];
    assert_eq!((&all[1]["name"], &request["stream_id"]), (&json!("http2:frame_parsed"), &json!(1)));
    let field = |name: &str| {
        let fields = request["frame"]["headers"].as_array().expect("a list").iter();
        fields.clone().find(|field| field["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(field(":path"), json!({"name": ":path", "value": "/a b?x=1"}));
    assert_eq!(field("x-odd"), json!({"name": "x-odd", "value_bytes": "636166c3a907"}));
    let data = &all[2]["data"]["frame"];
    assert_eq!((&data["frame_type"], &data["end_stream"]), (&json!("data"), &json!(true)));
    assert_eq!(data["raw"], json!({"length": 19, "payload_length": 10, "data": "00000a00010000000130313233"}));
    let last = all.last().expect("events");
    assert_eq!((&last["name"], &last["data"]["message"]), (&json!("loglevel:info"), &json!("· notice a note")));
    let part = &all[all.len() - 2]["data"];
    assert_eq!((&part["frame"]["frame_type"], &part["wireserve"]["part"]), (&json!("unknown"), &json!(true)));
}

#[test]
fn what_was_not_kept_is_zeros_in_the_bytes_of_a_direction() {
    let (hub, _recorder) = http2(4);
    let records = || hub.transcript(1).expect("it is kept").read().1;
    let client: Vec<u8> = direction::octets(records(), Side::Client).flatten().collect();
    assert_eq!(direction::missing(records(), Side::Client), 6);
    assert!(client.starts_with(h2::PREFACE));
    let at = client.windows(10).position(|window| window == b"0123\0\0\0\0\0\0").expect("content and zeros");
    assert_eq!(client[at + 10..][..3], [0, 0, client[at + 12]], "the next frame header follows");
    let server: Vec<u8> = direction::octets(records(), Side::Server).flatten().collect();
    assert!(server.ends_with(b"\0\0\x09\x04"));
    assert_eq!(direction::missing(records(), Side::Server), 0);
}

/// The blocks of a file: type and body.
fn blocks(mut file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let word = |octets: &[u8]| u32::from_le_bytes(octets[..4].try_into().expect("four"));
    let mut blocks = Vec::new();
    while !file.is_empty() {
        let (kind, length) = (word(file), word(&file[4..]) as usize);
        assert_eq!(length % 4, 0);
        assert_eq!(word(&file[length - 4..]) as usize, length);
        blocks.push((kind, file[8..length - 4].to_vec()));
        file = &file[length..];
    }
    blocks
}

#[test]
fn a_capture_has_a_tcp_connection_whose_numbers_and_checksums_are_right() {
    let (hub, recorder) = http2(4);
    recorder.ending()(CloseReason::Peer(PeerClosed::Reset));
    let (facts, records) = hub.transcript(1).expect("it is kept").read();
    let client: Vec<u8> = direction::octets(records.clone(), Side::Client).flatten().collect();
    let file: Vec<u8> = pcapng::pieces(&facts, records).flatten().collect();
    let blocks = blocks(&file);
    assert_eq!((blocks[0].0, blocks[1].0), (0x0a0d_0d0a, 1));
    let (mut next, mut seen, mut flags) = ([None; 2], Vec::new(), Vec::new());
    for (kind, body) in &blocks[2..] {
        assert_eq!(*kind, 6);
        let length = u32::from_le_bytes(body[12..16].try_into().expect("four")) as usize;
        let packet = &body[20..20 + length];
        let sum = |parts: &[&[u8]]| {
            let words = parts.iter().flat_map(|part| part.chunks(2));
            let sum: u32 = words.map(|word| u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0))).sum();
            let sum = (sum & 0xffff) + (sum >> 16);
            (sum & 0xffff) + (sum >> 16)
        };
        assert_eq!(sum(&[&packet[..20]]), 0xffff, "the checksum of IP");
        let tcp = &packet[20..];
        let pseudo = [&packet[12..20], &[0, 6], &(tcp.len() as u16).to_be_bytes()[..]].concat();
        assert_eq!(sum(&[&pseudo, tcp]), 0xffff, "the checksum of TCP");
        let from_client = tcp[0..2] == 50_000_u16.to_be_bytes();
        let sequence = u32::from_be_bytes(tcp[4..8].try_into().expect("four"));
        let expected = &mut next[usize::from(from_client)];
        assert_eq!(sequence, expected.unwrap_or(sequence));
        let taken = tcp[20..].len() as u32 + u32::from(tcp[13] & 3 != 0);
        *expected = Some(sequence + taken);
        flags.push(tcp[13]);
        if from_client {
            seen.extend_from_slice(&tcp[20..]);
        }
    }
    assert_eq!(seen, client);
    assert_eq!((&flags[..3], flags.last()), (&[2, 0x12, 0x10][..], Some(&0x14)));
}

#[test]
fn lists_say_the_same_as_all_records_however_often_they_are_asked_for() {
    let (hub, recorder) = http2(1024);
    let transcript = hub.transcript(1).expect("it is kept");
    let whole = |transcript: &Transcript| {
        let (mut facts, records) = transcript.read();
        Exchanges::read(records).put_into(&mut facts);
        facts
    };
    assert_eq!(transcript.facts(), whole(&transcript));
    // More requests than are listed, and more bytes of them.
    for number in 2..120_u32 {
        let path = format!("/{number}/{}", "long".repeat(250));
        let request = headers(block(&[(":method", "GET"), (":path", &path)]), 2 * number + 1);
        recorder.http2(None, 0, &h2::Event::Frame(request));
        if number % 10 == 0 {
            assert!(transcript.facts().requests.last().is_some_and(|last| last.path == path), "{number}");
        }
    }
    let (listed, whole) = (transcript.facts().requests, whole(&transcript).requests);
    assert_eq!(whole.len(), 100);
    assert_eq!(listed, whole[100 - listed.len()..], "the newest, as many as there is room for");
    assert!((50..100).contains(&listed.len()), "{}", listed.len());
    hub.forget();
    assert_eq!(transcript.facts().requests, []);
}
