//! The page at `/`: every handler with its comment and links, made from the files themselves.

use super::catalogue::{Catalogue, Entry, catalogue};
use super::escape;
use super::layout::{Title, page};
use super::render::render;
use super::roots::Roots;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("index.html");
const SCRIPT: &str = include_str!("index.js");

/// What `Only:` says of handlers that answer gRPC calls: a browser cannot use them.
const GRPC: &str = "gRPC";

/// Expectations that are shown of one handler; its head has all.
const MAX_EXPECTATIONS: usize = 2;

/// The page as HTML. `ports` are (what, URL) of all ports, `protocol` is the one that asked for the page.
pub fn index_page(title: &Title<'_>, roots: &Roots, ports: &[(String, String)], protocol: &str) -> String {
    let Catalogue { handlers: entries, profiles: all_profiles } = catalogue(roots);
    let (grpc, handlers): (Vec<&Entry>, Vec<&Entry>) =
        entries.values().partition(|entry| entry.head.only.as_deref() == Some(GRPC));
    let mut topics: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for entry in handlers {
        let topic = entry.path.rsplit_once('/').map_or("start here", |(folder, _)| folder);
        topics.entry(topic).or_default().push(handler(entry, elsewhere(entry, ports, protocol)));
    }
    // Those at the top of the folder first.
    let first = topics.remove_entry("start here");
    let topics = first.into_iter().chain(topics).map(|(title, handlers)| json!({"title": title, "handlers": handlers}));
    let data = json!({
        "script": SCRIPT,
        "count": entries.len(),
        "protocol": protocol,
        "has_http2": ports.iter().any(|(what, _)| what == "HTTP/2"),
        "ports": ports.iter().map(|(what, url)| json!({"what": what, "url": url})).collect::<Value>(),
        "topics": topics.collect::<Value>(),
        "grpc": grpc.iter().map(|entry| entry.path.trim_end_matches(".rhai")).collect::<Value>(),
        "profiles": profiles(all_profiles, ports),
    });
    page(title, &render(PAGE, &data))
}

/// The port to go to for a handler that this page's protocol is not made for.
fn elsewhere<'a>(entry: &Entry, ports: &'a [(String, String)], protocol: &str) -> Option<&'a str> {
    let only = entry.head.only.as_deref().filter(|only| *only != protocol)?;
    ports.iter().find(|(what, _)| what == only).map(|(_, url)| url.trim_end_matches('/'))
}

/// One handler. `base` is the other port that its links lead to; what is there the page's script offers no button for.
fn handler(entry: &Entry, base: Option<&str>) -> Value {
    // The page's own base is /handlers/: with hundreds of links that keeps it within one initial window.
    let base_path = base.map(|base| format!("{base}/handlers/")).unwrap_or_default();
    let url = format!("{base_path}{}", escape::url_path(&entry.path));
    let name = entry.path.rsplit('/').next().unwrap_or(&entry.path).trim_end_matches(".rhai");
    let link = |query: &str| {
        let label = if query.is_empty() { name } else { query };
        json!({"href": format!("{url}{query}"), "label": label})
    };
    let head = &entry.head;
    // What differs by query; the sentence about the client says the rest. All must fit into one initial window.
    let named = head.expectations.iter().filter(|expectation| !expectation.queries.is_empty());
    let shown = named.take(MAX_EXPECTATIONS).map(|one| format!("{} {one}", one.queries.join(" ")));
    json!({
        "path": entry.path,
        "name": name,
        "only": head.only,
        "own": !entry.shipped,
        "sends": head.sends,
        "client": head.client,
        "expected": shown.collect::<Vec<_>>().join("; "),
        "links": head.queries().into_iter().map(link).collect::<Value>(),
    })
}

/// The profiles, each with a link to its host if there is a port for HTTP/2 over TLS. What clients should do is said in
/// the head of each: here it would not fit into one initial window.
fn profiles(profiles: BTreeMap<String, Entry>, ports: &[(String, String)]) -> Value {
    let port = ports.iter().find(|(what, _)| what == "HTTP/2").and_then(|(_, url)| url.strip_prefix("https://"));
    let profile = |(name, entry): (String, Entry)| {
        let url = port.map(|port| format!("https://{name}.conn.{port}"));
        json!({"name": name, "own": !entry.shipped, "sends": entry.head.sends, "url": url})
    };
    profiles.into_iter().map(profile).collect()
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
        index_page(
            &Title::default(),
            &roots,
            &[port("HTTP/1.1", "http://h:1/"), port("HTTP/2", "https://h:2/")],
            protocol,
        )
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
        let page = |what: &str| {
            index_page(&Title::default(), &roots, &[(what.to_owned(), "https://h:1/".to_owned())], "HTTP/1.1")
        };
        assert!(page("HTTP/1.1").contains("wireserve serve --h2") && !page("HTTP/2").contains("wireserve serve --h2"));
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
        let length = index_page(&Title::default(), &roots, &ports, "HTTP/2").len();
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
