//! What a query asks for.

use crate::exchange::{Prepared, Request};
use crate::server::pages::query::Query;
use crate::server::pages::transcript::NO_TRANSCRIPT;
use crate::server::worker::Worker;
use crate::site;
use crate::transcript::{Filter, Transcript};
use std::rc::Rc;
use std::sync::Arc;

/// What is asked for, of which connection.
pub(super) struct Asked {
    query: Query,
    pub transcript: Arc<Transcript>,
    /// Whether what was sent for the pages below `/_wire/` counts, too.
    pub own: bool,
}

impl Asked {
    /// The query of a page that has these parameters, `connection` and `own` among them.
    ///
    /// # Errors
    /// The response that says what is wrong with the query.
    pub fn of(worker: &Worker, request: &Request, known: &[&str]) -> Result<Self, Box<Prepared>> {
        let query = Query::of(request, known).map_err(refused)?;
        let id = query.number("connection").map_err(refused)?;
        let id = id.ok_or_else(|| refused("The query needs `connection`, the number of a connection."))?;
        let Some(transcript) = worker.shared.transcripts.transcript(id) else {
            return Err(Box::new(site::status_page(404, NO_TRANSCRIPT)));
        };
        // What a file has was not sent for the page that shows it.
        let own = transcript.is_saved() || query.get("own").is_some();
        Ok(Self { query, transcript, own })
    }

    /// A number of the query, or what it is without one.
    pub fn number(&self, name: &str, otherwise: u64) -> Result<u64, Box<Prepared>> {
        Ok(self.query.number(name).map_err(refused)?.unwrap_or(otherwise))
    }

    pub fn filter(&self) -> Result<Rc<Filter>, Box<Prepared>> {
        filter(&self.query)
    }
}

pub(super) fn filter(query: &Query) -> Result<Rc<Filter>, Box<Prepared>> {
    let text = query.text("filter").unwrap_or_default();
    Filter::parse(&text).map(Rc::new).map_err(refused)
}

/// A response that says what is wrong with the query.
pub(super) fn refused(text: impl ToString) -> Box<Prepared> {
    Box::new(site::status_page(400, &text.to_string()))
}
