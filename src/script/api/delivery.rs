//! What sends a response in place of the script, and the rhythm of what the script writes by itself.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use rhai::Dynamic;

use super::outcome::{Outcome, sent};
use super::pieces::{Call, Handover, Source};
use crate::exchange::pace::{Due, Pace};
use crate::exchange::{Delivery, Exchange, Prepared, ResponseHead};
use crate::http::Fields;
use crate::script::budget::pause;

/// See the module.
pub struct Piped {
    delivery: Rc<dyn Delivery>,
    pace: Option<RefCell<Pace>>,
}

/// A response that is decided, to be handed over.
pub struct Decided {
    /// Status and headers.
    pub head: ResponseHead,
    /// The content as the script set it.
    pub content: Dynamic,
    /// The same in one piece, if all of it is at hand.
    pub whole: Option<Bytes>,
    /// The trailers.
    pub trailers: Fields,
    /// Whether HEAD is answered with content.
    pub content_for_head: bool,
}

impl Piped {
    /// A response that `delivery` sends, if the script does not.
    pub fn new(delivery: Rc<dyn Delivery>) -> Self {
        let pace = delivery.pace().map(RefCell::new);
        Self { delivery, pace }
    }

    /// Has a response sent of which nothing was sent yet.
    ///
    /// # Errors
    /// It cannot be sent, or a function that makes its content failed.
    pub fn deliver(&self, exchange: &Exchange, decided: Decided, call: Call<'_>) -> Outcome<()> {
        let handover = Handover::default();
        let prepared = Prepared {
            head: decided.head,
            content: decided.whole.map_or_else(|| handover.content(), Into::into),
            trailers: decided.trailers,
            content_for_head: decided.content_for_head,
            words: None,
        };
        let sending = self.delivery.deliver(exchange.clone(), prepared);
        sent(handover.run(sending, Source::new(decided.content), call)?)
    }

    /// Sends content by `send`, whose second argument says that it is the last, in the rhythm that the response has;
    /// `end`: and ends it. False if it has none, and nothing was sent.
    ///
    /// # Errors
    /// As `send`.
    pub fn write(&self, mut data: Bytes, end: bool, send: impl Fn(Bytes, bool) -> Outcome<()>) -> Outcome<bool> {
        let Some(pace) = &self.pace else { return Ok(false) };
        while !data.is_empty() || end {
            let due = pace.borrow_mut().next(!data.is_empty());
            match due {
                Due::Pause(time) => wait(time)?,
                Due::Rest => {
                    send(data, end)?;
                    return Ok(true);
                }
                Due::Octets(most) => {
                    let piece = data.split_to(data.len().min(usize::try_from(most).unwrap_or(usize::MAX)));
                    pace.borrow_mut().sent(piece.len() as u64);
                    send(piece, false)?;
                }
            }
        }
        Ok(true)
    }

    /// Waits for the pauses that are due before this many raw bytes, which go out uncut.
    ///
    /// # Errors
    /// The handler was ended meanwhile.
    pub fn wait_for_raw(&self, octets: usize) -> Outcome<()> {
        let Some(pace) = self.pace.as_ref().filter(|_| octets > 0) else { return Ok(()) };
        loop {
            let due = pace.borrow_mut().next(true);
            match due {
                Due::Pause(time) => wait(time)?,
                Due::Octets(_) | Due::Rest => break,
            }
        }
        pace.borrow_mut().sent(octets as u64);
        Ok(())
    }
}

fn wait(time: Duration) -> Outcome<()> {
    if time.is_zero() { pause(tokio::task::yield_now()) } else { pause(tokio::time::sleep(time)) }
}
