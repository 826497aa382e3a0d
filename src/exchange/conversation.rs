//! One request and its response.

use super::account::Share;
use super::body::Received;
use super::connection::{Connection, Limits};
use super::request::Request;
use super::review::Reviewer;
use super::wait::Waiters;
use crate::h2::CallSite;
use crate::http::Fields;
use crate::http::peer::Protocol;
use crate::wire::frame::{Data, ErrorCode, FrameType, RawFrame};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// What arrives on an exchange after its request head.
#[derive(Clone, Debug)]
pub enum Input {
    /// Request content: a DATA frame, or a chunk of an HTTP/1.1 body.
    Data {
        /// The content without padding or chunk framing.
        data: Bytes,
        /// The DATA frame (HTTP/2).
        frame: Option<RawFrame>,
        /// Nothing follows.
        end: bool,
    },
    /// The trailer section; over HTTP/2 with its HEADERS frame.
    Trailers {
        /// The trailer fields in wire order.
        fields: Fields,
        /// The HEADERS frame (HTTP/2).
        frame: Option<RawFrame>,
    },
    /// Any other frame on the stream.
    Frame(RawFrame),
    /// The request is complete.
    End,
}

/// What the owner of an exchange wants to be told; all else is not kept.
#[derive(Clone, Copy, Debug)]
pub struct Interest {
    /// Queue [`Input::Data`] and [`Input::Trailers`] for [`Exchange::next_input`].
    pub data: bool,
    /// Queue [`Input::Frame`].
    pub frames: bool,
    /// Keep the whole body for [`Exchange::body`].
    pub body: bool,
}

/// How an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something may still come or go.
    Open,
    /// Both sides ended it.
    Complete,
    /// The client reset the stream.
    Reset(ErrorCode),
    /// The connection ended first.
    Gone,
}

/// One request and its response, shared by everyone who works on it.
#[derive(Clone)]
pub struct Exchange(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub connection: Connection,
    pub id: u64,
    pub request: Request,
    pub state: RefCell<State>,
    pub outcome: Cell<Outcome>,
    pub response: Cell<Progress>,
    /// Set where the checked calls are held to what the head has announced.
    pub announced: Cell<Option<Announced>>,
    pub waiters: Waiters,
    pub reviewer: RefCell<Option<Rc<dyn Reviewer>>>,
    /// What was promised on its stream.
    pub pushed: RefCell<Vec<Exchange>>,
    call: Cell<CallSite>,
}

/// How far the response is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// The final status and fields are out, or raw octets stand for them.
    pub headers: bool,
    /// Nothing more may follow by checked calls.
    pub ended: bool,
    /// The final status, if the checked lane has sent it.
    pub status: Option<u16>,
    /// A raw call wrote something: what the client has seen is the script's affair.
    pub raw: bool,
    /// The response has no content: what is written as content, or as trailers, is dropped.
    pub without_content: bool,
    /// HEAD is answered with content, as GET would be.
    pub content_for_head: bool,
}

/// How much content the head has announced, and how much was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    pub octets: u64,
    pub sent: u64,
}

pub(super) struct State {
    pub interest: Interest,
    pub keep_body: bool,
    pub inputs: VecDeque<Input>,
    /// What the inputs cost.
    pub inputs_cost: u64,
    pub owed: u64,
    pub received: Received,
    /// What all of it costs.
    pub share: Share,
    /// What the frames cost.
    pub frames_cost: u64,
    pub trailers: Option<Fields>,
    pub frames: Vec<RawFrame>,
    pub ended: bool,
    pub too_large: bool,
    /// The client waits for 100 (Continue) before it sends content.
    pub expects_continue: bool,
    /// The client's RST_STREAM was taken as an input.
    pub gave_reset: bool,
}

/// Payloads up to this many bytes are copied when they are kept, so that they keep nothing else of what arrived with
/// them.
const COPIED: usize = 1024;

