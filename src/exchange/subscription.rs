//! Frames of the client, for scripts that wait for them.

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

#[derive(Default)]
struct Feed {
    wanted: Option<FrameType>,
    frames: RefCell<VecDeque<RawFrame>>,
    closed: Cell<bool>,
    waiters: Waiters,
}

/// Frames of one type, or of any, that the client sends from now on.
pub struct Subscription(Rc<Feed>);

impl Subscription {
    /// The next one; `None` when the connection is gone.
    pub async fn next(&self) -> Option<RawFrame> {
        poll_fn(|context| {
            if let Some(frame) = self.0.frames.borrow_mut().pop_front() {
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
    /// Frames from now on; none if the connection is `closed`.
    pub fn subscribe(&self, wanted: Option<FrameType>, closed: bool) -> Subscription {
        let feed = Rc::new(Feed { wanted, closed: Cell::new(closed), ..Feed::default() });
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
                let mut frames = feed.frames.borrow_mut();
                if frames.len() < MAX_QUEUED_FRAMES {
                    frames.push_back(frame.clone());
                }
                drop(frames);
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
