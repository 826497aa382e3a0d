//! Wakers of futures that wait for the same thing.

use std::cell::RefCell;
use std::task::{Context, Waker};

/// The futures to poll again when something changed. A woken future looks for itself whether it is done.
#[derive(Default)]
pub(super) struct Waiters(RefCell<Vec<Waker>>);

impl Waiters {
    /// Remembers the task of `context` until the next [`Waiters::wake`].
    pub fn register(&self, context: &Context<'_>) {
        let mut wakers = self.0.borrow_mut();
        if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            wakers.push(context.waker().clone());
        }
    }

    /// Wakes and forgets everyone. Wakers run after the borrow is released.
    pub fn wake(&self) {
        if self.0.borrow().is_empty() {
            return;
        }
        for waker in self.0.take() {
            waker.wake();
        }
    }
}
