//! Transcripts of made-up connections.

mod anatomy;
mod exports;
mod filter;
mod follow;
mod overview;
mod round_trip;
mod saved;
mod schema;
mod text;

use super::record::{Closed, Place, RecordKind, Side};
use super::ring::{ENTRY_COST, Kind, Origin, Ring};
use super::{Hub, Options, Recorder};
use crate::h2;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Cause, Close, CloseReason, PeerClosed};
use crate::wire::frame::{FrameType, RawFrame, flag};
use crate::wire::hpack::Encoder;
use bytes::{Bytes, BytesMut};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

#[expect(clippy::disallowed_methods, reason = "transcripts want some instant")]
fn now() -> Instant {
    Instant::now()
}

fn hub(options: Options) -> Arc<Hub> {
    Hub::new(options, now, place)
}

/// Calls are numbered by their lines.
fn place(site: u32) -> Option<Place> {
    Some(Place { file: "a.rhai".into(), function: "connection.send".into(), line: Some(site) })
}

fn record(hub: &Arc<Hub>, id: u64) -> Recorder {
    record_as(Side::Server, hub, id, Protocol::Http2)
}

fn record_as(side: Side, hub: &Arc<Hub>, id: u64, protocol: Protocol) -> Recorder {
    let peer = Peer { id, ..Peer::default() };
    Recorder::begin(hub, side, &peer, protocol, now(), SystemTime::UNIX_EPOCH).expect("it records")
}

fn shown(hub: &Hub, id: u64) -> Value {
    let text = hub.transcript(id).expect("it is kept").snapshot().to_json();
    serde_json::from_str(&text).expect("JSON")
}

fn records(shown: &Value) -> &[Value] {
    shown["records"].as_array().expect("a list")
}

fn sent(octets: &[u8], cause: Cause) -> h2::Event {
    h2::Event::Sent { octets: Bytes::copy_from_slice(octets), length: octets.len(), cause, broken: Vec::new() }
}

fn octets_of(frame: &RawFrame) -> BytesMut {
    let mut octets = BytesMut::new();
    frame.write(&mut octets);
    octets
}

fn headers(block: BytesMut, stream: u32) -> RawFrame {
    RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, stream, block.freeze())
}

#[test]
fn a_ring_gives_back_what_was_put_in_across_its_seam() {
    let mut ring = Ring::default();
    for round in 0..50_u8 {
        ring.push(u64::from(round), Kind::Frame(Origin::Own(Cause::Raw)), 9, 7, [&[round; 3], &[round; 4]]);
        if round >= 10 {
            let (record, parts) = ring.oldest().expect("ten are there");
            assert_eq!((record.at, parts.concat()), (u64::from(round - 10), vec![round - 10; 7]));
            ring.drop_oldest();
        }
    }
    assert_eq!((ring.dropped(), ring.size()), (40, 10 * (ENTRY_COST + 7)));
    let all = |mut ring: Ring| std::iter::from_fn(move || ring.pop()).map(|(_, _, octets)| octets).collect::<Vec<_>>();
    assert_eq!(all(ring.clone()), (40..50).map(|round| vec![round; 7]).collect::<Vec<_>>());
    let copy = ring.copy_from(45, 2 * (ENTRY_COST + 7));
    assert_eq!((copy.dropped(), copy.newest(), all(copy)), (44, 46, vec![vec![44; 7], vec![45; 7]]));
}

#[test]
fn the_dynamic_table_outlives_the_records_that_filled_it() {
    let hub = hub(Options { connection: 8 * 1024, ..Options::default() });
    let recorder = record(&hub, 1);
    let mut encoder = Encoder::new();
    for stream in 0..1_000 {
        let mut block = BytesMut::new();
        encoder.encode([(&b"x-name"[..], &b"said once"[..])], &mut block);
        let octets = octets_of(&headers(block, 2 * stream + 1));
        recorder.http2(None, 0, &sent(&octets, Cause::Checked));
    }
    let shown = shown(&hub, 1);
    assert!(shown["records_dropped"].as_u64() > Some(500), "{shown}");
    for record in records(&shown) {
        assert_eq!(record["fields"][0][1], "said once", "{record}");
    }
}

#[test]
fn a_block_over_several_frames_is_shown_where_it_ends() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    let mut block = BytesMut::new();
    Encoder::new().encode([(&b"a"[..], &b"b"[..])], &mut block);
    let rest = block.split_off(1);
    let first = RawFrame::new(FrameType::HEADERS, 0, 1, block.freeze());
    let last = RawFrame::new(FrameType::CONTINUATION, flag::END_HEADERS, 1, rest.freeze());
    recorder.http2(None, 0, &h2::Event::Frame(first));
    recorder.http2(None, 0, &h2::Event::Frame(last));
    let shown = shown(&hub, 1);
    let records = records(&shown);
    assert_eq!((&records[0]["fields"], &records[1]["fields"][0][0]), (&Value::Null, &Value::from("a")));
}

