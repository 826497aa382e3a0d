//! Clients that are driven by a script beside this file.

use super::{Outcome, Request};
use crate::support::process::{Process, run};
use crate::support::programs::{python_with, require};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Python's hyper-h2 (`python_h2.py`, clear text only).
pub fn python_h2(request: &Request) -> Option<Outcome> {
    Some(drive_kept(python_with("h2")?, "python_h2.py", request))
}

/// Python's httpx.
pub fn httpx(request: &Request) -> Option<Outcome> {
    // httpx alone does without HTTP/2.
    Some(drive_kept(python_with("h2, httpx")?, "httpx_get.py", request))
}

/// Node's http2.
pub fn node(request: &Request) -> Option<Outcome> {
    let script = path("node_fetch.mjs");
    let mut command = Command::new(require("node")?);
    let finished = run(command.arg(&script).args(arguments(request)), limit(request));
    Some(outcome(&script, finished.text().lines().last().unwrap_or_default(), &finished.stderr))
}

/// Drivers that have done what they were asked for: importing a library takes longer than most fetches.
static IDLE: Mutex<Vec<(&'static str, Process)>> = Mutex::new(Vec::new());

/// A fetch by a driver that is kept for the next one. It ends with its standard input.
fn drive_kept(interpreter: PathBuf, name: &'static str, request: &Request) -> Outcome {
    let script = path(name);
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = {
        let mut idle = idle();
        idle.iter().position(|(other, _)| *other == name).map(|at| idle.swap_remove(at).1)
    };
    let mut driver =
        kept.unwrap_or_else(|| Process::start_with_input(Command::new(interpreter).arg(&script).arg("--serve")));
    driver.input(&format!("{}\n", serde_json::json!(arguments(request))));
    let line = driver.line(limit(request)).unwrap_or_default();
    let outcome = outcome(&script, &line, &driver.stderr());
    idle().push((name, driver));
    outcome
}

fn path(script: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "clients", script].iter().collect()
}

fn limit(request: &Request) -> Duration {
    Duration::from_secs(u64::from(request.max_time) + 15)
}

fn arguments(request: &Request) -> Vec<String> {
    let mut arguments = vec![request.url.clone(), "--method".to_owned(), request.method.to_owned()];
    let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    option("--max-time", request.max_time.to_string());
    option("--upload", request.upload.to_string());
    for (name, value) in &request.headers {
        option("--header", format!("{name}:{value}"));
    }
    if let Some(ca) = &request.ca {
        option("--ca", ca.to_str().expect("a path in UTF-8").to_owned());
    }
    arguments.extend(request.extra.iter().map(|argument| (*argument).to_owned()));
    arguments
}

fn outcome(script: &Path, line: &str, stderr: &str) -> Outcome {
    serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("{} printed no outcome ({error}): {line:?}\n{stderr}", script.display()))
}
