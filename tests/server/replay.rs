//! `wireserve replay`: what a recorded server sent, served again, by the command and by the script that it writes.

use crate::support::DEADLINE;
use crate::support::process::{Process, run};
use crate::support::server::{Server, wireserve};
use std::path::Path;
use std::process::Command;
use wireserve::transcript::{RecordKind, Side, Snapshot};

/// The transcript of a fetch of this path by HTTP/2.
fn record(server: &Server, path: &str) -> String {
    wireserve(server.folder(), &["fetch", "--json", &server.url("h2", path)]).text()
}

/// The bytes of all frames that the server sent.
fn sent(transcript: &str) -> Vec<String> {
    let snapshot = Snapshot::read(transcript).unwrap_or_else(|error| panic!("{error}: {transcript}"));
    let records = snapshot.records.iter().filter(|record| record.from == Some(Side::Server));
    records
        .filter_map(|record| match &record.kind {
            RecordKind::Frame(frame) => Some(wireserve::http::words::hex(frame.octets())),
            _ => None,
        })
        .collect()
}

/// Starts a replay of the file in this directory, and gives the URL that it says.
fn replay(folder: &Path, file: &str) -> (Process, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    let process = Process::start(command.args(["replay", file, "--quiet"]).current_dir(folder));
    let end = std::time::Instant::now() + DEADLINE;
    loop {
        let said = process.stderr();
        if let Some(rest) = said.split("is replayed at ").nth(1)
            && let Some((url, _)) = rest.split_once(' ')
        {
            let url = url.to_owned();
            return (process, url);
        }
        assert!(std::time::Instant::now() < end, "no URL: {said}");
        // Nothing tells of a line that is not there yet.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[test]
fn a_client_gets_the_same_bytes_again() {
    let server = Server::builder().file("big.txt", "x".repeat(100_000)).start();
    for path in [
        "/handlers/trailers.rhai",
        "/handlers/continuation/missing.rhai",
        "/big.txt",
        "/handlers/frames/rst-stream.rhai?code=2",
    ] {
        let recorded = record(&server, path);
        server.write("recorded.jsonl", &recorded);
        let (_replay, url) = replay(server.folder(), "recorded.jsonl");
        assert!(url.starts_with("https://localhost:") && url.ends_with(path), "{url}");
        let again = wireserve(server.folder(), &["fetch", "--json", &url]);
        assert_eq!(sent(&again.text()), sent(&recorded), "{path}: {}", again.stderr);
    }
}

#[test]
fn streams_have_the_numbers_of_the_client_at_hand() {
    let server = Server::start();
    let plan = r#"[{"type": "HEADERS", "stream_id": 7, "flags": ["END_STREAM", "END_HEADERS"], "fields": [[":method", "GET"],
        [":scheme", "http"], [":path", "/handlers/hello.rhai"], [":authority", "localhost"]]}]"#;
    server.write("plan.json", plan);
    let recorded =
        wireserve(server.folder(), &["fetch", "--json", "--plan", "plan.json", &server.url("h2c", "/")]).text();
    server.write("recorded.jsonl", &recorded);
    let (_replay, url) = replay(server.folder(), "recorded.jsonl");
    let fetched = wireserve(server.folder(), &["fetch", &url]);
    assert_eq!(fetched.code(), Some(0), "{} {}", fetched.text(), fetched.stderr);
    assert!(fetched.stderr.starts_with("stream 1: 200, 14 bytes"), "{}", fetched.stderr);
}

#[test]
fn the_script_sends_the_same_bytes_and_passes_the_check() {
    let server = Server::builder().file("big.txt", "x".repeat(100_000)).start();
    let paths = [
        ("trailers", "/handlers/trailers.rhai"),
        ("missing", "/handlers/continuation/missing.rhai"),
        ("frames", "/handlers/frames/rst-stream.rhai?code=2"),
        ("integers", "/handlers/hpack/integer.rhai"),
        ("big", "/big.txt"),
    ];
    let mut builder = Server::builder();
    let (mut config, mut recordings) = (String::new(), Vec::new());
    for (name, path) in paths {
        let recorded = record(&server, path);
        server.write("recorded.jsonl", &recorded);
        let script = wireserve(server.folder(), &["replay", "recorded.jsonl", "--as-script"]);
        assert_eq!(script.code(), Some(0), "{}", script.stderr);
        builder = builder.handler(&format!("profiles/{name}.rhai"), &script.text());
        config.push_str(&format!("[[profile_ports]]\nport = \"auto\"\nkind = \"h2\"\nprofile = \"{name}\"\n"));
        recordings.push((name, path, recorded));
    }
    let replaying = builder.config(&config).start();
    let check = wireserve(replaying.folder(), &["check", "handlers"]);
    assert_eq!(check.code(), Some(0), "{} {}", check.text(), check.stderr);
    for (name, path, recorded) in recordings {
        let base = replaying.ready()["profiles"][name][0].as_str().expect("a port of the profile");
        let url = format!("{}{path}", base.trim_end_matches('/'));
        let again = wireserve(replaying.folder(), &["fetch", "--json", &url]);
        assert_eq!(sent(&again.text()), sent(&recorded), "{name}: {}\n{}", again.stderr, replaying.log());
    }
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let folder = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    let server = Server::start();
    let recorded = record(&server, "/handlers/hello.rhai");
    let mut lines: Vec<&str> = recorded.lines().collect();
    write("client.jsonl", &lines[..2].join("\n"));
    lines.remove(1);
    write("late.jsonl", &lines.join("\n"));
    write("empty.jsonl", "");
    for (file, words) in [
        ("late.jsonl", "it cannot be replayed from its beginning"),
        ("client.jsonl", "the server sent nothing in this transcript"),
        ("empty.jsonl", "is not a transcript"),
        ("missing.jsonl", "cannot read the transcript missing.jsonl"),
    ] {
        let failed = wireserve(folder.path(), &["replay", file]);
        assert!(failed.code() == Some(2) && failed.stderr.contains(words), "{file}: {}", failed.stderr);
    }
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").port().to_string();
    write("recorded.jsonl", &recorded);
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    let failed = run(command.args(["replay", "recorded.jsonl", "--port", &port]).current_dir(folder.path()), DEADLINE);
    assert!(failed.code() == Some(2) && failed.stderr.contains("in use"), "{}", failed.stderr);
}
