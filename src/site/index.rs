//! The page at `/`: every handler with its comment and links, made from the files themselves.

use super::catalogue::{Catalogue, Entry, Script, catalogue, is_young, scan};
use super::escape;
use super::files::{Files, links};
use super::head::GRPC;
use super::layout::{Title, page};
use super::recorded;
use super::render::render;
use crate::exchange::Protocol;
use crate::http::path::percent_decoded;
use crate::http::words::most_similar;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

const PAGE: &str = include_str!("index.html");

/// Expectations that are shown of one handler; its head has all.
const MAX_EXPECTATIONS: usize = 2;

/// How long the folders of handlers are trusted to be what they were.
const TRUST: Duration = Duration::from_millis(100);

/// Paths that are offered in place of one that is not there.
const MAX_NEAR: usize = 5;

/// Where the page's reader can go.
pub struct Ports<'a> {
    /// (what, URL) of all ports.
    pub urls: &'a [(String, String)],
    /// The origin, over HTTP/2, by which the page finds out whether its browser reaches the hosts of profiles.
    pub probe: Option<String>,
    /// The protocol that asked for the page.
    pub protocol: Protocol,
}

impl Ports<'_> {
    fn http2(&self) -> Option<&str> {
        self.urls.iter().find(|(what, _)| what == "HTTP/2").map(|(_, url)| url.trim_end_matches('/'))
    }
}

/// A worker's memory of the page: it is made when a script has changed, not at each request.
#[derive(Default)]
pub struct Index(RefCell<Option<Rc<Known>>>);

/// The scripts, as they were when they were last looked at.
struct Known {
    looked: Cell<Instant>,
    scripts: Vec<Script>,
    /// One of them may have changed since, and its stamp not.
    is_young: bool,
    catalogue: Catalogue,
    /// The page without its header, for each protocol.
    pages: RefCell<Vec<(Protocol, Rc<str>)>>,
}

impl Index {
    /// The page as HTML. The ports must be the same for all calls.
    pub fn page(&self, files: &Files<'_>, title: &Title<'_>, ports: &Ports<'_>) -> String {
        let known = self.known(files);
        let made =
            known.pages.borrow().iter().find(|(protocol, _)| *protocol == ports.protocol).map(|made| made.1.clone());
        let main = made.unwrap_or_else(|| {
            let main: Rc<str> = main(&known.catalogue, ports).into();
            known.pages.borrow_mut().push((ports.protocol, main.clone()));
            main
        });
        page(title, &main)
    }

    /// Paths of handlers, and of what is in `folder`, that one that is not there may have meant.
    pub fn near(&self, files: &Files<'_>, path: &[u8], folder: Option<&Path>) -> Vec<String> {
        let decoded = percent_decoded(path);
        let path = String::from_utf8_lossy(&decoded);
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let below = path.strip_prefix("/handlers/").unwrap_or(path.trim_start_matches('/'));
        let known = self.known(files);
        let handlers = || known.catalogue.handlers.keys().map(String::as_str);
        let in_folder: Vec<String> = folder.map(|folder| links(folder, files.roots)).unwrap_or_default();
        let handler = |path: &str| format!("/handlers/{}", escape::url_path(path));
        // One slash in front: two would name another host.
        let beside = |name: &str| match parent.trim_start_matches('/') {
            "" => format!("/{name}"),
            parent => format!("/{}/{name}", escape::url_path(parent)),
        };
        let file_of = |path: &str| path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rhai").to_owned();
        let names: Vec<String> = handlers().map(file_of).collect();
        let stem = name.trim_end_matches(".rhai");
        let first = |stem: &str| handlers().filter(|path| file_of(path) == stem).map(handler).collect::<Vec<_>>();
        // Another folder's handler of that name comes first, one of nearly that name last.
        let mut near: Vec<String> = first(stem);
        near.extend(most_similar(name, in_folder.iter().map(String::as_str), MAX_NEAR).into_iter().map(beside));
        // What all have in common makes none similar.
        let stems = handlers().map(|path| path.trim_end_matches(".rhai"));
        let similar = most_similar(below.trim_end_matches(".rhai"), stems, MAX_NEAR);
        near.extend(similar.into_iter().map(|stem| handler(&format!("{stem}.rhai"))));
        near.extend(most_similar(stem, names.iter().map(String::as_str), MAX_NEAR).into_iter().flat_map(first));
        let all = near.clone();
        let mut at = 0..all.len();
        near.retain(|one| at.next().is_some_and(|at| !all[..at].contains(one)));
        near.truncate(MAX_NEAR);
        near
    }

