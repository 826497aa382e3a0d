//! The page at `/`: every handler with its comment and links, made from the files themselves.

use super::catalogue::{self, Entry};
use super::escape;
use super::head::Head;
use super::resolve::Roots;
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = include_str!("index.css");
const SCRIPT: &str = include_str!("index.js");

/// What `Only:` says of handlers that answer gRPC calls.
const GRPC: &str = "gRPC";

/// The page as HTML. `ports` are (what, URL) of all ports, `protocol` is the one that asked for the page.
pub fn index_page(roots: &Roots, ports: &[(String, String)], protocol: &str) -> String {
    let entries = catalogue::handlers(roots);
    let mut topics: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries.values().filter(|entry| entry.head.only.as_deref() != Some(GRPC)) {
        let topic = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        topics.entry(topic).or_default().push(entry);
    }
    let mut page = String::with_capacity(64 * 1024);
    head(&mut page, ports, protocol, entries.len());
    for (topic, entries) in &topics {
        let title = if topic.is_empty() { "start here" } else { topic };
        let _ = write!(page, "<section><h2>{}</h2>\n<div class=\"cards\">\n", escape::html(title));
        for entry in entries {
            card(&mut page, entry, elsewhere(entry, ports, protocol));
        }
        page.push_str("</div></section>\n");
    }
    for_grpc(&mut page, entries.values().filter(|entry| entry.head.only.as_deref() == Some(GRPC)));
    profiles(&mut page, roots, ports);
    let _ = writeln!(page, "</main><script>{SCRIPT}</script></body></html>");
    page
}

fn head(page: &mut String, ports: &[(String, String)], protocol: &str, count: usize) {
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><base href=\"/handlers/\"><title>wireserve</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body>\n<header><h1>wireserve</h1>\
         <p>{count} handlers, ready to click. Each is a small Rhai script: its link goes there, <b>fetch</b> shows here what your \
         browser makes of it. This page came over <b>{}</b>.</p><p class=\"ports\">",
        escape::html(protocol)
    );
    if !ports.iter().any(|(what, _)| what == "HTTP/2") {
        page.push_str(
            "Started without <code>--h2</code>: profiles, and what is for HTTP/2 only, have no port to go to. ",
        );
    }
    for (what, url) in ports {
        let _ = write!(page, "<a href=\"{}\">{}: {}</a> ", escape::html(url), escape::html(what), escape::html(url));
    }
    page.push_str(
        "</p><p>Your own: <code>wireserve new my-test</code>, or drop <code>my-test.rhai</code> into \
         <code>handlers/</code>; it is used from the next request on. \
         <a href=\"/?list\">Files</a> · <a href=\"/_wire/status\">Status</a> · \
         <a href=\"/_wire/connections\">Connections</a></p>\
         <input id=\"filter\" type=\"search\" placeholder=\"filter: goaway, continuation, padding …\" \
         aria-label=\"filter the handlers\"></header><main>\n",
    );
}

/// Those that a browser has no use for, by name.
fn for_grpc<'a>(page: &mut String, entries: impl Iterator<Item = &'a Entry>) {
    page.push_str("<section><h2>for gRPC clients</h2><p>\n");
    for entry in entries {
        let _ = writeln!(page, "{}", escape::html(entry.path.trim_end_matches(".rhai")));
    }
    page.push_str("</p></section>\n");
}

/// The profiles, each with a link to its host if there is a port for HTTP/2 over TLS. What clients are to do is said at
/// the head of each: here it would not fit into one initial window.
fn profiles(page: &mut String, roots: &Roots, ports: &[(String, String)]) {
    let port = ports.iter().find(|(what, _)| what == "HTTP/2").and_then(|(_, url)| url.strip_prefix("https://"));
    page.push_str("<section><h2>profiles of connections</h2>\n<div class=\"cards\">\n");
    for (name, entry) in catalogue::profiles(roots) {
        let name = escape::html(&name);
        let _ = write!(page, "<article id=\"profiles/{name}\"><h3>{name}");
        tag_own(page, &entry);
        page.push_str("</h3>");
        let _ = write!(page, "<p>{}</p>", escape::html(&entry.head.sends));
        if let Some(port) = port {
            let port = escape::html(port);
            let _ = write!(page, "<ul><li><a href=\"https://{name}.conn.{port}\">open</a></ul>");
        }
        page.push_str("</article>\n");
    }
    page.push_str("</div></section>\n");
}

fn tag_own(page: &mut String, entry: &Entry) {
    if !entry.shipped {
        page.push_str(" <small class=\"tag own\">yours</small>");
    }
}

/// The port to go to for a handler that this page's protocol is not made for.
fn elsewhere<'a>(entry: &Entry, ports: &'a [(String, String)], protocol: &str) -> Option<&'a str> {
    let only = entry.head.only.as_deref().filter(|only| *only != protocol)?;
    ports.iter().find(|(what, _)| what == only).map(|(_, url)| url.trim_end_matches('/'))
}

