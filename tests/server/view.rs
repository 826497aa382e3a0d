//! `wireserve view`: a saved transcript in the inspector.

use crate::support::DEADLINE;
use crate::support::ask::{Ask, over_http1};
use crate::support::http1::Answer;
use crate::support::process::Process;
use crate::support::raw::{self, Client};
use crate::support::server::{Server, connect, wireserve};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A program that shows files, and the authority of its page.
struct View {
    process: Process,
    authority: String,
}

impl View {
    fn of(folder: &Path, files: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
        let process = Process::start(command.arg("view").args(files).current_dir(folder));
        let line = process.line(DEADLINE).unwrap_or_else(|| panic!("no URL: {}", process.stderr()));
        let authority = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix("/_wire/"));
        let authority = authority.unwrap_or_else(|| panic!("not the URL of the inspector: {line:?}")).to_owned();
        Self { process, authority }
    }

    fn get(&self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.authority);
        let port = self.authority.rsplit_once(':').expect("a port").1.parse::<u16>().expect("a number");
        Answer::read(&raw::exchange(connect(("127.0.0.1", port)), request.as_bytes())).expect("an answer")
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).expect("JSON")
    }
}

/// The saved transcript of a connection that got the block in pieces.
fn saved(server: &Server) -> String {
    let mut client = Client::h2c(server);
    let stream = client.get("/handlers/continuation/split.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    client.barrier();
    over_http1(server, &Ask::get("/_wire/connections/1.jsonl")).text()
}

#[test]
fn files_are_shown_as_they_were() {
    let server = Server::start();
    let text = saved(&server);
    let folder = server.folder();
    std::fs::write(folder.join("one.jsonl"), &text).expect("a file");
    let view = View::of(folder, &["one.jsonl", "one.jsonl"]);
    assert!(view.get("/_wire/").text().contains("id=\"inspector\""));
    let all = view.json("/_wire/connections");
    let ids: Vec<u64> =
        all["connections"].as_array().expect("a list").iter().filter_map(|one| one["id"].as_u64()).collect();
    assert_eq!(ids, [1, 2], "the second has the next free number; what looks at them is not among them");
    assert_eq!(view.get("/_wire/connections/1.jsonl").text(), text);
    let rows = |server: &dyn Fn(&str) -> Value| server("/_wire/rows?connection=1&filter=is:response");
    let live =
        |path: &str| -> Value { serde_json::from_slice(&over_http1(&server, &Ask::get(path)).body).expect("JSON") };
    assert_eq!(rows(&|path| view.json(path))["rows"], rows(&live)["rows"]);
    let number = &rows(&live)["rows"][0]["seq"];
    let record = format!("/_wire/record?connection=1&number={number}");
    assert_eq!(view.json(&record), live(&record));
    let overview = "/_wire/overview?connection=1";
    assert_eq!(view.json(overview)["windows"], live(overview)["windows"]);
}

#[test]
fn a_file_that_is_not_a_transcript_is_refused_in_words() {
    let server = Server::start();
    let text = saved(&server);
    let folder = server.folder();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.last().expect("a line");
    for (name, content, says) in [
        ("empty.jsonl", String::new(), "is not a transcript"),
        ("page.html", "<!doctype html>".to_owned(), "is not a transcript"),
        ("other.json", "{\"a\": 1}".to_owned(), "is not a transcript"),
        ("new.jsonl", lines[0].replace("\"version\":1", "\"version\":99"), "version 99"),
        ("deep.jsonl", "[".repeat(100_000), "is not a transcript"),
    ] {
        std::fs::write(folder.join(name), content).expect("a file");
        let finished = wireserve(folder, &["view", name]);
        assert_eq!(finished.code(), Some(2), "{name}");
        assert!(finished.stderr.contains(says) && finished.stderr.contains(name), "{name}: {}", finished.stderr);
    }
    std::fs::write(folder.join("bytes.jsonl"), [0xff, 0xfe]).expect("a file");
    assert_eq!(wireserve(folder, &["view", "bytes.jsonl"]).code(), Some(2));
    let missing = wireserve(folder, &["view", "nothing.jsonl"]);
    assert!(missing.stderr.starts_with("error: nothing.jsonl cannot be read: "), "{}", missing.stderr);
    // Valid in form, and hostile: numbers and times out of order, a connection number beyond what JavaScript tells apart.
    let hostile = [
        &lines[0].replace("\"id\":1,", "\"id\":18446744073709551615,"),
        "{\"seq\":9,\"time\":1e9,\"what\":\"notice\",\"text\":\"</script>\"}",
        "{\"seq\":9,\"time\":0.0,\"what\":\"notice\",\"text\":\"again\"}",
        "{\"seq\":2,\"time\":5.0,\"from\":\"client\",\"what\":\"frame\",\"octets\":\"0000010104000000018f\"}",
        last,
    ];
    std::fs::write(folder.join("hostile.jsonl"), hostile.join("\n")).expect("a file");
    let view = View::of(folder, &["hostile.jsonl"]);
    assert_eq!(view.json("/_wire/connections")["connections"][0]["id"], 1);
    let rows = view.json("/_wire/rows?connection=1");
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(4), "{rows}");
    assert_eq!(view.json("/_wire/record?connection=1&number=2")["parts"][1]["parts"][0]["note"], "indexed 15");
    assert_eq!(view.json("/_wire/overview?connection=1")["is_whole"], true);
}

#[test]
fn lines_of_a_damaged_file_are_left_out_with_a_word() {
    let server = Server::start();
    let text = saved(&server);
    let whole = text.lines().count() - 1;
    let damaged = text.replacen("\"what\":\"frame\"", "\"what\":\"hologram\"", 1);
    std::fs::write(server.folder().join("cut.jsonl"), &damaged[..damaged.len() - 10]).expect("a file");
    let view = View::of(server.folder(), &["cut.jsonl"]);
    let rows = view.json("/_wire/rows?connection=1");
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(whole - 2), "{rows}");
    let said = view.process.stderr();
    assert!(said.contains("warning: cut.jsonl, line 2: not known to this version of wireserve: `hologram`"), "{said}");
    assert!(said.contains("the file ends in the middle of this line: left out"), "{said}");
}

#[test]
fn it_ends_at_a_signal() {
    let server = Server::start();
    std::fs::write(server.folder().join("one.jsonl"), saved(&server)).expect("a file");
    let mut view = View::of(server.folder(), &["one.jsonl"]);
    view.process.signal("TERM");
    let status = view.process.wait(DEADLINE);
    assert_eq!(status.and_then(|status| status.code()), Some(0), "{}", view.process.stderr());
}
