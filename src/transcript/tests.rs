//! Transcripts of made-up connections.

use super::ring::{Kind, RECORD_COST, Ring};
use super::{Hub, Options};
use crate::exchange::{Expectation, Observer};
use crate::h2;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Cause, Close, CloseReason};
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
    Hub::new(options, now)
}

fn record(hub: &Arc<Hub>, id: u64) -> super::Recorder {
    let peer = Peer { id, ..Peer::default() };
    hub.record(&peer, Protocol::Http2, now(), SystemTime::UNIX_EPOCH).expect("it records")
}

fn shown(hub: &Hub, id: u64) -> Value {
    hub.transcript(id).expect("it is kept").to_json()
}

fn records(shown: &Value) -> &[Value] {
    shown["records"].as_array().expect("a list")
}

fn sent(octets: &[u8], cause: h2::Cause) -> h2::Event {
    h2::Event::Sent { octets: Bytes::copy_from_slice(octets), length: octets.len(), cause }
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
        ring.push(u64::from(round), Kind::Sent(Cause::Raw), 7, [&[round; 3], &[round; 4]]);
        if round >= 10 {
            let (record, parts) = ring.oldest().expect("ten are there");
            assert_eq!((record.at, parts.concat()), (u64::from(round - 10), vec![round - 10; 7]));
            ring.drop_oldest();
        }
    }
    assert_eq!((ring.dropped(), ring.size()), (40, 10 * (RECORD_COST + 7)));
    let all: Vec<Vec<u8>> = ring.iter().map(|(_, octets)| octets).collect();
    assert_eq!(all, (40..50).map(|round| vec![round; 7]).collect::<Vec<_>>());
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
        recorder.http2(None, &sent(&octets, h2::Cause::Checked));
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
    recorder.http2(None, &h2::Event::Frame(first));
    recorder.http2(None, &h2::Event::Frame(last));
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
    recorder.http2(None, &h2::Event::Frame(headers(next(), 1)));
    // Index 0 is none (RFC 7541 §6.1).
    recorder.http2(None, &h2::Event::Frame(headers(BytesMut::from(&[0x80][..]), 3)));
    recorder.http2(None, &h2::Event::Frame(headers(next(), 5)));
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
    recorder.http2(None, &h2::Event::Frame(headers(block, 1)));
    for stream in 1..60 {
        let bomb = BytesMut::from(&[0xbe; 1_000][..]);
        recorder.http2(None, &h2::Event::Frame(headers(bomb, 2 * stream + 1)));
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
    let fill = |recorder: &super::Recorder| {
        for _ in 0..3_000 {
            recorder.http2(None, &h2::Event::Frame(frame.clone()));
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
        recorder.expected(Some(time), Expectation { name: &format!("number {number}"), passed: false, detail: "" });
    }
    let shown = shown(&hub, 1);
    assert_eq!(shown["expectations"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(shown["expectations_dropped"], 100);
    assert_eq!(shown["expectations"][0]["name"], "number 0");
    assert!(shown["expectations"][0]["time"].as_f64() >= Some(2.0));
    assert!(records(&shown).len() < 1_000);
}
