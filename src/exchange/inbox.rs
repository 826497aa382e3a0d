//! What a client has sent for one request, as far as it is kept.

use super::account::Share;
use super::body::Received;
use super::input::{Input, Interest, detached, frame_cost};
use super::limits::Limits;
use crate::http::Fields;
use crate::wire::frame::{FrameType, RawFrame};
use bytes::Bytes;
use std::collections::VecDeque;

/// Inputs that wait without being copied.
const FEW: usize = 4;

/// Everything that a request makes the server keep, charged to its connection's account.
pub(super) struct Inbox {
    interest: Interest,
    keep_body: bool,
    inputs: VecDeque<Input>,
    /// What the inputs cost.
    inputs_cost: u64,
    /// What the client's window is owed for content that was taken or dropped.
    owed: u64,
    received: Received,
    /// What all of it costs.
    share: Share,
    /// What the frames cost.
    frames_cost: u64,
    trailers: Option<Fields>,
    frames: Vec<RawFrame>,
    ended: bool,
    too_large: bool,
    /// The client waits for 100 (Continue) before it sends content.
    expects_continue: bool,
    /// The client's RST_STREAM was taken as an input.
    gave_reset: bool,
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.share.discard(std::mem::take(&mut self.inputs));
    }
}

impl Inbox {
    /// An empty one; `ended` if the request has neither content nor trailers.
    pub fn new(share: Share, ended: bool) -> Self {
        Self {
            interest: Interest { data: true, frames: true, body: true },
            keep_body: false,
            inputs: VecDeque::new(),
            inputs_cost: 0,
            owed: 0,
            received: Received::default(),
            share,
            frames_cost: 0,
            trailers: None,
            frames: Vec::new(),
            ended,
            too_large: false,
            expects_continue: false,
            gave_reset: false,
        }
    }

    /// Says what to keep from here on; what was queued against it is dropped.
    pub fn set_interest(&mut self, mut interest: Interest) {
        interest.body |= self.keep_body;
        self.interest = interest;
        self.inputs.retain(|input| match input {
            Input::Data { .. } | Input::Trailers { .. } => interest.data,
            Input::Frame(_) => interest.frames,
            Input::End => true,
        });
        let cost = self.inputs.iter().map(Input::cost).sum();
        let before = std::mem::replace(&mut self.inputs_cost, cost);
        self.share.give_back(before - cost);
        if !interest.body {
            self.drop_body();
        }
    }

    /// Keeps the whole body, whatever [`set_interest`](Self::set_interest) says.
    pub fn keep_body(&mut self) {
        self.keep_body = true;
    }

    /// Whether the client waits for 100 (Continue).
    pub fn expect_continue(&mut self, expects: bool) {
        self.expects_continue = expects;
    }

    /// Whether the client waits for 100 (Continue); it is taken to be sent.
    pub fn take_expectation(&mut self) -> bool {
        std::mem::take(&mut self.expects_continue)
    }

    /// The next input.
    pub fn take(&mut self) -> Option<Input> {
        let input = self.inputs.pop_front()?;
        if let Input::Frame(frame) = &input {
            self.gave_reset |= frame.header.frame_type == FrameType::RST_STREAM;
        }
        let cost = input.cost();
        self.inputs_cost -= cost;
        self.share.give_back(cost);
        Some(input)
    }

    /// The frames among the inputs, in their order, trailers among them. The other inputs are dropped.
    pub fn take_frames(&mut self) -> Vec<RawFrame> {
        let inputs = std::mem::take(&mut self.inputs);
        self.share.give_back(std::mem::take(&mut self.inputs_cost));
        let frames = inputs.into_iter().filter_map(|input| match input {
            Input::Frame(frame) | Input::Trailers { frame: Some(frame), .. } => Some(frame),
            _ => None,
        });
        frames.collect()
    }

    /// Whether [`take`](Self::take) has given the client's RST_STREAM.
    pub fn has_given_reset(&self) -> bool {
        self.gave_reset
    }

    /// Whether the client has ended its half.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes of the body so far.
    pub fn body_length(&self) -> u64 {
        self.received.octets()
    }

    /// The body so far, in one piece.
    pub fn body(&mut self) -> Bytes {
        self.received.joined()
    }

    /// Whether the body passed the limit of what is kept; then nothing of it is.
    pub fn is_too_large(&self) -> bool {
        self.too_large
    }

    /// The trailer fields, if any came.
    pub fn trailers(&self) -> Option<&Fields> {
        self.trailers.as_ref()
    }

    /// The first frames received, up to a limit.
    pub fn frames(&self) -> &[RawFrame] {
        &self.frames
    }

    /// What the client's window is to be given back: nothing while the inputs that wait cost more than `max`.
    pub fn take_owed(&mut self, max: u64) -> u64 {
        if self.inputs_cost > max { 0 } else { std::mem::take(&mut self.owed) }
    }

    /// What the client's window is owed.
    #[cfg(test)]
    pub fn owed(&self) -> u64 {
        self.owed
    }

    /// Takes an input. `weight` is what the flow-control window was charged for it. False if the connection keeps too
    /// much already.
    pub fn keep(&mut self, input: Input, weight: u64, limits: &Limits) -> bool {
        let interest = self.interest;
        self.owed += weight;
        match &input {
            Input::Data { data, end, .. } => {
                self.ended |= *end;
                self.keep_content(data, limits);
                if !interest.data {
                    return true;
                }
            }
            Input::Trailers { fields, .. } => {
                self.trailers = Some(fields.clone());
                if !interest.data {
                    return true;
                }
            }
            // Kept up to a bound: a client may send WINDOW_UPDATEs as long as it likes.
            Input::Frame(frame) => {
                let full = self.inputs.len() >= limits.frames && frame.header.frame_type != FrameType::RST_STREAM;
                if !interest.frames || full {
                    return true;
                }
            }
            Input::End => self.ended = true,
        }
        self.queue(input)
    }

    /// Remembers a frame for [`frames`](Self::frames), unless that is full.
    pub fn remember(&mut self, frame: &RawFrame, limits: &Limits) {
        let cost = frame_cost(frame);
        if self.frames.len() >= limits.frames || self.frames_cost + cost > limits.frame_octets {
            return;
        }
        if self.share.charge(cost) {
            self.frames_cost += cost;
            // The request's own block is kept anyway.
            let is_block = frame.header.frame_type == FrameType::HEADERS;
            self.frames.push(if is_block { frame.clone() } else { detached(frame) });
        }
    }

    /// Keeps content for [`Exchange::body`](super::Exchange::body), if anything wants it.
    fn keep_content(&mut self, data: &[u8], limits: &Limits) {
        if !self.interest.body || self.too_large || data.is_empty() {
            return;
        }
        let length = data.len() as u64;
        let fits = self.received.octets() + length <= limits.body;
        if fits && self.share.charge_alone(length, limits.body.saturating_add(limits.kept)) {
            self.received.push(data);
        } else {
            self.too_large = true;
            self.drop_body();
        }
    }

    fn drop_body(&mut self) {
        self.share.give_back(self.received.octets());
        self.received = Received::default();
    }

    /// False if the connection keeps too much already.
    fn queue(&mut self, input: Input) -> bool {
        let cost = input.cost();
        if !self.share.charge(cost) {
            return false;
        }
        self.inputs_cost += cost;
        // What is taken at once needs no copy.
        let input = if self.inputs.len() < FEW { input } else { input.detached() };
        self.inputs.push_back(input);
        true
    }
}
