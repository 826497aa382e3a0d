//! One request and its response.

use super::connection::{Connection, Notice};
use super::ended::{End, Ended};
use super::inbox::Inbox;
use super::input::{Input, Interest};
use super::prepared::Prepared;
use super::progress::{Announced, Progress};
use super::request::Request;
use super::wait::Waiters;
use crate::h2::CallSite;
use crate::http::Fields;
use crate::http::peer::Protocol;
use crate::wire::frame::{ErrorCode, RawFrame};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

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
    pub inbox: RefCell<Inbox>,
    pub outcome: Cell<Outcome>,
    /// Bytes of content that checked calls have sent.
    pub content: Cell<u64>,
    /// With what this end has reset the stream.
    pub own_reset: Cell<Option<ErrorCode>>,
    /// When it began; `None` if that was not in a turn of the socket.
    pub began: Option<Instant>,
    pub response: Cell<Progress>,
    /// Set where the checked calls are held to what the head has announced.
    pub announced: Cell<Option<Announced>>,
    pub waiters: Waiters,
    pub reviewer: RefCell<Option<Rc<dyn Reviewer>>>,
    /// What was promised on its stream.
    pub pushed: RefCell<Vec<Exchange>>,
    call: Cell<CallSite>,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exchange {} of {:?}", self.0.id, self.0.connection)
    }
}

/// What [`Reviewer::review`] gives: the response that is to be sent.
pub type Reviewing = Pin<Box<dyn Future<Output = Prepared>>>;

/// Has a last look at the response to one request.
pub trait Reviewer {
    /// The response as it is to be sent. Content that is made while it is sent may be replaced, not read.
    fn review(self: Rc<Self>, exchange: Exchange, prepared: Prepared) -> Reviewing;
}

