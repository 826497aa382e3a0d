//! How long one poll of a connection lasts.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// The time after which a connection lets others run, about: a look at the clock comes between two pieces of work.
pub const TURN: Duration = Duration::from_micros(250);

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

/// The time between two turns of a connection that has more to do: the runtime looks at its sockets and timers, and
/// what waits for them runs. What else wakes the connection meanwhile has to wait, too: a handler and its connection,
/// which wake each other, would go on for many turns otherwise.
#[derive(Default)]
pub(super) struct Rest(Option<Arc<Resting>>);

impl Rest {
    /// Ends the turn.
    pub fn begin<T>(&mut self, context: &mut Context<'_>) -> Poll<T> {
        let resting = Arc::new(Resting { is_over: AtomicBool::new(false), connection: context.waker().clone() });
        // Its first poll is always pending. Unlike a wake-up at once, it does not put the task in front of the sockets.
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&Waker::from(resting.clone())));
        self.0 = Some(resting);
        Poll::Pending
    }

    /// Whether the next turn may begin; if not, the connection will be woken.
    pub fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let Some(resting) = &self.0 else { return true };
        if resting.is_over.load(Ordering::Acquire) {
            self.0 = None;
            return true;
        }
        if !resting.connection.will_wake(context.waker()) {
            let _: Poll<()> = self.begin(context);
        }
        false
    }
}

struct Resting {
    is_over: AtomicBool,
    connection: Waker,
}

impl Wake for Resting {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        self.connection.wake_by_ref();
    }
}
