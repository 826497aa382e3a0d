//! Drives the HTTP/2 engine through its public interface with whatever octets a fuzzer makes up.

use bytes::{Bytes, BytesMut};
use std::time::{Duration, Instant};
use wireserve::h2::{
    Action, CallSite, Config, Connection, Event, Limits, Misuse, PREFACE, PeerClosed, Role, Rule, Scope, Track,
};
use wireserve::wire::frame::{ErrorCode, FrameHeader, FrameType, RawFrame};

/// A client that sends these octets, after a preface if the first octet is odd, in two different chunkings: nothing may
/// panic, and events and answers must be the same.
pub fn octets(octets: &[u8]) {
    chunked(Role::Server, octets);
}

/// The same with a server that sends octets to a client of ours, which has sent requests.
pub fn client_octets(octets: &[u8]) {
    chunked(Role::Client, octets);
}

fn chunked(role: Role, octets: &[u8]) {
    let Some((&first, rest)) = octets.split_first() else { return };
    let mut input = Vec::new();
    if first & 1 == 1 {
        if role == Role::Server {
            input.extend_from_slice(PREFACE);
        }
        input.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    }
    input.extend_from_slice(rest);
    let chunk = usize::from(first >> 1) + 1;
    let policy = match first >> 6 {
        0 => Action::Report,
        1 => Action::Ignore,
        _ => Action::Enforce,
    };
    let whole = run(role, &input, input.len().max(1), policy);
    let chunked = run(role, &input, chunk, policy);
    assert_eq!(whole, chunked, "events or answers depend on the chunking");
}

fn start() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "any time will do")]
    Instant::now()
}

/// A connection of this side; a client accepts pushes, and has sent three requests, one of them without its end.
fn connect(role: Role, mut config: Config, now: Instant) -> Connection {
    if role == Role::Server {
        return Connection::server(config, now);
    }
    config.settings.push((2, 1));
    let mut connection = Connection::client(config, now);
    for end_stream in [true, false, true] {
        assert!(connection.open(REQUEST.into_iter(), end_stream).is_ok());
    }
    connection
}

fn run(role: Role, input: &[u8], chunk: usize, action: Action) -> (Vec<String>, Vec<u8>) {
    let now = start();
    let mut config = Config { record_frames: true, ..Config::default() };
    config.policy.set_all(action);
    let mut connection = connect(role, config, now);
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
    let written = written(&mut connection);
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
    operate(Role::Server, octets);
}

/// The same, where our side is the client.
pub fn client_operations(octets: &[u8]) {
    operate(Role::Client, octets);
}

fn operate(role: Role, octets: &[u8]) {
    let mut choices = Choices(octets);
    let mut now = start();
    let limits = Limits { idle_timeout: Some(Duration::from_secs(50)), ..Limits::default() };
    let mut config = Config { limits, record_frames: choices.octet() & 1 == 1, ..Config::default() };
    config.settings = vec![(3, 20), (4, choices.number() >> 12)];
    if choices.octet() & 3 == 0 {
        config.policy.set(Rule::ALL[usize::from(choices.octet()) % Rule::ALL.len()], Action::Report);
    }
    let mut connection = connect(role, config, now);
    if role == Role::Server {
        connection.receive(now, PREFACE);
    }
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
        self.octets.extend_from_slice(&written(connection));
        if self.raw {
            self.octets.clear();
            return;
        }
        if self.octets.starts_with(PREFACE) {
            let _ = self.octets.split_to(PREFACE.len());
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
const REQUEST_BLOCK: &[u8] = b"\x82\x87\x84\x41\x01a";
/// A response with a static entry and one that is indexed.
const RESPONSE_BLOCK: &[u8] = b"\x88\x41\x01a";

/// HEADERS of a peer.
fn message(role: Role, choices: &mut Choices<'_>) -> RawFrame {
    let flags = choices.octet() & 1 | 4;
    match (role, choices.octet() % 4) {
        (Role::Server, _) => RawFrame::new(FrameType::HEADERS, flags, choices.stream() | 1, REQUEST_BLOCK),
        (Role::Client, 0) => {
            let promised = choices.stream() & !1;
            let payload = [&promised.to_be_bytes()[..], REQUEST_BLOCK].concat();
            RawFrame::new(FrameType::PUSH_PROMISE, 4, choices.stream() | 1, payload)
        }
        (Role::Client, _) => RawFrame::new(FrameType::HEADERS, flags, choices.stream(), RESPONSE_BLOCK),
    }
}

fn step(connection: &mut Connection, choices: &mut Choices<'_>, now: &mut Instant, peer: &mut Peer) {
    let before = connection.output_waiting();
    let refused = match choices.octet() % 24 {
        0..4 => {
            let frame = message(connection.role(), choices);
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
        16 if connection.role() == Role::Client => {
            connection.open(REQUEST.into_iter(), choices.octet() & 1 == 1).is_err()
        }
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

/// What raw octets make a peer see must not depend on how they are cut: whole or in pieces, checked commands after them
/// are refused alike and send the same, unless a peer of ours closes the connection because of them. The first octet
/// chooses our side and the pieces.
pub fn view(octets: &[u8]) {
    let Some((&first, rest)) = octets.split_first() else { return };
    let role = if first & 1 == 1 { Role::Client } else { Role::Server };
    let whole = after_raw(role, rest, rest.len().max(1));
    let pieces = after_raw(role, rest, usize::from(first >> 1) + 1);
    assert_eq!(whole, pieces, "what the peer sees depends on how raw octets are cut");
}

/// What is refused and sent after raw octets in pieces; `None` if the peer closes the connection.
fn after_raw(role: Role, octets: &[u8], piece: usize) -> Option<(Vec<Option<Misuse>>, Vec<u8>)> {
    let now = start();
    let mut peer = connect(role.peer(), Config::default(), now);
    let mut connection = connect(role, Config::default(), now);
    // Both prefaces, and the ACKs of their SETTINGS.
    for _ in 0..2 {
        peer.receive(now, &written(&mut connection));
        connection.receive(now, &written(&mut peer));
    }
    for piece in octets.chunks(piece) {
        connection.send_raw_octets(Bytes::copy_from_slice(piece), CallSite(1));
    }
    let mut sent = written(&mut connection);
    peer.receive(now, &sent);
    if peer.is_closed() {
        return None;
    }
    let mut refused = Vec::new();
    for stream in 0..8 {
        refused.push(connection.send_informational(stream, [(&b":status"[..], &b"103"[..])].into_iter()).err());
        refused.push(connection.send_headers(stream, RESPONSE.into_iter(), false).err());
        refused.push(connection.send_data(stream, Bytes::from_static(b"data"), false).err());
        refused.push(connection.push_promise(stream, REQUEST.into_iter()).err());
        refused.push(connection.send_trailers(stream, RESPONSE[1..].iter().copied()).err());
        refused.push(connection.window_update(stream, 1 << 20).err());
        connection.settle(stream);
        refused.push(connection.reset(stream, ErrorCode::CANCEL).err());
    }
    refused.push(connection.open(REQUEST.into_iter(), true).err());
    refused.push(connection.go_away(1, ErrorCode::NO_ERROR, Bytes::new()).err());
    sent.extend(written(&mut connection));
    Some((refused, sent))
}

fn written(connection: &mut Connection) -> Vec<u8> {
    let mut octets = Vec::new();
    while let Some(transmit) = connection.poll_transmit() {
        octets.extend_from_slice(transmit.octets);
        let length = transmit.octets.len();
        connection.transmitted(length);
    }
    octets
}
