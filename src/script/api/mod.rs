//! What scripts see: one file per topic.
//!
//! Objects are cheap handles; their getters have setters without effect, since Rhai writes back what a getter gave
//! after a method was called on it.

pub mod arguments;
pub mod block;
pub mod connection;
pub mod cookies;
pub mod current;
pub mod delivery;
pub mod draft;
pub mod fields;
pub mod flood;
pub mod flood_report;
pub mod frames;
pub mod functions;
pub mod fuzz;
pub mod helpers;
pub mod hooks;
pub mod hpack;
pub mod json;
pub mod language;
pub mod line_writer;
pub mod outcome;
pub mod output_gate;
pub mod params;
mod parts;
pub mod pieces;
pub mod policy;
pub mod preface;
pub mod request;
pub mod response;
pub mod server;
pub mod stash;
pub mod upload;
pub mod waits;
pub mod writer;

use std::rc::Rc;
use std::time::SystemTime;

use rhai::Engine;

use self::helpers::ReadableFiles;
use super::offers::Offers;

/// Registers all that needs nothing of a server.
pub fn register(engine: &mut Engine) {
    params::register(engine);
    upload::register(engine);
    fields::register(engine);
    request::register(engine);
    response::register(engine);
    cookies::register(engine);
    writer::register(engine);
    line_writer::register(engine);
    frames::register(engine);
    fuzz::register(engine);
    flood::register(engine);
    block::register(engine);
    hpack::register(engine);
    connection::register(engine);
    policy::register(engine);
    preface::register(engine);
    output_gate::register(engine);
    waits::register(engine);
    server::register(engine);
    json::register(engine);
    language::register(engine);
}

/// Registers the rest: the clock, files, the stash, and functions that scripts offer each other.
pub fn register_for_host(
    engine: &mut Engine,
    wall_clock: fn() -> SystemTime,
    files: ReadableFiles,
    offers: &Rc<Offers>,
) {
    helpers::register(engine, wall_clock, files);
    stash::register(engine);
    hooks::register(engine, offers);
}
