//! How long one poll of a connection lasts.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The time after which a connection lets others run, about: a look at the clock comes between two pieces of work.
pub const TURN: Duration = Duration::from_micros(500);

/// Octets that the engine gets before the first look at the clock: some hundred of the smallest frames.
const FIRST_PIECE: usize = 2 * 1024;
/// Octets between two looks at most.
const LAST_PIECE: usize = 16 * 1024;
/// What a piece may take before the next one is larger.
const QUICK: Duration = Duration::from_micros(50);

/// One poll of a connection.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    ends: Instant,
}

impl Turn {
    pub fn begin(now: Instant) -> Turn {
        Turn { ends: now + TURN }
    }

    pub fn is_over(self) -> bool {
        self.is_over_at(crate::net::now())
    }

    pub fn is_over_at(self, now: Instant) -> bool {
        now >= self.ends
    }

    /// How octets are cut that are there already.
    pub fn pieces(self) -> Pieces {
        Pieces { turn: self, size: FIRST_PIECE, last_look: None }
    }
}

/// Pieces of input: small, so that many small frames do not pass the end of the turn by much; larger while they
/// cost little.
pub(super) struct Pieces {
    turn: Turn,
    size: usize,
    last_look: Option<Instant>,
}

impl Pieces {
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether there is time for another piece.
    pub fn may_go_on(&mut self) -> bool {
        let now = crate::net::now();
        let last_look = self.last_look.replace(now);
        if last_look.is_some_and(|last| now.saturating_duration_since(last) < QUICK) {
            self.size = (self.size * 2).min(LAST_PIECE);
        }
        !self.turn.is_over_at(now)
    }
}

/// Ends the turn of a task that is not done: it is woken once the runtime has looked at its sockets and timers and has
/// woken whatever waits for them. (A wake-up at once would put the task in front of them.)
pub(super) fn let_others_run<T>(context: &mut Context<'_>) -> Poll<T> {
    let yielded = pin!(tokio::task::yield_now());
    // Its first poll is always pending.
    let _ = yielded.poll(context);
    Poll::Pending
}
