//! An HTTP/2 connection of ours under the pump: recorded, and printed as it runs.

use super::print::Printer;
use crate::h2::{Auto, Config, Connection, Event};
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Close, CloseReason, PeerClosed, Transmit, Transmitted};
use crate::net::dial::Dialed;
use crate::net::pump::{End, Engine, pump};
use crate::net::tls::TlsInfo;
use crate::net::transport::Transport;
use crate::net::{now, wall_clock};
use crate::transcript::{Facts, Follow, Hub, Next, Options, Record, RecordKind, Recorder, Side, lines_begin, title};
use ::http::Method;
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::task::Waker;
use std::time::{Duration, Instant};

/// What is sent on a connection, and when it is to be closed.
pub trait Job {
    /// Something happened.
    fn event(&mut self, now: Instant, connection: &mut Connection, event: &Event);

    /// Sends what is due. Called after events, and when the deadline has come.
    fn act(&mut self, now: Instant, connection: &mut Connection);

    /// When to act though nothing happens.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// How to close the connection, which the engine itself does not want to be closed.
    fn close(&self) -> Option<Close> {
        None
    }

    /// Something worth knowing, for the transcript.
    fn take_notice(&mut self) -> Option<String> {
        None
    }
}

/// How a connection ended.
pub struct Ended<J> {
    /// What was done on it.
    pub job: J,
    /// The streams on which requests were sent, with their methods, in their order.
    pub requests: Vec<(u32, Method)>,
    /// What arrived, up to [`MAX_CAPTURE`] bytes.
    pub received: Vec<u8>,
    /// Whether that is all.
    pub is_whole: bool,
    /// The time was over.
    pub is_late: bool,
}

/// Bytes that are kept of what arrives.
pub const MAX_CAPTURE: usize = 16 << 20;
/// Bytes of records that wait to be printed; a quarter of them is the longest frame that is kept whole.
const ROOM: usize = 64 << 20;
/// Bytes of content that are kept of a DATA frame, unless all are asked for.
const CONTENT: usize = 1024;

/// A transcript of one connection, printed as it is made.
pub struct Transcript<'p> {
    /// What happens is told to it.
    pub recorder: Recorder,
    records: Follow,
    printer: &'p mut Printer,
    requests: Vec<(u32, Method)>,
}

/// Both ends of a connection, as transcripts have them.
pub fn peer(id: u64, client: SocketAddr, server: SocketAddr, tls: Option<&TlsInfo>) -> Peer {
    Peer {
        id,
        client_address: client.to_string(),
        server_address: server.to_string(),
        server_port: server.port(),
        tls: tls.cloned(),
        ..Peer::default()
    }
}

/// The ends of a connection that was dialed.
pub fn dialed_peer(id: u64, dialed: &Dialed) -> Peer {
    peer(id, dialed.local, dialed.remote, dialed.tls.as_ref())
}

impl<'p> Transcript<'p> {
    /// Begins, and prints the first line.
    pub fn begin(printer: &'p mut Printer, side: Side, peer: &Peer, protocol: Protocol) -> Option<Self> {
        let data = if printer.keeps_content() { usize::MAX } else { CONTENT };
        let options = Options { connection: ROOM, total: usize::MAX, data, closed: 1 };
        let hub = Hub::new(options, now, |_| None);
        let recorder = Recorder::begin(&hub, side, peer, protocol, now(), wall_clock())?;
        let facts: Facts = recorder.transcript().facts();
        printer.set_side(side);
        printer.begin(&if printer.is_json() { lines_begin(&facts) } else { title(&facts) + "\n" });
        let records = recorder.transcript().follow(0);
        Some(Self { recorder, records, printer, requests: Vec::new() })
    }

    /// Bytes of content that are kept of a DATA frame.
    pub const fn content(&self) -> usize {
        if self.printer.keeps_content() { usize::MAX } else { CONTENT }
    }

    /// Prints what is new.
    pub fn print(&mut self) {
        while let Some(next) = self.records.try_next() {
            match next {
                Next::One(record) => {
                    self.requests.extend(request(&record));
                    self.printer.record(&record, None);
                }
                Next::Missed(count) => {
                    self.printer.note(&format!("… {count} records arrived too fast to be printed\n"))
                }
            }
        }
    }

    /// The connection has ended. Gives the streams on which requests were sent, with their methods, in their order.
    pub fn end(mut self, reason: CloseReason) -> Vec<(u32, Method)> {
        self.recorder.ending()(reason);
        self.print();
        self.requests
    }
}

/// The request that a record shows: its stream and method.
fn request(record: &Record) -> Option<(u32, Method)> {
    let RecordKind::Frame(frame) = &record.kind else { return None };
    if record.from != Some(Side::Client) {
        return None;
    }
    let method = frame.fields()?.ok()?.get(b":method")?;
    Some((frame.header().stream_id, Method::from_bytes(method).ok()?))
}

