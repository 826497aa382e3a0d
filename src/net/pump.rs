//! Moves octets between a stream and a protocol engine: one future per connection.
//!
//! A turn reads what has arrived, lets the engine answer, and writes what the engine has, gathered
//! into as few writes as its flush marks allow. It ends by time, whatever the peer sends and however
//! much there is to write, so that other connections of the thread are served. Buffers belong to the thread, not to the connection:
//! an idle connection holds none, and a turn allocates nothing.

mod closing;
mod sink;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod toy;
mod turn;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use self::closing::Closing;
use self::sink::{Progress, Sink, Unflushed};
pub use self::turn::TURN;
use self::turn::{Rest, Turn};
use super::transport::Transport;
use crate::http::transport::{Close, PeerClosed, Transmitted};

/// What the pump needs of a protocol engine.
///
/// All methods are called from the one task that runs the pump, never from within each other, save
/// `write` from within `transmit`. A turn calls, in this order: `register_waker`, `close`,
/// `poll_timeout` (and `handle_timeout`), `wants_read` and `receive` while octets come, `transmit`
/// until `Idle` or until the stream takes no more, `close`, `poll_timeout`.
pub trait Engine {
    /// Octets from the peer, in order, cut anyhow.
    fn receive(&self, now: Instant, octets: &[u8]);

    /// The peer's half is over: called after the last `receive`. A peer that may still read gets more:
    /// the pump continues until `close` says how to end, and if the connection breaks before, this is
    /// called once more. After anything else the pump ends.
    fn peer_closed(&self, now: Instant, how: PeerClosed);

    /// The instant given by `poll_timeout` has come.
    fn handle_timeout(&self, now: Instant);

    /// When to call `handle_timeout`, if ever.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Offers the next octets to `write`, once or more often. `write` says how many it took; after
    /// `WouldBlock` (or a count short of what was offered) the rest stays with the engine. `Flush` is
    /// returned only when `write` took everything up to a cut mark.
    fn transmit(&self, now: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted;

    /// False while reading is paused: by a script, or because too much is queued.
    fn wants_read(&self) -> bool;

    /// Whether the engine has put off a part of its own work, because it took too long already: `transmit` goes on
    /// with it, perhaps in another turn. Nothing is read meanwhile.
    fn is_behind(&self) -> bool {
        false
    }

    /// `Abort` at once; the others once everything to be sent was taken.
    fn close(&self) -> Option<Close>;

    /// To be woken when something else than the pump made output, or changed the timeout,
    /// `wants_read` or `close`.
    fn register_waker(&self, waker: &Waker);
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As the engine wished.
    Closed,
    /// Reset by us, as the engine wished.
    Aborted,
    /// By the peer or the network, before the engine wished it.
    Peer(PeerClosed),
    /// Reset by us: the peer has read nothing for this long, while octets waited.
    Stalled(Duration),
}

/// Octets to read before their answers are written.
const MAX_READ_OCTETS: usize = 128 * 1024;
const READ_BUFFER_OCTETS: usize = 64 * 1024;

/// Offers of the engine between two looks at the clock while nothing has been written: they may be small frames.
const OFFERS: usize = 64;

/// Runs a connection to its end.
///
/// A peer that takes none of the octets that wait for it for as long as `stall_timeout` is cut off.
///
/// To be called within a tokio runtime with time and I/O enabled. Dropping the future closes the stream.
pub async fn pump<S: Transport, E: Engine + ?Sized>(stream: S, engine: &E, stall_timeout: Duration) -> End {
    let mut pump = Pump {
        stream,
        engine,
        phase: Phase::Open,
        peer_ended: false,
        ahead: Vec::new(),
        rest: Vec::new(),
        unflushed: Unflushed::Nothing,
        stall_timeout,
        stalled: None,
        alarm: None,
        rest_after_turn: Rest::default(),
    };
    poll_fn(|context| pump.poll(context)).await
}

struct Pump<'e, S, E: ?Sized> {
    stream: S,
    engine: &'e E,
    phase: Phase,
    /// The peer's half is over and the engine knows.
    peer_ended: bool,
    /// Octets that were read and the engine has not taken yet: empty, unless a turn ended before they were.
    ahead: Vec<u8>,
    /// Octets that the engine gave and the stream has not taken yet: empty, unless the stream is blocked or a turn ended.
    rest: Vec<u8>,
    unflushed: Unflushed,
    stall_timeout: Duration,
    /// Since when the stream has taken nothing although octets wait.
    stalled: Option<Instant>,
    alarm: Option<Alarm>,
    rest_after_turn: Rest,
}

enum Phase {
    Open,
    /// Our half is to be ended; reading goes on.
    HalfClosing,
    HalfClosed,
    Closing(Closing),
}

struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// False once it rang: a `Sleep` must not be polled again before it is set anew.
    set: bool,
}

/// Why reading stopped.
#[derive(PartialEq, Eq)]
enum Reading {
    /// There is nothing to read: the stream will wake us.
    Blocked,
    /// The engine wants no more, or its answers are due.
    NotBlocked,
    /// The connection cannot be used any more.
    Failed(PeerClosed),
}

