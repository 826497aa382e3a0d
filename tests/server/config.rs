//! `wireserve config`, and what the configuration does to a server.

use crate::support::http1::Answer;
use crate::support::raw;
use crate::support::server::{Server, wireserve};

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
    for told in ["config.json:1:15: `host` is an old name", "config.json:1:55: `workers` is a whole number"] {
        assert!(finished.stderr.contains(told), "{}", finished.stderr);
    }

    write("wpt.toml", "workers = 3\n");
    let finished = wireserve(folder.path(), &["config"]);
    assert!(finished.text().contains("workers = 3  # wpt.toml:1\n"), "{}", finished.text());

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
