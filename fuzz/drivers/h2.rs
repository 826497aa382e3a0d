//! Drives the HTTP/2 engine through its public interface with whatever octets a fuzzer makes up.

use bytes::{Bytes, BytesMut};
use std::time::{Duration, Instant};
use wireserve::h2::{Action, CallSite, Config, Connection, Event, Limits, PREFACE, PeerClosed, Rule, Scope, Track};
use wireserve::wire::frame::{ErrorCode, FrameHeader, FrameType, RawFrame};

/// A client that sends these octets, after a preface if the first octet is odd, in two different chunkings: nothing may
/// panic, and events and answers must be the same.
pub fn octets(octets: &[u8]) {
    let Some((&first, rest)) = octets.split_first() else { return };
    let mut input = Vec::new();
    if first & 1 == 1 {
        input.extend_from_slice(PREFACE);
        input.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    }
    input.extend_from_slice(rest);
    let chunk = usize::from(first >> 1) + 1;
    let policy = match first >> 6 {
        0 => Action::Report,
        1 => Action::Ignore,
        _ => Action::Enforce,
    };
    let whole = run(&input, input.len().max(1), policy);
    let chunked = run(&input, chunk, policy);
    assert_eq!(whole, chunked, "events or answers depend on the chunking");
}

fn start() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "any time will do")]
    Instant::now()
}

fn run(input: &[u8], chunk: usize, action: Action) -> (Vec<String>, Vec<u8>) {
    let now = start();
    let mut config = Config { record_frames: true, ..Config::default() };
    config.policy.set_all(action);
    let mut connection = Connection::server(config, now);
    for chunk in input.chunks(chunk) {
        connection.receive(now, chunk);
    }
    let mut events = Vec::new();
    let mut sent = Vec::new();
    while let Some(event) = connection.poll_event() {
        if let Event::Violation(violation) = &event {
            assert!(action != Action::Ignore, "an ignored rule is reported");
            assert!(violation.rule.scope() == Scope::Connection || violation.stream != 0 || action == Action::Report);
        }
        if let Event::Sent { octets, .. } = &event {
            sent.extend_from_slice(octets);
        }
        events.push(format!("{event:?}"));
    }
    let mut written = Vec::new();
    while let Some(transmit) = connection.poll_transmit() {
        assert!(!transmit.octets.is_empty());
        written.extend_from_slice(transmit.octets);
        let length = transmit.octets.len();
        connection.transmitted(length);
    }
    assert_eq!(sent, written, "what was recorded is not what was written");
    (events, written)
}

/// Octets as a list of choices.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn octet(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes([self.octet(), self.octet(), self.octet(), self.octet()])
    }

    /// A stream that is likely to exist.
    fn stream(&mut self) -> u32 {
        match self.octet() {
            octet @ 0..250 => u32::from(octet % 12),
            _ => self.number() & 0x7fff_ffff,
        }
    }

    fn bytes(&mut self) -> Bytes {
        let length = usize::from(self.octet());
        let length = if length > 200 { length * 300 } else { length % 40 };
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        let mut bytes = BytesMut::from(taken);
        bytes.resize(length, b'x');
        bytes.freeze()
    }

    fn frame(&mut self) -> RawFrame {
        let frame_type = FrameType(self.octet() % 18);
        let flags = self.octet();
        let stream = self.stream();
        RawFrame::new(frame_type, flags, stream, self.bytes())
    }
}

