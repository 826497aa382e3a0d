//! curl and files: ranges, preconditions, `.asis`.

use super::sha256;
use super::{Client, Ending, Outcome, Request};
use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::process::Command;

/// What curl makes of a path in clear text over HTTP/2, with a field.
fn fetch(server: &Server, path: &str, name: &str, value: &str) -> Option<Outcome> {
    let outcome = Client::Curl.fetch(&Request::get(server.url("h2c", path)).header(name, value))?;
    assert_eq!(outcome.result, Ending::Complete, "{outcome:?}");
    Some(outcome)
}

#[test]
fn curl_takes_a_download_up_where_it_stopped() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let server = Server::builder().file("large.bin", &content).start();
    let Some(part) = fetch(&server, "/large.bin", "range", "bytes=600000-") else { return };
    assert_eq!((part.status, part.get("content-range")), (Some(206), Some("bytes 600000-2999999/3000000")));
    assert_eq!(part.body_sha256, Some(sha256(&content[600_000..])));
    let Some(parts) = fetch(&server, "/large.bin", "range", "bytes=0-9,500000-599999") else { return };
    assert!(parts.get("content-type").is_some_and(|kind| kind.starts_with("multipart/byteranges; boundary=")));
    assert_eq!(parts.get("content-length"), Some(parts.body_octets.to_string().as_str()));
}

#[test]
fn curl_asks_again_with_the_tag_and_gets_304() {
    let server = Server::builder().file("a.html", "<!doctype html>").start();
    let Some(first) = fetch(&server, "/a.html", "x", "y") else { return };
    let tag = first.get("etag").expect("a tag").to_owned();
    let Some(second) = fetch(&server, "/a.html", "if-none-match", &tag) else { return };
    assert_eq!((second.status, second.body_octets, second.get("etag")), (Some(304), 0, Some(tag.as_str())));
}

#[test]
fn curl_reads_as_is_files_over_both_protocols() {
    let text = "HTTP/1.1 202 Giraffe\nX-TEST: PASS\n\nContent";
    let server = Server::builder().file("a.asis", text).start();
    let Some(outcome) = fetch(&server, "/a.asis", "x", "y") else { return };
    assert_eq!((outcome.status, outcome.get("x-test")), (Some(202), Some("PASS")));
    assert_eq!(outcome.body_sha256, Some(sha256(b"Content")));
    let Some(curl) = require("curl") else { return };
    let mut command = Command::new(curl);
    command.args(["-q", "-sS", "-i", "--noproxy", "*", "--max-time", "15"]).arg(server.url("http", "/a.asis"));
    let finished = run(&mut command, crate::support::DEADLINE);
    assert_eq!((finished.code(), finished.text()), (Some(0), text.to_owned()), "{}", finished.stderr);
}
