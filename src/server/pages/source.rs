//! `/_wire/source/PATH`: the scripts that respond.

use super::super::worker::Worker;
use super::assets::POLICY;
use super::words::missing;
use crate::exchange::Prepared;
use crate::site;

/// The script at a path below `/_wire/source`: at that path of the server, or below `/handlers/`.
pub(super) fn page(worker: &Worker, path: &[u8]) -> Prepared {
    let title = worker.title("Sources");
    if path == b"/" {
        let scripts = worker.index.scripts(&worker.files());
        return policed(site::html_page(site::sources_page(&scripts, &title)));
    }
    let below_handlers = [b"/handlers", path].concat();
    let found = [path, &below_handlers].into_iter().find_map(|path| site::source_page(worker.site(), path, &title));
    match found {
        Some(Ok(page)) => policed(site::html_page(page)),
        Some(Err(text)) => site::status_page(500, &text),
        None => missing(worker, path, "/_wire/source", NO_SCRIPT),
    }
}

const NO_SCRIPT: &str = "No script responds at this path. /_wire/source/ lists the scripts.";

fn policed(mut prepared: Prepared) -> Prepared {
    prepared.head.fields.append("cache-control", "no-cache");
    prepared.head.fields.append("content-security-policy", POLICY);
    prepared
}
