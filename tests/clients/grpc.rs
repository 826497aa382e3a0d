//! gRPC's own client against the cases of gRPC's http2_test, at the ports and by the path of its interop tests.

use crate::support::process::run;
use crate::support::programs::python_with;
use crate::support::server::Server;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const SIZE: u64 = 314_159;

#[derive(Deserialize, Debug)]
struct Calls {
    calls: Vec<Call>,
}

#[derive(Deserialize, Debug)]
struct Call {
    status: String,
    /// Octets of the payload, if it is what was asked for.
    size: Option<u64>,
    detail: String,
}

/// `before` calls one after the other, then `at_once` together.
fn call(python: &PathBuf, target: &str, before: usize, at_once: usize) -> Vec<Call> {
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "clients", "grpc_unary.py"].iter().collect();
    let mut command = Command::new(python);
    command.arg(script).arg(target).args(["--before", &before.to_string(), "--at-once", &at_once.to_string()]);
    let finished = run(&mut command, Duration::from_secs(60));
    let calls: Result<Calls, _> = serde_json::from_str(finished.text().trim());
    calls.unwrap_or_else(|error| panic!("no outcome ({error}): {:?}\n{}", finished.text(), finished.stderr)).calls
}

#[test]
fn the_cases_of_http2_test() {
    let Some(python) = python_with("grpc") else { return };
    let config = "[ports]\nh2c = [\"auto\", \"auto\", \"auto\", \"auto\", \"auto\", \"auto\", \"auto\", \"auto\"]\n\
                  [[rewrites]]\nfrom = \"/grpc.testing.TestService/UnaryCall\"\nto = \"/handlers/grpc/by-port.rhai\"\n";
    let server = Server::builder().config(config).start();
    let urls = server.ready()["urls"]["h2c"].as_array().expect("a list").clone();
    let cases = [
        // gRPC's C core takes no padding.
        ("data_frame_padding", 1, 0, "INTERNAL"),
        ("goaway", 2, 0, "OK"),
        ("max_streams", 1, 10, "OK"),
        ("no_df_padding_sanity_test", 1, 0, "OK"),
        ("ping", 1, 0, "OK"),
        ("rst_after_data", 1, 0, "INTERNAL"),
        ("rst_after_header", 1, 0, "INTERNAL"),
        ("rst_during_data", 1, 0, "INTERNAL"),
    ];
    assert_eq!(urls.len(), cases.len());
    for ((case, before, at_once, status), url) in cases.into_iter().zip(&urls) {
        let target = url.as_str().and_then(|url| url.strip_prefix("http://")).expect("a URL").trim_end_matches('/');
        let calls = call(&python, target, before, at_once);
        assert_eq!(calls.len(), before + at_once);
        for call in &calls {
            assert_eq!(call.status, status, "{case}: {calls:?}");
            assert_eq!(call.size, (status == "OK").then_some(SIZE), "{case}: {}", call.detail);
        }
    }
}
