//! wptserve's functional suite, carried over: each of its tests over HTTP/1.1 and HTTP/2. `docs/maintainers/wptserve.md` has the
//! table of which is shown where; the modules are named after wptserve's files.

mod cookies;
mod handlers;
mod input_file;
mod pipes;
mod request;
mod response;
mod routes;
mod server;
mod stash;
mod table;

pub use crate::support::ask::{Ask, answer, octets, on, over_http1, over_http2};
use crate::support::http1::Answer;
use crate::support::server::Server;

/// The file `document.txt` of wptserve's suite, or one like it.
pub const DOCUMENT: &str = "This is a test document\nWith new lines\nSeveral in fact...\n";

/// Asks over both protocols, and checks both answers. A failed test's output says which protocol was the last.
pub fn both(server: &Server, ask: &Ask<'_>, check: impl Fn(&Answer)) {
    for (protocol, answer) in [("HTTP/1.1", over_http1 as fn(&Server, &Ask<'_>) -> Answer), ("HTTP/2", over_http2)] {
        println!("over {protocol}: {} {}", ask.method, ask.target);
        let answer = answer(server, ask);
        println!("  {} {:?} {:?}", answer.status, answer.fields, answer.text());
        check(&answer);
    }
}

/// A server whose one handler, `/handlers/test.rhai`, is this script.
pub fn handler(script: &str) -> Server {
    Server::builder().handler("test.rhai", script).start()
}

/// Asks the handler of [`handler`] over both protocols.
pub fn run(script: &str, check: impl Fn(&Answer)) {
    both(&handler(script), &Ask::get("/handlers/test.rhai"), check);
}
