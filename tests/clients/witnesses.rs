//! What nghttp says of a connection, beside the server's transcript of it. Chromium's word is in tests/browser.

use crate::support::DEADLINE;
use crate::support::ask::{Ask, over_http1};
use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use serde_json::Value;
use std::process::Command;

/// A frame by direction, type, length, flags and stream; a field of a response by its stream.
type Said = (bool, String);

/// `nghttp -v` says the fields before the frame that they come with.
fn from_nghttp(text: &str) -> Vec<Said> {
    let mut said = Vec::new();
    for line in text.lines() {
        let Some((_, line)) = line.split_once("] ") else { continue };
        if let Some(field) = line.strip_prefix("recv (stream_id=") {
            said.push((true, field.replacen(')', "", 1)));
            continue;
        }
        let is_received = line.starts_with("recv ");
        let Some((kind, rest)) = line[5.min(line.len())..].split_once(" frame <length=") else { continue };
        let numbers: Vec<&str> = rest.trim_end_matches('>').split(", ").collect();
        let [length, flags, stream] = numbers[..] else { panic!("{line}") };
        let flags = u8::from_str_radix(flags.trim_start_matches("flags=0x"), 16).expect("flags");
        let stream = stream.trim_start_matches("stream_id=");
        said.push((is_received, format!("{kind} {length} {flags} {stream}")));
    }
    said
}

fn from_transcript(records: &[Value]) -> Vec<Said> {
    let mut said = Vec::new();
    for record in records.iter().filter(|record| record["what"] == "frame") {
        let is_received = record["from"] == "server";
        let stream = &record["stream"];
        for field in record["fields"].as_array().filter(|_| is_received).into_iter().flatten() {
            let text = |part: usize| field[part].as_str().expect("a text");
            said.push((true, format!("{stream} {}: {}", text(0), text(1))));
        }
        let kind = record["type"].as_str().expect("a type");
        said.push((is_received, format!("{kind} {} {} {stream}", record["length"], record["flags"])));
    }
    said
}

#[test]
fn nghttp_agrees_with_the_transcript() {
    let Some(nghttp) = require("nghttp") else { return };
    let server = Server::builder().file("page.txt", "y".repeat(100_000)).start();
    let of_handler = |name: &str| format!("/handlers/{name}");
    let handlers = ["hello.rhai", "early-hints.rhai", "trailers.rhai", "frames/rst-stream.rhai?code=2"].map(of_handler);
    let paths = handlers.into_iter().chain(["/page.txt".to_owned()]);
    let urls = paths.map(|path| server.url("h2c", &path));
    let finished = run(Command::new(nghttp).arg("-nv").args(urls), DEADLINE);
    let get = |path: &str| String::from_utf8(over_http1(&server, &Ask::get(path)).body).expect("text");
    let file = get("/_wire/connections/1.jsonl");
    let records: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (ours, theirs) = (from_transcript(&records), from_nghttp(&finished.text()));
    for is_received in [true, false] {
        let of = |all: &[Said]| -> Vec<String> {
            all.iter().filter(|one| one.0 == is_received).map(|one| one.1.clone()).collect()
        };
        assert!(of(&ours).len() > 8, "{}", finished.text());
        assert_eq!(of(&ours).join("\n"), of(&theirs).join("\n"), "received by nghttp: {is_received}");
    }
}
