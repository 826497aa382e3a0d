//! `/resources/wire.js` under Node's test runner, with Node as the client whose behavior it reports.

use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Sends a response's beginning, and waits for the client.
const HALF: &str = r#"
fn handle_headers(frame, request, response) {
    response.writer.write_headers([[":status", "200"]]);
    response.writer.write_data("half");
    sleep(60.0);
}"#;

/// The first block of a page's language after a heading.
fn block<'a>(page: &'a str, heading: &str, language: &str) -> &'a str {
    let section = page.split_once(heading).expect("the heading").1;
    let block = section.split_once(&format!("```{language}\n")).expect("a block").1;
    block.split_once("```").expect("its end").0
}

#[test]
fn the_documented_program_runs_in_node() {
    let Some(node) = require("node") else { return };
    let server = Server::start();
    let program = block(include_str!("../../docs/outcomes.md"), "## In Node", "js");
    let program = program.replace("http://localhost:8000", server.base("http"));
    let program = format!("{program}\nconsole.log(error, outcome.why);");
    let mut command = Command::new(node);
    command.args(["--input-type=module", "--eval", &program]);
    let finished = run(&mut command, Duration::from_secs(60));
    assert_eq!(finished.text(), "null stream-ended\n", "{}", finished.stderr);
}

#[test]
fn every_test_of_wire_js_passes_in_node() {
    let Some(node) = require("node") else { return };
    let server = Server::builder().handler("half.rhai", HALF).start();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/wire_js.test.mjs");
    let mut command = Command::new(node);
    command.args(["--test", "--test-reporter=tap"]).arg(tests);
    command.env("WIRESERVE", server.base("http")).env("WIRESERVE_H2C", server.base("h2c"));
    let finished = run(&mut command, Duration::from_secs(120));
    let text = finished.text();
    assert_eq!(finished.code(), Some(0), "{text}\n{}", finished.stderr);
    assert!(text.contains("# pass 11\n"), "{text}");
}
