//! `wireserve decode`: what it reads, what it says of bytes that make no sense, and the examples of the documentation.

use crate::support::DEADLINE;
use crate::support::process::{Finished, run};
use crate::support::server::{Server, wireserve};
use std::path::Path;
use std::process::Command;
use wireserve::transcript::Snapshot;

/// Decodes a file with these bytes.
fn decode(octets: impl AsRef<[u8]>, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("input"), octets).expect("a file");
    wireserve(folder.path(), &[&["decode", "input"], arguments].concat())
}

#[test]
fn a_transcript_is_printed_as_it_was_recorded() {
    let server = Server::start();
    let fetch = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
        let url = server.url("h2c", "/handlers/hello.rhai");
        run(command.arg("fetch").args(arguments).arg(url).current_dir(server.folder()), DEADLINE).text()
    };
    let lines = fetch(&["--json"]);
    let decoded = decode(&lines, &[]);
    assert_eq!(decoded.code(), Some(0), "{}", decoded.stderr);
    let without_times = |text: &str| -> Vec<String> {
        let lines = text.lines().skip(1).filter(|line| !line.contains("date: ") && !line.contains(" HEADERS "));
        lines.map(|line| line.split_once(' ').map_or("", |_| line.get(11..).unwrap_or_default()).to_owned()).collect()
    };
    assert_eq!(without_times(&decoded.text()), without_times(&fetch(&[])));
    let again = decode(&lines, &["--json"]).text();
    assert_eq!(Snapshot::read(&again), Snapshot::read(&lines));
    // Either direction by itself, as bytes.
    let snapshot = Snapshot::read(&lines).expect("a transcript");
    for (side, arrow) in [(wireserve::transcript::Side::Client, '→'), (wireserve::transcript::Side::Server, '←')] {
        let mut octets = Vec::new();
        for record in snapshot.records.iter().filter(|record| record.from == Some(side)) {
            match &record.kind {
                wireserve::transcript::RecordKind::Preface => octets.extend_from_slice(wireserve::h2::PREFACE),
                wireserve::transcript::RecordKind::Frame(frame) => octets.extend_from_slice(frame.octets()),
                _ => {}
            }
        }
        let hex: String = octets.iter().map(|octet| format!("{octet:02x} ")).collect();
        for input in [octets.clone(), hex.into_bytes()] {
            let decoded = decode(input, &[]);
            assert_eq!(decoded.code(), Some(0), "{}", decoded.text());
            assert!(decoded.text().starts_with(&format!("0x00000000 {arrow} ")), "{}", decoded.text());
        }
    }
}

/// Options that would mean nothing are said, not ignored.
#[test]
fn options_fit_the_kind_of_file() {
    let octets = b"\0\0\0\x04\0\0\0\0\0";
    let transcript = "{\"what\":\"connection\"}";
    for (input, arguments, words) in [
        (&octets[..], ["--keylog", "keys"], "--keylog is for captures"),
        (transcript.as_bytes(), ["--from", "client"], "mean nothing"),
        (
            b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0",
            ["--from", "client"],
            "leave --from out",
        ),
    ] {
        let decoded = decode(input, &arguments);
        assert!(decoded.code() == Some(2) && decoded.stderr.contains(words), "{arguments:?}: {}", decoded.stderr);
    }
}

#[test]
fn what_makes_no_sense_has_its_exit_code() {
    for (octets, exit, words) in [
        (&b""[..], 2, "is empty"),
        (b"HTTP/1.1 200 OK\r\n\r\n", 3, "this is HTTP/1.1"),
        (b"\x16\x03\x01\x00\x05hello\xff", 3, "this is TLS"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 3, "no frame of HTTP/2"),
        (b"{\"what\": \"connection\", \"version\": 1", 2, "not a transcript"),
        (b"\x0a\x0d\x0d\x0a\0\0\0\0\0\0\0\0", 2, "this capture is damaged"),
    ] {
        let decoded = decode(octets, &[]);
        assert!(
            decoded.code() == Some(exit) && decoded.stderr.contains(words),
            "{octets:?} gives {:?}: {} {}",
            decoded.code(),
            decoded.text(),
            decoded.stderr
        );
    }
    let cut = decode("000000040000000000 00000a0000000000", &[]);
    assert_eq!(cut.code(), Some(1));
    assert!(cut.text().contains("^^ 8 bytes are less than a frame header"), "{}", cut.text());
    let missing = wireserve(Path::new("."), &["decode", "no-such-file"]);
    assert_eq!(missing.code(), Some(2), "{}", missing.stderr);
}

