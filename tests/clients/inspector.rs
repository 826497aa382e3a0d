//! The inspector's modules by themselves, under Node's test runner.

use crate::support::programs::require;
use crate::support::{DEADLINE, process};
use std::path::Path;
use std::process::Command;

#[test]
fn the_modules_of_the_inspector_pass_their_own_tests() {
    let Some(node) = require("node") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inspector");
    let tests = std::fs::read_dir(&folder).expect("the tests").map(|entry| entry.expect("a file").path());
    let tests = tests.filter(|path| path.to_string_lossy().ends_with(".test.mjs"));
    let finished = process::run(Command::new(node).arg("--test").args(tests), DEADLINE);
    assert_eq!(finished.code(), Some(0), "{}\n{}", finished.text(), finished.stderr);
}
