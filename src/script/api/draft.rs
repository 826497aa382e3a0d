//! A response as far as it is decided, apart from whoever is to send it.

use std::rc::Rc;

use rhai::{Array, Dynamic, INT};

use super::outcome::{Outcome, fail};
use super::response::{Inner, Response};
use crate::exchange::{Content, NextPiece, Pieces, Prepared, ResponseHead};
use crate::http::Fields;
use crate::script::budget::pause;
use crate::script::common::Common;
use crate::script::octets::{Octets, octets_of};

/// What a script has decided of a response.
#[derive(Clone)]
pub struct Draft {
    /// The status, whether it is one or not.
    pub status: INT,
    /// The reason phrase (HTTP/1.1).
    pub reason: Option<String>,
    /// The header fields.
    pub headers: Fields,
    /// The trailer fields.
    pub trailers: Fields,
    /// The content; `()` for none.
    pub content: Dynamic,
    /// Whether `date` and `server` are added.
    pub add_required_headers: bool,
    /// Whether the answer to HEAD has content.
    pub send_body_for_head_request: bool,
    /// Whether the connection ends after it.
    pub close_connection: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            status: 200,
            reason: None,
            headers: Fields::new(),
            trailers: Fields::new(),
            content: Dynamic::UNIT,
            add_required_headers: true,
            send_body_for_head_request: false,
            close_connection: false,
        }
    }
}

/// Content that the script makes while it is sent: to be replaced, not to be read.
#[derive(Debug)]
struct Made;

impl Pieces for Made {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl Response {
    /// What is decided of it.
    pub fn draft(&self) -> Draft {
        let Inner { status, reason, headers, trailers, content, .. } = &*self.0;
        Draft {
            status: status.get(),
            reason: reason.borrow().clone(),
            headers: headers.0.borrow().clone(),
            trailers: trailers.0.borrow().clone(),
            content: content.borrow().clone(),
            add_required_headers: self.0.add_required_headers.get(),
            send_body_for_head_request: self.0.send_body_for_head_request.get(),
            close_connection: self.0.close_connection.get(),
        }
    }

    /// Puts all that is decided of it in the place of what was.
    pub fn put(&self, draft: Draft) {
        let Inner { status, reason, headers, trailers, content, .. } = &*self.0;
        status.set(draft.status);
        reason.replace(draft.reason);
        headers.0.replace(draft.headers);
        trailers.0.replace(draft.trailers);
        // What is dropped may look into the response.
        let former = content.replace(draft.content);
        drop(former);
        self.0.add_required_headers.set(draft.add_required_headers);
        self.0.send_body_for_head_request.set(draft.send_body_for_head_request);
        self.0.close_connection.set(draft.close_connection);
    }

    /// Lets whoever is to have a last look at the response have it before the first of it is sent. `whole`: its content
    /// is all that will be sent, and may be replaced.
    pub(super) fn review(&self, whole: bool) -> Outcome<()> {
        if self.0.exchange.headers_sent() {
            return Ok(());
        }
        let Some(reviewer) = self.0.exchange.take_reviewer() else { return Ok(()) };
        // What is wrong with it already is the script's own mistake.
        let head = self.head(self.0.headers.0.borrow().clone())?;
        let prepared = Prepared {
            head,
            content: if whole { self.shown_content() } else { Content::Pieces(Box::new(Made)) },
            trailers: self.0.trailers.0.borrow().clone(),
            content_for_head: self.0.send_body_for_head_request.get(),
        };
        let exchange = self.0.exchange.clone();
        let reviewed = pause(async move { reviewer.review(exchange, prepared).await })?;
        let Prepared { head: ResponseHead { status, reason, fields }, content, trailers, content_for_head } = reviewed;
        self.0.status.set(status.into());
        self.0.reason.replace(reason);
        self.0.headers.0.replace(fields);
        self.0.trailers.0.replace(trailers);
        self.0.send_body_for_head_request.set(content_for_head);
        if let Content::Whole(octets) = content
            && whole
        {
            let former = self.0.content.replace(Dynamic::from(Octets(octets)));
            drop(former);
        }
        Ok(())
    }

    fn shown_content(&self) -> Content {
        let content = self.0.content.borrow();
        if content.is_unit() || content.read_lock::<Array>().is_some_and(|pieces| pieces.is_empty()) {
            return Content::default();
        }
        octets_of(&content).map_or_else(|| Content::Pieces(Box::new(Made)), Content::Whole)
    }

    /// A response that hooks may change and nobody sends.
    pub fn under_review(exchange: crate::exchange::Exchange, common: Rc<Common>) -> Self {
        Self::make(exchange, common, None, true)
    }

    /// Refuses to send where somebody else does.
    pub(super) fn check_own(&self) -> Outcome<()> {
        if self.0.under_review {
            return fail("on_response changes a response that the server sends; it sends nothing by itself");
        }
        Ok(())
    }
}
