//! A folder as a response: the page that lists it, and the redirect to the path with its slash.

use crate::exchange::{Prepared, Request, ResponseHead};
use crate::http::path::percent_decoded;
use crate::site::escape;
use crate::site::files::select::{Source, answer, other_method};
use crate::site::layout::{Title, page};
use crate::site::pages::{status_page, unreadable};
use crate::site::render::render;
use crate::site::roots::{Roots, is_hidden};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("listing.html");

/// A name in a folder.
struct Entry {
    name: String,
    folder: bool,
    /// Whether `NAME.headers` stands beside it.
    headers: bool,
}

/// Lists the folder at `path` as wptserve does: sorted, each file's `.headers` beside it. What is not served is not
/// listed.
pub fn listing(request: &Request, path: &Path, roots: &Roots, title: Title<'_>) -> Prepared {
    let entries = match entries(path, roots) {
        Ok(entries) => entries,
        Err(error) => return unreadable("directory", &error),
    };
    let url_path = String::from_utf8_lossy(&percent_decoded(request.path())).into_owned();
    let data = json!({
        "path": url_path,
        "has_parent": !url_path.trim_matches('/').is_empty(),
        "entries": entries.iter().map(shown).collect::<Value>(),
    });
    let name = format!("Directory listing for {url_path}");
    let page = page(&Title { name: &name, ..title }, &render(PAGE, &data));
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", "text/html");
    answer(request, &head, Source::Octets(page.into()))
}

/// The way to the same path with a slash at its end, query kept. For GET and HEAD: a redirect that a client may follow
/// with GET (RFC 9110 §15.4.2) is no answer to other methods, which a folder does not have either.
pub fn add_slash(request: &Request) -> Prepared {
    if !matches!(&request.method[..], b"GET" | b"HEAD") {
        return other_method();
    }
    // One slash in front: two would name another host (RFC 3986 §4.2).
    let mut location = BytesMut::from(&b"/"[..]);
    location.extend(request.path().iter().skip_while(|octet| **octet == b'/'));
    location.extend_from_slice(b"/");
    if let Some(query) = request.query() {
        location.extend_from_slice(b"?");
        location.extend_from_slice(query);
    }
    let mut prepared = status_page(301, "Directory URLs end in a slash.");
    prepared.head.fields.append("location", location);
    prepared
}

/// The URLs, relative to the folder, of what is listed of it.
pub(in crate::site) fn links(path: &Path, roots: &Roots) -> Vec<String> {
    let link = |entry: Entry| format!("{}{}", escape::url_path(&entry.name), if entry.folder { "/" } else { "" });
    entries(path, roots).into_iter().flatten().map(link).collect()
}

fn shown(entry: &Entry) -> Value {
    let (class, slash) = if entry.folder { ("dir", "/") } else { ("file", "") };
    json!({
        "name": entry.name,
        "link": escape::url_path(&entry.name),
        "class": class,
        "slash": slash,
        "headers": entry.headers,
    })
}

fn entries(path: &Path, roots: &Roots) -> std::io::Result<Vec<Entry>> {
    let mut names = Vec::new();
    // Asked once: a folder may have very many entries.
    let (roots, folder) = (roots.real(), fs::canonicalize(path)?);
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // No URL leads to a name that is not UTF-8.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        let is_served = if kind.is_symlink() {
            fs::canonicalize(entry.path()).is_ok_and(|real| roots.shows(&real))
        } else {
            roots.shows(&folder.join(&name))
        };
        if is_hidden(&name) || !is_served {
            continue;
        }
        let folder = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
        names.push((name, folder));
    }
    // `x.headers` comes right after `x`, before `x-y`.
    names.sort_unstable_by(|(a, _), (b, _)| stem(a).cmp(stem(b)).then_with(|| a.cmp(b)));
    let mut entries: Vec<Entry> = Vec::with_capacity(names.len());
    for (name, folder) in names {
        let of = name.strip_suffix(".headers");
        match entries.last_mut() {
            Some(last) if of == Some(&last.name) && !folder => last.headers = true,
            _ => entries.push(Entry { name, folder, headers: false }),
        }
    }
    Ok(entries)
}

/// The name of the file that a `.headers` file belongs to; any other name as it is.
fn stem(name: &str) -> &str {
    name.strip_suffix(".headers").unwrap_or(name)
}