#[test]
fn field_blocks_are_decoded_one_after_the_other() {
    let cases = "{\"cases\": [{\"seqno\": 0, \"wire\": \"82\", \"headers\": [{\":method\": \"GET\"}]},\
                 {\"seqno\": 1, \"wire\": \"83\", \"headers\": [{\":method\": \"GET\"}]}]}";
    let decoded = decode(cases, &[]);
    assert_eq!(decoded.code(), Some(1));
    let text = decoded.text();
    assert!(text.contains("block 2: :method: POST where :method: GET is expected"), "{text}");
    let json = decode("82", &["--hpack", "--json"]).text();
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["fields"][0], serde_json::json!([":method", "GET", "indexed", 2]));
    let bad = decode("8286\nff", &["--hpack"]);
    assert_eq!(bad.code(), Some(1));
    assert!(bad.text().contains("^^ the block ends inside a representation"), "{}", bad.text());
}

/// The examples that begin with `printf` print what the page says.
#[test]
fn the_examples_of_the_documentation_print_what_it_says() {
    let page = include_str!("../../docs/fetch-and-decode.md");
    let program = env!("CARGO_BIN_EXE_wireserve");
    let mut lines = page.lines().peekable();
    let mut num_run = 0;
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("    $ printf") else { continue };
        let mut expected = String::new();
        while let Some(output) = lines.next_if(|line| line.starts_with("    ")) {
            expected.push_str(&output[4..]);
            expected.push('\n');
        }
        let command = format!("printf{}", command.replace("| wireserve", &format!("| {program}")));
        assert_eq!(run(Command::new("sh").args(["-c", &command]), DEADLINE).text(), expected, "{command}");
        num_run += 1;
    }
    assert_eq!(num_run, 2);
}

#[test]
fn the_plan_of_the_documentation_does_what_it_says() {
    let page = include_str!("../../docs/fetch-and-decode.md");
    let plan = page.split("<!-- test: plan -->\n```json\n").nth(1).and_then(|rest| rest.split("```").next());
    let server = Server::builder().file("plan.json", plan.expect("a plan")).start();
    let fetched = wireserve(server.folder(), &["fetch", "--plan", "plan.json", &server.url("h2c", "/")]);
    assert_eq!(fetched.code(), Some(4), "{}", fetched.stderr);
    assert!(fetched.text().contains("h2.continuation.interrupted"), "{}", fetched.text());
}

/// A pcap file with one TCP connection: each segment with whether the client sent it, and its place in the direction.
fn pcap(segments: &[(bool, u32, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 1] {
        file.extend_from_slice(&if word == 0x0002_0004 { [2, 0, 4, 0] } else { word.to_le_bytes() });
    }
    for (number, (is_client, at, octets)) in (0_u32..).zip(segments) {
        let (from, to) = if *is_client { (50_000, 80) } else { (80, 50_000) };
        let builder = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([127, 0, 0, 1], [127, 0, 0, 1], 64);
        let builder = builder.tcp(from, to, 1_000 + at, 1_000).ack(1);
        let mut packet = Vec::new();
        builder.write(&mut packet, octets).expect("a packet");
        let length = u32::try_from(packet.len()).expect("a short packet");
        for word in [1, number * 1_000, length, length] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(&packet);
    }
    file
}

#[test]
fn the_connections_of_a_capture_are_put_together() {
    let preface = wireserve::h2::PREFACE;
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    let ping = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    let segments: [(bool, u32, &[u8]); 6] = [
        (true, 0, preface),
        (false, 0, settings),
        // Out of order, and one of them twice.
        (true, 29, &settings[5..]),
        (true, 24, &settings[..5]),
        (true, 24, &settings[..5]),
        (false, 9, ping),
    ];
    let decoded = decode(pcap(&segments), &[]);
    let lines: Vec<String> =
        decoded.text().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "connection 1 HTTP/2 127.0.0.1:50000 → 127.0.0.1:80",
        "0.000000 → preface",
        "0.001000 ← SETTINGS s0 0",
        "0.002000 → SETTINGS s0 0",
        "0.005000 ← PING s0 8 6162636465666768",
    ];
    assert_eq!(lines, expected, "{}", decoded.stderr);
    let gap = decode(pcap(&[segments[0], (true, 60, settings)]), &[]);
    assert_eq!(gap.code(), Some(1));
    assert!(gap.text().contains("the capture misses bytes of the client after these"), "{}", gap.text());
    let mut cut = pcap(&segments);
    cut.truncate(cut.len() - 5);
    let cut = decode(cut, &[]);
    assert!(cut.code() == Some(1) && cut.text().contains("ends in the middle of a packet"), "{}", cut.text());
    let tls = decode(pcap(&[(true, 0, b"\x16\x03\x01\0\x05hello")]), &[]);
    assert!(tls.code() == Some(3) && tls.stderr.contains("--keylog"), "{}", tls.stderr);
}
