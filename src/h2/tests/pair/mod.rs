//! Two ends of ours on virtual time: whatever they say to each other, and however it is cut, they end in agreement, or
//! in the rule that a raw frame broke.

mod ops;

use super::client::{REQUEST, UPLOAD, borrow, fields};
use crate::h2::*;
use crate::wire::frame::{ErrorCode, FrameType, HEADER_LENGTH, RawFrame, flag};
use bytes::Bytes;
use ops::Op;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// One end, and what it has sent.
struct End {
    connection: Connection,
    wire: Vec<u8>,
    /// Whether each byte came from a raw command.
    raw: Vec<bool>,
    /// Bytes that have arrived at the other end.
    delivered: usize,
    /// Bytes that the other end has read as frames.
    read: usize,
    /// A field block that has not ended, with raw bytes in it.
    open_raw: bool,
    /// Bytes of content on each stream, and whether it ended.
    content: BTreeMap<u32, (usize, bool)>,
    received: BTreeMap<u32, (usize, bool)>,
}

/// Both ends; the client first.
struct Pair {
    ends: [End; 2],
    now: Instant,
    /// Streams that did not come to a regular end.
    aborted: BTreeSet<u32>,
    heads: BTreeSet<u32>,
    /// A frame that a raw command broke a rule with.
    broken: Option<Rule>,
    /// Which ends have sent a WINDOW_UPDATE or SETTINGS that they do not count themselves.
    misleads: [bool; 2],
}

impl End {
    fn new(connection: Connection) -> Self {
        let (content, received) = (BTreeMap::new(), BTreeMap::new());
        Self {
            connection,
            wire: Vec::new(),
            raw: Vec::new(),
            delivered: 0,
            read: 0,
            open_raw: false,
            content,
            received,
        }
    }

    /// The other end reads a frame: were raw bytes in it, or in the field block that it ends?
    fn reads(&mut self, frame: &RawFrame) -> bool {
        let end = self.read + HEADER_LENGTH + frame.payload.len();
        let raw = self.raw[self.read..end].contains(&true) || self.open_raw;
        self.read = end;
        let is_block =
            matches!(frame.header.frame_type, FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION);
        self.open_raw = raw && is_block && !frame.header.has(flag::END_HEADERS);
        raw
    }
}

impl Pair {
    fn new() -> Self {
        #[allow(clippy::disallowed_methods, reason = "any time will do")]
        let now = Instant::now();
        let config =
            |settings| Config { record_frames: true, connection_window: 70_000, settings, ..Config::default() };
        let client = Connection::client(config(vec![(2, 1), (4, 1_000)]), now);
        let server = Connection::server(config(vec![(3, 3), (4, 1_000)]), now);
        let mut ends = [End::new(client), End::new(server)];
        ends[0].read = PREFACE.len();
        Self { ends, now, aborted: BTreeSet::new(), heads: BTreeSet::new(), broken: None, misleads: [false; 2] }
    }

    fn connection(&mut self, role: Role) -> &mut Connection {
        &mut self.ends[role as usize].connection
    }

    /// Does one thing; commands may be refused.
    fn step(&mut self, op: &Op) -> Result<(), String> {
        match op {
            Op::Open(method, end) => drop(self.open(&REQUEST.replace("GET", method), *end || *method == "HEAD")),
            Op::Upload(length) => {
                if let Some(id) = self.open(&format!("{UPLOAD} content-length={length}"), false) {
                    self.data(Role::Client, id, *length, true);
                }
            }
            Op::Respond(stream, status, end) => self.respond(*stream, status, *end),
            Op::Push(parent) => drop(self.connection(Role::Server).push_promise(*parent, borrow(&fields(REQUEST)))),
            Op::Data(role, stream, length, end) => self.data(*role, *stream, *length, *end),
            Op::Trailers(role, stream) => {
                let sent = self.connection(*role).send_trailers(*stream, borrow(&fields("x-end=1 x-sum=2")));
                self.note(*role, *stream, 0, sent.is_ok());
            }
            Op::Reset(role, stream) => {
                if self.connection(*role).reset(*stream, ErrorCode::CANCEL).is_ok() {
                    self.aborted.insert(*stream);
                }
            }
            Op::Settings(role, entries) => drop(self.connection(*role).send_settings(entries)),
            Op::WindowUpdate(role, stream, by) => drop(self.connection(*role).window_update(*stream, *by)),
            Op::Ping(role) => drop(self.connection(*role).ping(*b"pingpong")),
            Op::GoAway(role) => {
                let connection = self.connection(*role);
                let last = connection.last_peer_stream_id();
                drop(connection.go_away(last, ErrorCode::NO_ERROR, Bytes::new()));
                // Pushes that come after the client's are given up without a word.
                self.aborted.extend((last + 1..100).filter(|id| role.peer().begins(*id)));
            }
            Op::ShutDown(role) => {
                let last = self.connection(*role).last_peer_stream_id();
                self.aborted.extend((last + 1..100).filter(|id| role.peer().begins(*id)));
                self.connection(*role).shut_down();
            }
            Op::Deliver(role, octets) => return self.deliver(*role, *octets),
            Op::Later => self.now += Duration::from_secs(1),
            Op::Raw(role, frame, track) => {
                let is_window = matches!(frame.header.frame_type, FrameType::WINDOW_UPDATE | FrameType::SETTINGS);
                self.misleads[*role as usize] |= is_window && *track == Track::No;
                self.connection(*role).send_raw_frame(frame, track.at(CallSite(1)));
            }
        }
        self.events(Role::Client)?;
        self.events(Role::Server)
    }

