//! `wireserve fetch` against the server: lines, JSON, plans, replays, exit codes.

use crate::support::DEADLINE;
use crate::support::process::{Finished, run};
use crate::support::server::Server;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use wireserve::transcript::{RecordKind, Snapshot};
use wireserve::wire::frame::FrameType;

/// Runs `wireserve fetch` in the server's directory, where its authority is.
fn fetch(server: &Server, arguments: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    run(command.arg("fetch").args(arguments).current_dir(server.folder()), DEADLINE)
}

/// The lines without their times, runs of spaces as one.
fn lines(finished: &Finished) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let without_time = |line: String| match line.split_once(' ') {
        Some((time, rest)) if time.parse::<f64>().is_ok() => rest.to_owned(),
        _ => line,
    };
    finished.text().lines().map(|line| without_time(words(line))).collect()
}

/// A port at which nothing listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

#[test]
fn each_frame_is_a_line_in_the_order_of_the_wire() {
    let server = Server::start();
    for kind in ["h2", "h2c"] {
        let fetched = fetch(&server, &[&server.url(kind, "/handlers/hello.rhai")]);
        assert_eq!(fetched.code(), Some(0), "{}", fetched.stderr);
        let lines = lines(&fetched);
        assert!(lines[0].starts_with("connection 1 HTTP/2 127.0.0.1:"), "{lines:#?}");
        assert_eq!(lines[1], "→ preface");
        assert!(lines.iter().any(|line| line.starts_with("→ HEADERS s1 END_STREAM|END_HEADERS ")), "{lines:#?}");
        for line in [
            ":method: GET (indexed 2)",
            "← SETTINGS s0 ACK 0",
            ":status: 200 (indexed 8)",
            "← DATA s1 END_STREAM 14 \"Hello, world!\\n\"",
            "→ GOAWAY s0 8 NO_ERROR, last stream 0",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} is not in {lines:#?}");
        }
        assert!(!fetched.text().contains('\u{1b}'), "colors are for terminals");
        let said = format!("stream 1: 200, 14 bytes of body  {}\n", server.url(kind, "/handlers/hello.rhai"));
        assert_eq!(fetched.stderr, format!("{said}a strict client (crate h2) says: no objection\n"));
    }
}

#[test]
fn json_is_a_transcript_and_some_frames_can_be_chosen() {
    let server = Server::start();
    let url = server.url("h2", "/handlers/hello.rhai");
    let snapshot = Snapshot::read(&fetch(&server, &["--json", &url]).text()).expect("a transcript");
    let types: Vec<FrameType> = snapshot
        .records
        .iter()
        .filter_map(|record| match &record.kind {
            RecordKind::Frame(frame) => Some(frame.header().frame_type),
            _ => None,
        })
        .collect();
    assert_eq!(types.iter().filter(|one| **one == FrameType::HEADERS).count(), 2, "{types:?}");
    let only = fetch(&server, &["--only", "data,Headers", "--hex", &url]).text();
    assert!(only.contains("DATA") && only.contains("HEADERS") && !only.contains("SETTINGS"), "{only}");
    assert!(only.contains("0000  00 00 0e 00 01 00 00 00 01 48 65 6c 6c 6f 2c 20  .........Hello, "), "{only}");
    let quiet = fetch(&server, &["--quiet", &url]);
    assert_eq!((quiet.text().as_str(), quiet.code()), ("", Some(0)));
}