    /// All scripts, for a page that lists their sources.
    pub fn scripts(&self, files: &Files<'_>) -> Vec<String> {
        let known = self.known(files);
        let profiles = known.catalogue.profiles.values().map(|entry| &entry.path);
        known.catalogue.handlers.keys().chain(profiles).map(|path| format!("/handlers/{path}")).collect()
    }

    fn known(&self, files: &Files<'_>) -> Rc<Known> {
        let known = self.0.borrow().clone();
        if let Some(known) = &known
            && files.now.saturating_duration_since(known.looked.get()) < TRUST
        {
            return known.clone();
        }
        let scripts = scan(files.roots);
        if let Some(known) = known.filter(|known| !known.is_young && known.scripts == scripts) {
            known.looked.set(files.now);
            return known;
        }
        let is_young = is_young(&scripts, (files.wall_clock)());
        let catalogue = catalogue(&scripts);
        let known = Known { looked: Cell::new(files.now), scripts, is_young, catalogue, pages: RefCell::default() };
        let known = Rc::new(known);
        self.0.replace(Some(known.clone()));
        known
    }
}

/// The page without its header.
fn main(catalogue: &Catalogue, ports: &Ports<'_>) -> String {
    let Catalogue { handlers: entries, profiles: all_profiles } = catalogue;
    let protocol = ports.protocol.to_string();
    let mut topics: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for entry in entries.values() {
        let folder = entry.path.rsplit_once('/').map_or("start here", |(folder, _)| folder);
        let topic = if entry.shipped { folder } else { "yours" };
        topics.entry(topic).or_default().push(handler(entry, ports));
    }
    // Your own first, then those at the top of the folder.
    let first = [topics.remove_entry("yours"), topics.remove_entry("start here")];
    let mut topics: Vec<Value> = first
        .into_iter()
        .flatten()
        .chain(topics)
        .map(
            |(title, handlers)| json!({"title": title, "id": id(title), "count": handlers.len(), "handlers": handlers}),
        )
        .collect();
    let profiles = profiles(all_profiles, ports.http2());
    topics.push(json!({"title": "profiles", "id": "profiles", "count": profiles.len(), "handlers": profiles}));
    let need_http2 = entries.values().filter(|entry| entry.head.is_for_http2()).count();
    let (first, others): (Vec<_>, Vec<_>) = ports
        .urls
        .iter()
        .enumerate()
        .partition(|(at, (what, _))| ports.urls.iter().position(|(other, _)| other == what) == Some(*at));
    let urls = |ports: Vec<(usize, &(String, String))>| -> Value {
        ports.into_iter().map(|(_, (what, url))| json!({"what": what, "url": url})).collect()
    };
    let over_http1 = ports.protocol == Protocol::Http1;
    let data = json!({
        "count": entries.len(),
        "protocol": protocol,
        "http2": ports.http2(),
        "http2_elsewhere": ports.http2().filter(|_| over_http1),
        "probe": ports.probe,
        "over_http1": over_http1,
        "need_http2": need_http2,
        "ports": urls(first),
        "other_ports": urls(others),
        "topics": topics,
    });
    render(PAGE, &data)
}

/// The anchor of a section.
fn id(title: &str) -> String {
    title.replace(' ', "-")
}

/// The origin to go to for a handler that this page's protocol is not made for.
fn elsewhere<'a>(entry: &Entry, ports: &'a Ports<'_>) -> Option<&'a str> {
    ports.http2().filter(|_| entry.head.is_for_http2() && ports.protocol == Protocol::Http1)
}

