//! Transcripts in formats of other programs, read by these programs: tshark (pcapng, and a real capture with our key log),
//! har-validator, and pycddl (qlog).

use crate::support::DEADLINE;
use crate::support::ask::{Ask, over_http1};
use crate::support::process::{Process, run};
use crate::support::programs::{npm, python_with, require};
use crate::support::raw::{self, Client};
use crate::support::server::Server;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use wireserve::transcript::{Record, RecordKind, Side, Snapshot};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// Time for programs that begin slowly.
const PATIENCE: Duration = Duration::from_secs(90);

const VALIDATOR: &str = "har-validator@5.1.5";

/// Interim response, split headers, padding, trailers, an unknown frame, a frame that violates nothing.
const SCRIPT: &str = "fn main(request, response) {\n    response.writer.write_informational(103, #{ \"link\": \"</a>\" });\n    \
                      request.connection.send(frame::unknown(0xab, 7, 0, \"hi\"));\n    \
                      response.headers.set(\"x-name\", \"value\");\n    response.trailers.set(\"x-last\", \"1\");\n    \
                      let text = \"x\"; text.pad(20000, \"x\"); text\n}";

/// A server, and what it recorded of a connection that has ended: its id and all of it.
fn recorded() -> (Server, u64, Snapshot) {
    let server = Server::builder().handler("all.rhai", SCRIPT).config("[transcript]\ndata = 100_000\n").start();
    let mut client = Client::h2(&server);
    let stream = client.request("POST", "/handlers/all.rhai?x=1", &[("cookie", "a=b"), ("x-odd", "caf\u{e9}")], false);
    client.data(stream, b"some content", true);
    assert_eq!(client.response(stream).status(), Some(200));
    let open = client.request("POST", "/handlers/all.rhai", &[], false);
    client.send(&raw::rst_stream(open, 8));
    client.send(&RawFrame::new(FrameType::PRIORITY_UPDATE, 0, 0, &b"\0\0\0\x07u=1"[..]));
    client.barrier();
    // This ends it.
    client.send(&RawFrame::new(FrameType::DATA, 0, 0, &b"x"[..]));
    client.until_end();
    drop(client);
    let (id, snapshot) = ended(&server);
    (server, id, snapshot)
}

/// The connection with the last test's request, once it has ended.
fn ended(server: &Server) -> (u64, Snapshot) {
    let query = "/_wire/connections?path=/handlers/all.rhai&last&wait=closed&seconds=20";
    let list: serde_json::Value = serde_json::from_str(&over_http1(server, &Ask::get(query)).text()).expect("JSON");
    let id = list["connections"][0]["id"].as_u64().expect("an id");
    let lines = over_http1(server, &Ask::get(&format!("/_wire/connections/{id}.jsonl"))).text();
    let snapshot = Snapshot::read(&lines).expect("a transcript");
    assert!(snapshot.facts.closed.is_some());
    (id, snapshot)
}