    fn open(&mut self, request: &str, end: bool) -> Option<u32> {
        let id = self.connection(Role::Client).open(borrow(&fields(request)), end).ok()?;
        if request.contains("HEAD") {
            self.heads.insert(id);
        }
        self.note(Role::Client, id, 0, end);
        Some(id)
    }

    fn respond(&mut self, stream: u32, status: &str, end: bool) {
        let head = self.heads.contains(&stream);
        let connection = self.connection(Role::Server);
        let response = fields(&format!(":status={status} x-status={status}"));
        if status == "103" {
            return drop(connection.send_informational(stream, borrow(&response)));
        }
        if connection.send_headers(stream, borrow(&response), end || head).is_ok() {
            self.note(Role::Server, stream, 0, end || head);
        }
    }

    fn data(&mut self, role: Role, stream: u32, length: usize, end: bool) {
        if self.connection(role).send_data(stream, vec![b'c'; length].into(), end).is_ok() {
            self.note(role, stream, length, end);
        }
    }

    /// What an end has queued.
    fn note(&mut self, role: Role, stream: u32, octets: usize, end: bool) {
        let content = self.ends[role as usize].content.entry(stream).or_default();
        content.0 += octets;
        content.1 |= end;
    }

    /// Bytes of one end arrive at the other.
    fn deliver(&mut self, from: Role, octets: usize) -> Result<(), String> {
        self.events(from)?;
        let End { wire, delivered, .. } = &mut self.ends[from as usize];
        let end = wire.len().min(*delivered + octets);
        let arriving = wire[*delivered..end].to_vec();
        *delivered = end;
        let now = self.now;
        self.connection(from.peer()).receive(now, &arriving);
        self.events(from.peer())
    }

    /// Takes the output and the events of one end.
    fn events(&mut self, role: Role) -> Result<(), String> {
        let mut raw = false;
        loop {
            let End { connection, wire, .. } = &mut self.ends[role as usize];
            while let Some(transmit) = connection.poll_transmit() {
                wire.extend_from_slice(transmit.octets);
                let length = transmit.octets.len();
                connection.transmitted(length);
            }
            let Some(event) = connection.poll_event() else { return Ok(()) };
            match event {
                Event::Sent { length, cause, .. } => {
                    self.ends[role as usize].raw.extend(std::iter::repeat_n(cause == Cause::Raw, length));
                }
                Event::Frame(frame) => raw = self.ends[role.peer() as usize].reads(&frame),
                Event::Violation(violation) => self.accuse(role, &violation, raw)?,
                Event::Data { stream, data, end_stream, .. } => {
                    self.connection(role).consume(stream, data.len());
                    self.arrived(role, stream, data.len(), end_stream);
                }
                Event::Headers { stream, end_stream, .. } => self.arrived(role, stream, 0, end_stream),
                Event::Reset { stream, .. } | Event::Unprocessed { stream } => drop(self.aborted.insert(stream)),
                _ => {}
            }
        }
    }

    fn arrived(&mut self, role: Role, stream: u32, octets: usize, end: bool) {
        let received = self.ends[role as usize].received.entry(stream).or_default();
        received.0 += octets;
        received.1 |= end;
    }

    /// A rule may be broken by raw bytes alone, and by a request that races a lower limit. One that allows more window than it
    /// counts, by an untracked WINDOW_UPDATE or SETTINGS, accuses its peer in the end.
    fn accuse(&mut self, by: Role, violation: &Violation, raw: bool) -> Result<(), String> {
        self.aborted.insert(violation.stream);
        if violation.rule == Rule::ConcurrentStreams {
            return Ok(());
        }
        let from = &self.ends[by.peer() as usize];
        // A frame that is too large is not read as one.
        let header = || from.raw.iter().skip(from.read).take(HEADER_LENGTH).any(|raw| *raw);
        let misled = matches!(violation.rule, Rule::FlowStream | Rule::FlowConnection) && self.misleads[by as usize];
        if raw || misled || (violation.rule == Rule::FrameSize && header()) {
            self.broken.get_or_insert(violation.rule);
            return Ok(());
        }
        Err(format!("the {} accuses its peer of {violation:?}", by.name()))
    }