/// One handler. Where its links lead to another port, the page's script sees to it that they work.
fn handler(entry: &Entry, ports: &Ports<'_>) -> Value {
    // The page's own base is /handlers/: with hundreds of links that keeps it within one initial window.
    let base_path = elsewhere(entry, ports).map(|base| format!("{base}/handlers/")).unwrap_or_default();
    let url = format!("{base_path}{}", escape::url_path(&entry.path));
    let name = entry.path.rsplit('/').next().unwrap_or(&entry.path).trim_end_matches(".rhai");
    let link = |query: &str| {
        let label = if query.is_empty() { name } else { query };
        json!({"href": format!("{url}{query}"), "label": label})
    };
    let head = &entry.head;
    let named = head.expectations.iter().filter(|expectation| !expectation.queries.is_empty());
    let shown = named.take(MAX_EXPECTATIONS).map(|one| format!("{} {one}", one.queries.join(" ")));
    let differ = if entry.shipped { recorded::that_differ(&entry.path) } else { Default::default() };
    let is_grpc = head.only.as_deref() == Some(GRPC);
    json!({
        "path": entry.path,
        "name": if entry.shipped { name } else { entry.path.trim_end_matches(".rhai") },
        "only": head.only,
        "sends": head.sends,
        "client": head.client,
        "expected": shown.collect::<Vec<_>>().join("; "),
        "differ": differ.into_iter().collect::<Vec<_>>().join(", "),
        // No browser can use them.
        "links": if is_grpc { Vec::new() } else { head.queries().into_iter().map(link).collect() },
    })
}

