//! Outcomes of made-up connections: an engine without a socket, recorded and watched.

use super::store::{Found, Wanted};
use super::{Event, Outcomes, Token, Watch};
use crate::exchange::Peer;
use crate::h2;
use crate::http::peer::Protocol;
use crate::http::transport::{CloseReason, PeerClosed};
use crate::server::outcomes::facts::{Read, Why, Windows};
use crate::transcript::{Hub, Options, Recorder, Side};
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use crate::wire::hpack::Encoder;
use bytes::{Bytes, BytesMut};
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

#[expect(clippy::disallowed_methods, reason = "transcripts want some instant")]
fn now() -> Instant {
    Instant::now()
}

/// What is there at once.
const AT_ONCE: Wanted = Wanted { wait: Duration::ZERO, settle: Duration::ZERO, event: None, attempts: 0 };

fn token(text: &str) -> Token {
    Token::parse(text.as_bytes()).expect("a token")
}

/// Several connections of one server.
struct World {
    hub: Arc<Hub>,
    outcomes: Arc<Outcomes>,
    connections: u64,
}

impl World {
    fn new(options: Options) -> Self {
        Self { hub: Hub::new(options, now, |_| None), outcomes: Outcomes::new(now), connections: 0 }
    }

    fn connect(&mut self) -> Connection {
        self.connections += 1;
        let peer = Peer { id: self.connections, client_address: "127.0.0.1:5".into(), ..Peer::default() };
        let opened = SystemTime::UNIX_EPOCH;
        let recorder = Recorder::begin(&self.hub, Side::Server, &peer, Protocol::Http2, now(), opened);
        let recorder = recorder.expect("it records");
        let watch = Watch::new(&self.outcomes, recorder.transcript(), &peer, opened);
        let config = h2::Config { record_frames: true, ..h2::Config::default() };
        let engine = h2::Connection::server(config, now());
        let mut connection = Connection { engine, recorder, watch, encoder: Encoder::new() };
        connection.receive(h2::PREFACE);
        connection.send(FrameType::SETTINGS, 0, 0, b"");
        connection
    }

    /// What is known at once.
    fn found(&self, text: &str) -> Found {
        self.wait(text, &AT_ONCE).expect("it does not wait")
    }

    fn wait(&self, text: &str, wanted: &Wanted) -> Option<Found> {
        let token = token(text);
        let mut waiting = std::pin::pin!(self.outcomes.wait(&token, wanted));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let _inside = runtime.enter();
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => Some(found),
            Poll::Pending => None,
        }
    }

    fn why(&self, text: &str) -> Why {
        self.found(text).why
    }
}

struct Connection {
    engine: h2::Connection,
    recorder: Recorder,
    watch: Watch,
    encoder: Encoder,
}

impl Connection {
    fn receive(&mut self, octets: &[u8]) {
        self.engine.receive(now(), octets);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.recorder.http2(Some(now()), 0, &event);
            self.watch.http2(&event);
        }
    }

    /// Runs a command of the server.
    fn does<T>(&mut self, act: impl FnOnce(&mut h2::Connection) -> T) -> T {
        let done = act(&mut self.engine);
        self.drain();
        done
    }

    /// A frame of the client.
    fn send(&mut self, frame_type: FrameType, flags: u8, stream: u32, payload: &[u8]) {
        let mut octets = BytesMut::new();
        RawFrame::new(frame_type, flags, stream, payload.to_vec()).write(&mut octets);
        self.receive(&octets);
    }

    fn get(&mut self, stream: u32, path: &str) {
        self.request(stream, path, &[], flag::END_STREAM);
    }

    fn request(&mut self, stream: u32, path: &str, more: &[(&[u8], &[u8])], flags: u8) {
        let pseudo: [(&[u8], &[u8]); 4] =
            [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", path.as_bytes())];
        let mut block = BytesMut::new();
        self.encoder.encode(pseudo.into_iter().chain(more.iter().copied()), &mut block);
        self.send(FrameType::HEADERS, flag::END_HEADERS | flags, stream, &block);
    }

    fn respond(&mut self, stream: u32, content: &'static [u8]) {
        let fields: [(&[u8], &[u8]); 1] = [(b":status", b"200")];
        self.does(|engine| engine.send_headers(stream, fields.into_iter(), false)).expect("it is open");
        self.does(|engine| engine.send_data(stream, Bytes::from_static(content), true)).expect("it is open");
    }

    fn goaway(&mut self, code: ErrorCode, debug: &[u8]) {
        let payload = [&0_u32.to_be_bytes()[..], &code.0.to_be_bytes(), debug].concat();
        self.send(FrameType::GOAWAY, 0, 0, &payload);
    }

    fn close(self, how: PeerClosed) {
        self.recorder.ending()(CloseReason::Peer(how));
        self.watch.catch_up();
    }
}

