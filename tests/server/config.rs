//! `wireserve config`, and what the configuration does to a server.

use crate::support::http1::Answer;
use crate::support::raw::{self, Client};
use crate::support::server::{Server, wireserve};
use wireserve::wire::frame::{FrameType, RawFrame};

#[test]
fn config_prints_what_would_be_served_and_every_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    let finished = wireserve(folder.path(), &["config", "--port", "auto", "--h2"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let text = finished.text();
    for line in ["# No file was read.", "http = [\"auto\", \"auto\"]  # --port", "h2 = [9000]  # default"] {
        assert!(text.lines().any(|printed| printed == line), "{line}\n{text}");
    }

    write("config.json", "{\"name\": \"of another program\"}");
    let finished = wireserve(folder.path(), &["config"]);
    assert!(finished.text().starts_with("# No file was read.\n"), "{}{}", finished.text(), finished.stderr);

    write("config.json", "{\"ports\": {}, \"host\": \"web-platform.test\", \"workers\": \"x\"}");
    let finished = wireserve(folder.path(), &["config"]);
    assert_eq!(finished.code(), Some(2));
    assert!(finished.text().contains("browser_host = \"web-platform.test\"  # config.json:1\n"), "{}", finished.text());
    for told in [
        "warning: `host` is an old name\n --> config.json:1:15\n",
        "error: `workers` must be a whole number, or \"auto\" for one per core\n --> config.json:1:55\n",
    ] {
        assert!(finished.stderr.contains(told), "{}", finished.stderr);
    }

    // Of a key that both have, wpt.toml decides.
    write("config.json", "{\"ports\": {\"http\": [81]}, \"browser_host\": \"web-platform.test\", \"workers\": 5}");
    write("wpt.toml", "workers = 3\n");
    let finished = wireserve(folder.path(), &["config"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    for line in [
        "# Read from config.json and wpt.toml.\n",
        "browser_host = \"web-platform.test\"  # config.json:1\n",
        "http = [81]  # config.json:1\n",
        "workers = 3  # wpt.toml:1\n",
    ] {
        assert!(finished.text().contains(line), "{line}\n{}", finished.text());
    }

    write("again.toml", &finished.text());
    let again = wireserve(folder.path(), &["config", "--config", "again.toml"]);
    assert_eq!(again.code(), Some(0), "{}", again.stderr);
    let values = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split("  #").next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(values(&again.text()), values(&finished.text()));
}

#[test]
fn a_port_that_stays_closed_is_named_at_start() {
    let config = "[ports]\nhttp = [\"auto\"]\nhttps = [\"auto\"]\nh2 = [\"auto\"]\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wpt.toml"), config).expect("a file");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wireserve"));
    command.current_dir(folder.path()).arg("serve");
    let process = crate::support::process::Process::start(&mut command);
    assert!(process.line(crate::support::DEADLINE).is_some(), "{}", process.stderr());
    assert!(process.stderr().contains("ports.h2 (wpt.toml:4) stays closed without --h2"), "{}", process.stderr());
}

#[test]
fn rules_are_reported_or_ignored_as_the_configuration_says() {
    let ping = || RawFrame::new(FrameType::PING, 0, 0, vec![0; 7]);
    let connect = |server: &Server| {
        let mut client = Client::h2c(server);
        client.send(&ping());
        client
    };
    let server = Server::start();
    assert_eq!(connect(&server).connection_error(), 6, "FRAME_SIZE_ERROR");
    let server = Server::builder().config("[rules]\n\"h2.ping.length\" = \"report\"\n").start();
    connect(&server).barrier();
    server.write("wpt.toml", "[rules]\nh2.ping.length = \"ignore\"\n");
    server.logged("changed are rules");
    connect(&server).barrier();
    server.write("wpt.toml", "[rules]\n\"h2.ping.lenght\" = \"report\"\n");
    server.logged("similar rules: `h2.ping.length`");
    server.logged(" --> ");

    let folder = tempfile::tempdir().expect("a folder");
    let wrong = "[rules]\n\"h2.ping.lenght\" = \"report\"\nh2.goaway.length = \"never\"\n";
    std::fs::write(folder.path().join("wpt.toml"), wrong).expect("a file");
    let finished = wireserve(folder.path(), &["config"]);
    assert_eq!(finished.code(), Some(2));
    for told in [
        "unknown rule `h2.ping.lenght`\n --> wpt.toml:2:1\n",
        "`h2.goaway.length` must be one of three\n --> wpt.toml:3:20\n",
    ] {
        assert!(finished.stderr.contains(told), "{}", finished.stderr);
    }
}

#[test]
fn every_port_of_a_list_is_opened_and_named() {
    let server = Server::builder()
        .config("[ports]\nhttp = [\"auto\", \"auto\", \"auto\"]\nws = \"auto\"\nhttps-local = [\"auto\"]\nwss = []\n")
        .file("page.txt", "here")
        .file("ports.sub.txt", "{{ports[http][2]}} {{ports[ws][0]}} {{ports[https][1]}}")
        .start();
    let urls = &server.ready()["urls"];
    let list = |kind: &str| urls[kind].as_array().map_or(0, Vec::len);
    let counts = ["http", "https", "h2", "h2c", "ws", "https-local", "wss", "http-local"].map(list);
    assert_eq!(counts, [3, 2, 1, 1, 1, 1, 0, 0], "{urls}");
    let port = |kind: &str, index: usize| -> u16 {
        let url = urls[kind][index].as_str().expect("a URL").trim_end_matches('/');
        url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
    };
    assert!(urls["ws"][0].as_str().is_some_and(|url| url.starts_with("ws://localhost:")), "{urls}");
    for (kind, index) in [("http", 0), ("http", 1), ("http", 2), ("ws", 0)] {
        let stream = crate::support::server::connect(("127.0.0.1", port(kind, index)));
        let request = b"GET /ports.sub.txt HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let answer = Answer::read(&raw::exchange(stream, request)).expect("an answer");
        let expected = format!("{} {} {}", port("http", 2), port("ws", 0), port("https", 1));
        assert_eq!((answer.status, answer.text()), (200, expected));
    }
}

#[test]
fn the_error_of_a_script_can_be_told_in_one_line() {
    let server = Server::builder()
        .config("[logging]\nsuppress_handler_traceback = true\n")
        .handler("wrong.rhai", "fn main(request, response) {\n    deep();\n}\nfn deep() {\n    throw \"no\";\n}\n")
        .start();
    let request = b"GET /handlers/wrong.rhai HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = Answer::read(&raw::exchange(server.connect("http"), request)).expect("an answer");
    assert_eq!((answer.status, answer.text().lines().count()), (500, 1), "{}", answer.text());
    assert!(answer.text().contains("no") && answer.text().contains("wrong.rhai:5:"), "{}", answer.text());
    server.logged("wrong.rhai:5:");
    let log = server.log();
    assert!(!log.contains("throw \"no\""), "{log}");
}

#[test]
fn latency_holds_answers_back() {
    let server = Server::builder().arguments(["--latency", "300"]).file("page.txt", "here").start();
    let before = std::time::Instant::now();
    let request = b"GET /page.txt HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = Answer::read(&raw::exchange(server.connect("http"), request)).expect("an answer");
    assert_eq!(answer.text(), "here");
    assert!(before.elapsed().as_millis() >= 300);
}

#[test]
fn the_log_has_what_the_help_of_its_levels_says() {
    let server = Server::builder().arguments(["--log", "trace"]).file("page.txt", "here").start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/page.txt?x=1");
    client.response(stream);
    server.logged("GET /page.txt?x=1");
    for part in ["HEADERS", "DATA", "SETTINGS"] {
        server.logged(part);
    }
    drop(client);
    server.logged("closed: ");

    let help = wireserve(server.folder(), &["serve", "--help"]).text();
    for part in [
        "Each frame",
        "Each connection",
        "Each request, when it has ended",
        "Failed scripts and other problems to look at",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    let order = ["Serve a directory", "Usage:", "Examples:\n", "Ports:\n", "Files:\n", "Logging:\n"];
    let places: Vec<_> = order.iter().map(|part| help.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {help}");
}

#[test]
fn errors_that_a_client_reports_are_in_the_log() {
    let server = Server::builder().handler("wait.rhai", "fn main(request, response) { sleep(100); }").start();
    let mut client = Client::h2c(&server);
    for code in [0, 8, 2] {
        let stream = client.get("/handlers/wait.rhai");
        client.barrier();
        client.send(&raw::rst_stream(stream, code));
    }
    server.logged("client sent RST_STREAM INTERNAL_ERROR on stream 5");
    let goaway = [&[0, 0, 0, 0, 0, 0, 0, 1][..], b"bad \"\n"].concat();
    client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, goaway));
    server.logged("client sent GOAWAY PROTOCOL_ERROR, last stream ID 0, ");
    let log = server.log();
    assert_eq!(log.matches("client sent").count(), 2, "{log}");
    // Very many are not all told.
    let mut flood = Client::h2c(&server);
    for _ in 0..40 {
        let stream = flood.get("/handlers/wait.rhai");
        flood.send(&raw::rst_stream(stream, 1));
    }
    flood.barrier();
    server.logged_times("client sent", 2 + 16);
    flood.barrier();
    assert_eq!(server.log().matches("client sent").count(), 2 + 16);
}