    /// Everything arrives, until nothing more is said.
    fn drain(&mut self) -> Result<(), String> {
        loop {
            let before = self.ends.each_ref().map(|end| end.delivered);
            self.deliver(Role::Client, usize::MAX / 2)?;
            self.deliver(Role::Server, usize::MAX / 2)?;
            if self.ends.each_ref().map(|end| end.delivered) == before {
                return Ok(());
            }
        }
    }

    /// As far as raw frames broke no rule, both ends still know the same of the connection.
    fn agree_on_connection(&self) -> Result<(), String> {
        let [client, server] = self.ends.each_ref().map(|end| &end.connection);
        // Behind a raw frame or field block that has not ended, the rest waits.
        let waits = self.ends.iter().any(|end| end.read < end.wire.len() || end.open_raw);
        if waits || self.broken.is_some() || client.is_closed() || server.is_closed() {
            return Ok(());
        }
        for (from, to) in [(client, server), (server, client)] {
            let same = |what: &str, is: bool| if is { Ok(()) } else { Err(format!("{what} differs")) };
            let tables = from.encoder().table().eq(to.decoder().table());
            same("the dynamic table", tables || !from.encoder().table_known())?;
            same("the connection's window", from.send_window(0) == to.receive_window(0))?;
        }
        Ok(())
    }

    /// Both ends believe the same.
    fn agree(&self) -> Result<(), String> {
        let [client, server] = &self.ends;
        let (one, other) = (&client.connection, &server.connection);
        if one.is_closed() || other.is_closed() {
            return Ok(());
        }
        for (sender, receiver) in [(client, server), (server, client)] {
            let (from, to) = (&sender.connection, &receiver.connection);
            let who = from.role().name();
            let same = |what: &str, is: bool| if is { Ok(()) } else { Err(format!("{what} of the {who} differs")) };
            same("the dynamic table", from.encoder().table().eq(to.decoder().table()))?;
            same("SETTINGS", from.settings_acked() && from.local_settings() == to.peer_settings())?;
            same("the connection's window", from.send_window(0) == to.receive_window(0))?;
            for stream in from.streams().filter(|stream| !self.aborted.contains(stream)) {
                let mirrored = mirror(from.stream_state(stream)) == to.stream_state(stream);
                same(&format!("the state of stream {stream}"), mirrored)?;
                let open = matches!(from.stream_state(stream), State::Open | State::HalfClosedRemote);
                same("a window", !open || from.send_window(stream) == to.receive_window(stream))?;
            }
            for (stream, sent) in sender.content.iter().filter(|(stream, _)| !self.aborted.contains(stream)) {
                let waits = from.queued(*stream) > 0 || from.send_window(*stream).is_some_and(|window| window <= 0);
                let received = receiver.received.get(stream).copied().unwrap_or_default();
                same(&format!("the content of stream {stream}"), waits || received == *sent)?;
            }
        }
        Ok(())
    }
}

/// The state of a stream as the other end has it.
fn mirror(state: State) -> State {
    match state {
        State::ReservedLocal => State::ReservedRemote,
        State::ReservedRemote => State::ReservedLocal,
        State::HalfClosedLocal => State::HalfClosedRemote,
        State::HalfClosedRemote => State::HalfClosedLocal,
        other => other,
    }
}

fn run(ops: &[Op]) -> Result<Pair, String> {
    let mut pair = Pair::new();
    for (number, op) in ops.iter().enumerate() {
        pair.step(op).map_err(|why| format!("step {number}, {op:?}: {why}"))?;
    }
    pair.drain().map_err(|why| format!("at the end: {why}"))?;
    Ok(pair)
}

/// Conversations with raw frames of one side.
fn with_raw(role: Role) -> impl Strategy<Value = Vec<Op>> {
    let checked = ops::op().prop_map(|op| match op {
        // Raw content would add to what is announced.
        Op::Upload(_) => Op::Open("POST", false),
        op => op,
    });
    prop::collection::vec(prop_oneof![5 => checked, 1 => ops::raw(role)], 1..40)
}

proptest! {
    #![proptest_config(crate::properties::config(1_000))]

    #[test]
    fn two_ends_agree(ops in prop::collection::vec(ops::op(), 1..60)) {
        let outcome = run(&ops).and_then(|pair| pair.agree());
        prop_assert!(outcome.is_ok(), "{}", outcome.err().unwrap_or_default());
    }

    #[test]
    fn raw_bytes_alone_break_rules(ops in prop_oneof![with_raw(Role::Client), with_raw(Role::Server)]) {
        let outcome = run(&ops).and_then(|pair| pair.agree_on_connection());
        prop_assert!(outcome.is_ok(), "{}", outcome.err().unwrap_or_default());
    }
}

#[test]
fn what_raw_bytes_break_is_found() {
    let data = RawFrame::new(FrameType::DATA, 0, 1, &b"abc"[..]);
    let pair = run(&[Op::Open("GET", true), Op::Raw(Role::Client, data, Track::Yes)]);
    assert_eq!(pair.map(|pair| pair.broken), Ok(Some(Rule::HalfClosedFrame)));
}
