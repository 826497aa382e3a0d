//! Every example of `docs/profiles.md` does what the comment above it promises.

use super::{begin, kinds};
use crate::support::examples::scripts;
use crate::support::server::Server;
use wireserve::wire::frame::FrameType;

const DOCS: &str = include_str!("../../../docs/profiles.md");

/// The promised frames and the code of each example.
fn examples() -> Vec<(&'static str, String)> {
    let promise = |line: &'static str| line.strip_prefix("<!-- test: frames=\"")?.strip_suffix("\" -->");
    let example = |(before, code): (Vec<&'static str>, String)| {
        (before.into_iter().rev().find_map(promise).expect("an example has a promise"), code)
    };
    scripts(DOCS).into_iter().map(example).collect()
}

#[test]
fn every_example_does_what_it_promises() {
    let examples = examples();
    assert!(examples.len() >= 5, "only {} examples", examples.len());
    let named = |number: usize| format!("example-{number}");
    let builder = examples.iter().enumerate().fold(Server::builder(), |builder, (number, (_, code))| {
        builder.handler(&format!("profiles/{}.rhai", named(number)), code)
    });
    let server = builder.start();
    for (number, (promise, code)) in examples.iter().enumerate() {
        let mut client = begin(&server, &named(number));
        let stream = client.get("/handlers/hello.rhai");
        let mut frames = Vec::new();
        while frames.len() < promise.split(", ").count() {
            frames.extend(client.frame());
            assert!(client.end().is_none(), "{code}{:?}", kinds(&frames));
        }
        assert_eq!(kinds(&frames).join(", "), *promise, "{code}");
        assert!(frames.iter().any(|frame| frame.is(FrameType::DATA) && frame.header.stream_id == stream), "{code}");
    }
}

#[test]
fn every_shipped_profile_and_every_entry_is_there() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers/profiles");
    for file in std::fs::read_dir(folder).expect("the folder") {
        let name = file.expect("the folder can be read").file_name().to_string_lossy().into_owned();
        let name = name.strip_suffix(".rhai").expect("a profile").to_owned();
        assert!(DOCS.contains(&format!("\n| `{name}` | ")), "{name}");
    }
    for entry in ["on_connect(connection)", "on_frame(connection, frame)", "on_close(connection, reason)"] {
        assert!(DOCS.contains(entry), "{entry}");
    }
}