#[test]
fn a_response_that_ended_is_counted_to_the_byte() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    client.request(1, "/a", &[(b"wire-token", b"t")], 0);
    client.send(FrameType::DATA, flag::END_STREAM, 1, b"body");
    client.respond(1, b"hello");
    let found = world.found("t");
    let [attempt] = &found.attempts[..] else { panic!("{found:?}") };
    assert_eq!((found.why, attempt.why()), (Why::StreamEnded, Some(Why::StreamEnded)));
    let facts = attempt.facts();
    assert_eq!((facts.sent.status, facts.sent.half.content, facts.sent.half.frames), (Some(200), Some(5), Some(2)));
    // The status is one indexed field.
    assert_eq!(facts.sent.half.octets, 9 + 1 + 9 + 5);
    assert_eq!((facts.client.half.content, facts.client.half.frames), (Some(4), Some(2)));
    assert_eq!(facts.client.window_left, Some(Windows { stream: 65_535 - 5, connection: 65_535 - 5 }));
    assert!(facts.sent.half.ended && facts.client.half.ended && facts.client.closed.is_none());
    client.close(PeerClosed::Clean);
    let found = world.found("t");
    assert_eq!(found.why, Why::StreamEnded, "what comes later is added");
    assert_eq!(found.attempts[0].facts().client.closed.as_ref().expect("an end").closed.why, "client-closed");
}

#[test]
fn what_ended_it_is_its_reason() {
    let mut world = World::new(Options::default());
    assert_eq!(world.why("t"), Why::NeverCame);
    let mut client = world.connect();
    client.get(1, "/?wire=open");
    assert_eq!(world.why("open"), Why::Deadline);
    client.get(3, "/?wire=client-reset");
    client.send(FrameType::RST_STREAM, 0, 3, &8_u32.to_be_bytes());
    assert_eq!(world.why("client-reset"), Why::ClientReset);
    client.get(5, "/?wire=server-reset");
    client.does(|engine| engine.reset(5, ErrorCode::REFUSED_STREAM)).expect("it is open");
    assert_eq!(world.why("server-reset"), Why::ServerReset);
    client.request(7, "/?wire=early", &[], 0);
    client.respond(7, b"early");
    assert_eq!(world.why("early"), Why::Deadline, "the request is not complete");
    client.does(|engine| engine.reset(7, ErrorCode::NO_ERROR)).expect("it is open");
    assert_eq!(world.why("early"), Why::StreamEnded);
    client.close(PeerClosed::Reset);
    assert_eq!(world.why("open"), Why::ConnectionLost);
    let found = world.found("open");
    assert_eq!(
        found.attempts[0].text(),
        "stream 1 of connection 1: the client reset the connection, before the response was complete"
    );
}

#[test]
fn a_goaway_counts_until_another_request_follows() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    client.get(1, "/?wire=first");
    client.respond(1, b"");
    client.get(3, "/?wire=second");
    client.respond(3, b"");
    // A request for an outcome changes nothing.
    client.get(5, "/_wire/outcome/second?wire=x");
    client.goaway(ErrorCode::NO_ERROR, b"");
    assert_eq!(world.why("second"), Why::StreamEnded, "nothing is wrong");
    client.goaway(ErrorCode::PROTOCOL_ERROR, b"why");
    assert_eq!((world.why("first"), world.why("second")), (Why::StreamEnded, Why::Goaway));
    assert_eq!(world.why("x"), Why::NeverCame);
    for name in ["first", "second"] {
        let goaway = world.found(name).attempts[0].facts().client.goaway.clone().expect("it is added to both");
        assert_eq!((goaway.code.as_str(), goaway.debug.as_str()), ("PROTOCOL_ERROR", "why"), "{name}");
    }
}

#[test]
fn a_goaway_of_the_server_that_leaves_a_stream_out_ends_it() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    client.get(1, "/?wire=in");
    client.get(3, "/?wire=out");
    let payload = [1_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    let frame = RawFrame::new(FrameType::GOAWAY, 0, 0, payload);
    client.does(|engine| engine.send_raw_frame(&frame, h2::Track::No));
    assert_eq!((world.why("in"), world.why("out")), (Why::Deadline, Why::Goaway));
    assert!(world.found("out").attempts[0].text().ends_with("the server sent GOAWAY NO_ERROR, last stream ID 1"));
}

#[test]
fn raw_bytes_end_a_stream_once_their_frame_is_whole() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    client.get(1, "/?wire=t");
    // HEADERS with END_STREAM, whose block ends with CONTINUATION.
    let parts: [&[u8]; 4] =
        [b"\x00\x00\x00\x01\x01\x00\x00\x00\x01", b"\x00\x00\x01\x09\x04\x00\x00", b"\x00\x01", b"\x88"];
    for (number, part) in parts.into_iter().enumerate() {
        client.does(|engine| engine.send_raw_octets(Bytes::from_static(part), h2::CallSite::default()));
        let is_last = number == parts.len() - 1;
        assert_eq!(world.why("t"), if is_last { Why::StreamEnded } else { Why::Deadline }, "{number}");
    }
}