impl<S: Transport, E: Engine + ?Sized> Pump<'_, S, E> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<End> {
        if !self.rest_after_turn.is_over(context) {
            return Poll::Pending;
        }
        let mut buffers = Buffers::take();
        let poll = self.poll_rounds(context, &mut buffers);
        buffers.give_back();
        poll
    }

    fn poll_rounds(&mut self, context: &mut Context<'_>, buffers: &mut Buffers) -> Poll<End> {
        self.engine.register_waker(context.waker());
        let mut now = super::now();
        let turn = Turn::begin(now);
        loop {
            if let Phase::Closing(closing) = &mut self.phase {
                let poll =
                    closing.poll(context, &mut self.stream, (turn, &mut self.rest_after_turn), now, &mut buffers.read);
                return poll.map(|()| End::Closed);
            }
            if self.engine.close() == Some(Close::Abort) {
                return self.abort();
            }
            if self.engine.poll_timeout().is_some_and(|at| at <= now) {
                self.engine.handle_timeout(now);
            }
            let reading = self.read(context, turn, now, buffers);
            if let Reading::Failed(how) = reading {
                return Poll::Ready(End::Peer(how));
            }
            let progress = self.write(context, turn, now, buffers);
            match progress {
                Progress::Blocked | Progress::Late => (),
                Progress::Done => {
                    if let Some(end) = self.settle(context, now) {
                        return Poll::Ready(end);
                    }
                }
                Progress::Failed(how) => return Poll::Ready(self.write_failed(context, now, how, buffers)),
            }
            if self.has_stalled(now) {
                self.stream.reset_on_drop();
                return Poll::Ready(End::Stalled(self.stall_timeout));
            }
            let again = matches!(self.phase, Phase::Closing(_))
                || progress == Progress::Late
                || self.engine.is_behind()
                || (reading != Reading::Blocked && !self.peer_ended && self.engine.wants_read())
                || self.poll_alarm(context)
                || self.engine.close() == Some(Close::Abort);
            if !again {
                return Poll::Pending;
            }
            now = super::now();
            if turn.is_over_at(now) {
                return self.rest_after_turn.begin(context);
            }
        }
    }

    /// Lets the engine take what arrives, until there is no more, or it is time to write answers.
    fn read(&mut self, context: &mut Context<'_>, turn: Turn, now: Instant, buffers: &mut Buffers) -> Reading {
        let mut octets = 0;
        if !self.ahead.is_empty() {
            let ahead = std::mem::take(&mut self.ahead);
            octets += ahead.len();
            if !self.give(&ahead, turn, now) {
                return Reading::NotBlocked;
            }
        }
        while !self.peer_ended && octets < MAX_READ_OCTETS && self.may_read() {
            let mut buffer = ReadBuf::new(&mut buffers.read);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return Reading::Blocked,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => self.peer_ends(now, PeerClosed::Clean),
                Poll::Ready(Ok(())) => {
                    octets += buffer.filled().len();
                    if !self.give(buffer.filled(), turn, now) {
                        return Reading::NotBlocked;
                    }
                }
                Poll::Ready(Err(error)) => {
                    let how = PeerClosed::from(error.kind());
                    self.peer_ends(now, how);
                    if !how.may_still_read() {
                        return Reading::Failed(how);
                    }
                }
            }
        }
        Reading::NotBlocked
    }

    fn may_read(&self) -> bool {
        !self.engine.is_behind() && self.engine.wants_read()
    }

    /// Gives octets to the engine, piece by piece, as long as it wants them and the turn lasts. False if octets are left.
    fn give(&mut self, octets: &[u8], turn: Turn, now: Instant) -> bool {
        let mut pieces = turn.pieces();
        let mut rest = octets;
        while !rest.is_empty() {
            if !self.may_read() {
                break;
            }
            let (piece, more) = rest.split_at(pieces.size().min(rest.len()));
            self.engine.receive(now, piece);
            rest = more;
            if !rest.is_empty() && !pieces.may_go_on() {
                break;
            }
        }
        self.ahead.extend_from_slice(rest);
        rest.is_empty()
    }

    fn peer_ends(&mut self, now: Instant, how: PeerClosed) {
        self.peer_ended = true;
        self.engine.peer_closed(now, how);
    }

    /// Writes until the engine has nothing left, or the stream takes no more.
    fn write(&mut self, context: &mut Context<'_>, turn: Turn, now: Instant, buffers: &mut Buffers) -> Progress {
        let Pump { stream, engine, rest, unflushed, phase, stalled, .. } = self;
        let mut sink = Sink::new(stream, context, &mut buffers.gather, rest, unflushed);
        // When our half is over, or about to be, there is nothing else to send.
        let progress = match sink.resume() {
            Progress::Done if matches!(phase, Phase::Open) => Self::write_all(engine, &mut sink, turn, now),
            other => other,
        };
        match progress {
            Progress::Blocked if !sink.has_written() => *stalled = stalled.or(Some(now)),
            Progress::Blocked => *stalled = Some(now),
            _ => *stalled = None,
        }
        progress
    }

    fn write_all(engine: &E, sink: &mut Sink<'_, '_, S>, turn: Turn, now: Instant) -> Progress {
        let mut offers = 0_usize;
        loop {
            let mut offered = false;
            let mut next = engine.transmit(now, &mut |octets| {
                offered = true;
                sink.take(octets)
            });
            if next == Transmitted::More && !offered {
                // It would have us ask for ever.
                next = Transmitted::Idle;
            }
            let progress = match next {
                Transmitted::More => sink.state(),
                Transmitted::Idle | Transmitted::Flush => sink.flush(),
            };
            if progress != Progress::Done {
                sink.suspend();
                return progress;
            }
            if next == Transmitted::Idle {
                return Progress::Done;
            }
            offers += 1;
            if (sink.has_written() || offers.is_multiple_of(OFFERS)) && turn.is_over() {
                // Each turn writes something, however late it is.
                let progress = if sink.has_written() { Progress::Done } else { sink.flush() };
                sink.suspend();
                return if progress == Progress::Done { Progress::Late } else { progress };
            }
        }
    }

    /// Whether the peer has had all its time to take something.
    fn has_stalled(&self, now: Instant) -> bool {
        self.stall_deadline().is_some_and(|deadline| deadline <= now)
    }

    fn stall_deadline(&self) -> Option<Instant> {
        self.stalled?.checked_add(self.stall_timeout)
    }

    /// Everything is written: ends our half if the engine wishes it. Some, once the connection is over.
    fn settle(&mut self, context: &mut Context<'_>, now: Instant) -> Option<End> {
        let close = self.engine.close();
        match (&self.phase, close) {
            (_, Some(Close::Abort)) => return Some(self.abort_end()),
            (Phase::Open | Phase::HalfClosing | Phase::HalfClosed, Some(how @ (Close::Graceful | Close::Truncate))) => {
                self.phase = Phase::Closing(Closing::new(now, how, self.peer_ended));
                return None;
            }
            (Phase::Open, Some(Close::Half)) => self.phase = Phase::HalfClosing,
            _ => (),
        }
        if matches!(self.phase, Phase::HalfClosing) {
            match Pin::new(&mut self.stream).poll_shutdown(context) {
                Poll::Pending => (),
                Poll::Ready(Ok(())) => self.phase = Phase::HalfClosed,
                Poll::Ready(Err(error)) => {
                    let how = PeerClosed::from(error.kind());
                    self.peer_ends(now, how);
                    return Some(End::Peer(how));
                }
            }
        }
        (matches!(self.phase, Phase::HalfClosed) && self.peer_ended).then_some(End::Closed)
    }

    /// A peer that closed may have said why before: its last octets are still to be read.
    fn write_failed(&mut self, context: &mut Context<'_>, now: Instant, how: PeerClosed, buffers: &mut Buffers) -> End {
        let mut octets = 0;
        while !self.peer_ended && octets < MAX_READ_OCTETS {
            let mut buffer = ReadBuf::new(&mut buffers.read);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    octets += buffer.filled().len();
                    self.engine.receive(now, buffer.filled());
                }
                _ => break,
            }
        }
        self.peer_ends(now, how);
        End::Peer(how)
    }

    fn abort(&mut self) -> Poll<End> {
        Poll::Ready(self.abort_end())
    }

    fn abort_end(&mut self) -> End {
        self.stream.reset_on_drop();
        End::Aborted
    }

    /// Sets the alarm to the engine's timeout, or to the end of the peer's time; true if that has come.
    ///
    /// Timeouts mostly move later with each turn, so an alarm that rings too early is left alone until
    /// it rings: that is cheaper than to set it anew each time.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> bool {
        let Some(at) = self.engine.poll_timeout().into_iter().chain(self.stall_deadline()).min() else { return false };
        let at = tokio::time::Instant::from_std(at);
        let alarm =
            self.alarm.get_or_insert_with(|| Alarm { sleep: Box::pin(tokio::time::sleep_until(at)), set: true });
        if !alarm.set || at < alarm.sleep.deadline() {
            alarm.sleep.as_mut().reset(at);
            alarm.set = true;
        }
        let rang = alarm.sleep.as_mut().poll(context).is_ready();
        alarm.set = !rang;
        rang
    }
}

/// The buffers of a thread, lent to the one connection that is being polled.
struct Buffers {
    read: Vec<u8>,
    gather: Vec<u8>,
}

thread_local! {
    static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

impl Buffers {
    fn take() -> Box<Buffers> {
        BUFFERS.take().unwrap_or_else(|| {
            Box::new(Buffers { read: vec![0; READ_BUFFER_OCTETS], gather: Vec::with_capacity(sink::GATHER_OCTETS) })
        })
    }

    fn give_back(self: Box<Buffers>) {
        BUFFERS.set(Some(self));
    }
}
