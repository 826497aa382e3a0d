//! When the output goes out, how long each write waits, and where the output is cut off for good.

use super::connection::{Connection, Engine};
use crate::http::transport::Close;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// What holds the output back.
#[derive(Default)]
pub(super) struct Writing {
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
    /// Octets that still go out.
    left: u64,
    /// `None`: the connection stays, silent.
    how: Option<Close>,
}

impl Writing {
    /// How many of the next octets may go out now; `None` while they are held back.
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

    /// So many octets went out. Gives whether the output is cut off behind them.
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

    /// Whether nothing will ever go out any more.
    pub fn is_over(&self) -> bool {
        self.cut.get().is_some_and(|cut| cut.left == 0)
    }

    /// Whether octets are held back that are to go out later.
    pub fn holds(&self) -> bool {
        !self.is_over() && (self.paused.get() || matches!(self.wait.get(), Wait::Until(_)))
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

impl Connection {
    /// Sends nothing until [`Connection::resume_writing`]; what is queued meanwhile waits.
    pub fn pause_writing(&self) {
        self.0.writing.paused.set(true);
    }

    /// Sends again, first of all what was queued meanwhile.
    pub fn resume_writing(&self) {
        self.0.writing.paused.set(false);
        self.wake_pump();
    }

    /// Lets each write wait for so long before it goes out, from the next one on. Whatever is queued meanwhile goes out
    /// with it, as far as no cut lies between. Zero: none waits any more.
    pub fn set_write_delay(&self, delay: Duration) {
        self.0.writing.delay.set(delay);
        self.0.writing.wait.set(Wait::NotBegun);
        self.wake_pump();
    }

    /// Cuts the output off after so many octets more than wait already, counted before TLS; the last ones before the cut
    /// are a write of their own, and nothing goes out after them. Then the connection ends in the given way, or, with
    /// `None`, stays as it is until the client ends it.
    pub fn cut_after(&self, octets: u64, how: Option<Close>) {
        let waiting = match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.queued(),
            Engine::Http2(engine) => {
                // Content of streams that is due counts as waiting.
                let _ = engine.poll_transmit();
                engine.output_waiting()
            }
        };
        let left = octets.saturating_add(waiting as u64);
        if !self.0.writing.is_over() {
            self.0.writing.cut.set(Some(Cut { left, how }));
        }
        self.wake_pump();
    }

    /// The client has ended its side, or the connection is to end: nothing is held on to any more.
    pub(super) fn let_go(&self) {
        self.0.writing.paused.set(false);
        if self.0.writing.is_over() && self.0.close.get().is_none() {
            self.0.close.set(Some(Close::Graceful));
        }
    }

    /// Whether octets wait that are held back for now.
    pub(super) fn holds_output(&self) -> bool {
        let waiting = || match &*self.0.engine.borrow() {
            Engine::Http1(engine) => engine.queued() > 0,
            Engine::Http2(engine) => engine.output_waiting() > 0,
        };
        self.0.writing.holds() && waiting()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{CallSite, Limits, Peer};
    use crate::h1;
    use crate::http::transport::{PeerClosed, Transmitted};

    #[expect(clippy::disallowed_methods, reason = "instants are only compared")]
    fn begin() -> (Connection, Instant) {
        let now = Instant::now();
        let engine = h1::Connection::server(h1::Config::default(), now);
        (Connection::http1(Peer::default(), Limits::default(), engine), now)
    }

    fn queue(connection: &Connection, text: &'static str) {
        connection.send_octets(text.as_bytes().into(), CallSite::default()).expect("it is open");
    }

    /// What goes out at `now`, with `|` for each cut mark.
    fn sent(connection: &Connection, now: Instant) -> String {
        let mut all = String::new();
        loop {
            let mut take = |octets: &[u8]| {
                all.push_str(&String::from_utf8_lossy(octets));
                Ok(octets.len())
            };
            match connection.at(now, || connection.transmit(&mut take)) {
                Transmitted::Flush => all.push('|'),
                Transmitted::More => {}
                Transmitted::Idle => return all,
            }
        }
    }

    #[test]
    fn paused_output_waits_and_so_does_the_end() {
        let (connection, now) = begin();
        connection.pause_writing();
        queue(&connection, "a");
        connection.close(Close::Graceful);
        assert_eq!((sent(&connection, now).as_str(), connection.wants_close()), ("", None));
        assert!(connection.is_closed());
        connection.resume_writing();
        assert_eq!((sent(&connection, now).as_str(), connection.wants_close()), ("a", Some(Close::Graceful)));
        connection.pause_writing();
        queue(&connection, "b");
        connection.close(Close::Abort);
        assert_eq!(connection.wants_close(), Some(Close::Abort), "a reset waits for nothing");
    }

    #[test]
    fn a_pause_ends_when_the_client_does() {
        let (connection, now) = begin();
        connection.pause_writing();
        queue(&connection, "a");
        connection.peer_closed(now, PeerClosed::Clean);
        assert_eq!(sent(&connection, now), "a");
    }

    #[test]
    fn what_is_held_back_does_not_outlive_the_idle_timeout() {
        let (connection, now) = begin();
        connection.pause_writing();
        queue(&connection, "a");
        connection.handle_timeout(now);
        assert_eq!(sent(&connection, now), "");
        connection.handle_timeout(connection.poll_timeout().expect("a client has to send something"));
        assert_eq!(sent(&connection, now), "a");
        let (connection, _) = begin();
        connection.cut_after(0, None);
        connection.handle_timeout(connection.poll_timeout().expect("a client has to send something"));
        assert_eq!(connection.wants_close(), Some(Close::Graceful));
    }

    #[test]
    fn each_write_waits_and_takes_along_what_comes_meanwhile() {
        let (connection, now) = begin();
        let delay = Duration::from_millis(10);
        connection.set_write_size(Some(2));
        connection.set_write_delay(delay);
        let quiet = connection.poll_timeout();
        queue(&connection, "a");
        assert_eq!(sent(&connection, now), "");
        queue(&connection, "bc");
        assert_eq!(connection.poll_timeout(), Some(now + delay));
        connection.handle_timeout(now + delay / 2);
        assert_eq!(sent(&connection, now + delay / 2), "", "too early");
        connection.handle_timeout(now + delay);
        assert_eq!(sent(&connection, now + delay), "ab|");
        connection.handle_timeout(now + delay * 2);
        assert_eq!(sent(&connection, now + delay * 2), "c");
        assert_eq!(connection.poll_timeout(), quiet, "nothing waits");
        connection.set_write_delay(Duration::ZERO);
        queue(&connection, "d");
        assert_eq!(sent(&connection, now + delay * 2), "d");
    }

    #[test]
    fn the_output_is_cut_off_behind_what_waits_already() {
        for (how, close) in
            [(Some(Close::Graceful), Some(Close::Graceful)), (Some(Close::Abort), Some(Close::Abort)), (None, None)]
        {
            let (connection, now) = begin();
            queue(&connection, "before ");
            connection.cut_after(2, how);
            assert_eq!(connection.wants_close(), None);
            queue(&connection, "abc");
            assert_eq!(sent(&connection, now), "before ab|");
            connection.cut_after(100, None);
            assert_eq!((sent(&connection, now).as_str(), connection.wants_close()), ("", close));
            // Who ends a silent connection finds no one who holds on to it.
            connection.peer_closed(now, PeerClosed::Clean);
            assert_eq!(connection.wants_close(), Some(close.unwrap_or(Close::Graceful)));
        }
    }

    #[test]
    fn a_cut_without_octets_lets_nothing_out() {
        let (connection, now) = begin();
        connection.cut_after(0, Some(Close::Half));
        queue(&connection, "a");
        assert_eq!((sent(&connection, now).as_str(), connection.wants_close()), ("", Some(Close::Half)));
    }
}
