//! httpwg, an outside suite of RFC 9113 cases, against the server over h2c.
//!
//! It takes a closed connection for a pass: the exact codes are asserted by our own tests.

use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

/// Cases that need not pass, each with the proof that the case itself is wrong.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[derive(Default, PartialEq, Debug)]
struct Summary {
    passed: usize,
    all: usize,
    passes: BTreeSet<String>,
    failures: BTreeSet<String>,
}

/// Reads what httpwg prints:
/// ```text
/// ✅ Test passed: RFC 9113 :: 6. frame definitions :: sends ping frame
/// ❌ Test failed: RFC 9113 :: 5. streams and multiplexing :: sends smaller stream identifier
/// 🚄 Passed 104/107 tests in 0.27 seconds against …
/// ```
/// A case that panicked has no line at all.
fn parse(output: &str) -> Option<Summary> {
    let mut summary = Summary::default();
    let mut counted = false;
    for line in without_colours(output).lines() {
        if let Some((_, name)) = line.split_once("Test passed: ") {
            summary.passes.insert(name.trim().to_owned());
        } else if let Some((_, name)) = line.split_once("Test failed: ") {
            summary.failures.insert(name.trim().to_owned());
        } else if let Some((_, counts)) = line.split_once("Passed ") {
            let (passed, all) = counts.split(' ').next()?.split_once('/')?;
            (summary.passed, summary.all) = (passed.parse().ok()?, all.parse().ok()?);
            counted = true;
        }
    }
    counted.then_some(summary)
}

fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
        } else {
            // ESC [ … m
            characters.by_ref().find(|&character| character == 'm');
        }
    }
    plain
}

#[test]
fn httpwg_passes() {
    let Some(httpwg) = require("httpwg") else { return };
    let mut server = Server::start();
    let mut command = Command::new(httpwg);
    // Its own limit, 250 ms, is too short beside browsers and builds: one case asks 250 times for the start page, and a debug
    // build needs 40 ms for each.
    let patience = ["--connect-timeout", "10000", "--frame-timeout", "60000"];
    command
        .args(["-a", &server.address("h2c").to_string()])
        .args(patience)
        .env("RUST_LOG", "error")
        .env("RUST_BACKTRACE", "0");
    let finished = run(&mut command, Duration::from_secs(240));
    let output = format!("{}{}", finished.text(), finished.stderr);
    let summary = parse(&output).unwrap_or_else(|| panic!("httpwg ended without a summary:\n{output}"));
    let excused: BTreeSet<String> = EXCEPTIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(summary.failures, excused, "\n{output}");
    assert_eq!(summary.passed + excused.len(), summary.all, "a case panicked:\n{output}");
    assert!(summary.all >= 107, "only {} cases ran", summary.all);
    assert!(server.is_running(), "the server has ended");
}

#[test]
fn a_failure_and_a_panic_are_seen() {
    let output = "\u{1b}[32m✅\u{1b}[0m Test passed: RFC 9113 :: 6 :: ping\n❌ Test failed: RFC 9113 :: 5 :: smaller\n\
                  The application panicked (crashed).\n🚄 Passed \u{1b}[1;32m1/3\u{1b}[0m tests in 0.2 seconds\n";
    let summary = parse(output).expect("a summary");
    assert_eq!((summary.passed, summary.all), (1, 3));
    assert_eq!(summary.failures.iter().collect::<Vec<_>>(), ["RFC 9113 :: 5 :: smaller"]);
    assert_eq!(parse("Awaiting local set"), None);
}