struct State<'p, J> {
    connection: Connection,
    transcript: Transcript<'p>,
    job: J,
    received: Vec<u8>,
    is_whole: bool,
    deadline: Option<Instant>,
    is_late: bool,
    reason: Option<CloseReason>,
}

struct Session<'p, J>(RefCell<State<'p, J>>);

/// Runs a connection to its end, or until `deadline`.
pub async fn run<J: Job>(
    stream: impl Transport,
    connection: Connection,
    transcript: Transcript<'_>,
    job: J,
    deadline: Option<Instant>,
) -> Ended<J> {
    let session = Session(RefCell::new(State {
        connection,
        transcript,
        job,
        received: Vec::new(),
        is_whole: true,
        deadline,
        is_late: false,
        reason: None,
    }));
    session.0.borrow_mut().turn(now());
    let end = pump(stream, &session, Duration::MAX).await;
    let State { transcript, job, received, is_whole, is_late, reason, .. } = session.0.into_inner();
    let reason = reason.unwrap_or(match end {
        End::Closed => CloseReason::Local(Close::Graceful),
        End::Aborted => CloseReason::Local(Close::Abort),
        End::Peer(how) => CloseReason::Peer(how),
        End::Stalled(_) => CloseReason::Stalled,
    });
    Ended { job, requests: transcript.end(reason), received, is_whole, is_late }
}

impl<J: Job> State<'_, J> {
    /// Acts, records what happens, and prints it.
    fn turn(&mut self, now: Instant) {
        loop {
            self.job.act(now, &mut self.connection);
            let mut is_idle = true;
            while let Some(event) = self.connection.poll_event() {
                is_idle = false;
                self.transcript.recorder.http2(Some(now), 0, &event);
                match &event {
                    Event::Data { stream, data, .. } => self.connection.consume(*stream, data.len()),
                    Event::Closed { reason } => self.reason = self.reason.or(Some(*reason)),
                    _ => {}
                }
                self.job.event(now, &mut self.connection, &event);
            }
            if is_idle {
                break;
            }
        }
        while let Some(notice) = self.job.take_notice() {
            self.transcript.recorder.notice(Some(now), None, &notice);
        }
        self.transcript.print();
    }
}

impl<J: Job> Engine for Session<'_, J> {
    fn receive(&self, now: Instant, octets: &[u8]) {
        let mut state = self.0.borrow_mut();
        let room = MAX_CAPTURE - state.received.len();
        state.is_whole &= octets.len() <= room;
        state.received.extend_from_slice(octets.get(..room).unwrap_or(octets));
        state.connection.receive(now, octets);
        state.turn(now);
    }

    fn peer_closed(&self, now: Instant, how: PeerClosed) {
        let mut state = self.0.borrow_mut();
        state.connection.peer_closed(now, how);
        state.turn(now);
    }

    fn handle_timeout(&self, now: Instant) {
        let mut state = self.0.borrow_mut();
        state.is_late = state.deadline.is_some_and(|deadline| deadline <= now);
        state.connection.handle_timeout(now);
        state.turn(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let state = self.0.borrow();
        if state.is_late || state.connection.is_closed() {
            return None;
        }
        [state.deadline, state.job.deadline(), state.connection.poll_timeout()].into_iter().flatten().min()
    }

    fn transmit(&self, now: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        let state = &mut *self.0.borrow_mut();
        let Some(Transmit { octets, flush }) = state.connection.poll_transmit() else { return Transmitted::Idle };
        let all = octets.len();
        let Ok(taken) = write(octets) else { return Transmitted::More };
        state.connection.transmitted(taken);
        state.turn(now);
        if flush && taken == all { Transmitted::Flush } else { Transmitted::More }
    }

    fn wants_read(&self) -> bool {
        true
    }

    fn close(&self) -> Option<Close> {
        let state = self.0.borrow();
        if state.is_late {
            return Some(Close::Abort);
        }
        state.job.close().or_else(|| state.connection.should_close().then_some(Close::Graceful))
    }

    fn register_waker(&self, _: &Waker) {
        // Nothing but the pump makes output.
    }
}

/// Of a server that is silent, `--timeout` alone makes an end.
pub fn client_config() -> Config {
    let mut config = Config::client();
    let limits = &mut config.limits;
    (limits.preface_timeout, limits.frame_timeout, limits.stall_timeout, limits.idle_timeout) =
        (None, None, None, None);
    config
}

/// Nothing is sent that was not asked for.
pub fn no_automatic() -> Auto {
    Auto { settings_ack: false, ping_ack: false, window_update: false, goaway_on_error: false, validate: false }
}
