//! A last look at a response before it is sent, whoever decided it.

use super::conversation::Exchange;
use super::error::SendError;
use super::prepared::{Prepared, ResponseHead, StatusText};
use super::respond::check_trailer_names;
use crate::http::Fields;
use crate::http::latin1::octets_of_text;
use crate::http::peer::Protocol;
use crate::{h1, h2};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// What [`Reviewer::review`] gives: the response that is to be sent.
pub type Reviewing = Pin<Box<dyn Future<Output = Prepared>>>;

/// Has a last look at the response to one request.
pub trait Reviewer {
    /// The response as it is to be sent. Content that is made while it is sent may be replaced, not read.
    fn review(self: Rc<Self>, exchange: Exchange, prepared: Prepared) -> Reviewing;
}

impl Exchange {
    /// Lets `reviewer` have a last look at the response.
    pub fn review_by(&self, reviewer: Rc<dyn Reviewer>) {
        self.0.reviewer.replace(Some(reviewer));
    }

    /// Who is to have a last look, for whoever is about to send: only the first who asks gets him. One who is left when
    /// the response is complete has not seen it.
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

    /// Looks whether the checked lane would send these trailers; names may be in upper case.
    ///
    /// # Errors
    /// [`SendError::Trailer`], [`SendError::Http1`] or [`SendError::Http2`]
    pub fn check_trailers(&self, trailers: &Fields) -> Result<(), SendError> {
        check_trailer_names(trailers)?;
        // What may stand in trailers may stand in a head.
        self.check_head(&ResponseHead { status: 200, reason: None, fields: trailers.clone() })
    }

    /// Looks whether the checked lane would send this head, as far as the head alone says; names may be in upper case.
    ///
    /// # Errors
    /// [`SendError::Http1`] or [`SendError::Http2`]
    pub fn check_head(&self, head: &ResponseHead) -> Result<(), SendError> {
        match self.protocol() {
            Protocol::Http1 => {
                let reason = head.reason.as_deref().map(octets_of_text);
                h1::check_head(head.status, reason.as_deref(), &head.fields).map_err(SendError::Http1)
            }
            Protocol::Http2 => {
                let status = StatusText::new(head.status);
                h2::check_head(status.and(&head.fields.for_http2())).map_err(SendError::Http2)
            }
        }
    }
}
