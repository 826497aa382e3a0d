//! The writing side: small runs of octets are gathered, large ones go out as they are.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::http::transport::PeerClosed;
use crate::net::transport::Transport;

/// Small runs are gathered up to this many octets: four full TLS records.
pub(super) const GATHER_OCTETS: usize = 64 * 1024;
/// Runs from this many octets on are written without being copied first.
const DIRECT_OCTETS: usize = 8 * 1024;
/// A rest of more octets than this does not keep its memory.
const KEPT_REST_OCTETS: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Done,
    /// The stream takes no more and will wake us.
    Blocked,
    /// The turn is over; there may be more to write.
    Late,
    Failed(PeerClosed),
}

/// What was written and not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unflushed {
    Nothing,
    Something,
    /// A flush must be complete before the next octets.
    Due,
}

pub(super) struct Sink<'a, 'c, S> {
    stream: &'a mut S,
    context: &'a mut Context<'c>,
    /// Taken in this turn; empty between turns.
    gather: &'a mut Vec<u8>,
    /// What earlier turns could not write.
    rest: &'a mut Vec<u8>,
    unflushed: &'a mut Unflushed,
    /// How many octets of `gather` are written.
    written: usize,
    /// The stream has taken something.
    has_written: bool,
    state: Progress,
}

impl<'a, 'c, S: Transport> Sink<'a, 'c, S> {
    pub(super) fn new(
        stream: &'a mut S,
        context: &'a mut Context<'c>,
        gather: &'a mut Vec<u8>,
        rest: &'a mut Vec<u8>,
        unflushed: &'a mut Unflushed,
    ) -> Self {
        gather.clear();
        Sink { stream, context, gather, rest, unflushed, written: 0, has_written: false, state: Progress::Done }
    }

    /// Whether the stream has taken something since this was made.
    pub(super) fn has_written(&self) -> bool {
        self.has_written
    }

    pub(super) fn state(&self) -> Progress {
        self.state
    }

    /// First of all: writes what earlier turns could not.
    pub(super) fn resume(&mut self) -> Progress {
        if !self.rest.is_empty() {
            // From here on it is gathered octets like any others, so nothing is written out of order.
            self.gather.append(self.rest);
            if self.rest.capacity() > KEPT_REST_OCTETS {
                *self.rest = Vec::new();
            }
            if self.push() != Progress::Done {
                self.suspend();
                return self.state;
            }
        }
        if *self.unflushed == Unflushed::Due { self.poll_flush() } else { Progress::Done }
    }

    /// Takes octets of the engine: all, some, or `WouldBlock`.
    pub(super) fn take(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.gather.len() + octets.len() > GATHER_OCTETS || (octets.len() >= DIRECT_OCTETS && self.gather.is_empty())
        {
            if self.push() != Progress::Done {
                return self.refusal();
            }
            if octets.len() >= DIRECT_OCTETS {
                return match self.write_once(octets) {
                    Some(count) => Ok(count),
                    None => self.refusal(),
                };
            }
        }
        if self.state != Progress::Done {
            return self.refusal();
        }
        self.gather.extend_from_slice(octets);
        Ok(octets.len())
    }

    /// Pushes everything taken through TLS and TCP.
    pub(super) fn flush(&mut self) -> Progress {
        if *self.unflushed == Unflushed::Nothing && self.gather.is_empty() {
            return self.state;
        }
        *self.unflushed = Unflushed::Due;
        if self.push() == Progress::Done { self.poll_flush() } else { self.state }
    }

    /// Keeps what could not be written for the next turn.
    pub(super) fn suspend(&mut self) {
        self.rest.extend_from_slice(self.gather.get(self.written..).unwrap_or_default());
        self.gather.clear();
        self.written = 0;
    }

    fn poll_flush(&mut self) -> Progress {
        self.state = match Pin::new(&mut *self.stream).poll_flush(self.context) {
            Poll::Ready(Ok(())) => {
                *self.unflushed = Unflushed::Nothing;
                Progress::Done
            }
            Poll::Ready(Err(error)) => Progress::Failed(PeerClosed::from(error.kind())),
            Poll::Pending => Progress::Blocked,
        };
        self.state
    }

    /// Writes what was gathered.
    fn push(&mut self) -> Progress {
        while self.state == Progress::Done && self.written < self.gather.len() {
            let gather = std::mem::take(self.gather);
            let count = self.write_once(gather.get(self.written..).unwrap_or_default());
            *self.gather = gather;
            self.written += count.unwrap_or(0);
        }
        if self.written == self.gather.len() {
            self.gather.clear();
            self.written = 0;
        }
        self.state
    }

    /// How many octets the stream took; none, if `state` says why.
    fn write_once(&mut self, octets: &[u8]) -> Option<usize> {
        if self.state != Progress::Done {
            return None;
        }
        self.state = match Pin::new(&mut *self.stream).poll_write(self.context, octets) {
            Poll::Ready(Ok(0)) => Progress::Failed(PeerClosed::Failed(io::ErrorKind::WriteZero)),
            Poll::Ready(Ok(count)) => {
                if *self.unflushed == Unflushed::Nothing {
                    *self.unflushed = Unflushed::Something;
                }
                self.has_written = true;
                return Some(count);
            }
            Poll::Ready(Err(error)) => Progress::Failed(PeerClosed::from(error.kind())),
            Poll::Pending => Progress::Blocked,
        };
        None
    }

    fn refusal(&self) -> io::Result<usize> {
        Err(match self.state {
            Progress::Failed(PeerClosed::Failed(kind)) => kind.into(),
            Progress::Failed(_) => io::ErrorKind::BrokenPipe.into(),
            Progress::Done | Progress::Blocked | Progress::Late => io::ErrorKind::WouldBlock.into(),
        })
    }
}
