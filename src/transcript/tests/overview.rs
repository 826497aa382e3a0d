//! Streams over time, and windows.

use super::super::{Effect, Options, Overseer, Overview, Side};
use super::{hub, octets_of, record, sent};
use crate::h2;
use crate::http::transport::Cause;
use crate::wire::frame::{FrameType, Payload, RawFrame, SettingId, Settings, WindowUpdate, flag};
use bytes::Bytes;

fn overview(events: &[h2::Event], shown: impl Fn(u64) -> bool) -> Overview {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    events.iter().for_each(|event| recorder.http2(None, 0, event));
    let (facts, records) = hub.transcript(1).expect("it is kept").read();
    let mut overseer = Overseer::new(facts.protocol, facts.records_dropped);
    records.for_each(|record| overseer.take(&record, shown(record.seq)));
    overseer.finish()
}

fn received(frame: RawFrame) -> h2::Event {
    h2::Event::Frame(frame)
}

fn ours(frame: &RawFrame) -> h2::Event {
    sent(&octets_of(frame), Cause::Checked)
}

fn data(stream: u32, length: usize) -> RawFrame {
    RawFrame::new(FrameType::DATA, 0, stream, vec![0; length])
}

fn update(stream: u32, increment: u32) -> RawFrame {
    Payload::WindowUpdate(WindowUpdate { increment, ..WindowUpdate::default() }).to_raw(0, stream)
}

fn initial(size: u32) -> RawFrame {
    Payload::Settings(Settings { entries: vec![(SettingId::INITIAL_WINDOW_SIZE.0, size)] }).to_raw(0, 0)
}

/// A stream, the end that sends in its window, and the window from which record on.
type Line = (u32, Side, Vec<(u64, i64)>);

fn windows(overview: &Overview) -> Vec<Line> {
    let points = |window: &super::super::Window| window.points.iter().map(|(seq, _, window)| (*seq, *window)).collect();
    overview.windows.iter().map(|window| (window.stream, window.sender, points(window))).collect()
}

#[test]
fn windows_follow_content_updates_and_settings() {
    let ack = RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Bytes::new());
    let request = RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, 1, Bytes::from_static(b"\x82"));
    let events = [
        received(initial(10)),
        ours(&ack),
        received(request),
        ours(&data(1, 10)),
        received(update(1, 5)),
        received(update(0, 100)),
        // It counts from the acknowledgement on, and for streams only (RFC 9113 §6.9.2).
        received(initial(4)),
        ours(&ack),
        ours(&data(1, 20)),
    ];
    let overview = overview(&events, |_| true);
    assert_eq!(
        windows(&overview),
        [
            (0, Side::Server, vec![(0, 65_535), (4, 65_525), (6, 65_625), (9, 65_605)]),
            (1, Side::Server, vec![(3, 10), (4, 0), (5, 5), (8, -1), (9, -21)]),
        ]
    );
    let lanes: Vec<(u64, usize)> = overview.lanes.iter().map(|lane| (lane.stream, lane.marks.len())).collect();
    assert_eq!(lanes, [(0, 5), (1, 4)]);
    assert_eq!(overview.lanes[1].marks[0].effect, Effect::Opens);
    assert!(overview.is_whole);
}

#[test]
fn what_is_hidden_counts_for_the_connection_alone() {
    let events = [ours(&data(1, 5)), ours(&data(3, 7))];
    let overview = overview(&events, |seq| seq != 1);
    assert_eq!(overview.lanes.iter().map(|lane| lane.stream).collect::<Vec<_>>(), [3]);
    assert_eq!(
        windows(&overview),
        [(0, Side::Server, vec![(0, 65_535), (1, 65_530), (2, 65_523)]), (3, Side::Server, vec![(2, 65_528)])]
    );
}

#[test]
fn many_records_are_thinned() {
    let events: Vec<h2::Event> = (0..30_000).map(|_| ours(&data(1, 1))).collect();
    let hub = super::hub(Options { connection: 64 << 20, ..Options::default() });
    let recorder = record(&hub, 1);
    events.iter().for_each(|event| recorder.http2(None, 0, event));
    let (facts, records) = hub.transcript(1).expect("it is kept").read();
    let mut overseer = Overseer::new(facts.protocol, facts.records_dropped);
    records.for_each(|record| overseer.take(&record, true));
    let overview = overseer.finish();
    assert!(overview.lanes[0].marks.len() <= 2_001, "{}", overview.lanes[0].marks.len());
    let stream = overview.windows.iter().find(|window| window.stream == 1).expect("the stream's");
    assert_eq!(stream.points.last().map(|point| point.2), Some(65_535 - 30_000));
}
