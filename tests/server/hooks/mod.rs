//! Hooks: server-wide scripts.

mod contexts;
mod docs;
mod events;
mod faults;
mod offers;
mod requests;
mod status;

use crate::support::ask::{self, Ask};
use crate::support::http1::Answer;
use crate::support::server::{Builder, Server};

/// A server with these hook scripts, in this order.
pub fn with(scripts: &[(&str, &str)], more: &str) -> Builder {
    let names: Vec<String> = scripts.iter().map(|(name, _)| format!("\"hooks/{name}.rhai\"")).collect();
    let builder = scripts
        .iter()
        .fold(Server::builder(), |builder, (name, text)| builder.file(&format!("hooks/{name}.rhai"), text));
    builder.config(&format!("[hooks]\nscripts = [{}]\n{more}", names.join(", ")))
}

/// The answers over HTTP/1.1 and HTTP/2.
pub fn both(server: &Server, target: &str) -> [Answer; 2] {
    [ask::over_http1(server, &Ask::get(target)), ask::over_http2(server, &Ask::get(target))]
}

/// The text of the answers, which are the same.
pub fn text(server: &Server, target: &str) -> String {
    let [one, two] = both(server, target).map(|answer| answer.text());
    assert_eq!(one, two, "{target}");
    one
}
