//! Responses that somebody else sends, and what is written in a rhythm that somebody else gave.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::outcome::{Outcome, sent};
use super::pieces::{Handover, Source};
use super::response::{Call, Response};
use crate::exchange::pace::{Due, Pace};
use crate::exchange::{Delivery, Prepared};
use crate::script::budget::pause;

/// Who sends a response in place of the script, and the rhythm of what the script writes by itself.
pub struct Piped {
    delivery: Rc<dyn Delivery>,
    pace: Option<RefCell<Pace>>,
}

impl Piped {
    pub fn new(delivery: Rc<dyn Delivery>) -> Self {
        let pace = delivery.pace().map(RefCell::new);
        Self { delivery, pace }
    }
}

impl Response {
    /// As [`Response::finish`], at the handler's end: a response of which nothing was sent is sent by whoever was
    /// charged with it.
    pub fn conclude(&self, call: Call<'_>) -> Outcome<()> {
        match &self.0.piped {
            Some(piped) if self.is_untouched() => self.hand_over(&piped.delivery, call),
            _ => self.finish(call),
        }
    }

    fn is_untouched(&self) -> bool {
        let exchange = &self.0.exchange;
        !self.0.lines.borrow().has_begun()
            && !exchange.headers_sent()
            && !exchange.raw_used()
            && !exchange.response_ended()
            && !exchange.connection().is_closed()
    }

    fn hand_over(&self, delivery: &Rc<dyn Delivery>, call: Call<'_>) -> Outcome<()> {
        let head = self.head(self.fields())?;
        let whole = self.whole_content()?;
        let handover = Handover::default();
        let prepared = Prepared {
            head,
            content: whole.map_or_else(|| handover.content(), Into::into),
            trailers: self.0.trailers.0.borrow().clone(),
            content_for_head: self.0.send_body_for_head_request.get(),
        };
        self.0.content_written.set(true);
        let source = Source::new(self.0.content.replace(rhai::Dynamic::UNIT));
        let sending = delivery.deliver(self.0.exchange.clone(), prepared);
        sent(handover.run(sending, source, call)?)
    }

    fn pace(&self) -> Option<&RefCell<Pace>> {
        self.0.piped.as_ref()?.pace.as_ref()
    }

    /// Sends content in the rhythm that the response has; `end`: and ends it. False if it has none.
    pub(super) fn write_paced(&self, data: &Bytes, end: bool) -> Outcome<bool> {
        let Some(pace) = self.pace() else { return Ok(false) };
        let mut data = data.clone();
        while !data.is_empty() || end {
            let due = pace.borrow_mut().next(!data.is_empty());
            match due {
                Due::Pause(time) => wait(time)?,
                Due::Rest => {
                    self.write_now(data, end)?;
                    return Ok(true);
                }
                Due::Octets(most) => {
                    let piece = data.split_to(data.len().min(usize::try_from(most).unwrap_or(usize::MAX)));
                    pace.borrow_mut().sent(piece.len() as u64);
                    self.write_now(piece, false)?;
                }
            }
        }
        Ok(true)
    }

    /// Waits for the pauses that are due before so many raw octets, which go out uncut.
    pub(super) fn pace_raw(&self, octets: usize) -> Outcome<()> {
        let Some(pace) = self.pace().filter(|_| octets > 0) else { return Ok(()) };
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
