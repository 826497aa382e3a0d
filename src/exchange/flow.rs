//! How much of a response waits, for the client's windows or for the wire.

use super::conversation::{Exchange, Outcome};
use super::error::SendError;
use std::future::poll_fn;
use std::task::Poll;

/// Bytes that may wait in the engine before a writer waits too.
const LOW_WATER: usize = 64 * 1024;

impl Exchange {
    /// Waits until the client takes content of this response, and gives how many bytes. Over HTTP/1.1 it takes any at
    /// any time.
    pub async fn window(&self) -> Result<usize, SendError> {
        let mut waits = false;
        poll_fn(|context| {
            match self.outcome() {
                Outcome::Reset(code) => return Poll::Ready(Err(SendError::Reset(code))),
                Outcome::Gone => return Poll::Ready(Err(SendError::Gone)),
                Outcome::Open | Outcome::Complete => {}
            }
            let (own, of_all) = self.0.connection.send_windows(self.0.id);
            let is_open = own > 0 && of_all > 0;
            if waits == is_open {
                waits = !is_open;
                self.0.connection.want_window(self.0.id, waits);
            }
            if is_open {
                return Poll::Ready(Ok(own.min(of_all)));
            }
            self.0.waiters.register(context);
            if own > 0 {
                self.0.connection.0.windows.register(context);
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until no more than a low-water mark of what was queued is still to be sent.
    pub async fn drained(&self) -> Result<(), SendError> {
        self.drained_to(LOW_WATER).await
    }

    /// Waits until everything queued has been handed to the wire.
    pub async fn flushed(&self) -> Result<(), SendError> {
        self.drained_to(0).await
    }

    async fn drained_to(&self, mark: usize) -> Result<(), SendError> {
        poll_fn(|context| {
            match self.outcome() {
                Outcome::Reset(code) => return Poll::Ready(Err(SendError::Reset(code))),
                Outcome::Gone => return Poll::Ready(Err(SendError::Gone)),
                Outcome::Open | Outcome::Complete => {}
            }
            if self.0.connection.is_drained(self.0.id, mark) {
                return Poll::Ready(Ok(()));
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Octets queued and not yet handed to the wire.
    pub fn queued(&self) -> usize {
        self.0.connection.queued(self.0.id)
    }
}
