//! `wireserve fetch`, `decode` and `replay` beside nghttpd, nghttp and curl.

use crate::support::DEADLINE;
use crate::support::process::{Process, run};
use crate::support::programs::require;
use crate::support::server::{Server, wireserve};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A port at which nothing listens now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Waits until something listens there.
fn wait_for(port: u16) {
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
        assert!(Instant::now() < end, "nothing listens at {port}");
        // Nothing tells of a port that is not open yet.
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn nghttpd_is_fetched_from() {
    let Some(nghttpd) = require("nghttpd") else { return };
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("page.txt"), "y".repeat(300_000)).expect("a file");
    let port = free_port();
    let mut command = Command::new(nghttpd);
    let _server = Process::start(command.args(["--no-tls", "-d"]).arg(folder.path()).args([
        "-a",
        "127.0.0.1",
        &port.to_string(),
    ]));
    wait_for(port);
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let fetched = wireserve(folder.path(), &["fetch", &url("/page.txt"), &url("/none"), &url("/page.txt")]);
    assert_eq!(fetched.code(), Some(0), "{} {}", fetched.text(), fetched.stderr);
    for line in ["stream 1: 200, 300000 bytes", "stream 3: 404, ", "stream 5: 200, 300000 bytes", "no objection"] {
        assert!(fetched.stderr.contains(line), "{}", fetched.stderr);
    }
    std::fs::write(folder.path().join("plan.json"), "[{\"type\": \"PING\", \"stream_id\": 1}, {\"wait\": \"close\"}]")
        .expect("a file");
    let wrong = wireserve(folder.path(), &["fetch", "--plan", "plan.json", &url("/")]);
    assert!(wrong.code() == Some(4) && wrong.stderr.contains("GOAWAY PROTOCOL_ERROR"), "{}", wrong.stderr);
}

#[test]
fn what_nghttp_sends_is_decoded() {
    let Some(nghttp) = require("nghttp") else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/path?query", listener.local_addr().expect("an address"));
    let mut client = Process::start(Command::new(nghttp).args(["-H", "x-a: b", &url]));
    let (mut stream, _) = listener.accept().expect("a client");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket option");
    stream.write_all(b"\0\0\0\x04\0\0\0\0\0").expect("a client that reads");
    let (mut octets, mut buffer) = (Vec::new(), [0; 1024]);
    // Its request comes at once, and its ACK of our SETTINGS is the last that it sends.
    while !octets.windows(9).any(|nine| nine == b"\0\0\0\x04\x01\0\0\0\0") || !octets.windows(4).any(|w| w[3] == 1) {
        let count = stream.read(&mut buffer).expect("a client that writes");
        assert!(count > 0, "the client left");
        octets.extend_from_slice(&buffer[..count]);
    }
    client.signal("TERM");
    let _ = client.wait(DEADLINE);
    std::fs::write(folder.path().join("octets"), &octets).expect("a file");
    let decoded = wireserve(folder.path(), &["decode", "octets"]);
    assert_eq!(decoded.code(), Some(0), "{}", decoded.text());
    for part in ["→ preface", "→ SETTINGS", " /path?query  (", "x-a: b  ("] {
        assert!(decoded.text().contains(part), "{part} is not in {}", decoded.text());
    }
}

#[test]
fn curl_fails_against_a_replay_as_it_failed() {
    let Some(curl) = require("curl") else { return };
    let server = Server::start();
    let ask = |url: &str, folder: &Path| {
        let mut command = Command::new(&curl);
        let asked = run(command.args(["-sS", "--cacert", "certs/ca.pem", url]).current_dir(folder), DEADLINE);
        (asked.code(), asked.stderr)
    };
    for path in ["/handlers/hello.rhai", "/handlers/data/oversized.rhai", "/handlers/frames/rst-stream.rhai?code=2"] {
        let first = ask(&server.url("h2", path), server.folder());
        let bare = path.split('?').next().unwrap_or(path);
        let url = server.url("http", &format!("/_wire/connections?path={bare}&last"));
        let found = run(Command::new(&curl).args(["-sS", &url]), DEADLINE);
        let found: serde_json::Value = serde_json::from_str(&found.text()).expect("JSON");
        let url = server.url("http", &format!("/_wire/connections/{}.jsonl", found["connections"][0]["id"]));
        server.write("recorded.jsonl", run(Command::new(&curl).args(["-sS", &url]), DEADLINE).text());
        let port = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
        command.args(["replay", "recorded.jsonl", "-q", "--port", &port.to_string()]);
        let _replay = Process::start(command.current_dir(server.folder()));
        wait_for(port);
        let again = ask(&format!("https://localhost:{port}{path}"), server.folder());
        assert_eq!(again.0, first.0, "{path}: {} {}", first.1, again.1);
    }
}