#[test]
fn after_an_unreadable_block_nothing_is_made_up() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    let mut encoder = Encoder::new();
    let mut next = || {
        let mut block = BytesMut::new();
        encoder.encode([(&b"x"[..], &b"y"[..])], &mut block);
        block
    };
    recorder.http2(None, 0, &h2::Event::Frame(headers(next(), 1)));
    // Index 0 is none (RFC 7541 §6.1).
    recorder.http2(None, 0, &h2::Event::Frame(headers(BytesMut::from(&[0x80][..]), 3)));
    recorder.http2(None, 0, &h2::Event::Frame(headers(next(), 5)));
    let shown = shown(&hub, 1);
    let records = records(&shown);
    assert_eq!(records[0]["fields"][0][0], "x");
    assert!(records[1]["fields_error"].is_string(), "{}", records[1]);
    assert!(records[2]["fields_error"].is_string(), "{}", records[2]);
}

#[test]
fn a_few_octets_that_stand_for_many_are_not_all_shown() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    // A value of 4,000 octets enters the table.
    let mut block = BytesMut::from(&[0x40, 1, b'x', 0x7f, 0xa1, 0x1e][..]);
    block.extend_from_slice(&[b'y'; 4_000]);
    recorder.http2(None, 0, &h2::Event::Frame(headers(block, 1)));
    for stream in 1..60 {
        let bomb = BytesMut::from(&[0xbe; 1_000][..]);
        recorder.http2(None, 0, &h2::Event::Frame(headers(bomb, 2 * stream + 1)));
    }
    let shown = shown(&hub, 1);
    let records = records(&shown);
    assert_eq!((&records[0]["fields_whole"], &records[1]["fields_whole"]), (&true.into(), &false.into()));
    let count = |record: &Value| record["fields"].as_array().map_or(0, Vec::len);
    let total: usize = records.iter().map(count).sum();
    assert!(total > 900 && total < (4 << 20) / 4_000, "{total}");
}

#[test]
fn all_transcripts_together_stay_within_the_total() {
    let options = Options { connection: 64 * 1024, total: 100_000, closed: 1_000, ..Options::default() };
    let hub = hub(options);
    let frame = RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]);
    let fill = |recorder: &Recorder| {
        for _ in 0..3_000 {
            recorder.http2(None, 0, &h2::Event::Frame(frame.clone()));
        }
    };
    for id in 0..20 {
        let recorder = record(&hub, id);
        fill(&recorder);
        recorder.ending()(CloseReason::Local(Close::Graceful));
    }
    let kept: usize = hub.transcripts().iter().map(|one| one.size()).sum();
    assert!((40_000..=100_000).contains(&kept), "{kept}");
    assert!(hub.transcript(0).is_none() && hub.transcript(19).is_some());
    // Open ones take the room of closed ones; then each has what it needs no permission for.
    let open: Vec<_> = (100..120).map(|id| record(&hub, id)).collect();
    open.iter().for_each(fill);
    let kept: usize = hub.transcripts().iter().map(|one| one.size()).sum();
    assert!(kept <= 100_000 + 20 * 4096, "{kept}");
    open.into_iter().for_each(|recorder| recorder.ending()(CloseReason::Local(Close::Graceful)));
    assert!(hub.transcripts().iter().map(|one| one.size()).sum::<usize>() <= 100_000);
}