#[test]
fn an_acknowledged_ping_shows_what_the_client_has_read() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    client.get(1, "/?wire=t");
    let read = |world: &World| world.found("t").attempts[0].facts().client.read;
    client.does(|engine| engine.ping([1; 8])).expect("it is open");
    client.respond(1, b"hello");
    client.does(|engine| engine.ping([2; 8])).expect("it is open");
    assert_eq!(read(&world), Some(Read::default()));
    client.send(FrameType::PING, flag::ACK, 0, &[1; 8]);
    assert_eq!(read(&world), Some(Read::default()));
    client.send(FrameType::PING, flag::ACK, 0, &[2; 8]);
    assert_eq!(read(&world), Some(Read { frames: 2, content: 5 }));
}

#[test]
fn windows_follow_settings_updates_and_all_content() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    client.get(1, "/a");
    client.respond(1, b"12345");
    client.send(FrameType::WINDOW_UPDATE, 0, 0, &7_u32.to_be_bytes());
    client.get(3, "/?wire=t");
    client.send(FrameType::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 100]);
    client.send(FrameType::WINDOW_UPDATE, 0, 3, &1_u32.to_be_bytes());
    client.respond(3, b"123");
    let left = |world: &World| world.found("t").attempts[0].facts().client.window_left;
    assert_eq!(left(&world), Some(Windows { stream: 100 + 1 - 3, connection: 65_535 - 5 + 7 - 3 }));
    client.send(FrameType::WINDOW_UPDATE, 0, 0, &9_u32.to_be_bytes());
    assert_eq!(left(&world), Some(Windows { stream: 98, connection: 65_534 }), "it stays as it was");
}

#[test]
fn records_that_are_gone_are_said_to_be_missing() {
    let mut world = World::new(Options { connection: 4_096, ..Options::default() });
    let mut client = world.connect();
    for stream in (1..200).step_by(2) {
        client.get(stream, "/");
        client.respond(stream, b"hello");
    }
    client.get(201, "/?wire=t");
    client.respond(201, b"hello");
    let found = world.found("t");
    let facts = found.attempts[0].facts();
    assert_eq!((found.why, facts.client.window_left), (Why::StreamEnded, None));
}

#[test]
fn a_token_is_waited_for() {
    let mut world = World::new(Options::default());
    let minute = Wanted { wait: Duration::from_secs(60), ..AT_ONCE };
    assert!(world.wait("t", &minute).is_none(), "no request yet");
    let mut client = world.connect();
    client.get(1, "/?wire=t");
    assert!(world.wait("t", &minute).is_none(), "in progress");
    client.respond(1, b"");
    assert!(world.wait("t", &minute).is_some());
    let unsettled = Wanted { settle: Duration::from_secs(60), ..minute };
    assert!(world.wait("t", &unsettled).is_none(), "more may come");
    let no_wait = Wanted { wait: Duration::ZERO, ..unsettled };
    assert_eq!(world.wait("t", &no_wait).map(|found| found.why), Some(Why::StreamEnded));
    let for_goaway = Wanted { event: Some(Event::Goaway), ..minute };
    assert!(world.wait("t", &for_goaway).is_none());
    assert_eq!(world.wait("t", &Wanted { event: Some(Event::Goaway), ..AT_ONCE }).expect("now").why, Why::Deadline);
    client.goaway(ErrorCode::NO_ERROR, b"");
    assert!(world.wait("t", &for_goaway).is_some());
    let retried = Wanted { attempts: 2, ..minute };
    assert!(world.wait("t", &retried).is_none());
    let mut other = world.connect();
    other.get(1, "/?wire=t");
    other.send(FrameType::RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    let found = world.wait("t", &retried).expect("two attempts");
    assert_eq!((found.why, found.attempts.len()), (Why::ClientReset, 2));
}

#[test]
fn the_oldest_are_forgotten_and_counted() {
    let mut world = World::new(Options::default());
    let mut client = world.connect();
    let mut stream = 1;
    let mut ask = |token: &str| {
        client.get(stream, &format!("/?wire={token}"));
        client.respond(stream, b"");
        stream += 2;
    };
    for _ in 0..40 {
        ask("often");
    }
    for number in 0..990 {
        ask(&format!("n{number}"));
        if number == 500 {
            ask("often");
        }
    }
    let often = world.found("often");
    assert_eq!((often.attempts.len(), often.attempts_dropped, often.why), (32, 9, Why::StreamEnded));
    assert_eq!(often.forgotten, 990 + 32 - 1_000);
    assert_eq!((world.why("n21"), world.why("n22")), (Why::NeverCame, Why::StreamEnded));
    world.outcomes.forget(&token("n22"));
    let gone = world.found("n22");
    assert_eq!(gone.why, Why::NeverCame);
    assert!(gone.similar.len() == 3 && gone.similar[0].starts_with('n'), "{:?}", gone.similar);
    world.outcomes.forget(&token("n22"));
}
