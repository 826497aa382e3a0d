//! What `serve` says to people and to programs: greeting, lines for ports, access lines, JSON logs, `--open`.

use crate::support::DEADLINE;
use crate::support::process::Process;
use crate::support::programs;
use crate::support::raw::{self, Client};
use crate::support::server::{Server, connect};
use serde_json::Value;
use std::process::Command;
use wireserve::wire::frame::FrameType;

#[test]
fn a_program_gets_json_with_absolute_paths_and_a_line_for_each_port() {
    let server = Server::start();
    let ready = server.ready();
    assert!(server.ca().is_absolute(), "{ready}");
    assert_eq!(ready["inspector"], server.url("http", "/_wire/"), "{ready}");
    for kind in ["http", "https", "h2", "h2c"] {
        server.logged(&format!("listening: {kind} {}/", server.base(kind)));
    }
}

/// `script` (Debian: bsdutils) gives the server a terminal.
#[cfg(unix)]
#[test]
fn a_person_at_a_terminal_gets_a_greeting_and_a_line_for_each_request() {
    let Some(script) = programs::require("script") else { return };
    let server = Server::builder();
    let process = Process::start(Command::new(script).args(["-qefc", &server.command_line(), "/dev/null"]));
    let mut greeting = String::new();
    while !greeting.contains("Ctrl-C") {
        let Some(line) = process.line(DEADLINE) else { panic!("no greeting in: {greeting}") };
        greeting.push_str(line.trim_end());
        greeting.push('\n');
    }
    let after = |name: &str| {
        let row = greeting.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
        row.unwrap_or_else(|| panic!("no {name} in: {greeting}")).to_owned()
    };
    assert!(after("HTTP/2").starts_with("https://localhost:"), "{greeting}");
    assert!(after("Inspector").ends_with("/_wire/"), "{greeting}");
    assert!(greeting.contains("wireserve open"), "{greeting}");
    assert!(!greeting.contains('{'), "no JSON for people: {greeting}");

    let page = after("Handlers");
    let authority = page.trim_start_matches("http://").trim_end_matches('/');
    let request = format!("GET /handlers/hello.rhai HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    let response = raw::exchange(connect(authority), request.as_bytes());
    assert!(response.starts_with(b"HTTP/1.1 200 "), "{}", response.escape_ascii());
    let told = std::iter::from_fn(|| process.line(DEADLINE)).find(|line| line.contains("GET /handlers/hello.rhai"));
    let told = told.expect("an access line");
    assert!(told.contains("HTTP/1.1 GET /handlers/hello.rhai 200") && told.contains(" ms"), "{told}");
}

const RAW: &str = "fn main(request, response) {
    response.writer.write_raw_header_frame([[\":status\", \"200\"]], #{ end_headers: true, end_stream: true });
}";

#[test]
fn each_request_has_a_line_that_says_how_it_ended() {
    let cut = "fn main(request, response) { response.writer.write_headers(200, []); response.writer.rst_stream(8); }";
    let waits = "fn main(request, response) { response.writer.write_headers(200, []); sleep(50.0); }";
    let server = Server::builder()
        .arguments(["--log", "access"])
        .handler("cut.rhai", cut)
        .handler("waits.rhai", waits)
        .handler("none.rhai", "fn main(request, response) { [204, [], \"\"] }")
        .handler("raw.rhai", RAW)
        .file("a.txt", "twelve bytes")
        .start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/a.txt?x=1");
    assert_eq!(client.response(stream).status(), Some(200));
    server.logged("HTTP/2 GET /a.txt?x=1 200 12 bytes ");
    // The head alone ends these streams.
    let stream = client.request("HEAD", "/a.txt", &[], true);
    assert_eq!(client.response(stream).status(), Some(200));
    server.logged("HTTP/2 HEAD /a.txt 200 0 bytes ");
    let stream = client.get("/handlers/none.rhai");
    assert_eq!(client.response(stream).status(), Some(204));
    server.logged("HTTP/2 GET /handlers/none.rhai 204 0 bytes ");
    let stream = client.get("/handlers/raw.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    server.logged("HTTP/2 GET /handlers/raw.rhai raw 0 bytes ");
    let stream = client.get("/handlers/cut.rhai");
    assert_eq!(client.stream_error(stream), 8);
    server.logged("HTTP/2 GET /handlers/cut.rhai 200 0 bytes ");
    server.logged("reset by the server: CANCEL");
    let stream = client.get("/handlers/waits.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    client.send(&raw::rst_stream(stream, 11));
    server.logged("reset by the client: ENHANCE_YOUR_CALM");
    let _ = client.get("/handlers/waits.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    drop(client);
    server.logged(", connection lost: ");
}

#[test]
fn a_log_of_json_has_one_object_per_line() {
    let server = Server::builder().arguments(["--log", "access", "--log-format", "json"]).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    server.logged("\"/handlers/hello.rhai\"");
    let log = server.log();
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| !line.starts_with("listening: "))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let access = lines.iter().find(|line| line["path"] == "/handlers/hello.rhai").expect("the request");
    assert_eq!(access["method"], "GET", "{access}");
    assert_eq!(access["status"], 200, "{access}");
    assert_eq!(access["protocol"], "HTTP/2", "{access}");
    assert_eq!(access["ended"], "complete", "{access}");
    assert!(access["bytes"].is_u64() && access["ms"].is_f64() && access["timestamp"].is_string(), "{access}");
}

#[test]
fn the_secrets_of_tls_go_to_the_file_that_the_environment_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.txt");
    let server = Server::builder().environment("SSLKEYLOGFILE", &file.to_string_lossy()).start();
    assert_eq!(server.ready()["key_log"], *file.to_string_lossy(), "{}", server.ready());
    server.logged("SSLKEYLOGFILE: the secrets of all connections are written to ");
    let mut client = Client::h2(&server);
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    let keys = std::fs::read_to_string(&file).expect("the keys");
    assert!(keys.contains("SERVER_TRAFFIC_SECRET_0 "), "{keys}");

    let wrong = Server::builder().environment("SSLKEYLOGFILE", "/no/such/folder/keys").run_to_end();
    assert_eq!(wrong.code(), Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("/no/such/folder/keys, which SSLKEYLOGFILE names"), "{}", wrong.stderr);
}

#[cfg(unix)]
#[test]
fn serve_open_starts_a_browser_and_ends_it_with_the_server() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = folder.path().join("chromium");
    let seen = folder.path().join("seen");
    let script = format!(
        "#!/bin/sh\ntrap 'echo ended >> {seen}; exit 0' TERM\necho \"$@\" > {seen}\necho noise >&2\necho started\n\
         while :; do sleep 0.05; done\n",
        seen = seen.display()
    );
    std::fs::write(&browser, script).expect("a file");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let mut server = Server::builder()
        .environment("CHROME", &browser.to_string_lossy())
        .arguments(["--open", "/handlers/hello.rhai"])
        .start();
    assert_eq!(server.line().as_deref(), Some("started"));
    assert!(!server.log().contains("noise"), "{}", server.log());
    server.signal("TERM");
    assert!(server.wait().expect("it ends").success());
    let seen = std::fs::read_to_string(&seen).expect("what the browser wrote");
    assert!(seen.contains(&format!("{}/handlers/hello.rhai", server.base("h2"))), "{seen}");
    assert!(seen.ends_with("ended\n"), "{seen}");

    let server = Server::builder().environment("CHROME", "/no/such/browser").arguments(["--open"]).start();
    server.logged("--open: ");
    assert!(server.ca().exists(), "the server goes on");
}