#[test]
fn requests_have_methods_headers_and_bodies_and_share_a_connection() {
    let server = Server::builder()
        .handler(
            "shows.rhai",
            "fn main(request, response) {\n    \
        [[[\"x-saw\", `${request.method} ${request.headers.get(\"x-a\")} ${request.body.len}`]], request.body]\n}",
        )
        .start();
    let url = server.url("h2", "/handlers/shows.rhai");
    let fetched = fetch(&server, &["-X", "PUT", "-H", "X-A: b", "-d", "hello", &url, &url]);
    let all = lines(&fetched);
    assert_eq!(fetched.code(), Some(0), "{all:#?} {}", fetched.stderr);
    assert_eq!(all.iter().filter(|line| line.starts_with("connection ")).count(), 1);
    assert_eq!(all.iter().filter(|line| line.starts_with("x-saw: PUT b 5 ")).count(), 2, "{all:#?}");
    assert!(fetched.stderr.contains("stream 3: 200, 5 bytes of body"), "{}", fetched.stderr);
    let other = server.url("h2c", "/handlers/shows.rhai");
    let two = fetch(&server, &["-X", "HEAD", &url, &other]);
    assert_eq!(lines(&two).iter().filter(|line| line.starts_with("connection ")).count(), 2);
    let http1 = fetch(&server, &["--http1", "-d", "hello", &server.url("https", "/handlers/shows.rhai")]);
    assert_eq!(http1.code(), Some(0), "{}", http1.stderr);
    assert!(http1.text().contains("HTTP/1.1 200 OK") && http1.stderr.starts_with("200, 5 bytes"), "{}", http1.stderr);
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let server = Server::builder().handler("silent.rhai", "fn main(request, response) { sleep(30); \"late\" }").start();
    let code = |arguments: &[&str]| {
        let fetched = fetch(&server, arguments);
        (fetched.code(), fetched.stderr)
    };
    let url = |path: &str| server.url("h2c", path);
    let closed = format!("http://127.0.0.1:{}/", closed_port());
    let to_http = server.url("http", "/").replace("http://", "https://");
    for (arguments, exit, words) in [
        (vec![url("/handlers/frames/rst-stream.rhai?code=2")], 3, "the server reset the stream with INTERNAL_ERROR"),
        (vec![url("/handlers/fields/name.rhai?name=Upper")], 3, "stream error PROTOCOL_ERROR"),
        (vec![url("/handlers/frames/wrong-stream.rhai")], 4, "a strict client (crate h2) says: connection error"),
        (vec![url("/handlers/connection/end.rhai")], 4, ""),
        // Read before anything is asked.
        (vec!["--cacert".to_owned(), "other.pem".to_owned(), closed.replace("http", "https")], 2, "other.pem"),
        (vec![closed.clone(), url("/handlers/hello.rhai")], 6, "stream 1: 200, 14 bytes"),
        (vec!["--http1".to_owned(), "-H".to_owned(), ":method: X".to_owned(), url("/")], 2, "no pseudo-headers"),
        (vec![to_http], 5, "does not speak TLS on this port"),
        (vec![server.url("https", "/")], 5, "try --http1"),
        (vec![closed], 6, "the connection was refused"),
        (vec!["http://no-such-host.invalid/".to_owned()], 6, "does not resolve"),
        (vec!["--timeout".to_owned(), "0.2".to_owned(), url("/handlers/silent.rhai")], 7, "allow more with --timeout"),
        (vec!["localhost".to_owned()], 2, "is not a URL"),
        (vec!["-H".to_owned(), "nonsense".to_owned(), url("/")], 2, "is not a header"),
        (vec!["--only".to_owned(), "HEADER".to_owned(), url("/")], 2, "a similar one exists: HEADERS"),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (found, said) = code(&arguments);
        assert!(found == Some(exit) && said.contains(words), "{arguments:?} gives {found:?}: {said}");
    }
}

/// A response to HEAD may have the length of a body that does not come.
#[test]
fn the_strict_client_knows_the_method_of_each_request() {
    let server = Server::builder().file("a.txt", "hello").start();
    let url = server.url("h2c", "/a.txt");
    let first = fetch(&server, &["--json", "-X", "HEAD", &url]);
    server.write("recorded.jsonl", first.text());
    for arguments in [vec!["-H", ":method: HEAD", &url], vec!["--replay", "recorded.jsonl"]] {
        let fetched = fetch(&server, &arguments);
        assert!(fetched.stderr.ends_with("says: no objection\n"), "{arguments:?}: {}", fetched.stderr);
    }
}

#[test]
fn a_certificate_is_trusted_by_file_or_by_wish() {
    let server = Server::start();
    let url = server.url("h2", "/handlers/hello.rhai");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let fetch = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
        run(command.args(["fetch", "-q", &url]).args(arguments).current_dir(elsewhere.path()), DEADLINE)
    };
    let distrust = fetch(&[]);
    assert_eq!(distrust.code(), Some(5));
    assert!(distrust.stderr.contains("is not trusted") && distrust.stderr.contains("--cacert"), "{}", distrust.stderr);
    assert_eq!(fetch(&["--cacert", &server.ca().display().to_string()]).code(), Some(0));
    assert_eq!(fetch(&["--insecure"]).code(), Some(0));
}