impl Exchange {
    pub(super) fn new(connection: Connection, id: u64, request: Request, ended: bool) -> Self {
        let began = connection.0.now.get();
        let inbox = RefCell::new(Inbox::new(connection.0.account.share(), ended));
        Self(Rc::new(Inner {
            connection,
            id,
            request,
            inbox,
            outcome: Cell::new(Outcome::Open),
            content: Cell::new(0),
            own_reset: Cell::new(None),
            began,
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
    pub fn set_interest(&self, interest: Interest) {
        self.0.inbox.borrow_mut().set_interest(interest);
        self.settle();
    }

    /// Keeps the whole body whatever the owner wants: something else reads it.
    pub fn keep_body(&self) {
        self.0.inbox.borrow_mut().keep_body();
    }

    /// The client waits for 100 (Continue) (RFC 9110 §10.1.1).
    pub(super) fn expect_continue(&self, expects: bool) {
        self.0.inbox.borrow_mut().expect_continue(expects);
    }

    /// Tells a client that waits for it to send its content; done by the first that wants content. Once the response
    /// has begun, it says whether content is wanted.
    fn invite_content(&self) {
        let expected = self.0.inbox.borrow_mut().take_expectation();
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
        let frames = self.0.inbox.borrow_mut().take_frames();
        self.settle();
        frames
    }

    fn take_input(&self) -> Option<Input> {
        let input = self.0.inbox.borrow_mut().take()?;
        self.settle();
        Some(input)
    }

    /// Whether [`Exchange::next_input`] has given the client's RST_STREAM.
    pub fn has_given_reset(&self) -> bool {
        self.0.inbox.borrow().has_given_reset()
    }

    /// Whether the request is complete: its content has ended, or it has none.
    pub fn request_ended(&self) -> bool {
        self.0.request.is_connect() || self.has_all_input()
    }

    /// Whether the client has ended its half, so that not even a tunnel's bytes will come.
    fn has_all_input(&self) -> bool {
        self.0.inbox.borrow().has_ended()
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

    /// Waits until the body has this many octets, or all that it will have, or passed the limit of what is kept.
    pub async fn received(&self, octets: u64) {
        self.invite_content();
        poll_fn(|context| {
            let enough = self.0.inbox.borrow().body_length() >= octets;
            if enough || self.request_ended() || self.outcome() != Outcome::Open || self.too_large() {
                return Poll::Ready(());
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Whether the body has fewer octets, and no more will come although the client announced them: it reset the stream,
    /// or its connection ended.
    pub fn is_broken_off(&self, octets: u64) -> bool {
        let is_short = !self.request_ended() && self.0.inbox.borrow().body_length() < octets;
        is_short && matches!(self.outcome(), Outcome::Reset(_) | Outcome::Gone)
    }

    /// The body received so far, in one piece.
    pub fn body(&self) -> Bytes {
        self.0.inbox.borrow_mut().body()
    }

    /// Whether the body passed the limit of what is kept; then nothing of it is.
    pub fn too_large(&self) -> bool {
        self.0.inbox.borrow().is_too_large()
    }

    /// The request's trailer fields, if any came.
    pub fn trailers(&self) -> Option<Fields> {
        self.0.inbox.borrow().trailers().cloned()
    }

    /// Frames received on the stream so far (HTTP/2), the first ones up to a limit.
    pub fn frames(&self) -> Vec<RawFrame> {
        self.0.inbox.borrow().frames().to_vec()
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
        let owed = self.0.inbox.borrow_mut().take_owed(self.0.connection.limits().queued_body);
        if owed > 0 {
            self.0.connection.consume(self.0.id, owed);
        }
    }

    /// Takes an input of the engine. `weight` is what the flow-control window was charged for it.
    pub(super) fn deliver(&self, input: Input, weight: u64) {
        let kept = self.0.inbox.borrow_mut().keep(input, weight, &self.0.connection.limits());
        // What arrives behind it in the same turn is refused, too.
        if !kept && self.outcome() == Outcome::Open {
            self.0.connection.overloaded(self.0.id);
            // Gone already is fine.
            let _ = self.reset(ErrorCode::ENHANCE_YOUR_CALM);
            self.finish(Outcome::Reset(ErrorCode::ENHANCE_YOUR_CALM));
        }
        self.settle();
        self.0.waiters.wake();
    }

    /// Remembers a frame for `request.frames`.
    pub(super) fn remember(&self, frame: &RawFrame) {
        self.0.inbox.borrow_mut().remember(frame, &self.0.connection.limits());
    }

    /// Ends the exchange for a reason that is not [`Outcome::Open`]; the first reason stays.
    pub(super) fn finish(&self, outcome: Outcome) {
        let settled = match (self.0.outcome.get(), outcome) {
            (Outcome::Open, outcome) => outcome,
            // A handler may go on after its exchange, but not after its connection.
            (Outcome::Complete, Outcome::Gone) => Outcome::Gone,
            (settled, _) => settled,
        };
        if self.outcome() == Outcome::Open && self.0.connection.0.reports_ends.get() {
            self.0.connection.note(Notice::Ended(self.clone()));
        }
        self.0.outcome.set(settled);
        self.0.waiters.wake();
    }

    /// What there is to say of it at its end. What ends a stream is noted only when the call that did it returns: so this
    /// is for the end of a turn.
    pub fn summary(&self) -> Ended {
        let Progress { status, raw, .. } = self.0.response.get();
        let how = match (self.0.own_reset.get(), self.outcome()) {
            (Some(code), _) => End::ServerReset(code),
            (None, Outcome::Reset(code)) => End::ClientReset(code),
            (None, Outcome::Gone) => End::Gone,
            (None, Outcome::Open | Outcome::Complete) => End::Complete,
        };
        let Request { method, target, .. } = &self.0.request;
        let (method, target) = (method.clone(), target.clone());
        let (content, began) = (self.0.content.get(), self.0.began);
        Ended { protocol: self.protocol(), method, target, status, raw, content, began, how }
    }

    pub(super) fn wake(&self) {
        self.0.waiters.wake();
    }

    /// Lets `reviewer` have a last look at the response.
    pub fn review_by(&self, reviewer: Rc<dyn Reviewer>) {
        self.0.reviewer.replace(Some(reviewer));
    }

    /// Takes the reviewer out, so that it runs once. If one is left when the response is complete, it has not run.
    pub fn take_reviewer(&self) -> Option<Rc<dyn Reviewer>> {
        self.0.reviewer.take()
    }

    /// `prepared` as it is to be sent.
    pub async fn reviewed(&self, prepared: Prepared) -> Prepared {
        match self.take_reviewer() {
            Some(reviewer) => reviewer.review(self.clone(), prepared).await,
            None => prepared,
        }
    }
}
