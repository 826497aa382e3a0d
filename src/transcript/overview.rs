//! A connection at a glance: a row of marks for each stream over time, and the flow-control windows as lines.

use super::effect::Effect;
use super::record::{Record, RecordKind, Side};
use crate::http::peer::Protocol;
use crate::wire::frame::{FrameHeader, FrameType, Payload, SettingId, flag};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Marks and points that are given. Beyond it, those that would lie on top of each other go.
const MAX_SHOWN: usize = 20_000;
/// Into how many columns of a drawing time is cut then.
const COLUMNS: f64 = 2_000.0;
/// Streams that are told apart; the newest.
const MAX_STREAMS: usize = 500;
/// Bytes of every window at first (RFC 9113 §6.9.2).
const INITIAL_WINDOW: i64 = 65_535;

/// A connection at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    /// Seconds of the newest record.
    pub end: f64,
    /// A row for each stream, 0 for the connection; over HTTP/1.1 for each request.
    pub lanes: Vec<Lane>,
    /// The windows of each end, as far as it sent content.
    pub windows: Vec<Window>,
    /// False if older records had to go: windows are then counted from what is left.
    pub is_whole: bool,
}

/// The row of a stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lane {
    /// Its number.
    pub stream: u64,
    /// In the order of time.
    pub marks: Vec<Mark>,
}

/// A record in the row of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// Its number.
    pub seq: u64,
    /// Seconds since the connection began.
    pub time: f64,
    /// The end that sent it.
    pub from: Option<Side>,
    /// What it does to the stream.
    pub effect: Effect,
    /// Bytes.
    pub length: u64,
    /// Whether something is wrong.
    pub error: bool,
}

/// What one end may send on a stream, or on the connection (RFC 9113 §6.9).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    /// Its number, 0 for the connection.
    pub stream: u32,
    /// The end that may send.
    pub sender: Side,
    /// A record's number, its seconds, and the window in bytes from then on. Where it is not positive, content waits.
    pub points: Vec<Point>,
}

/// A record's number and its seconds.
type At = (u64, f64);
/// A record's number, its seconds, and a window in bytes from then on.
type Point = (u64, f64, i64);

/// Gathers an overview from records in their order.
#[derive(Debug)]
pub struct Overseer {
    protocol: Protocol,
    is_whole: bool,
    end: f64,
    lanes: BTreeMap<u64, Vec<Mark>>,
    /// By the end that sends.
    client: Sender,
    server: Sender,
    /// The number of the newest request over HTTP/1.1.
    request: u64,
}

/// The windows of one end that sends.
#[derive(Debug, Default)]
struct Sender {
    initial: Option<i64>,
    /// What a SETTINGS of the other end says that was not acknowledged yet.
    announced: Vec<Option<i64>>,
    windows: BTreeMap<u32, Flow>,
}

#[derive(Debug)]
struct Flow {
    window: i64,
    points: Vec<Point>,
    sent: bool,
}

impl Overseer {
    /// Of a connection of which `dropped` records had to go.
    pub fn new(protocol: Protocol, dropped: u64) -> Self {
        Self {
            protocol,
            is_whole: dropped == 0,
            end: 0.0,
            lanes: BTreeMap::new(),
            client: Sender::default(),
            server: Sender::default(),
            request: 0,
        }
    }

    /// Takes the next record. One that is not shown counts for the connection's window alone.
    pub fn take(&mut self, record: &Record, shown: bool) {
        let time = record.time.as_secs_f64();
        self.end = self.end.max(time);
        if let (Some(from), RecordKind::Frame(frame)) = (record.from, &record.kind) {
            self.flow((record.seq, time), from, *frame.header(), || frame.payload().and_then(Result::ok));
        }
        let Some((stream, length)) = self.place(record).filter(|_| shown) else { return };
        let (effect, error) = (Effect::of(&record.kind), record.is_error());
        let mark = Mark { seq: record.seq, time, from: record.from, effect, length, error };
        self.lanes.entry(stream).or_default().push(mark);
        if self.lanes.len() > MAX_STREAMS {
            // The connection's own row stays.
            let oldest = self.lanes.keys().copied().find(|stream| *stream > 0);
            oldest.map(|stream| self.lanes.remove(&stream));
        }
    }

    /// The row of a record, and how many bytes it has.
    fn place(&mut self, record: &Record) -> Option<(u64, u64)> {
        match &record.kind {
            RecordKind::Frame(frame) => Some((frame.header().stream_id.into(), frame.header().length.into())),
            RecordKind::Octets(octets) if self.protocol == Protocol::Http1 => {
                // A request is known once its head is there.
                let next = u64::from(record.from == Some(Side::Client) && octets.octets.is_ascii());
                Some(((self.request + next).max(1), octets.length))
            }
            RecordKind::Request(head) => {
                self.request = head.number;
                None
            }
            RecordKind::Octets(octets) => Some((octets.announced()?.stream_id.into(), octets.length)),
            RecordKind::Violation(violation) => Some((violation.stream?.into(), 0)),
            _ => None,
        }
    }

