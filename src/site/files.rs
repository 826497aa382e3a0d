//! Files as responses.
//!
//! A file answers GET and HEAD with its type, what its `.headers` files say, and an entity tag; with less if the
//! request asks for less (ranges, preconditions). An `.asis` file is the response itself.
//!
//! No `last-modified` is sent, as with wptserve: browsers take a page that has one for fresh for some time (RFC 9111
//! §4.2.2), and a test would run against what its file was before. The entity tag makes them ask.

mod as_is;
mod cache;
mod content;
mod fields;
mod listing;
mod opened;
pub(super) mod select;
pub(super) mod stamp;

pub use as_is::{send_as_is, send_as_written};
pub use cache::FileCache;
pub(super) use listing::links;
pub use listing::{add_slash, listing};

use super::pages::{status_page, unreadable};
use super::pipes::Pipeline;
use super::roots::Roots;
use super::template::Scope;
use crate::exchange::{Exchange, Prepared, Protocol};
use crate::http::Fields;
use cache::{Cached, Stored};
use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

/// What answering with files needs.
pub struct Files<'a> {
    /// What is served: a `.headers` file elsewhere is not looked at.
    pub roots: &'a Roots,
    /// The worker's.
    pub cache: &'a FileCache,
    /// When the turn under way began.
    pub now: Instant,
    /// The time, asked for when a file is read.
    pub wall_clock: fn() -> SystemTime,
}

/// Decides how the file at `path` answers; `.sub.headers` files see `scope`. What goes wrong is a response too.
pub fn file(exchange: &Exchange, path: &Path, files: &Files<'_>, scope: &Scope<'_>) -> Prepared {
    let request = exchange.request();
    let cached = match cache::find(path, files) {
        Ok(cached) => cached,
        Err(error) => return unreadable("file", &error),
    };
    let source = match open(&cached, path, files) {
        Ok(source) => source,
        Err(error) => return unreadable("file", &error),
    };
    let changed_by_pipe = || Pipeline::is_asked_for(request.query(), "");
    let mut prepared = match &cached.fields {
        cache::Head::Fixed(head) if changed_by_pipe() => {
            let mut head = head.clone();
            head.fields.remove("etag");
            select::answer(request, &head, source)
        }
        cache::Head::Fixed(head) => select::answer(request, head, source),
        cache::Head::Templates(sources) => match fields::head(path, sources, Some(scope)) {
            Ok(head) => select::answer(request, &head, source),
            Err(text) => status_page(500, &text),
        },
        cache::Head::Wrong(text) => status_page(500, text),
    };
    drop_connection_specific(exchange, &mut prepared.head.fields);
    prepared
}

/// What the `.headers` files of the file at `path` say, for what is made of that file.
///
/// # Errors
/// A sentence that names the `.headers` file.
pub fn own_fields(exchange: &Exchange, path: &Path, files: &Files<'_>, scope: &Scope<'_>) -> Result<Fields, String> {
    let sources = cache::read_fields(path, &fields::look(path), files)?;
    let mut fields = fields::own(&sources, Some(scope))?;
    drop_connection_specific(exchange, &mut fields);
    Ok(fields)
}

/// One `.headers` file answers over both protocols (RFC 9113 §8.2.2).
fn drop_connection_specific(exchange: &Exchange, fields: &mut Fields) {
    if exchange.protocol() == Protocol::Http2 {
        fields.remove_connection_specific();
    }
}

fn open(cached: &Cached, path: &Path, files: &Files<'_>) -> io::Result<select::Source> {
    match &cached.stored {
        Stored::Small(octets) => Ok(select::Source::Octets(octets.clone())),
        Stored::Large(length) => {
            let file = files.cache.open_files.open(path)?;
            // What it has lost meanwhile must not be announced; what it has gained is not looked at.
            let length = file.length()?.min(*length);
            Ok(select::Source::File(file, length))
        }
    }
}