#[test]
fn a_plan_sends_frames_as_given() {
    let server = Server::start();
    let plan = |text: &str| {
        server.write("plan.json", text);
        fetch(&server, &["--plan", "plan.json", &server.url("h2c", "/")])
    };
    let request = r#"{"type": "HEADERS", "stream_id": 1, "flags": ["END_STREAM"], "fields": [[":method", "GET"],
        [":scheme", "http"], [":path", "/handlers/hello.rhai"]]}, {"type": "CONTINUATION", "stream_id": 1,
        "fields": [[":authority", "localhost"]]}"#;
    let done = plan(&format!("[{request}, {{\"wait\": {{\"type\": \"DATA\", \"flags\": [\"END_STREAM\"]}}}}]"));
    assert_eq!(done.code(), Some(0), "{} {}", done.text(), done.stderr);
    let all = lines(&done);
    assert!(all.iter().any(|line| line.starts_with("→ CONTINUATION s1 END_HEADERS 22 GET http://localhost/handlers")));
    assert!(all.iter().any(|line| line == "← DATA s1 END_STREAM 14 \"Hello, world!\\n\""), "{all:#?}");
    assert!(done.stderr.ends_with("says: no objection\n"), "{}", done.stderr);
    let wrong = plan(&format!("[{request}, {{\"hex\": \"000000 09 04 00000001\"}}, {{\"wait\": \"close\"}}]"));
    assert_eq!(wrong.code(), Some(4), "{}", wrong.text());
    assert!(wrong.stderr.contains("the server sent GOAWAY PROTOCOL_ERROR"), "{}", wrong.stderr);
    let own = r#"[{"automatic": false}, {"type": "PREFACE"}, {"type": "SETTINGS"}, {"wait": "SETTINGS"},
        {"type": "PING", "opaque": "0102030405060708"}, {"wait": {"type": "PING", "flags": ["ACK"]}}]"#;
    let own = plan(own);
    assert_eq!(own.code(), Some(0), "{}", own.stderr);
    let sent: Vec<String> =
        lines(&own).into_iter().filter(|line| line.starts_with('→') && !line.contains("not sent")).collect();
    assert_eq!(sent[..3], ["→ preface", "→ SETTINGS s0 0 (raw)", "→ PING s0 8 0102030405060708 (raw)"]);
    let unknown = plan("[\n  {\"type\": \"PING\", \"stream_idd\": 1}\n]");
    assert_eq!(unknown.code(), Some(2));
    assert!(unknown.stderr.contains("--> plan.json:2:20") && unknown.stderr.contains("^^^"), "{}", unknown.stderr);
}

#[test]
fn what_a_client_did_is_done_again() {
    let server = Server::start();
    let url = server.url("h2", "/handlers/hello.rhai");
    let recorded = fetch(&server, &["--json", &url, &server.url("h2", "/handlers/echo.rhai")]).text();
    server.write("recorded.jsonl", &recorded);
    let replayed = fetch(&server, &["--replay", "recorded.jsonl", &url]);
    assert_eq!(replayed.code(), Some(0), "{}", replayed.stderr);
    let octets = |text: &str| -> Vec<String> {
        let snapshot = Snapshot::read(text).expect("a transcript");
        let sent = snapshot.records.iter().filter(|record| record.from == Some(wireserve::transcript::Side::Client));
        sent.filter_map(|record| match &record.kind {
            RecordKind::Frame(frame) => Some(format!("{:?}", frame.octets())),
            RecordKind::Preface => Some("preface".to_owned()),
            _ => None,
        })
        .collect()
    };
    // Without a URL it goes where it went.
    let again = fetch(&server, &["--replay", "recorded.jsonl", "--json"]);
    assert_eq!(octets(&again.text()), octets(&recorded), "{}", again.stderr);
    assert!(lines(&replayed).iter().any(|line| line == "← DATA s1 END_STREAM 14 \"Hello, world!\\n\""));
    for (file, text, words) in [
        ("empty.jsonl", "", "is not a transcript"),
        ("cut.jsonl", &recorded[..recorded.len() / 2], "is not a transcript: line"),
        ("other.jsonl", "{\"version\": 99, \"records\": []}", "version 99"),
    ] {
        server.write(file, text);
        let bad = fetch(&server, &["--replay", file, &url]);
        assert!(bad.code() == Some(2) && bad.stderr.contains(words), "{file}: {}", bad.stderr);
    }
}

#[test]
fn a_server_that_talks_nonsense_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let serve = std::thread::spawn(move || {
        for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
            let (mut stream, _) = listener.accept().expect("a client");
            stream.set_read_timeout(Some(DEADLINE)).expect("a socket option");
            let mut octets = [0; 24];
            stream.read_exact(&mut octets).expect("a preface");
            stream.write_all(answer).expect("a client that reads");
        }
    });
    let fetch = || run(Command::new(env!("CARGO_BIN_EXE_wireserve")).args(["fetch", &url]), DEADLINE);
    let http1 = fetch();
    assert_eq!(http1.code(), Some(4), "{} {}", http1.text(), http1.stderr);
    let nothing = fetch();
    assert_eq!(nothing.code(), Some(4), "{} {}", nothing.text(), nothing.stderr);
    serve.join().expect("a server without fault");
}