    fn flow(&mut self, at: At, from: Side, header: FrameHeader, payload: impl FnOnce() -> Option<Payload>) {
        let (own, other) = match from {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        match header.frame_type {
            FrameType::DATA => own.send(at, header.stream_id, header.length),
            FrameType::WINDOW_UPDATE => {
                if let Some(Payload::WindowUpdate(update)) = payload() {
                    other.grant(at, header.stream_id, update.increment);
                }
            }
            // Settings of this end hold for the other one once it has acknowledged them (RFC 9113 §6.5.3).
            FrameType::SETTINGS if header.has(flag::ACK) => own.acknowledge(at),
            FrameType::SETTINGS => {
                if let Some(Payload::Settings(settings)) = payload() {
                    let is_initial = |(id, _): &&(u16, u32)| SettingId(*id) == SettingId::INITIAL_WINDOW_SIZE;
                    let initial = settings.entries.iter().rev().find(is_initial);
                    other.announced.push(initial.map(|(_, value)| i64::from(*value)));
                }
            }
            FrameType::HEADERS => {
                own.flow(at, header.stream_id);
                other.flow(at, header.stream_id);
            }
            _ => {}
        }
    }

    /// The overview of what was taken.
    pub fn finish(self) -> Overview {
        let Self { is_whole, end, lanes, client, server, .. } = self;
        let marks: usize = lanes.values().map(Vec::len).sum();
        let column = |time: f64| if end > 0.0 { (time / end * COLUMNS) as u64 } else { 0 };
        let lane = |(stream, mut marks_here): (u64, Vec<Mark>)| {
            if marks > MAX_SHOWN {
                let mut seen = HashSet::new();
                marks_here.retain(|mark| seen.insert((column(mark.time), mark.effect, mark.from, mark.error)));
            }
            Lane { stream, marks: marks_here }
        };
        let shown: HashSet<u64> = lanes.keys().copied().chain([0]).collect();
        let windows = server.finish(Side::Server, column).into_iter().chain(client.finish(Side::Client, column));
        let windows = windows.filter(|window| shown.contains(&window.stream.into()));
        Overview { end, lanes: lanes.into_iter().map(lane).collect(), windows: windows.collect(), is_whole }
    }
}

impl Sender {
    fn flow(&mut self, at: At, stream: u32) -> &mut Flow {
        let initial = if stream == 0 { INITIAL_WINDOW } else { self.initial.unwrap_or(INITIAL_WINDOW) };
        if self.windows.len() > MAX_STREAMS {
            let oldest = self.windows.keys().copied().find(|one| *one > 0 && *one != stream);
            oldest.map(|stream| self.windows.remove(&stream));
        }
        let (seq, time) = if stream == 0 { (0, 0.0) } else { at };
        let new = || Flow { window: initial, points: vec![(seq, time, initial)], sent: false };
        self.windows.entry(stream).or_insert_with(new)
    }

    fn send(&mut self, at: At, stream: u32, length: u32) {
        for stream in [0, stream] {
            let flow = self.flow(at, stream);
            flow.sent = true;
            flow.change(at, -i64::from(length));
        }
    }

    fn grant(&mut self, at: At, stream: u32, increment: u32) {
        self.flow(at, stream).change(at, i64::from(increment));
    }

    fn acknowledge(&mut self, at: At) {
        if self.announced.is_empty() {
            return;
        }
        let Some(initial) = self.announced.remove(0) else { return };
        // All windows of streams change by the difference (RFC 9113 §6.9.2).
        let difference = initial - self.initial.replace(initial).unwrap_or(INITIAL_WINDOW);
        for (stream, flow) in &mut self.windows {
            if *stream != 0 {
                flow.change(at, difference);
            }
        }
    }

    fn finish(self, sender: Side, column: impl Fn(f64) -> u64) -> Vec<Window> {
        let points: usize = self.windows.values().map(|flow| flow.points.len()).sum();
        let used = self.windows.into_iter().filter(|(_, flow)| flow.sent);
        let window = |(stream, mut flow): (u32, Flow)| {
            if points > MAX_SHOWN {
                // Of each column the lowest and the last: a stall stays seen, and the line goes on where it is.
                let mut thinned: Vec<Point> = Vec::new();
                for point in flow.points {
                    match thinned.as_mut_slice() {
                        [.., lowest, last] if column(lowest.1) == column(point.1) => {
                            if last.2 < lowest.2 {
                                *lowest = *last;
                            }
                            *last = point;
                        }
                        _ => thinned.push(point),
                    }
                }
                flow.points = thinned;
            }
            Window { stream, sender, points: flow.points }
        };
        used.map(window).collect()
    }
}

impl Flow {
    fn change(&mut self, at: At, by: i64) {
        let (seq, time) = at;
        self.window = self.window.saturating_add(by);
        match self.points.last_mut().filter(|last| last.0 == seq) {
            Some(last) => last.2 = self.window,
            None => self.points.push((seq, time, self.window)),
        }
    }
}
