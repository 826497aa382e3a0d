//! Whether a response could be sent, looked at before anything of it is.

use super::conversation::Exchange;
use super::error::SendError;
use super::prepared::{ResponseHead, StatusText};
use crate::http::Fields;
use crate::http::fields::is_forbidden_in_trailers;
use crate::http::latin1::{latin1, octets_of_text};
use crate::http::peer::Protocol;
use crate::{h1, h2};

impl Exchange {
    /// Looks whether a checked call would send these trailers; names may be in upper case.
    ///
    /// # Errors
    /// [`SendError::Trailer`], [`SendError::Http1`] or [`SendError::Http2`]
    pub fn check_trailers(&self, trailers: &Fields) -> Result<(), SendError> {
        check_trailer_names(trailers)?;
        // What may stand in trailers may stand in a head.
        self.check_head(&ResponseHead { status: 200, reason: None, fields: trailers.clone() })
    }

    /// Looks whether a checked call would send this head, as far as the head alone says; names may be in upper case.
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

/// Refuses what has no place in a trailer section.
pub(super) fn check_trailer_names(fields: &Fields) -> Result<(), SendError> {
    match fields.iter().find(|field| is_forbidden_in_trailers(&field.name)) {
        Some(field) => Err(SendError::Trailer { name: latin1(&field.name) }),
        None => Ok(()),
    }
}
