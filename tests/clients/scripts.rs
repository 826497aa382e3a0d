//! Clients that are driven by a script beside this file.

use super::{Outcome, Request};
use crate::support::process::run;
use crate::support::programs::{python_with, require};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Python's hyper-h2 (`python_h2.py`, clear text only).
pub fn python_h2(request: &Request) -> Option<Outcome> {
    Some(drive(&python_with("h2")?, "python_h2.py", request))
}

/// Python's httpx.
pub fn httpx(request: &Request) -> Option<Outcome> {
    // httpx alone does without HTTP/2.
    Some(drive(&python_with("h2, httpx")?, "httpx_get.py", request))
}

/// Node's http2.
pub fn node(request: &Request) -> Option<Outcome> {
    Some(drive(&require("node")?, "node_fetch.mjs", request))
}

fn drive(interpreter: &Path, script: &str, request: &Request) -> Outcome {
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "clients", script].iter().collect();
    let mut command = Command::new(interpreter);
    command.arg(&script).arg(&request.url).args(["--method", request.method]);
    command.args(["--max-time", &request.max_time.to_string(), "--upload", &request.upload.to_string()]);
    for (name, value) in &request.headers {
        command.args(["--header", &format!("{name}:{value}")]);
    }
    if let Some(ca) = &request.ca {
        command.arg("--ca").arg(ca);
    }
    command.args(&request.extra);
    let finished = run(&mut command, Duration::from_secs(u64::from(request.max_time) + 15));
    let text = finished.text();
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| {
        panic!("{} printed no outcome ({error}): {text:?}\n{}", script.display(), finished.stderr)
    })
}