/// One handler. `base` is the other port that its links lead to; what is there the page's script offers no button for.
fn card(page: &mut String, entry: &Entry, base: Option<&str>) {
    // The page's own base is /handlers/: with hundreds of links that keeps it within one initial window.
    let base_path = base.map(|base| format!("{base}/handlers/")).unwrap_or_default();
    let url = format!("{base_path}{}", escape::url_path(&entry.path));
    let name = entry.path.rsplit('/').next().unwrap_or(&entry.path).trim_end_matches(".rhai");
    let _ = write!(page, "<article id=\"{}\"><h3>{}", escape::html(&entry.path), escape::html(name));
    if let Some(only) = &entry.head.only {
        let _ = write!(page, " <small class=tag>{} only</small>", escape::html(only));
    }
    tag_own(page, entry);
    page.push_str("</h3>");
    let _ = write!(page, "<p>{}", escape::html(&entry.head.sends));
    if !entry.head.client.is_empty() {
        let _ = write!(page, "<p class=client>{}", escape::html(&entry.head.client));
    }
    expectations(page, &entry.head);
    page.push_str("<ul>");
    for query in entry.head.queries() {
        let label = if query.is_empty() { name } else { query };
        let href = escape::html(&format!("{url}{query}"));
        let _ = write!(page, "<li><a href=\"{href}\">{}</a>", escape::html(label));
    }
    page.push_str("</ul></article>\n");
}

/// What a client is expected to do, where that differs by query: the rest the sentence above it says. All fits into one
/// initial window, see the tests.
fn expectations(page: &mut String, head: &Head) {
    if head.expectations.len() < 2 {
        return;
    }
    let shown = head.expectations.iter().map(|expectation| match expectation.queries.as_slice() {
        [] => format!("else {expectation}"),
        queries => format!("{} {expectation}", queries.join(" ")),
    });
    let _ = write!(page, "<p class=expect>{}", escape::html(&shown.collect::<Vec<_>>().join("; ")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(protocol: &str, file: &str, text: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(file), text).expect("a file");
        let roots = Roots {
            document: "/nowhere".into(),
            handlers: vec![folder.path().into()],
            hidden: Vec::new(),
            mounted: Vec::new(),
        };
        let port = |what: &str, url: &str| (what.to_owned(), url.to_owned());
        index_page(&roots, &[port("HTTP/1.1", "http://h:1/"), port("HTTP/2", "https://h:2/")], protocol)
    }

    #[test]
    fn a_handler_for_http_2_only_is_linked_where_it_works() {
        let text = "// Sends.\n// Client: reads.\n// Only: HTTP/2\nfn main(request, response) {}";
        let (elsewhere, here) = ("<a href=\"https://h:2/handlers/mine.rhai\"", "<a href=\"mine.rhai\"");
        let over_1 = page("HTTP/1.1", "mine.rhai", text);
        assert!(over_1.contains(elsewhere) && !over_1.contains(here));
        let over_2 = page("HTTP/2", "mine.rhai", text);
        assert!(!over_2.contains(elsewhere) && over_2.contains(here));
    }

    #[test]
    fn without_a_port_for_http_2_the_page_says_how_to_get_one() {
        let roots = Roots { document: "/".into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
        let page = |what: &str| index_page(&roots, &[(what.to_owned(), "https://h:1/".to_owned())], "HTTP/1.1");
        assert!(page("HTTP/1.1").contains("<code>--h2</code>") && !page("HTTP/2").contains("<code>--h2</code>"));
    }

    /// A client that never grants window, such as the suite httpwg, gets 65,535 octets (RFC 9113 §6.9.2).
    #[test]
    fn the_shipped_page_fits_into_one_initial_window() {
        let roots =
            Roots { document: "/nowhere".into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
        let port = |what: &str, url: &str| (what.to_owned(), url.to_owned());
        let ports = [
            port("HTTP/1.1", "http://localhost:8000/"),
            port("HTTP/1.1", "http://localhost:40000/"),
            port("HTTP/1.1 over TLS", "https://localhost:8443/"),
            port("HTTP/1.1 over TLS", "https://localhost:40001/"),
            port("HTTP/2", "https://localhost:9000/"),
            port("h2c", "http://localhost:9001/"),
        ];
        let length = index_page(&roots, &ports, "HTTP/2").len();
        assert!(length < 65_000, "{length} octets");
    }

    #[test]
    fn names_and_comments_cannot_break_the_page() {
        let text = "// <script>alert(1)</script>\n// Client: \"<b>\n// Try: ?a=\"><img>\nfn main(request, response) {}";
        let page = page("HTTP/2", "a\"><i>.rhai", text);
        for wrong in ["<script>alert", "<b>\"", "\"><img>", "\"><i>"] {
            assert!(!page.contains(wrong), "{wrong} is in the page as it is");
        }
    }
}