/// The profiles, each with a link to its host if there is a port for HTTP/2 over TLS. What clients should do is said in
/// the head of each: here it would not fit into one initial window.
fn profiles(profiles: &BTreeMap<String, Entry>, http2: Option<&str>) -> Vec<Value> {
    let port = http2.and_then(|url| url.strip_prefix("https://"));
    let profile = |(name, entry): (&String, &Entry)| {
        let link = port.map(|port| json!({"href": format!("https://{name}.conn.{port}"), "label": "open"}));
        let name = if entry.shipped { name.clone() } else { format!("{name} (yours)") };
        let links: Vec<Value> = link.into_iter().collect();
        json!({"path": entry.path, "name": name, "sends": entry.head.sends, "links": links})
    };
    profiles.iter().map(profile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::files::FileCache;
    use crate::site::roots::Roots;
    use std::fs;
    use std::time::SystemTime;

    fn roots(handlers: &[&Path]) -> Roots {
        let handlers = handlers.iter().map(|folder| folder.to_path_buf()).collect();
        Roots { document: "/nowhere".into(), handlers, hidden: Vec::new(), mounted: Vec::new() }
    }

    /// Later than all stamps, so that none is young.
    fn later() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 36)
    }

    fn urls(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(what, url)| ((*what).to_owned(), (*url).to_owned())).collect()
    }

    /// Calls `then` with what the index needs, at a time.
    fn with<T>(roots: &Roots, now: Instant, then: impl FnOnce(&Files<'_>) -> T) -> T {
        let cache = FileCache::default();
        then(&Files { roots, cache: &cache, now, wall_clock: later })
    }

    fn page_of(roots: &Roots, all: &[(&str, &str)], protocol: Protocol) -> String {
        let ports = Ports { urls: &urls(all), probe: None, protocol };
        with(roots, now(), |files| Index::default().page(files, &Title::default(), &ports))
    }

    #[allow(clippy::disallowed_methods, reason = "a test needs some instant")]
    fn now() -> Instant {
        Instant::now()
    }

    const PORTS: [(&str, &str); 2] = [("HTTP/1.1", "http://h:1/"), ("HTTP/2", "https://h:2/")];

    fn page_with(protocol: Protocol, file: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), text).unwrap();
        page_of(&roots(&[folder.path()]), &PORTS, protocol)
    }

    #[test]
    fn a_handler_for_http_2_only_is_linked_where_it_works() {
        let text = "// Sends.\n// Client: reads.\n// Only: HTTP/2\nfn main(request, response) {}";
        let (elsewhere, here) = ("<a href=\"https://h:2/handlers/mine.rhai\"", "<a href=\"mine.rhai\"");
        let over_1 = page_with(Protocol::Http1, "mine.rhai", text);
        assert!(over_1.contains(elsewhere) && !over_1.contains(here));
        assert!(over_1.contains("id=\"banner\"") && over_1.contains("wireserve open"));
        let over_2 = page_with(Protocol::Http2, "mine.rhai", text);
        assert!(!over_2.contains(elsewhere) && over_2.contains(here) && !over_2.contains("id=\"banner\""));
    }

    #[test]
    fn your_own_come_first() {
        let page = page_with(Protocol::Http2, "mine.rhai", "// Mine.\nfn main(request, response) {}");
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in the page"));
        assert!(
            at("<section id=\"yours\"") < at("id=\"mine.rhai\"")
                && at("id=\"mine.rhai\"") < at("<section id=\"start-here\"")
        );
        assert!(at("<a href=\"#yours\">yours <small>1</small>") < at("<a href=\"#profiles\">"));
    }

    #[test]
    fn without_a_port_for_http_2_the_page_says_how_to_get_one() {
        let page = |what: &str| page_of(&roots(&[]), &[(what, "https://h:1/")], Protocol::Http1);
        assert!(page("HTTP/1.1").contains("wireserve serve --h2") && !page("HTTP/2").contains("wireserve serve --h2"));
    }

    /// A client that never grants window, such as the suite httpwg, gets 65,535 bytes (RFC 9113 §6.9.2).
    #[test]
    fn the_shipped_page_fits_into_one_initial_window() {
        let ports = [
            ("HTTP/1.1", "http://localhost:8000/"),
            ("HTTP/1.1", "http://localhost:40000/"),
            ("HTTP/1.1 over TLS", "https://localhost:8443/"),
            ("HTTP/1.1 over TLS", "https://localhost:40001/"),
            ("HTTP/2", "https://localhost:9000/"),
            ("h2c", "http://localhost:9001/"),
        ];
        let length = page_of(&roots(&[]), &ports, Protocol::Http2).len();
        assert!(length < 65_000, "{length} bytes");
    }

    #[test]
    fn names_and_comments_cannot_break_the_page() {
        let text = "// <script>alert(1)</script>\n// Client: \"<b>\n// Try: ?a=\"><img>\nfn main(request, response) {}";
        let page = page_with(Protocol::Http2, "a\"><i>.rhai", text);
        for wrong in ["<script>alert", "<b>\"", "\"><img>", "\"><i>"] {
            assert!(!page.contains(wrong), "{wrong} is in the page as it is");
        }
    }

    #[test]
    fn the_page_is_made_once_for_each_change() {
        let folder = tempfile::tempdir().unwrap();
        let roots = roots(&[folder.path()]);
        let (index, began) = (Index::default(), now());
        let known = |at| with(&roots, at, |files| index.known(files));
        let first = known(began);
        assert!(Rc::ptr_eq(&first, &known(began + TRUST / 2)) && Rc::ptr_eq(&first, &known(began + 2 * TRUST)));
        fs::write(folder.path().join("new.rhai"), "// New.").unwrap();
        let second = known(began + 4 * TRUST);
        assert!(second.catalogue.handlers.contains_key("new.rhai"));
        assert!(Rc::ptr_eq(&second, &known(began + 6 * TRUST)));
        fs::write(folder.path().join("new.rhai"), "// Changed.").unwrap();
        assert_eq!(known(began + 8 * TRUST).catalogue.handlers["new.rhai"].head.sends, "Changed.");
    }

    #[test]
    fn paths_that_are_near_are_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("my test.html"), "").unwrap();
        let roots = Roots { document: folder.path().into(), ..roots(&[]) };
        let near = |path: &str| {
            with(&roots, now(), |files| Index::default().near(files, path.as_bytes(), Some(folder.path())))
        };
        for (path, first) in [
            ("/handlers/helo.rhai", "/handlers/hello.rhai"),
            ("/hello", "/handlers/hello.rhai"),
            ("/handlers/goaway.rhai", "/handlers/connection/goaway.rhai"),
            ("/handlers/goawy.rhai", "/handlers/connection/goaway.rhai"),
            ("/my%20tset.html", "/my%20test.html"),
        ] {
            assert_eq!(near(path).first().map(String::as_str), Some(first), "{path}: {:?}", near(path));
        }
        assert_eq!(near("/xyzzy/%00"), [""; 0]);
        assert!(near("/handlers/helo.rhai").len() <= MAX_NEAR);
    }
}
