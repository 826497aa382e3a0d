//! Frames of the client, for scripts that wait for them.

use super::account::{Account, Share};
use super::input::{detached, frame_cost};
use super::wait::Waiters;
use crate::wire::frame::{FrameType, RawFrame};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::Poll;

/// Frames that a slow subscriber may let wait.
const MAX_QUEUED_FRAMES: usize = 1024;

/// All subscriptions of a connection.
#[derive(Default)]
pub(super) struct Subscriptions(RefCell<Vec<Weak<Feed>>>);

struct Feed {
    wanted: Option<FrameType>,
    frames: RefCell<VecDeque<RawFrame>>,
    /// What the frames cost.
    share: RefCell<Share>,
    closed: Cell<bool>,
    waiters: Waiters,
}

impl Feed {
    /// Keeps a frame, unless too many wait, or what the connection keeps would cost too much.
    fn push(&self, frame: &RawFrame) {
        let mut frames = self.frames.borrow_mut();
        if frames.len() < MAX_QUEUED_FRAMES && self.share.borrow_mut().charge(frame_cost(frame)) {
            frames.push_back(detached(frame));
        }
    }

    fn pop(&self) -> Option<RawFrame> {
        let frame = self.frames.borrow_mut().pop_front()?;
        self.share.borrow_mut().give_back(frame_cost(&frame));
        Some(frame)
    }
}

/// Frames of one type, or of any, that the client sends from now on.
pub struct Subscription(Rc<Feed>);

impl Subscription {
    /// The next one; `None` when the connection is gone.
    pub async fn next(&self) -> Option<RawFrame> {
        poll_fn(|context| {
            if let Some(frame) = self.0.pop() {
                return Poll::Ready(Some(frame));
            }
            if self.0.closed.get() {
                return Poll::Ready(None);
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }
}

impl Subscriptions {
    /// Frames from now on, charged to the connection's `account`; none if the connection is `closed`.
    pub fn subscribe(&self, account: &Account, wanted: Option<FrameType>, closed: bool) -> Subscription {
        let feed = Rc::new(Feed {
            wanted,
            frames: RefCell::default(),
            share: RefCell::new(account.share()),
            closed: Cell::new(closed),
            waiters: Waiters::default(),
        });
        let mut all = self.0.borrow_mut();
        all.retain(|weak| weak.strong_count() > 0);
        all.push(Rc::downgrade(&feed));
        Subscription(feed)
    }

    /// Hands a frame to those that want it.
    pub fn publish(&self, frame: &RawFrame) {
        if self.0.borrow().is_empty() {
            return;
        }
        let all = self.0.borrow().clone();
        for feed in all.iter().filter_map(Weak::upgrade) {
            if feed.wanted.is_none_or(|wanted| wanted == frame.header.frame_type) {
                feed.push(frame);
                feed.waiters.wake();
            }
        }
    }

    /// No more frames come.
    pub fn close(&self) {
        for feed in self.0.take().iter().filter_map(Weak::upgrade) {
            feed.closed.set(true);
            feed.waiters.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn frames_that_wait_are_charged_and_given_back() {
        let all = Subscriptions::default();
        let frame = RawFrame::new(FrameType::PING, 0, 0, Bytes::from(vec![0; 10_000]));
        let account = Account::new(3 * frame_cost(&frame));
        let (one, other) = (all.subscribe(&account, None, false), all.subscribe(&account, None, false));
        all.publish(&frame);
        all.publish(&frame);
        let waiting = |feed: &Subscription| feed.0.frames.borrow().len();
        assert_eq!((waiting(&one), waiting(&other)), (2, 1), "three frames fit");
        drop(one);
        assert!(other.0.pop().is_some() && other.0.pop().is_none());
        assert!(account.share().charge(3 * frame_cost(&frame)), "everything was given back");
    }
}