impl Input {
    /// What it costs to keep it, in bytes.
    fn cost(&self) -> u64 {
        let payload = match self {
            Self::Data { frame: Some(frame), .. } | Self::Frame(frame) => frame.payload.len(),
            Self::Data { data, frame: None, .. } => data.len(),
            Self::Trailers { fields, frame } => {
                let fields: usize = fields.iter().map(|field| field.name.len() + field.value.len() + FIELD).sum();
                fields + frame.as_ref().map_or(0, |frame| frame.payload.len())
            }
            Self::End => 0,
        };
        (size_of::<Self>() + payload) as u64
    }

    /// The same in memory of its own, if it is small.
    fn detached(self) -> Self {
        match self {
            Self::Data { frame: Some(frame), end, .. } if frame.payload.len() <= COPIED => {
                let frame = detached(&frame);
                // It was read before, so it can be read.
                let data = Data::parse(&frame).map(|data| data.data).unwrap_or_default();
                Self::Data { data, frame: Some(frame), end }
            }
            Self::Data { data, frame: None, end } if data.len() <= COPIED => {
                Self::Data { data: Bytes::copy_from_slice(&data), frame: None, end }
            }
            Self::Frame(frame) => Self::Frame(detached(&frame)),
            other => other,
        }
    }
}

/// A frame in memory of its own, if it is small.
fn detached(frame: &RawFrame) -> RawFrame {
    let payload = match frame.payload.len() {
        0 => Bytes::new(),
        length if length <= COPIED => Bytes::copy_from_slice(&frame.payload),
        _ => frame.payload.clone(),
    };
    RawFrame { header: frame.header, payload }
}

/// Inputs that wait without being copied.
const FEW: usize = 4;

/// What a field costs besides its name and value.
const FIELD: usize = 64;

impl Exchange {
    pub(super) fn new(connection: Connection, id: u64, request: Request, ended: bool) -> Self {
        let share = connection.0.account.share();
        let state = State {
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
        };
        Self(Rc::new(Inner {
            connection,
            id,
            request,
            state: RefCell::new(state),
            outcome: Cell::new(Outcome::Open),
            response: Cell::new(Progress::default()),
            announced: Cell::new(None),
            waiters: Waiters::default(),
            reviewer: RefCell::new(None),
            pushed: RefCell::default(),
            call: Cell::default(),
        }))
    }

    /// What is sent from here on comes from this call of a script; 0 for none.
    pub fn set_call(&self, site: CallSite) {
        self.0.call.set(site);
        if site != CallSite::default() {
            self.0.connection.0.has_calls.set(true);
        }
    }

    /// The call of a script that sends.
    pub(super) fn call(&self) -> CallSite {
        self.0.call.get()
    }

    /// The connection that carries this exchange.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// The protocol that carries this exchange.
    pub fn protocol(&self) -> Protocol {
        self.0.connection.protocol()
    }

    /// What was asked.
    pub fn request(&self) -> &Request {
        &self.0.request
    }

    /// The stream identifier (HTTP/2).
    pub fn stream_id(&self) -> Option<u32> {
        match self.protocol() {
            Protocol::Http1 => None,
            Protocol::Http2 => u32::try_from(self.0.id).ok(),
        }
    }

