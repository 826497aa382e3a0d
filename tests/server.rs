//! The server over raw sockets: what it promises to clients, octet by octet.

#![allow(clippy::disallowed_methods, reason = "tests read the clock and the environment")]

#[path = "server/access.rs"]
mod access;
#[path = "server/api/mod.rs"]
mod api;
#[path = "server/config.rs"]
mod config;
#[path = "server/cookbook/mod.rs"]
mod cookbook;
#[path = "server/decode.rs"]
mod decode;
#[path = "server/docs.rs"]
mod docs;
#[path = "server/faults.rs"]
mod faults;
#[path = "server/fetch.rs"]
mod fetch;
#[path = "server/files.rs"]
mod files;
#[path = "server/floods.rs"]
mod floods;
#[path = "server/greeting.rs"]
mod greeting;
mod handlers;
#[path = "server/hooks/mod.rs"]
mod hooks;
#[path = "server/inspector.rs"]
mod inspector;
#[path = "server/lanes.rs"]
mod lanes;
#[path = "server/names.rs"]
mod names;
#[path = "server/one_client.rs"]
mod one_client;
#[path = "server/outcomes.rs"]
mod outcomes;
#[path = "server/pages.rs"]
mod pages;
#[path = "server/pipes.rs"]
mod pipes;
#[path = "server/pipes_docs.rs"]
mod pipes_docs;
#[path = "server/profiles/mod.rs"]
mod profiles;
#[path = "server/promises.rs"]
mod promises;
#[path = "server/reload.rs"]
mod reload;
#[path = "server/replay.rs"]
mod replay;
#[path = "server/script_errors.rs"]
mod script_errors;
#[path = "server/start.rs"]
mod start;
#[path = "server/stash.rs"]
mod stash;
#[path = "server/status.rs"]
mod status;
mod support;
#[path = "server/transcript.rs"]
mod transcript;
#[path = "server/transcript_files.rs"]
mod transcript_files;
#[path = "server/transcript_pages.rs"]
mod transcript_pages;
#[path = "server/urls.rs"]
mod urls;
#[path = "server/view.rs"]
mod view;
#[path = "server/wpt.rs"]
mod wpt;
#[path = "server/wptserve/mod.rs"]
mod wptserve;
