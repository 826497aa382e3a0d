//! Checked and raw calls together: after any raw calls, no byte of a checked call contradicts them, and a client that
//! follows what it has seen is not accused.

mod peer;
mod steps;

use super::client::{UPLOAD, borrow, fields, octets, to_octets};
use crate::h2::*;
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, SettingId, Settings, WindowUpdate, flag};
use crate::wire::hpack::{BlockBuilder, LiteralKind, Name};
use bytes::Bytes;
use peer::Peer;
use proptest::prelude::*;
use std::time::Instant;
use steps::{Checked, FromClient, Step};

/// Both ends of a connection.
struct Both {
    connection: Connection,
    peer: Peer,
    now: Instant,
    /// Requests that the client has sent and the server has not received.
    under_way: Vec<Bytes>,
    /// Size updates that the client owes in front of its next block.
    owed: Vec<u32>,
    next_stream: u32,
    /// The rest of a raw block, and of raw octets.
    open_block: Option<(u32, Bytes)>,
    open_octets: Option<Bytes>,
    refused: Vec<Misuse>,
}

impl Both {
    fn new() -> Self {
        #[allow(clippy::disallowed_methods, reason = "any time will do")]
        let now = Instant::now();
        let settings = vec![(SettingId::INITIAL_WINDOW_SIZE.0, 100)];
        let config = Config { record_frames: true, settings, connection_window: 70_000, ..Config::default() };
        let mut both = Self {
            connection: Connection::server(config, now),
            peer: Peer::new(),
            now,
            under_way: Vec::new(),
            owed: Vec::new(),
            next_stream: 1,
            open_block: None,
            open_octets: None,
            refused: Vec::new(),
        };
        both.connection.receive(now, &octets("preface"));
        both.client(&FromClient::Settings(vec![])).expect("a first SETTINGS");
        for method in ["GET", "POST", "HEAD"] {
            both.client(&FromClient::Open(method)).expect("a request");
        }
        both.client(&FromClient::Deliver).expect("requests");
        both
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Checked(checked) => self.checked(checked),
            Step::Raw(frame, track) => self.connection.send_raw_frame(frame, track.at(CallSite(7))),
            Step::RawOctets(frame, cut) => {
                let octets = Bytes::from(to_octets(frame));
                let at = cut.index(octets.len() + 1);
                self.connection.send_raw_octets(octets.slice(..at), CallSite(8));
                self.open_octets = Some(octets.slice(at..));
            }
            Step::RawRest => {
                if let Some(rest) = self.open_octets.take() {
                    self.connection.send_raw_octets(rest, CallSite(9));
                }
            }
            Step::RawOpen(stream, flags, block, cut, track) => {
                let at = cut.index(block.len() + 1);
                let frame = RawFrame::new(FrameType::HEADERS, *flags, *stream, block.slice(..at));
                self.connection.send_raw_frame(&frame, *track);
                self.open_block = Some((*stream, block.slice(at..)));
            }
            Step::RawClose(track) => {
                if let Some((stream, rest)) = self.open_block.take() {
                    let frame = RawFrame::new(FrameType::CONTINUATION, flag::END_HEADERS, stream, rest);
                    self.connection.send_raw_frame(&frame, *track);
                }
            }
            Step::Encoded(stream, end, track) => {
                let fields = fields(":status=200 x-encoded=1");
                let block = self.connection.encode(borrow(&fields));
                let flags = if *end { flag::END_HEADERS | flag::END_STREAM } else { flag::END_HEADERS };
                let frame = RawFrame::new(FrameType::HEADERS, flags, *stream, block);
                self.connection.send_raw_frame(&frame, *track);
            }
            Step::Settle(stream) => self.connection.settle(*stream),
            Step::Transmit => self.transmit(),
            Step::Client(client) => self.client(client)?,
        }
        self.read()
    }

    fn checked(&mut self, checked: &Checked) {
        let connection = &mut self.connection;
        let ended = match checked {
            Checked::Informational(stream) => {
                connection.send_informational(*stream, borrow(&fields(":status=103 link=a")))
            }
            Checked::Headers(stream, end) => {
                connection.send_headers(*stream, borrow(&fields(":status=200 x-checked=1 x-both=2")), *end)
            }
            Checked::Data(stream, length, end) => connection.send_data(*stream, vec![b'c'; *length].into(), *end),
            Checked::Trailers(stream) => connection.send_trailers(*stream, borrow(&fields("x-end=1"))),
            Checked::Reset(stream) => connection.reset(*stream, ErrorCode::CANCEL),
            Checked::Push(stream) => {
                let request = fields(":method=GET :scheme=https :path=/ :authority=example.org");
                connection.push_promise(*stream, borrow(&request)).map(drop)
            }
            Checked::WindowUpdate(stream, increment) => connection.window_update(*stream, *increment),
            Checked::Ping => connection.ping([1; 8]),
            Checked::Settings(value) => connection.send_settings(&[(4, *value)]),
            Checked::GoAway(last) => connection.go_away(*last, ErrorCode::NO_ERROR, Bytes::new()),
        };
        self.refused.extend(ended.err());
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.connection.poll_transmit() {
            let length = transmit.octets.len();
            self.connection.transmitted(length);
        }
    }

    /// Lets the client read what was sent, and looks at what the engine says of the client.
    fn read(&mut self) -> Result<(), String> {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Sent { octets, cause, .. } => self.peer.read(&octets, cause)?,
                Event::Data { stream, data, .. } => self.connection.consume(stream, data.len()),
                Event::Violation(violation) if !self.peer.lost && !self.peer.unreadable => {
                    return Err(format!("the client is accused of {violation:?}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn client(&mut self, step: &FromClient) -> Result<(), String> {
        // What an earlier step has sent is read before anything is answered.
        self.read()?;
        // Octets arrive in the order in which they were sent.
        if !matches!(step, FromClient::Open(_) | FromClient::Deliver) {
            self.client(&FromClient::Deliver)?;
        }
        let sent = match step {
            FromClient::Ping => octets("frame PING 0 00 0102030405060708"),
            FromClient::Settings(entries) => {
                self.peer.announces(entries);
                to_octets(&Settings { entries: entries.clone() }.to_raw(0, 0))
            }
            FromClient::Ack => {
                let Some(table) = self.peer.to_ack.pop_front() else { return Ok(()) };
                self.owed.extend(table);
                octets("ack")
            }
            FromClient::Grant(stream, increment) => {
                if *stream != 0 && self.peer.streams.get(stream).is_none_or(|stream| stream.reset) {
                    return Ok(());
                }
                self.peer.grants(*stream, *increment);
                to_octets(&WindowUpdate { reserved: false, increment: *increment }.to_raw(0, *stream))
            }
            FromClient::Reset(stream) => {
                let Some(known) = self.peer.streams.get_mut(stream).filter(|known| !known.reset) else { return Ok(()) };
                (known.reset_by_client, known.reset) = (true, true);
                octets(&format!("frame RST_STREAM {stream} 00 00000008"))
            }
            FromClient::Open(method) => {
                self.peer.opens(self.next_stream, *method == "POST", *method == "HEAD");
                let request = self.request(method).into();
                self.under_way.push(request);
                self.next_stream += 2;
                return Ok(());
            }
            FromClient::Deliver => self.under_way.drain(..).flatten().collect(),
            FromClient::Data(stream, length, end) => {
                let Some(known) = self.peer.streams.get_mut(stream).filter(|known| known.may_send()) else {
                    return Ok(());
                };
                if known.send_window.min(self.peer.send_window) < *length as i64 {
                    return Ok(());
                }
                known.send_window -= *length as i64;
                self.peer.send_window -= *length as i64;
                known.open = !end;
                octets(&format!("{} {stream} {length}", if *end { "end" } else { "data" }))
            }
        };
        self.connection.receive(self.now, &sent);
        self.read()
    }

    /// A request as a client writes it that keeps to the table sizes that it has acknowledged.
    fn request(&mut self, method: &str) -> Vec<u8> {
        let mut block = BlockBuilder::new();
        if let (Some(least), Some(last)) = (self.owed.iter().min().copied(), self.owed.last().copied()) {
            block.size_update(u64::from(least));
            block.size_update(u64::from(last));
            self.owed.clear();
        }
        for (name, value) in fields(&UPLOAD.replace("POST", method)) {
            block.literal(LiteralKind::WithoutIndexing, Name::Literal(&name), &value, false, false);
        }
        let flags = flag::END_HEADERS | if method == "POST" { 0 } else { flag::END_STREAM };
        to_octets(&RawFrame::new(FrameType::HEADERS, flags, self.next_stream, block.finish()))
    }
}

/// Runs steps, and gives both ends as they are then.
fn run(steps: &[Step]) -> Result<Both, String> {
    let mut both = Both::new();
    for (number, step) in steps.iter().enumerate() {
        both.step(step).map_err(|why| format!("step {number}, {step:?}: {why}"))?;
    }
    // Everything that could wait is let out.
    let end = [Step::RawRest, Step::RawClose(Track::No), Step::Transmit];
    let grants = [0, 1, 2, 3, 5, 7].map(|stream| Step::Client(FromClient::Grant(stream, 1 << 20)));
    for step in end.iter().chain(&grants).chain(&[Step::Transmit]) {
        both.step(step).map_err(|why| format!("at the end, {step:?}: {why}"))?;
    }
    Ok(both)
}

#[test]
fn the_reader_finds_who_broke_a_rule_first() {
    let head = to_octets(&super::client::headers(1, flag::END_STREAM, ":status=200"));
    let late = to_octets(&RawFrame::new(FrameType::DATA, 0, 1, &b"late"[..]));
    let mut peer = Peer::new();
    peer.opens(1, false, false);
    peer.read(&head, Cause::Raw).expect("a response");
    peer.read(&late, Cause::Raw).expect("raw octets may break any rule");
    assert!(peer.read(&late, Cause::Checked).is_err());
    peer.read(&head[..3], Cause::Raw).expect("a part of a frame");
    assert!(peer.read(&late, Cause::Automatic).is_err());
}

proptest! {
    #![proptest_config(crate::properties::config(2_000))]

    #[test]
    fn no_checked_octet_contradicts_what_went_out(steps in prop::collection::vec(steps::step(), 1..24)) {
        let outcome = run(&steps);
        prop_assert!(outcome.is_ok(), "{}", outcome.err().unwrap_or_default());
    }

    #[test]
    fn without_raw_calls_nothing_is_refused_because_of_them(
        steps in prop::collection::vec(steps::lawful_step(), 1..24)
    ) {
        let outcome = run(&steps);
        prop_assert!(outcome.is_ok(), "{}", outcome.as_ref().err().cloned().unwrap_or_default());
        let refused = outcome.map(|both| both.refused).unwrap_or_default();
        let wrong = refused.iter().find(|misuse| matches!(misuse, Misuse::Contradicts { .. }));
        prop_assert!(wrong.is_none(), "{wrong:?}");
    }
}
