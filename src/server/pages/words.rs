//! What the server says in words where it has nothing else to respond with.

use super::super::worker::{Shared, Worker};
use crate::exchange::{Prepared, Request, Words};
use crate::site::{self, Meaning};

const MISSING: &str = "Nothing is served at this path. /handlers/ lists the handlers.";

const HTTP2_PORT: &str = "This port speaks HTTP/2 only, and this request came over HTTP/1.1. The ready line names a port for \
                          HTTP/1.1; refuse_h2_over_http1 = false in wpt.toml lets this one answer too.";

const ROUTED: &str = "A route in wpt.toml gives this response.";

const OTHER_METHODS: &str = "This path has other methods: see the header allow.";

const PYTHON: &str = "Python handlers do not run here. Write the same in Rhai, in a file of the same name that ends \
                      in .rhai, beside this one: it then serves this URL, too. docs/porting-from-wptserve.md \
                      has the Rhai line for each call of wptserve.";

const WITHHELD: &str = "As with WPT's serve.py, these are not served: /_certs/, /tools/ (except /tools/runner/), \
                        /*/tools/ and /results/. An alias or a route in wpt.toml can serve them.";

/// The page for what has nothing but words to answer with.
pub fn in_words(worker: &Worker, request: &Request, meaning: &Meaning) -> Prepared {
    match meaning {
        Meaning::Status(status) => site::status_page(*status, ROUTED),
        Meaning::OtherMethods(methods) => other_methods(&methods.join(", ")),
        Meaning::Asterisk => {
            let mut prepared = Prepared::default();
            prepared.head.status = 204;
            prepared.head.fields.append("allow", "GET, HEAD, OPTIONS");
            prepared
        }
        Meaning::Python => site::status_page(501, PYTHON),
        Meaning::Withheld => site::status_page(404, WITHHELD),
        Meaning::NoHarness => site::status_page(404, site::NO_HARNESS),
        _ => missing(worker, request.path(), "", MISSING),
    }
}

/// Nothing is at `path`; with the paths that it may have been meant for, each behind `prefix`.
pub fn missing(worker: &Worker, path: &[u8], prefix: &str, text: &str) -> Prepared {
    let parent = path.iter().rposition(|byte| *byte == b'/').and_then(|at| path.get(..=at)).unwrap_or_default();
    let folder = worker.site().folder(parent);
    let near = worker.index.near(&worker.files(), path, folder.as_deref());
    let links: Vec<String> = near.into_iter().map(|path| format!("{prefix}{path}")).collect();
    let text = if links.is_empty() { text.to_owned() } else { format!("{text} Similar paths:") };
    site::status_page_with(404, Words { text, links, excerpt: None })
}

pub fn other_methods(methods: &str) -> Prepared {
    let mut prepared = site::status_page(405, OTHER_METHODS);
    prepared.head.fields.append("allow", methods.to_owned());
    prepared
}

/// Says where a URL that is meant for HTTP/2 works, by its name or by what its script says. `port` is the URL of the port
/// for that, if it is open.
pub fn wrong_protocol(port: Option<&str>, request: &Request, by_name: bool) -> Prepared {
    let why = if by_name {
        "The name of this file has .h2. in it: it is about HTTP/2, and would test something else over HTTP/1.1."
    } else {
        "This handler is for HTTP/2 only: \"// Only:\" at the head of its script says so."
    };
    let target = String::from_utf8_lossy(&request.target);
    let (instead, links) = match port {
        Some(port) => {
            let text = "In a browser, `wireserve open` trusts the server's certificate. \
                        To allow it over HTTP/1.1, set refuse_h2_over_http1 = false in wpt.toml. Over HTTP/2 it is:";
            (text.to_owned(), vec![format!("{}{target}", port.trim_end_matches('/'))])
        }
        None => {
            let how = "Start the server with --h2, and ask at the port for HTTP/2, or set refuse_h2_over_http1 = false in wpt.toml.";
            (how.to_owned(), Vec::new())
        }
    };
    site::status_page_with(505, Words { text: format!("{why}\n{instead}"), links, excerpt: None })
}

/// Says where a request works that came over HTTP/1.1 to a port for HTTP/2.
pub fn http2_port(shared: &Shared, request: &Request) -> Prepared {
    let target = String::from_utf8_lossy(&request.target);
    let port = shared.port_for("HTTP/1.1 over TLS").or_else(|| shared.port_for("HTTP/1.1"));
    let links: Vec<String> = port.map(|port| format!("{}{target}", port.trim_end_matches('/'))).into_iter().collect();
    site::status_page_with(505, Words { text: HTTP2_PORT.to_owned(), links, excerpt: None })
}
