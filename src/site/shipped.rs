//! Handlers and pages inside the binary, so that an installed server answers in any folder.

use super::files::select;
use crate::exchange::{Prepared, Request, ResponseHead};
use crate::http::media_type;
use bytes::Bytes;
use rust_embed::Embed;
use std::borrow::Cow;

#[derive(Embed)]
#[folder = "handlers/"]
struct Handlers;

#[derive(Embed)]
#[folder = "fixtures/pages/"]
struct Pages;

/// The source of a shipped handler by its path below `handlers/`.
pub fn shipped_handler(path: &str) -> Option<Cow<'static, str>> {
    let file = Handlers::get(path)?;
    match file.data {
        Cow::Borrowed(octets) => std::str::from_utf8(octets).ok().map(Cow::Borrowed),
        Cow::Owned(octets) => String::from_utf8(octets).ok().map(Cow::Owned),
    }
}

/// The paths of all shipped handlers below `handlers/`.
pub fn shipped_handlers() -> impl Iterator<Item = Cow<'static, str>> {
    Handlers::iter().filter(|path| path.ends_with(".rhai"))
}

/// A shipped page (or other file) by its path below `fixtures/pages/`, or a file beside a shipped handler.
pub fn shipped_octets(path: &str) -> Option<Cow<'static, [u8]>> {
    let file = match path.strip_prefix("handlers/") {
        Some(path) => Handlers::get(path),
        None => Pages::get(path.strip_prefix("fixtures/pages/").unwrap_or(path)),
    };
    file.map(|file| file.data)
}

/// A page inside the binary, typed by its name.
pub fn shipped_page(request: &Request, name: &str, content: Bytes) -> Prepared {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", media_type::by_file_name(name));
    select::answer(request, &head, select::Source::Octets(content))
}
