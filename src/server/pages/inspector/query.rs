//! What a query asks for.

use crate::exchange::{Prepared, Request};
use crate::http::form::parse_urlencoded;
use crate::server::pages::connections::NO_TRANSCRIPT;
use crate::server::worker::Worker;
use crate::site;
use crate::transcript::{Filter, Transcript};
use std::rc::Rc;
use std::sync::Arc;

/// A parameter of a query.
pub(super) fn parameter(request: &Request, wanted: &str) -> Option<String> {
    let parameters = parse_urlencoded(request.query().unwrap_or_default());
    let found = parameters.into_iter().find(|(name, _)| name == wanted)?;
    Some(String::from_utf8_lossy(&found.1).into_owned())
}

/// What is asked for, of which connection.
pub(super) struct Asked {
    pub transcript: Arc<Transcript>,
    /// Whether what was sent for the pages below `/_wire/` counts, too.
    pub own: bool,
}

impl Asked {
    /// # Errors
    /// The response that says what is wrong with the query.
    pub fn of(worker: &Worker, request: &Request) -> Result<Self, Box<Prepared>> {
        let Some(id) = parameter(request, "connection").and_then(|id| id.parse().ok()) else {
            return Err(refused(400, "The query needs connection=, the number of a connection."));
        };
        let Some(transcript) = worker.shared.transcripts.transcript(id) else {
            return Err(refused(404, NO_TRANSCRIPT));
        };
        // What a file has was not sent for the page that shows it.
        let own = transcript.is_saved() || parameter(request, "own").is_some();
        Ok(Self { transcript, own })
    }
}

/// A number of the query, or what it is without one.
pub(super) fn number(request: &Request, name: &str, otherwise: u64) -> Result<u64, Box<Prepared>> {
    match parameter(request, name).map(|text| text.parse()) {
        None => Ok(otherwise),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => Err(refused(400, &format!("{name}= is not a number."))),
    }
}

pub(super) fn filter(request: &Request) -> Result<Rc<Filter>, Box<Prepared>> {
    let text = parameter(request, "filter").unwrap_or_default();
    Filter::parse(&text).map(Rc::new).map_err(|error| refused(400, &error.to_string()))
}

fn refused(status: u16, text: &str) -> Box<Prepared> {
    Box::new(site::status_page(status, text))
}