    /// How it stands now.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome.get()
    }

    /// Says what to keep from here on; what was queued against it is dropped.
    pub fn set_interest(&self, mut interest: Interest) {
        {
            let mut state = self.0.state.borrow_mut();
            interest.body |= state.keep_body;
            state.interest = interest;
            state.inputs.retain(|input| match input {
                Input::Data { .. } | Input::Trailers { .. } => interest.data,
                Input::Frame(_) => interest.frames,
                Input::End => true,
            });
            let cost = state.inputs.iter().map(Input::cost).sum();
            let before = std::mem::replace(&mut state.inputs_cost, cost);
            state.share.give_back(before - cost);
            if !interest.body {
                state.drop_body();
            }
        }
        self.settle();
    }

    /// Keeps the whole body whatever the owner wants: somebody else reads it.
    pub fn keep_body(&self) {
        self.0.state.borrow_mut().keep_body = true;
    }

    /// The client waits for 100 (Continue) (RFC 9110 §10.1.1).
    pub(super) fn expect_continue(&self, expects: bool) {
        self.0.state.borrow_mut().expects_continue = expects;
    }

    /// Tells a client that waits for it to send its content; done by the first that wants content. Once the response
    /// has begun, it says whether content is wanted.
    fn invite_content(&self) {
        let expected = std::mem::take(&mut self.0.state.borrow_mut().expects_continue);
        let Progress { headers, raw, .. } = self.0.response.get();
        if expected && !headers && !raw && !self.request_ended() {
            self.0.connection.send_continue(self.0.id);
        }
    }

    /// The next input, or `None` once the request is complete and all of it was taken, or the exchange is over.
    pub async fn next_input(&self) -> Option<Input> {
        self.invite_content();
        poll_fn(|context| {
            let taken = self.take_input();
            match taken {
                Some(Input::End) => Poll::Ready(None),
                Some(input) => Poll::Ready(Some(input)),
                None if self.has_all_input() || self.outcome() != Outcome::Open => Poll::Ready(None),
                None => {
                    self.0.waiters.register(context);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The frames that wait for [`Exchange::next_input`], in their order, trailers among them.
    pub fn take_frames(&self) -> Vec<RawFrame> {
        let inputs = std::mem::take(&mut self.0.state.borrow_mut().inputs);
        let frames = inputs.into_iter().filter_map(|input| match input {
            Input::Frame(frame) | Input::Trailers { frame: Some(frame), .. } => Some(frame),
            _ => None,
        });
        frames.collect()
    }

    fn take_input(&self) -> Option<Input> {
        let input = {
            let mut state = self.0.state.borrow_mut();
            let input = state.inputs.pop_front()?;
            if let Input::Frame(frame) = &input {
                state.gave_reset |= frame.header.frame_type == FrameType::RST_STREAM;
            }
            let cost = input.cost();
            state.inputs_cost -= cost;
            state.share.give_back(cost);
            input
        };
        self.settle();
        Some(input)
    }

    /// Whether [`Exchange::next_input`] has given the client's RST_STREAM.
    pub fn has_given_reset(&self) -> bool {
        self.0.state.borrow().gave_reset
    }

    /// Whether the request is complete: its content has ended, or it has none.
    pub fn request_ended(&self) -> bool {
        self.0.request.is_connect() || self.has_all_input()
    }

    /// Whether the client has ended its half, so that not even a tunnel's bytes will come.
    fn has_all_input(&self) -> bool {
        self.0.state.borrow().ended
    }

    /// Waits until the request is complete or the exchange is over.
    pub async fn request_complete(&self) {
        self.invite_content();
        poll_fn(|context| {
            if self.request_ended() || self.outcome() != Outcome::Open {
                return Poll::Ready(());
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Waits until the body has so many octets, or all that it will have, or passed the limit of what is kept.
    pub async fn received(&self, octets: u64) {
        self.invite_content();
        poll_fn(|context| {
            let enough = self.0.state.borrow().received.octets() >= octets;
            if enough || self.request_ended() || self.outcome() != Outcome::Open || self.too_large() {
                return Poll::Ready(());
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// The body received so far, in one piece.
    pub fn body(&self) -> Bytes {
        self.0.state.borrow_mut().received.joined()
    }

    /// Whether the body passed the limit of what is kept; then nothing of it is.
    pub fn too_large(&self) -> bool {
        self.0.state.borrow().too_large
    }

    /// The request's trailer fields, if any came.
    pub fn trailers(&self) -> Option<Fields> {
        self.0.state.borrow().trailers.clone()
    }

    /// Frames received on the stream so far (HTTP/2), the first ones up to a limit.
    pub fn frames(&self) -> Vec<RawFrame> {
        self.0.state.borrow().frames.clone()
    }

    /// Waits until the exchange was reset or its connection is gone.
    pub async fn lost(&self) -> Outcome {
        poll_fn(|context| match self.outcome() {
            lost @ (Outcome::Reset(_) | Outcome::Gone) => Poll::Ready(lost),
            Outcome::Open | Outcome::Complete => {
                self.0.waiters.register(context);
                Poll::Pending
            }
        })
        .await
    }

    /// Gives back to the client's window what was taken, unless a slow reader holds too much already.
    fn settle(&self) {
        let owed = {
            let mut state = self.0.state.borrow_mut();
            if state.inputs_cost > self.0.connection.limits().queued_body {
                return;
            }
            std::mem::take(&mut state.owed)
        };
        if owed > 0 {
            self.0.connection.consume(self.0.id, owed);
        }
    }

    /// Takes an input of the engine. `weight` is what the flow-control window was charged for it.
    pub(super) fn deliver(&self, input: Input, weight: u64) {
        let kept = self.keep(input, weight);
        if !kept {
            self.0.connection.overloaded(self.0.id);
            // Gone already is fine.
            let _ = self.reset(ErrorCode::ENHANCE_YOUR_CALM);
            self.finish(Outcome::Reset(ErrorCode::ENHANCE_YOUR_CALM));
        }
        self.settle();
        self.0.waiters.wake();
    }

    /// False if the connection keeps too much already.
    fn keep(&self, input: Input, weight: u64) -> bool {
        let limits = self.0.connection.limits();
        let mut state = self.0.state.borrow_mut();
        let interest = state.interest;
        state.owed += weight;
        match &input {
            Input::Data { data, end, .. } => {
                state.ended |= *end;
                state.keep_content(data, &limits);
                if !interest.data {
                    return true;
                }
            }
            Input::Trailers { fields, .. } => {
                state.trailers = Some(fields.clone());
                if !interest.data {
                    return true;
                }
            }
            // Kept up to a bound: a client may send WINDOW_UPDATEs as long as it likes.
            Input::Frame(frame) => {
                let full = state.inputs.len() >= limits.frames && frame.header.frame_type != FrameType::RST_STREAM;
                if !interest.frames || full {
                    return true;
                }
            }
            Input::End => state.ended = true,
        }
        state.queue(input)
    }

    /// Remembers a frame for `request.frames`.
    pub(super) fn remember(&self, frame: &RawFrame) {
        let limits = self.0.connection.limits();
        let mut state = self.0.state.borrow_mut();
        let cost = (size_of::<RawFrame>() + frame.payload.len()) as u64;
        if state.frames.len() >= limits.frames || state.frames_cost + cost > limits.frame_octets {
            return;
        }
        if state.share.charge(cost) {
            state.frames_cost += cost;
            // The request's own block is kept anyway.
            let is_block = frame.header.frame_type == FrameType::HEADERS;
            state.frames.push(if is_block { frame.clone() } else { detached(frame) });
        }
    }

    /// Ends the exchange for a reason that is not [`Outcome::Open`]; the first reason stays.
    pub(super) fn finish(&self, outcome: Outcome) {
        let settled = match (self.0.outcome.get(), outcome) {
            (Outcome::Open, outcome) => outcome,
            // A handler may go on after its exchange, but not after its connection.
            (Outcome::Complete, Outcome::Gone) => Outcome::Gone,
            (settled, _) => settled,
        };
        self.0.outcome.set(settled);
        self.0.waiters.wake();
    }

    pub(super) fn wake(&self) {
        self.0.waiters.wake();
    }
}

impl State {
    /// Keeps content for [`Exchange::body`], if anything wants it.
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
