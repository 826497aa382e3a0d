//! Moves octets between a stream and a protocol engine: one future per connection.
//!
//! A turn reads what has arrived, lets the engine answer, and writes what the engine has, gathered
//! into as few writes as its flush marks allow. Buffers belong to the thread, not to the connection:
//! an idle connection holds none, and a turn allocates nothing.

mod closing;
mod sink;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod toy;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use self::closing::Closing;
use self::sink::{Progress, Sink, Unflushed};
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

    /// `Abort` at once; `Graceful` and `Half` once everything to be sent was taken.
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
}

/// Rounds of reading and writing in one poll before other connections get their turn.
const MAX_ROUNDS: usize = 16;
/// Octets to read before their answers are written.
const MAX_READ_OCTETS: usize = 128 * 1024;
const READ_BUFFER_OCTETS: usize = 64 * 1024;

/// Runs a connection to its end.
///
/// To be called within a tokio runtime with time and I/O enabled. Dropping the future closes the stream.
pub async fn pump<S: Transport, E: Engine + ?Sized>(stream: S, engine: &E) -> End {
    let mut pump = Pump {
        stream,
        engine,
        phase: Phase::Open,
        peer_ended: false,
        rest: Vec::new(),
        unflushed: Unflushed::Nothing,
        alarm: None,
    };
    poll_fn(|context| pump.poll(context)).await
}

struct Pump<'e, S, E: ?Sized> {
    stream: S,
    engine: &'e E,
    phase: Phase,
    /// The peer's half is over and the engine knows.
    peer_ended: bool,
    /// Octets that the engine gave and the stream has not taken yet: empty, but while the stream is blocked.
    rest: Vec<u8>,
    unflushed: Unflushed,
    alarm: Option<Alarm>,
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

/// Whether reading stopped because there is nothing to read: only then will the stream wake us.
#[derive(PartialEq, Eq)]
enum Reading {
    Blocked,
    NotBlocked,
    /// The connection is of no use any more.
    Failed(PeerClosed),
}

impl<S: Transport, E: Engine + ?Sized> Pump<'_, S, E> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<End> {
        let mut buffers = Buffers::take();
        let poll = self.poll_rounds(context, &mut buffers);
        buffers.give_back();
        poll
    }

    fn poll_rounds(&mut self, context: &mut Context<'_>, buffers: &mut Buffers) -> Poll<End> {
        self.engine.register_waker(context.waker());
        for _ in 0..MAX_ROUNDS {
            let now = super::now();
            if let Phase::Closing(closing) = &mut self.phase {
                return closing.poll(context, &mut self.stream, now, &mut buffers.read).map(|()| End::Closed);
            }
            if self.engine.close() == Some(Close::Abort) {
                return self.abort();
            }
            if self.engine.poll_timeout().is_some_and(|at| at <= now) {
                self.engine.handle_timeout(now);
            }
            let reading = self.read(context, now, buffers);
            if let Reading::Failed(how) = reading {
                return Poll::Ready(End::Peer(how));
            }
            match self.write(context, now, buffers) {
                Progress::Blocked => (),
                Progress::Done => {
                    if let Some(end) = self.settle(context, now) {
                        return Poll::Ready(end);
                    }
                }
                Progress::Failed(how) => return Poll::Ready(self.write_failed(context, now, how, buffers)),
            }
            if matches!(self.phase, Phase::Closing(_)) {
                continue;
            }
            let read_again = reading != Reading::Blocked && !self.peer_ended && self.engine.wants_read();
            if read_again || self.poll_alarm(context) || self.engine.close() == Some(Close::Abort) {
                continue;
            }
            return Poll::Pending;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn read(&mut self, context: &mut Context<'_>, now: Instant, buffers: &mut Buffers) -> Reading {
        let mut octets = 0;
        while !self.peer_ended && octets < MAX_READ_OCTETS && self.engine.wants_read() {
            let mut buffer = ReadBuf::new(&mut buffers.read);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return Reading::Blocked,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => self.peer_ends(now, PeerClosed::Clean),
                Poll::Ready(Ok(())) => {
                    octets += buffer.filled().len();
                    self.engine.receive(now, buffer.filled());
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

    fn peer_ends(&mut self, now: Instant, how: PeerClosed) {
        self.peer_ended = true;
        self.engine.peer_closed(now, how);
    }

    /// Writes until the engine has nothing left, or the stream takes no more.
    fn write(&mut self, context: &mut Context<'_>, now: Instant, buffers: &mut Buffers) -> Progress {
        let Pump { stream, engine, rest, unflushed, phase, .. } = self;
        let mut sink = Sink::new(stream, context, &mut buffers.gather, rest, unflushed);
        match sink.resume() {
            Progress::Done => (),
            other => return other,
        }
        if !matches!(phase, Phase::Open) {
            // Our half is over, or about to be: there is nothing to send.
            return Progress::Done;
        }
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
        }
    }

    /// Everything is written: ends our half if the engine wishes it. Some, once the connection is over.
    fn settle(&mut self, context: &mut Context<'_>, now: Instant) -> Option<End> {
        let close = self.engine.close();
        match (&self.phase, close) {
            (_, Some(Close::Abort)) => return Some(self.abort_end()),
            (Phase::Open | Phase::HalfClosing | Phase::HalfClosed, Some(Close::Graceful)) => {
                self.phase = Phase::Closing(Closing::new(now, self.peer_ended));
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

    /// Sets the alarm to the engine's timeout; true if that has come.
    ///
    /// Timeouts mostly move later with each turn, so an alarm that rings too early is left alone until
    /// it rings: that is cheaper than to set it anew each time.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> bool {
        let Some(at) = self.engine.poll_timeout() else { return false };
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
