//! The files of `docs/test-runners.md`, run as the page says.

use crate::support::process::{Finished, run};
use crate::support::programs::{find, python_with, require};
use crate::support::server::Server;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PAGE: &str = include_str!("../../docs/test-runners.md");

/// What stands in for pytest, so that the tests need no more than httpx.
const PYTEST: &str = r#"
import sys, types
pytest = types.ModuleType("pytest")
pytest.fixture = lambda **_: lambda function: function
sys.modules["pytest"] = pytest
from conftest import server
import test_client
run = server()
ready = next(run)
test_client.test_split_headers_arrive_whole(ready)
next(run, None)
print("passed")
"#;

/// The blocks of a language in a section.
fn blocks(heading: &str, language: &str) -> Vec<&'static str> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let fence = format!("```{language}\n");
    section.split(&*fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// Runs a program in a new directory that has these files; `wireserve` is on its path.
fn run_in(files: &[(&str, &str)], program: &Path, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let own = Path::new(env!("CARGO_BIN_EXE_wireserve")).parent().expect("its directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: OsString = std::env::join_paths([own].into_iter().chain(std::env::split_paths(&path))).expect("a path");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder.path()).env("PATH", path);
    run(&mut command, Duration::from_secs(120))
}

#[test]
fn the_test_for_node_passes() {
    let Some(node) = require("node") else { return };
    let [test] = blocks("node:test", "js")[..] else { panic!("one file for Node") };
    let finished = run_in(&[("client.test.mjs", test)], &node, &["--test", "--test-reporter=tap"]);
    assert_eq!(finished.code(), Some(0), "{}\n{}", finished.text(), finished.stderr);
    assert!(finished.text().contains("# pass 1\n"), "{}", finished.text());
}

#[test]
fn the_test_for_pytest_passes() {
    let Some(python) = python_with("httpx") else { return };
    let [fixture, test] = blocks("pytest", "python")[..] else { panic!("two files for pytest") };
    let files = [("conftest.py", fixture), ("test_client.py", test), ("main.py", PYTEST)];
    let finished = run_in(&files, &python, &["main.py"]);
    assert_eq!(finished.text(), "passed\n", "{}", finished.stderr);
}

/// Go is optional, even where every client must be there.
#[test]
fn the_test_for_go_passes() {
    let Some(go) = find("go") else { return };
    let [test] = blocks("Go", "go")[..] else { panic!("one file for Go") };
    let finished = run_in(&[("client_test.go", test), ("go.mod", "module client\n\ngo 1.19\n")], &go, &["test", "."]);
    assert_eq!(finished.code(), Some(0), "{}\n{}", finished.text(), finished.stderr);
}

#[test]
fn a_poll_over_http1_sees_that_the_http2_port_is_open() {
    let Some(curl) = require("curl") else { return };
    let server = Server::builder().file("a.html", "a page").start();
    let status = |path: &str| {
        let mut command = Command::new(&curl);
        command.args(["-q", "-sk", "--http1.1", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}"]);
        run(command.arg(format!("{}{path}", server.base("h2"))), Duration::from_secs(20)).text()
    };
    let found = ["/", "/_wire/status", "/_wire/", "/a.html", "/handlers/hello.rhai"].map(status);
    assert_eq!(found, ["200", "200", "200", "505", "505"]);
}
