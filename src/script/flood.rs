//! Sends a flood, as fast as the client reads, and sees what the client does about it.

use std::cell::Cell;
use std::time::Duration;

use crate::exchange::{Connection, ErrorCode, Exchange, RawCall, SendError, Subscription};
use crate::wire::flood::Flood;
use crate::wire::frame::{FrameType, GoAway, HEADER_LENGTH, Payload, RawFrame, RstStream};

/// Octets that may wait to be written before a flood waits too.
const LOW_WATER: usize = 64 * 1024;

/// A flood ready to go.
pub struct Plan {
    /// Where it goes.
    pub connection: Connection,
    /// Whose response's header section it is, if it is one.
    pub head_of: Option<Exchange>,
    /// Its frames.
    pub flood: Flood,
    /// How its frames are meant, and the call that they come from.
    pub call: RawCall,
    /// Frames after which everybody else has a turn, at least 1.
    pub burst: u64,
    /// A pause after each burst.
    pub pause: Duration,
    /// How long to wait, after the last frame, for what the client does.
    pub wait: Duration,
    /// Whether a PING may follow: not inside a field block (RFC 9113 §4.3).
    pub ends: bool,
}

/// What the client did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// It acknowledged a PING behind the flood, so that it has seen all of it.
    Acknowledged,
    /// It said why it ends the connection.
    GoAway(ErrorCode),
    /// It reset the stream of the flood.
    Reset(ErrorCode),
    /// The connection is over without a word of the client's.
    Closed,
    /// None of these in time.
    Silent,
}

impl Client {
    /// In a word, and with the error code.
    pub const fn words(self) -> (&'static str, Option<ErrorCode>) {
        match self {
            Self::Acknowledged => ("acknowledged", None),
            Self::GoAway(code) => ("goaway", Some(code)),
            Self::Reset(code) => ("reset", Some(code)),
            Self::Closed => ("closed", None),
            Self::Silent => ("silent", None),
        }
    }
}

/// What became of a flood.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Frames that were queued before the client ended it.
    pub frames: u64,
    /// Their octets.
    pub octets: u64,
    /// What the client did.
    pub client: Client,
    /// Other streams that the client reset meanwhile: promised ones.
    pub refused: u64,
}

impl Plan {
    /// Sends frame by frame until the client has had enough. No more waits to be written than a low-water mark and a
    /// frame, so that a client that does not read holds the flood up rather than fill memory.
    ///
    /// # Errors
    /// The connection was over before the first frame.
    pub async fn run(self) -> Result<Report, SendError> {
        let watch = Watch::new(&self.connection, self.flood.stream_id())?;
        let mut report = Report { frames: 0, octets: 0, client: Client::Silent, refused: 0 };
        report.client = match self.send(&watch, &mut report).await {
            Some(client) => client,
            None => self.await_client(&watch).await,
        };
        report.refused = watch.refused.get();
        Ok(report)
    }

    /// What the client did, if it ended the flood.
    async fn send(&self, watch: &Watch, report: &mut Report) -> Option<Client> {
        for frame in self.flood.clone() {
            if report.frames > 0 && report.frames.is_multiple_of(self.burst) {
                tokio::select! {
                    biased;
                    client = watch.over() => return Some(client),
                    () = rest(self.pause) => {}
                }
            }
            let raw = frame.to_raw();
            let octets = (HEADER_LENGTH + raw.payload.len()) as u64;
            if self.send_frame(raw).is_err() {
                return Some(watch.closed());
            }
            report.frames += 1;
            report.octets += octets;
            tokio::select! {
                biased;
                client = watch.over() => return Some(client),
                room = self.connection.output_below(LOW_WATER) => if room.is_err() {
                    return Some(watch.closed());
                }
            }
        }
        None
    }

    fn send_frame(&self, frame: RawFrame) -> Result<(), SendError> {
        match &self.head_of {
            Some(exchange) => exchange.send_raw_frame("flood", frame, self.call),
            None => self.connection.send_frame(frame, self.call),
        }
    }

    async fn await_client(&self, watch: &Watch) -> Client {
        if self.wait.is_zero() {
            return Client::Silent;
        }
        let acknowledged = async {
            if !self.ends {
                return std::future::pending().await;
            }
            match self.connection.ping(self.call.site).await {
                Ok(()) => Client::Acknowledged,
                Err(_) => watch.closed(),
            }
        };
        tokio::select! {
            biased;
            client = watch.over() => client,
            client = acknowledged => client,
            () = tokio::time::sleep(self.wait) => Client::Silent,
        }
    }
}

async fn rest(pause: Duration) {
    if pause.is_zero() { tokio::task::yield_now().await } else { tokio::time::sleep(pause).await }
}

/// What the client sends meanwhile.
struct Watch {
    goaways: Subscription,
    resets: Subscription,
    /// 0 for the connection.
    stream: u32,
    /// The code of a GOAWAY that may not be meant for the flood.
    farewell: Cell<Option<ErrorCode>>,
    refused: Cell<u64>,
}

impl Watch {
    fn new(connection: &Connection, stream: u32) -> Result<Self, SendError> {
        let goaways = connection.subscribe(Some(FrameType::GOAWAY))?;
        let resets = connection.subscribe(Some(FrameType::RST_STREAM))?;
        Ok(Self { goaways, resets, stream, farewell: Cell::new(None), refused: Cell::new(0) })
    }

    /// Waits until the client has ended connection or stream.
    async fn over(&self) -> Client {
        loop {
            let frame = tokio::select! {
                biased;
                frame = self.goaways.next() => frame,
                frame = self.resets.next() => frame,
            };
            let Some(frame) = frame else { return self.closed() };
            match Payload::parse(&frame) {
                Ok(Payload::GoAway(GoAway { code, .. })) => {
                    self.farewell.set(Some(code));
                    // Without an error streams go on to their end (RFC 9113 §6.8).
                    if code != ErrorCode::NO_ERROR {
                        return Client::GoAway(code);
                    }
                }
                Ok(Payload::RstStream(RstStream { code })) if frame.header.stream_id == self.stream => {
                    return Client::Reset(code);
                }
                Ok(Payload::RstStream(_)) => self.refused.set(self.refused.get() + 1),
                _ => {}
            }
        }
    }

    fn closed(&self) -> Client {
        self.farewell.get().map_or(Client::Closed, Client::GoAway)
    }
}
