//! wireserve: a web-platform-tests style HTTP/2 test server whose answers are small Rhai scripts.
//!
//! One crate, made of modules. Bytes arrive at `net`, become frames in `wire`, connection state in
//! `h2` or `h1`, a conversation in `exchange`, and `site` or `script` responds; `server`
//! connects the modules.
//!
//! | module | what lives there | may use |
//! |---|---|---|
//! | [`wire`] | bytes ⇄ raw frames ⇄ HPACK representations; total functions, no judgement | – |
//! | [`http`] | messages of any version: ordered raw fields, targets, dates, ranges, cookies, media types; the vocabulary of transport | – |
//! | [`h1`] | sans-IO HTTP/1.1 connection: lenient in, raw out | `http` |
//! | [`h2`] | sans-IO HTTP/2 connection, both roles: state tables, flow control, settings, rules, policy, limits; checked and raw calls | `wire`, `http` |
//! | [`exchange`] | one request and its response as a conversation, the same for both versions; responses decided but not sent | `h1`, `h2`, `wire`, `http` |
//! | [`site`] | what a URL means: files, templates, pipes, generated pages, routes, the index page | `exchange`, `http` |
//! | [`script`] | the Rhai host: engine, API, coroutines, reload, the stash | `exchange`, `wire`, `http` |
//! | [`transcript`] | the ordered record of a connection: typed records, within a bound; as JSON, JSON Lines, text, HAR, qlog and pcapng, and read back | `h1`, `h2`, `wire`, `http` |
//! | [`net`] | the only sockets, TLS, clock and tasks for connections; certificates, names | `http` |
//! | [`client`] | `wireserve fetch`, `decode` and `replay`: what is sent, and what is printed of it | `net`, `transcript`, `h2`, `h1`, `wire`, `http` |
//! | [`config`] | `wpt.toml` and `config.json` → resolved configuration, each value with its origin | option types of `client`, `site`, `script`, `transcript`, `exchange`, `h1`, `h2`, `net`, `wire` |
//! | [`setup`] | what prepares a machine and never serves: certificates, trust, host names, starting browsers, `new`, `check` | `config`, `net`, `script`, `site` |
//! | [`server`] | the commands: start, reload and stop, workers, dispatch to site or script, the pages below `/_wire/` | all above |
//!
//! `tests/architecture.rs` holds the code against this table.
//!
//! The engines are a library, with what they are made of: [`wire`], [`http`], [`h1`], [`h2`], and [`transcript`]. The
//! program is private, so that rustc finds what nothing uses; `cargo doc --document-private-items` shows all of it.

// The table leads into the program.
#![allow(rustdoc::private_intra_doc_links)]

mod client;
mod config;
mod exchange;
pub mod h1;
pub mod h2;
pub mod http;
mod net;
#[cfg(test)]
#[path = "../tests/support/properties.rs"]
mod properties;
mod script;
mod server;
mod setup;
mod site;
pub mod transcript;
pub mod wire;

pub use config::Arguments;
pub use server::run;

/// What the tests and benchmarks of this repository use beside the modules that are public. It may change at any time.
#[doc(hidden)]
pub mod internal {
    pub use crate::client::decode;
    pub use crate::script::entries::Hook;
    pub use crate::script::stash;
    pub use crate::site::head;
}
