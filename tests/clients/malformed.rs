//! The shipped handlers that take the wire into their own hands, each in every variant that its `Try:` comment names,
//! fetched with every installed client: what is expected of one stands in the handler's head.

use super::Client;
use super::verdicts::{Case, code_of, judge_all};
use crate::support::server::Server;
use std::path::Path;
use wireserve::internal::head::{Head, Reaction};

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// Directories below `handlers/` whose scripts break rules.
const FOLDERS: [&str; 9] = ["connection", "continuation", "data", "fields", "flow", "frames", "fuzz", "grpc", "hpack"];

/// The heads of all scripts below some directories of `handlers/`, by path.
pub fn heads(folders: &[&str]) -> Vec<(String, Head)> {
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers");
    let files = folders.iter().flat_map(|folder| walkdir::WalkDir::new(handlers.join(folder)).sort_by_file_name());
    let files = files.map(|file| file.expect("handlers/ can be read").into_path());
    let scripts = files.filter(|file| file.extension().is_some_and(|extension| extension == "rhai"));
    scripts
        .map(|file| {
            let path = file.strip_prefix(&handlers).expect("a path below handlers/").to_string_lossy().into_owned();
            (path, Head::parse(&std::fs::read_to_string(file).expect("a script can be read")))
        })
        .collect()
}

#[test]
fn every_malformed_handler_is_fetched_and_judged() {
    let server = Server::start();
    let address = server.address("h2c");
    let heads = heads(&FOLDERS);
    assert!(heads.len() > 50, "only {} scripts in {FOLDERS:?}", heads.len());
    let cases = heads.iter().flat_map(|(path, head)| {
        head.queries().into_iter().map(move |query| {
            let url = format!("/handlers/{path}{query}");
            let expected = head.expected(query).unwrap_or_else(|| panic!("{url} expects nothing")).clone();
            let name = url.clone();
            let fetch = Box::new(move |client: Client| client.fetch_recorded(address, &url, PATIENCE));
            Case { name, expected, clients: &Client::ALL, fetch }
        })
    });
    judge_all("deviations.json", &cases.collect::<Vec<_>>());
}

#[test]
fn every_error_code_that_a_head_expects_has_a_number() {
    let heads = heads(&[""]);
    let expectations = heads.iter().flat_map(|(_, head)| &head.expectations);
    let codes: Vec<u32> = expectations.flat_map(|one| &one.reactions).filter_map(Reaction::code).map(code_of).collect();
    assert!(codes.len() > 40, "only {} codes", codes.len());
}