fn download(server: &Server, id: u64, name: &str) -> PathBuf {
    let answer = over_http1(server, &Ask::get(&format!("/_wire/connections/{id}{name}")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let path = server.folder().join(format!("download{name}"));
    std::fs::write(&path, &answer.body).expect("it is written");
    path
}

/// A frame as both sides tell it: its sender, type, stream, length, flags.
type Told = (Side, u8, u32, u32, u8);

fn frames(records: &[Record]) -> Vec<Told> {
    let frames = records.iter().filter_map(|record| match &record.kind {
        RecordKind::Frame(frame) => {
            let header = frame.header();
            Some((record.from?, header.frame_type.0, header.stream_id, header.length, header.flags))
        }
        _ => None,
    });
    frames.collect()
}

/// What tshark reads in a capture, in order. `more` are arguments about how to read it.
fn read(tshark: &Path, capture: &Path, port: u16, more: &[&str]) -> Vec<Told> {
    let mut command = Command::new(tshark);
    command.arg("-r").arg(capture).args(more).args(["-Y", "http2", "-T", "fields", "-E", "occurrence=a"]);
    for field in ["tcp.srcport", "http2.type", "http2.streamid", "http2.length", "http2.flags"] {
        command.args(["-e", field]);
    }
    let finished = run(&mut command, PATIENCE);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let mut all = Vec::new();
    for line in finished.text().lines() {
        let columns: Vec<Vec<&str>> = line.split('\t').map(|column| column.split(',').collect()).collect();
        let from = if columns[0][0] == port.to_string() { Side::Server } else { Side::Client };
        let number = |column: usize, index: usize| -> u32 {
            let text = columns[column].get(index).copied().unwrap_or_default();
            let hex = text.strip_prefix("0x").map(|digits| u32::from_str_radix(digits, 16));
            hex.unwrap_or_else(|| text.parse()).unwrap_or_else(|_| panic!("{text:?} in {line:?}"))
        };
        // The preface has a stream and a length here, but no type: it comes before the frames of its packet.
        let types = if columns[1][0].is_empty() { 0 } else { columns[1].len() };
        let skipped = columns[3].len().saturating_sub(types);
        for index in 0..types {
            let byte = |column| u8::try_from(number(column, index)).expect("a byte");
            let length = number(3, index + skipped);
            let streams = columns[2].len() - types;
            all.push((from, byte(1), number(2, index + streams) & 0x7fff_ffff, length, byte(4)));
        }
    }
    all
}

#[test]
fn tshark_reads_every_frame_of_a_capture_without_keys() {
    let Some(tshark) = require("tshark") else { return };
    let (server, id, snapshot) = recorded();
    let port = server.port("h2");
    let capture = download(&server, id, ".pcapng");
    let decode = format!("tcp.port=={port},http2");
    assert_eq!(read(&tshark, &capture, port, &["-d", &decode]), frames(&snapshot.records));
    // Neither checksums nor sequence numbers are wrong, and headers are decoded.
    let checked = |filter: &str| {
        let mut command = Command::new(&tshark);
        command.arg("-r").arg(&capture).args([
            "-d",
            &decode,
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
        ]);
        run(command.args(["-Y", filter]), PATIENCE).text().lines().count()
    };
    assert_eq!(checked("tcp.checksum.status == 0 or ip.checksum.status == 0"), 0);
    assert_eq!(checked("tcp.analysis.flags"), 0);
    assert_eq!(checked("http2.header.value == \"/handlers/all.rhai?x=1\""), 1);
    assert!(checked("frame.comment contains \"violation\"") > 0);
}

#[test]
fn tshark_reads_http_1_of_a_capture() {
    let Some(tshark) = require("tshark") else { return };
    let server = Server::builder().handler("all.rhai", "fn main(request, response) { \"Hello\" }").start();
    over_http1(&server, &Ask::get("/handlers/all.rhai"));
    let (id, _) = ended(&server);
    let capture = download(&server, id, ".pcapng");
    let decode = format!("tcp.port=={},http", server.port("http"));
    let mut command = Command::new(&tshark);
    command.arg("-r").arg(&capture).args(["-d", &decode, "-Y", "http", "-T", "fields"]);
    let finished = run(command.args(["-e", "http.request.uri", "-e", "http.response.code"]), PATIENCE);
    let lines: Vec<String> = finished.text().lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(lines, ["/handlers/all.rhai", "200"], "{}", finished.stderr);
}

#[test]
fn a_real_capture_with_our_key_log_agrees_frame_by_frame() {
    let (Some(tshark), Some(dumpcap)) = (require("tshark"), require("dumpcap")) else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let keys = folder.path().join("keys.txt");
    let server = Server::builder()
        .handler("all.rhai", SCRIPT)
        .config("[transcript]\ndata = 100_000\n")
        .environment("SSLKEYLOGFILE", &keys.to_string_lossy())
        .start();
    let port = server.port("h2");
    let capture = folder.path().join("lo.pcapng");
    let mut command = Command::new(dumpcap);
    command.args(["-i", "lo", "-f", &format!("tcp port {port}"), "-w"]).arg(&capture);
    let mut capturing = Process::start(&mut command);
    let end = Instant::now() + DEADLINE;
    // The file is there once it captures.
    while !capturing.stderr().contains("File: ") {
        if !capturing.is_running() || Instant::now() > end {
            // A program may be there, and not allowed to capture.
            eprintln!("skipped: dumpcap cannot capture here: {}", capturing.stderr().trim());
            return;
        }
        std::thread::yield_now();
    }
    let mut client = Client::h2(&server);
    let stream = client.get("/handlers/all.rhai");
    client.response(stream);
    client.barrier();
    client.send(&raw::rst_stream(stream, 8));
    client.send(&RawFrame::new(FrameType::PING, flag::ACK, 0, &b"unasked!"[..]));
    client.barrier();
    client.send(&RawFrame::new(FrameType::DATA, 0, 0, &b"x"[..]));
    client.until_end();
    drop(client);
    let (_, snapshot) = ended(&server);
    // Frames of both ends cross, so that each direction has its own order.
    let by_side = |frames: Vec<Told>| {
        let (client, server): (Vec<Told>, Vec<Told>) = frames.into_iter().partition(|frame| frame.0 == Side::Client);
        [client, server]
    };
    let told = by_side(frames(&snapshot.records));
    let keys = format!("tls.keylog_file:{}", keys.display());
    let decode = format!("tcp.port=={port},tls");
    loop {
        let seen = by_side(read(&tshark, &capture, port, &["-o", &keys, "-d", &decode]));
        if seen == told {
            break;
        }
        // What was captured is written now and then.
        assert!(Instant::now() < end + PATIENCE, "tshark reads {seen:#?}, the transcript says {told:#?}");
    }
    capturing.signal("INT");
    assert!(capturing.wait(DEADLINE).is_some());
}

#[test]
fn archives_are_valid_for_har_validator() {
    let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", "."];
    let (Some(node), Some(folder)) = (require("node"), npm(&install, VALIDATOR)) else { return };
    let script = "const v = require('har-validator'); const har = JSON.parse(require('fs').readFileSync(process.argv[1])); \
                  v.har(har).then(() => console.log(har.log.entries.length), e => { console.log(e.message, \
                  JSON.stringify(e.errors)); process.exit(1); });";
    let check = |path: &Path| run(Command::new(&node).args(["-e", script]).arg(path).current_dir(&folder), PATIENCE);
    let (server, id, _) = recorded();
    let archive = download(&server, id, ".har");
    let finished = check(&archive);
    assert_eq!((finished.code(), finished.text().trim()), (Some(0), "2"), "{}{}", finished.text(), finished.stderr);
    // It would find a mistake.
    let broken = std::fs::read_to_string(&archive).expect("text").replace("\"startedDateTime\"", "\"started\"");
    std::fs::write(server.folder().join("broken.har"), broken).expect("it is written");
    assert_eq!(check(&server.folder().join("broken.har")).code(), Some(1));
    let http1 = Server::builder().handler("all.rhai", "fn main(request, response) { \"Hello\" }").start();
    over_http1(&http1, &Ask::post("/handlers/all.rhai?a=b", b"content"));
    let (id, _) = ended(&http1);
    let finished = check(&download(&http1, id, ".har"));
    assert_eq!((finished.code(), finished.text().trim()), (Some(0), "1"), "{}{}", finished.text(), finished.stderr);
}

#[test]
fn qlog_is_as_its_cddl_says() {
    let Some(python) = python_with("pycddl, cbor2") else { return };
    let (server, id, snapshot) = recorded();
    let path = download(&server, id, ".sqlog");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let check = || {
        let mut command = Command::new(&python);
        command.arg(tests.join("tests/clients/qlog_cddl.py")).arg(tests.join("fixtures/schemas/qlog-http2.cddl"));
        run(command.arg(&path), PATIENCE)
    };
    let finished = check();
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let count: usize = finished.text().trim().parse().expect("a number");
    assert!(count > frames(&snapshot.records).len());
    // It would find a mistake.
    let broken = std::fs::read_to_string(&path).expect("text").replacen("\"frame_type\"", "\"type\"", 1);
    std::fs::write(&path, broken).expect("it is written");
    assert_eq!(check().code(), Some(1));
}
