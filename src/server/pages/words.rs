//! What the server says in words where it has nothing else to respond with.

use crate::exchange::{Prepared, Request};
use crate::site::{self, Meaning};

const MISSING: &str = "No file and no handler answers to this path. / lists the handlers.";

const ROUTED: &str = "A route in wpt.toml answers so.";

const OTHER_METHODS: &str = "This path answers to other methods: see the field allow.";

const PYTHON: &str = "Python handlers do not run here. Write the same in Rhai and put it beside this file, under \
                      the same name with .rhai at its end: it then answers at this URL too. \
                      docs/from-wptserve.md has the Rhai line for each call of wptserve's.";

const WITHHELD: &str = "As with WPT's serve.py, nothing is shown of /_certs/, /tools/ (but /tools/runner/), \
                        /*/tools/ and /results/. An alias or a route in wpt.toml can show it.";

/// The page for what has nothing but words to answer with.
pub fn in_words(meaning: &Meaning) -> Prepared {
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
        _ => site::status_page(404, MISSING),
    }
}

pub fn other_methods(methods: &str) -> Prepared {
    let mut prepared = site::status_page(405, OTHER_METHODS);
    prepared.head.fields.append("allow", methods.to_owned());
    prepared
}

/// Says where a URL that is meant for HTTP/2 works. `port` is the URL of the port for that, if it is open.
pub fn wrong_protocol(port: Option<&str>, request: &Request) -> String {
    let target = String::from_utf8_lossy(&request.target);
    let elsewhere = match port {
        Some(port) => format!("Ask for {}{target}", port.trim_end_matches('/')),
        None => "Start the server with --h2, and ask at the port for HTTP/2".to_owned(),
    };
    format!(
        "The name of this file has .h2. in it: it is about HTTP/2, and would test something else over HTTP/1.1.\n\
         {elsewhere}, or set refuse_h2_over_http1 = false in wpt.toml."
    )
}
