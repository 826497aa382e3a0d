//! The style and the scripts of the pages, and the page of the inspector, all inside the binary.

use super::super::worker::Worker;
use crate::exchange::{Prepared, Request};
use crate::site;
use bytes::Bytes;
use rust_embed::Embed;
use std::borrow::Cow;

/// Nothing comes from elsewhere, and no text of a client becomes a script.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

#[derive(Embed)]
#[folder = "src/server/pages/assets/"]
struct Assets;

/// An asset by its name.
pub(super) fn answer(request: &Request, name: &[u8]) -> Prepared {
    let name = std::str::from_utf8(name).ok().filter(|name| name.ends_with(".css") || name.ends_with(".js"));
    let Some((name, file)) = name.and_then(|name| Some((name, Assets::get(name)?))) else {
        return site::status_page(404, "There is no asset with this name.");
    };
    let content = match file.data {
        Cow::Borrowed(octets) => Bytes::from_static(octets),
        Cow::Owned(octets) => octets.into(),
    };
    let mut prepared = site::shipped_page(request, name, content);
    prepared.head.fields.set("cache-control", "no-cache");
    prepared
}

/// The page of the inspector.
pub(super) fn page(worker: &Worker) -> Prepared {
    let page = site::page(&worker.title("Connections"), include_str!("assets/inspector.html"));
    let mut prepared = site::html_page(page);
    prepared.head.fields.append("cache-control", "no-cache");
    prepared.head.fields.append("content-security-policy", POLICY);
    prepared
}