#[test]
fn expectations_stay_when_records_go() {
    let hub = hub(Options { connection: 4096, ..Options::default() });
    let recorder = record(&hub, 1);
    let time = now() + Duration::from_secs(2);
    for number in 0..1_100 {
        recorder.expected(Some(time), 7, &format!("number {number}"), false, "");
    }
    let shown = shown(&hub, 1);
    assert_eq!(shown["expectations"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(shown["expectations_dropped"], 100);
    assert_eq!(shown["expectations"][0]["name"], "number 0");
    assert!(shown["expectations"][0]["time"].as_f64() >= Some(2.0));
    assert!(records(&shown).len() < 1_000);
}

#[test]
fn either_end_can_record() {
    let hub = hub(Options::default());
    let recorder = record_as(Side::Client, &hub, 1, Protocol::Http2);
    let mut block = BytesMut::new();
    let request: [(&[u8], &[u8]); 2] = [(b":method", b"GET"), (b":path", b"/a")];
    Encoder::new().encode(request, &mut block);
    recorder.http2(None, 0, &sent(h2::PREFACE, Cause::Automatic));
    for frame in [headers(block, 1), headers(BytesMut::from(&[0x84][..]), 1)] {
        recorder.http2(None, 0, &sent(&octets_of(&frame), Cause::Checked));
    }
    let mut block = BytesMut::new();
    Encoder::new().encode([(&b":status"[..], &b"204"[..])], &mut block);
    recorder.http2(None, 0, &h2::Event::Frame(headers(block, 1)));
    let reset = (h2::Initiator::Peer, crate::wire::frame::ErrorCode::CANCEL);
    let why = h2::NotSentReason::StreamReset { by: reset.0, code: reset.1 };
    recorder.http2(None, 0, &h2::Event::NotSent { what: h2::Unsent::Trailers { stream: 1 }, why });
    let shown = shown(&hub, 1);
    let told: Vec<[&Value; 3]> =
        records(&shown).iter().map(|record| [&record["seq"], &record["from"], &record["by"]]).collect();
    let null = Value::Null;
    assert_eq!(
        told,
        [
            [&Value::from(1), &Value::from("client"), &null],
            [&Value::from(2), &Value::from("client"), &null],
            [&Value::from(3), &Value::from("client"), &null],
            [&Value::from(4), &Value::from("server"), &null],
            [&Value::from(5), &Value::from("client"), &Value::from("server")],
        ]
    );
    assert_eq!((&records(&shown)[0]["what"], &shown["requests_total"]), (&Value::from("preface"), &Value::from(1)));
    assert_eq!(shown["recorded_by"], "client");
    let [request] = &shown["requests"].as_array().expect("a list")[..] else { panic!("one request: {shown}") };
    let told = ["stream", "method", "path", "protocol", "status"].map(|key| request[key].to_string());
    assert_eq!(told, ["1", "\"GET\"", "\"/a\"", "\"HTTP/2\"", "204"], "{request}");
}

#[test]
fn raw_bytes_are_cut_at_the_frames_that_their_reader_sees() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    let ping = octets_of(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    let two = [&ping[..], &ping[..]].concat();
    // Two frames in one call; one in three calls, the first of them less than a header; then another frame.
    for piece in [&two[..], &ping[..4], &ping[4..12], &ping[12..], &ping[..]] {
        recorder.http2(None, 0, &sent(piece, Cause::Raw));
    }
    // The rest of this one looks like a frame.
    let long = octets_of(&RawFrame::new(FrameType::DATA, 0, 1, ping.clone().freeze()));
    for piece in [&long[..9], &long[9..], &ping[..]] {
        recorder.http2(None, 0, &sent(piece, Cause::Raw));
    }
    let shown = shown(&hub, 1);
    let what: Vec<String> = records(&shown)
        .iter()
        .map(|record| format!("{} {}", record["what"].as_str().unwrap_or_default(), record["length"]))
        .collect();
    let expected =
        ["frame 8", "frame 8", "octets 4", "octets 8", "octets 5", "frame 8", "octets 9", "octets 17", "frame 8"];
    assert_eq!(what, expected, "{shown:#}");
    assert_eq!(records(&shown)[6]["announced"]["type"], "DATA");
}

#[test]
fn what_went_wrong_is_counted() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    let code = crate::wire::frame::ErrorCode::PROTOCOL_ERROR;
    let goaway = h2::Event::GoAway { last_stream_id: 0, code, debug: Bytes::new() };
    recorder.http2(None, 0, &goaway);
    recorder.http2(None, 0, &h2::Event::Reset { stream: 1, code, by: h2::Initiator::Peer });
    recorder.http2(None, 0, &h2::Event::Reset { stream: 3, code, by: h2::Initiator::Engine });
    let facts = hub.transcript(1).expect("it is kept").facts();
    assert_eq!((facts.errors.peer_resets, facts.errors.peer_goaway.as_deref()), (1, Some("PROTOCOL_ERROR")));
}

#[test]
fn the_end_of_the_transport_is_the_last_record() {
    let hub = hub(Options::default());
    record(&hub, 1).ending()(CloseReason::Peer(PeerClosed::Reset));
    let snapshot = hub.transcript(1).expect("it is kept").snapshot();
    let last = snapshot.records.last().expect("a record");
    assert!(matches!(&last.kind, RecordKind::Ended(ended) if ended.why == "client-reset"), "{last:?}");
    let seen_by_client = Closed::of(CloseReason::Peer(PeerClosed::Reset), Side::Client);
    assert_eq!(
        (&seen_by_client.why[..], &seen_by_client.text[..]),
        ("server-reset", "the server reset the connection")
    );
    let own = Closed::of(CloseReason::Local(Close::Abort), Side::Client);
    assert_eq!((&own.why[..], &own.text[..]), ("aborted", "the client reset the connection"));
    assert_eq!(snapshot.facts.closed.map(|ending| ending.closed.why), Some("client-reset".to_owned()));
}

#[test]
fn transcripts_are_in_the_order_of_their_ids() {
    let hub = hub(Options::default());
    let recorders: Vec<_> = [4, 1, 3, 2].into_iter().map(|id| record(&hub, id)).collect();
    recorders.into_iter().step_by(2).for_each(|recorder| recorder.ending()(CloseReason::Local(Close::Graceful)));
    let ids: Vec<u64> = hub.transcripts().iter().map(|transcript| transcript.id()).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}