/// Both sides do what the octets say, in any order: nothing may panic, refused commands must send nothing, what is sent by
/// checked commands alone must be whole frames, and no window of ours may be passed.
pub fn operations(octets: &[u8]) {
    let mut choices = Choices(octets);
    let mut now = start();
    let limits = Limits { idle_timeout: Some(Duration::from_secs(50)), ..Limits::default() };
    let mut config = Config { limits, record_frames: choices.octet() & 1 == 1, ..Config::default() };
    config.settings = vec![(3, 20), (4, choices.number() >> 12)];
    if choices.octet() & 3 == 0 {
        config.policy.set(Rule::ALL[usize::from(choices.octet()) % Rule::ALL.len()], Action::Report);
    }
    let mut connection = Connection::server(config, now);
    connection.receive(now, PREFACE);
    connection.receive(now, &[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let mut peer = Peer::default();
    while !choices.0.is_empty() {
        step(&mut connection, &mut choices, &mut now, &mut peer);
        while connection.poll_event().is_some() {}
    }
    peer.read(&mut connection);
    connection.peer_closed(now, PeerClosed::Clean);
    while connection.poll_event().is_some() {}
    peer.read(&mut connection);
    assert!(connection.should_close());
}

/// Reads what is written, and knows whether all of it must be frames.
#[derive(Default)]
struct Peer {
    octets: BytesMut,
    raw: bool,
}

impl Peer {
    fn read(&mut self, connection: &mut Connection) {
        while let Some(transmit) = connection.poll_transmit() {
            self.octets.extend_from_slice(transmit.octets);
            let length = transmit.octets.len();
            connection.transmitted(length);
        }
        if self.raw {
            self.octets.clear();
            return;
        }
        while let Some(frame) = RawFrame::take(&mut self.octets) {
            assert!(frame.header.length <= connection.peer_settings().max_frame_size.max(1 << 24));
            assert!(frame.header.frame_type.name().is_some());
        }
        assert!(self.octets.is_empty(), "part of a frame was written");
    }
}

const RESPONSE: [(&[u8], &[u8]); 2] = [(b":status", b"200"), (b"x-test", b"some value")];
const BAD: [(&[u8], &[u8]); 2] = [(b":status", b"200"), (b"Bad", b"value")];
const REQUEST: [(&[u8], &[u8]); 4] =
    [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"example.org"), (b":path", b"/")];
/// The same request with static entries and one that is indexed.
const BLOCK: &[u8] = b"\x82\x87\x84\x41\x01a";

fn step(connection: &mut Connection, choices: &mut Choices<'_>, now: &mut Instant, peer: &mut Peer) {
    let before = connection.output_waiting();
    let refused = match choices.octet() % 24 {
        0..4 => {
            let flags = choices.octet() & 1 | 4;
            let frame = RawFrame::new(FrameType::HEADERS, flags, choices.stream() | 1, BLOCK);
            return send(connection, *now, &frame);
        }
        4 | 5 => {
            let frame = RawFrame::new(FrameType::DATA, choices.octet() & 1, choices.stream() | 1, choices.bytes());
            return send(connection, *now, &frame);
        }
        6..8 => {
            let frame = choices.frame();
            return send(connection, *now, &frame);
        }
        8 => {
            let mut payload = choices.number() & 0x7fff_ffff;
            payload >>= choices.octet() % 31;
            let payload = Bytes::copy_from_slice(&payload.to_be_bytes());
            return send(connection, *now, &RawFrame::new(FrameType::WINDOW_UPDATE, 0, choices.stream(), payload));
        }
        9 => {
            let mut payload = vec![0, choices.octet() % 10];
            payload.extend_from_slice(&(choices.number() >> (choices.octet() % 32)).to_be_bytes());
            return send(connection, *now, &RawFrame::new(FrameType::SETTINGS, 0, 0, payload));
        }
        10 => {
            connection.send_raw_frame(&choices.frame(), if choices.octet() & 3 == 0 { Track::No } else { Track::Yes });
            peer.raw = true;
            return;
        }
        11 => {
            connection.settle(choices.stream());
            return;
        }
        12 => {
            connection.send_raw_octets(choices.bytes(), CallSite(1));
            peer.raw = true;
            return;
        }
        13 => {
            *now += Duration::from_secs(u64::from(choices.octet()));
            connection.handle_timeout(*now);
            return;
        }
        14 => {
            connection.set_write_size(Some(usize::from(choices.octet())).filter(|size| *size > 3));
            connection.flush();
            return peer.read(connection);
        }
        15 => return connection.consume(choices.stream(), choices.number() as usize),
        16 => connection.send_headers(choices.stream(), RESPONSE.into_iter(), choices.octet() & 1 == 1).is_err(),
        17 => connection.send_headers(choices.stream(), BAD.into_iter(), true).is_err(),
        18 => connection.send_data(choices.stream(), choices.bytes(), choices.octet() & 1 == 1).is_err(),
        19 => connection.send_trailers(choices.stream(), RESPONSE[1..].iter().copied()).is_err(),
        20 => connection.reset(choices.stream(), ErrorCode(choices.number())).is_err(),
        21 => connection.push_promise(choices.stream(), REQUEST.into_iter()).is_err(),
        22 => connection.window_update(choices.stream(), choices.number() >> (choices.octet() % 32)).is_err(),
        _ => match choices.octet() % 32 {
            0 => connection.go_away(choices.number(), ErrorCode::NO_ERROR, choices.bytes()).is_err(),
            1 => return connection.shut_down(),
            2 => return connection.close(),
            3 => connection.send_settings(&[(u16::from(choices.octet() % 10), choices.number())]).is_err(),
            4..20 => return peer.read(connection),
            _ => {
                connection.notify_writable(choices.stream(), choices.octet().into());
                connection.send_informational(choices.stream(), RESPONSE.into_iter()).is_err()
            }
        },
    };
    if refused {
        assert_eq!(connection.output_waiting(), before, "a refused command sent something");
    }
}

fn send(connection: &mut Connection, now: Instant, frame: &RawFrame) {
    let mut octets = BytesMut::new();
    frame.write(&mut octets);
    debug_assert_eq!(octets.first_chunk().map(FrameHeader::parse), Some(frame.header));
    connection.receive(now, &octets);
}
