//! What the comments of shipped handlers offer works, and a bad parameter is answered with a sentence.

use crate::support::raw::{Client, Response, exchange};
use crate::support::server::Server;
use std::fs;
use std::path::{Path, PathBuf};

/// Every shipped handler, by its path below `handlers/`, with its text.
fn shipped() -> Vec<(String, String)> {
    let mut scripts = scripts();
    scripts.retain(|(path, _)| !path.starts_with("profiles/"));
    scripts
}

/// The same with profiles.
fn scripts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rhai") {
                let text = fs::read_to_string(&path).expect("a script");
                found.push((path.strip_prefix(&root).expect("below").to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn ask(server: &Server, path: &str) -> Response {
    let mut client = Client::h2c(server);
    let stream = client.get(&format!("/handlers/{path}"));
    client.response(stream)
}

#[test]
fn each_is_short_and_says_what_it_sends() {
    let all = scripts();
    assert!(all.len() >= 60, "{} handlers", all.len());
    for (path, text) in all {
        // What clients are expected to do takes a line for each case.
        let lines = text.lines().filter(|line| !line.starts_with("// Expect:")).count();
        assert!(lines < 40, "{path} has {lines} lines");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{path} has a line over 120 characters");
        let comment: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("// ")).collect();
        let has = |key: &str| comment.iter().any(|line| line.starts_with(key));
        let first =
            comment.first().is_some_and(|line| ["Client:", "Try:", "Only:"].iter().all(|key| !line.starts_with(key)));
        assert!(first, "{path} says first what it sends");
        assert!(has("Client: "), "{path} says what a client should do");
        let http2_only = text.contains("write_raw_frame") || text.contains("connection.send(");
        // Profiles are for HTTP/2 anyway.
        let http2_only = http2_only && !path.starts_with("profiles/");
        assert!(!http2_only || has("Only: HTTP/2"), "{path} works over HTTP/2 only");
        let parameters = text.contains("request.GET");
        assert!(!parameters || has("Try: "), "{path} has parameters to try");
    }
}

#[test]
fn a_bad_parameter_gets_a_400_with_a_sentence() {
    let server = Server::start();
    let mut checked = 0;
    for (path, text) in shipped() {
        for kind in [".integer(\"", ".number(\"", ".choice(\""] {
            for rest in text.split(kind).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                // Parameters that only count beside another.
                if [("hpack/size-update.rhai", "by"), ("frames/rst-stream.rhai", "code")].contains(&(&*path, name)) {
                    continue;
                }
                let response = ask(&server, &format!("{path}?{name}=nonsense"));
                let text = response.text();
                assert_eq!(response.status(), Some(400), "{path}?{name}=nonsense: {text}");
                assert!(text.contains(name) && text.contains("nonsense"), "{path}: {text}");
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "only {checked} parameters");
}

#[test]
fn every_link_on_the_page_of_handlers_is_answered_without_a_script_error() {
    let server = Server::start();
    for (path, text) in shipped() {
        let tries: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("// Try: ")).flat_map(str::split_whitespace).collect();
        for query in if tries.is_empty() { vec![""] } else { tries } {
            assert!(query.is_empty() || query.starts_with('?'), "{path}: {query} is no query");
            // Its length lies: what follows cannot be read as frames.
            if path == "frames/length.rhai" {
                continue;
            }
            let mut client = Client::h2c(&server);
            client.get(&format!("/handlers/{path}{query}"));
            super::all_there_is(&mut client);
        }
    }
    let log = server.log();
    assert!(!log.contains("error:"), "{log}");
}

#[test]
fn what_is_for_http2_only_says_over_http1_where_it_works() {
    let server = Server::start();
    let url = server.base("h2");
    for (path, text) in shipped() {
        // One of them waits for another request.
        let query = if path == "rendezvous.rhai" { "?seconds=0.01" } else { "" };
        let request = format!("GET /handlers/{path}{query} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let page = exchange(server.connect("http"), request.as_bytes());
        let page = String::from_utf8_lossy(&page);
        if text.contains("// Only: ") {
            let there = page.starts_with("HTTP/1.1 505") && page.contains(&format!("  {url}/handlers/{path}{query}\n"));
            assert!(there, "{path}: {page}");
        } else {
            let failed = page.starts_with("HTTP/1.1 500") || page.starts_with("HTTP/1.1 505");
            assert!(page.starts_with("HTTP/1.1 ") && !failed, "{path}: {page}");
        }
    }
}
