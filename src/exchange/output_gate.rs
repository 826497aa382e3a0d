//! When output may leave, how long each write waits, and where the output is cut off for good.

use crate::http::transport::Close;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// What holds the output back.
#[derive(Default)]
pub(super) struct OutputGate {
    paused: Cell<bool>,
    /// How long each write waits; zero for not at all.
    delay: Cell<Duration>,
    wait: Cell<Wait>,
    cut: Cell<Option<Cut>>,
}

/// Where the write at hand stands.
#[derive(Clone, Copy, Default)]
enum Wait {
    /// It has not begun.
    #[default]
    NotBegun,
    Until(Instant),
    /// Its time has come.
    Over,
}

#[derive(Clone, Copy)]
struct Cut {
    /// Octets that may still leave.
    left: u64,
    /// `None`: the connection stays, silent.
    how: Option<Close>,
}

impl OutputGate {
    /// How many of the next octets may leave now; `None` while they are held back.
    pub fn allowance(&self, now: Option<Instant>) -> Option<u64> {
        let left = self.cut.get().map_or(u64::MAX, |cut| cut.left);
        if self.paused.get() || left == 0 || self.is_delayed(now) {
            return None;
        }
        Some(left)
    }

    /// Whether the write at hand waits; begins to wait if none was at hand.
    fn is_delayed(&self, now: Option<Instant>) -> bool {
        let delay = self.delay.get();
        if delay.is_zero() {
            return false;
        }
        match (self.wait.get(), now) {
            (Wait::Over, _) => false,
            (Wait::Until(_), _) => true,
            (Wait::NotBegun, now) => {
                let until = now.and_then(|now| now.checked_add(delay));
                self.wait.set(until.map_or(Wait::Over, Wait::Until));
                until.is_some()
            }
        }
    }

    /// This many octets left. Gives whether the output is cut off after them.
    pub fn took(&self, octets: usize) -> bool {
        let Some(cut) = self.cut.get() else { return false };
        let left = cut.left.saturating_sub(octets as u64);
        self.cut.set(Some(Cut { left, ..cut }));
        left == 0
    }

    /// The write at hand is complete.
    pub fn end_write(&self) {
        if matches!(self.wait.get(), Wait::Over) {
            self.wait.set(Wait::NotBegun);
        }
    }

    /// How to end the connection, if the output is cut off and that is what was wanted.
    pub fn cut_off(&self) -> Option<Close> {
        self.cut.get().filter(|cut| cut.left == 0)?.how
    }

    /// Whether nothing will ever leave again.
    pub fn is_over(&self) -> bool {
        self.cut.get().is_some_and(|cut| cut.left == 0)
    }

    /// Whether octets are held back that are to leave later.
    pub fn holds(&self) -> bool {
        !self.is_over() && (self.paused.get() || matches!(self.wait.get(), Wait::Until(_)))
    }

    /// Holds everything back until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.paused.set(true);
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.paused.set(false);
    }

    /// Lets each write wait for this long, from the next one on.
    pub fn set_delay(&self, delay: Duration) {
        self.delay.set(delay);
        self.wait.set(Wait::NotBegun);
    }

    /// Cuts the output off after this many octets, unless that has happened already.
    pub fn cut_after(&self, left: u64, how: Option<Close>) {
        if !self.is_over() {
            self.cut.set(Some(Cut { left, how }));
        }
    }

    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.wait.get() {
            Wait::Until(until) if !self.paused.get() => Some(until),
            _ => None,
        }
    }

    pub fn handle_timeout(&self, now: Instant) {
        if let Wait::Until(until) = self.wait.get()
            && until <= now
        {
            self.wait.set(Wait::Over);
        }
    }
}
