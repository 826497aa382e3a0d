//! `/_wire/docs/`: the pages of `docs/`, and what a search finds in them.

use super::super::worker::Worker;
use super::assets::POLICY;
use super::query::Query;
use crate::exchange::{Prepared, Request};
use crate::site;

const NO_PAGE: &str = "There is no page at this path. /_wire/docs/ lists the pages, and searches them.";

/// The page at a path below `/_wire/docs`; at the top, what a search finds.
pub(super) fn page(worker: &Worker, path: &str, request: &Request) -> Prepared {
    let query = match Query::of(request, &["q"]) {
        Ok(query) => query,
        Err(text) => return site::status_page(400, &text),
    };
    let title = worker.title("");
    let words = query.text("q").filter(|words| !words.trim().is_empty() && path.trim_matches('/').is_empty());
    let page = match words {
        Some(words) => Some(site::docs::found(&words, &title)),
        None => site::docs::page(path, &title),
    };
    let Some(page) = page else { return site::status_page(404, NO_PAGE) };
    let mut prepared = site::html_page(page);
    prepared.head.fields.append("cache-control", "no-cache");
    // The search is a form.
    prepared.head.fields.append("content-security-policy", POLICY.replace("form-action 'none'", "form-action 'self'"));
    prepared
}
