//! Starting and stopping: ports, the ready line, clear refusals, signals.

use crate::support::DEADLINE;
use crate::support::process::{Process, unread};
use crate::support::raw::Client;
use crate::support::server::{Server, wireserve};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use wireserve::wire::frame::FrameType;

#[test]
fn the_ready_line_names_every_port_and_the_authority() {
    let file = tempfile::tempdir().expect("a folder");
    let path = file.path().join("ready.json").to_string_lossy().into_owned();
    let server = Server::builder().arguments(["--ready-file", &path]).start();
    for kind in ["http", "https", "h2", "h2c"] {
        assert!(server.port(kind) > 0);
    }
    assert!(server.ca().exists());
    assert_eq!(server.ready()["pid"], server.pid());
    let written: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&path).expect("the ready file")).expect("JSON");
    assert_eq!(&written, server.ready());
}

#[cfg(unix)]
#[test]
fn private_keys_are_nobody_elses() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let certs = server.ca().parent().expect("a folder").to_path_buf();
    let mut keys = 0;
    for entry in std::fs::read_dir(certs).expect("the folder").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "key") {
            keys += 1;
            assert_eq!(entry.metadata().expect("a file").permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        }
    }
    assert!(keys > 0);
    let mut client = Client::h2c(&server);
    for path in ["/certs/ca.key", "/certs/../certs/ca.key", "/certs/%63a.key"] {
        let stream = client.get(path);
        assert_eq!(client.response(stream).status(), Some(404), "{path}");
    }
}

#[test]
fn a_port_in_use_is_one_sentence_and_exit_code_2() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let finished = Server::builder().arguments(["--ready-file", "r"]).replace("--port", &port).run_to_end();
    assert_eq!(finished.code(), Some(2));
    let text = finished.stderr;
    assert!(text.contains(&port) && text.contains("in use") && text.contains("--port"), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn wrong_flags_and_wrong_configuration_are_exit_code_2() {
    let finished = Server::builder().arguments(["--no-such-flag"]).run_to_end();
    assert_eq!(finished.code(), Some(2));
    let finished = Server::builder().config("[handlers]\nrots = [\"x\"]\n").run_to_end();
    assert_eq!(finished.code(), Some(2));
    let text = finished.stderr;
    assert!(text.contains("wpt.toml:2:1") && text.contains("rots") && text.contains("roots"), "{text}");
    let finished = Server::builder().file("certs/ca.pem", "garbage").file("certs/ca.key", "garbage").run_to_end();
    assert_eq!(finished.code(), Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("ca."), "{}", finished.stderr);
}

#[cfg(unix)]
#[test]
fn a_signal_sends_goaway_lets_streams_end_and_exits_0() {
    for signal in ["TERM", "INT", "HUP"] {
        let script =
            "fn main(request, response) { request.connection.wait_for_frame(\"WINDOW_UPDATE\", 20.0); \"in the end\" }";
        let mut server = Server::builder().handler("slow.rhai", script).start();
        let mut client = Client::h2c(&server);
        let stream = client.get("/handlers/slow.rhai");
        client.barrier();
        server.signal(signal);
        client.until(|frame| frame.is(FrameType::GOAWAY));
        // A stream under way may still end.
        client.send(&crate::support::raw::window_update(0, 1));
        assert_eq!(client.response(stream).text(), "in the end");
        assert_eq!(server.wait().and_then(|status| status.code()), Some(0), "{}", server.log());
    }
}

/// npm's and other shims send each signal twice.
#[cfg(unix)]
#[test]
fn a_signal_sent_twice_cuts_nothing_off() {
    let script =
        "fn main(request, response) { request.connection.wait_for_frame(\"WINDOW_UPDATE\", 20.0); \"in the end\" }";
    let mut server = Server::builder().handler("slow.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/slow.rhai");
    client.barrier();
    let pid = server.pid();
    let twice = format!("kill -TERM {pid}; kill -INT {pid}");
    assert!(Command::new("sh").args(["-c", &twice]).status().expect("sh starts").success());
    client.until(|frame| frame.is(FrameType::GOAWAY));
    client.send(&crate::support::raw::window_update(0, 1));
    assert_eq!(client.response(stream).text(), "in the end");
    assert_eq!(server.wait().and_then(|status| status.code()), Some(0), "{}", server.log());
}

#[test]
fn paths_that_lead_out_are_404() {
    let server = Server::builder().file("index.txt", "inside").start();
    std::fs::write(server.folder().parent().expect("a folder").join("wireserve-outside.txt"), "outside")
        .expect("a file");
    let mut client = Client::h2c(&server);
    let stream = client.get("/index.txt");
    assert_eq!(client.response(stream).text(), "inside");
    for path in [
        "/../wireserve-outside.txt",
        "/%2e%2e/wireserve-outside.txt",
        "/..%2fwireserve-outside.txt",
        "/a/..%5c..%5cwireserve-outside.txt",
        "/%2e%2e%2fwireserve-outside.txt",
        "/handlers/../../wireserve-outside.txt",
        "/index.txt%00",
        "/.hidden",
        "//etc/passwd",
    ] {
        let stream = client.get(path);
        let response = client.response(stream);
        assert_eq!(response.status(), Some(404), "{path}: {}", response.text());
    }
}

#[test]
fn new_writes_a_handler_that_check_finds_in_order_and_check_shows_every_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(wireserve(folder.path(), &["new", "my-test"]).code(), Some(0));
    assert!(folder.path().join("my-test.html").exists());
    assert_eq!(wireserve(folder.path(), &["new", "my-test"]).code(), Some(2), "nothing is overwritten");
    assert_eq!(wireserve(folder.path(), &["check"]).code(), Some(0));

    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("handlers/bad.rhai", "fn main(request, response) {\n    let x = ;\n}\n");
    write("wpt.toml", "doc_rot = \".\"\n");
    let finished = wireserve(folder.path(), &["check"]);
    assert_eq!(finished.code(), Some(1));
    for part in ["handlers/bad.rhai:2:13", "let x = ;", "wpt.toml:1:1", "doc_root", "2 errors"] {
        assert!(finished.stderr.contains(part), "{part} is not in:\n{}", finished.stderr);
    }
}

#[test]
fn with_exit_with_stdin_the_server_ends_when_its_input_does() {
    let mut server = Server::builder().arguments(["--exit-with-stdin"]).start_with_input();
    server.input("what comes is ignored\n");
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    server.end_input();
    client.until(|frame| frame.is(FrameType::GOAWAY));
    drop(client);
    assert!(server.wait().expect("it ends").success());
    // Without the option an input that has ended is no reason: `Server::start` gives none.
    let mut server = Server::builder().start_with_input();
    server.end_input();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
}

#[test]
fn a_log_that_nobody_reads_disturbs_nobody() {
    let mut server =
        Server::builder().handler("bad.rhai", "fn main(request, response) { throw \"logged\" }").start_unread();
    let mut client = Client::h2c(&server);
    for _ in 0..2 {
        let stream = client.get("/handlers/bad.rhai");
        assert_eq!(client.response(stream).status(), Some(500));
    }
    server.signal("TERM");
    assert!(server.wait().expect("it ends").success());
}

#[test]
fn what_nobody_reads_is_no_fault_of_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text, code) in [("good.rhai", "fn main(request, response) { }", 0), ("bad.rhai", "fn", 1)] {
        std::fs::write(folder.path().join(file), text).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
        command.args(["check", file]).current_dir(folder.path()).stdout(unread()).stderr(unread());
        assert_eq!(command.status().expect("it starts").code(), Some(code), "{file}");
    }
}

#[test]
fn handlers_are_shown_and_copied() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| wireserve(folder.path(), arguments);
    let source = run(&["show", "connection/goaway"]).text();
    assert!(source.starts_with("// Sends HEADERS"), "{source}");
    assert_eq!(run(&["new", "mine", "--from", "connection/goaway.rhai"]).code(), Some(0));
    assert_eq!(run(&["show", "mine"]).text(), source);
    let all = run(&["show"]).text();
    assert!(all.lines().any(|line| line.starts_with("* mine ")) && all.contains("  connection/goaway "), "{all}");
    let wrong = run(&["new", "other", "--from", "conection/goaway"]);
    assert_eq!(wrong.code(), Some(2));
    assert!(wrong.stderr.contains("help: similar: connection/goaway"), "{}", wrong.stderr);
}

#[test]
fn a_directory_is_served_as_if_the_server_started_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("handlers")).expect("a folder");
    std::fs::write(site.join("handlers/own.rhai"), "fn main(request, response) { \"own\" }").expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    command.current_dir(folder.path()).args(["serve", "--ports", "auto", "--ready-file", "ready.json", "site"]);
    let process = Process::start(&mut command);
    let (mut stream, _) = connect(&process);
    stream.write_all(b"GET /handlers/own.rhai HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").expect("sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert!(response.ends_with("\r\n\r\nown"), "{response}");
    // The paths of other options are relative to where it was started.
    assert!(folder.path().join("ready.json").exists() && folder.path().join("site/certs").exists());
    let both = wireserve(folder.path(), &["serve", "site", "--root", "site"]);
    assert_eq!(both.code(), Some(2));
    let missing = wireserve(folder.path(), &["serve", "none"]);
    assert!(missing.stderr.contains("cannot serve none"), "{}", missing.stderr);
}

/// The ready line of a server, and a connection to its first port.
fn connect(process: &Process) -> (TcpStream, serde_json::Value) {
    let line = process.line(DEADLINE).unwrap_or_else(|| panic!("no ready line: {}", process.stderr()));
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let url = ready["urls"]["http"][0].as_str().expect("a URL").trim_end_matches('/');
    let port = url.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).expect("a port");
    (TcpStream::connect(("127.0.0.1", port)).expect("a connection"), ready)
}

#[cfg(unix)]
#[test]
fn with_exit_with_parent_the_server_ends_after_its_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    // Its standard input has ended from the start, which is no reason.
    let script = "\"$0\" serve --ports auto --exit-with-parent </dev/null & wait";
    let mut command = Command::new("sh");
    command.current_dir(folder.path()).args(["-c", script, env!("CARGO_BIN_EXE_wireserve")]);
    let process = Process::start(&mut command);
    let (mut stream, ready) = connect(&process);
    assert_ne!(ready["pid"], process.pid());
    process.signal("KILL");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    assert_eq!(stream.read(&mut [0]).expect("it ends in time"), 0);
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish"] {
        let script = wireserve(folder.path(), &["completions", shell]).text();
        assert!(script.contains("exit-with-stdin"), "{shell}");
    }
    assert_eq!(wireserve(folder.path(), &["man", "pages"]).code(), Some(0));
    let page = std::fs::read_to_string(folder.path().join("pages/wireserve-serve.1")).expect("a page");
    assert!(page.contains("ready\\-file"), "{page}");
}

#[test]
fn check_prints_for_people_editors_and_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("handlers")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("handlers/bad.rhai", "fn main(request, response) {\n    respons.status = 3;\n}\n");
    write("wpt.toml", "doc_rot = \".\"\n");
    let short = wireserve(folder.path(), &["check", "--format", "short"]);
    assert_eq!(short.code(), Some(1));
    let text = short.text();
    let lines: Vec<&str> = text.lines().collect();
    let begins = ["wpt.toml:1:1: unknown key `doc_rot`", "handlers/bad.rhai:2:5: "];
    assert!(lines.len() == 2 && lines.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{text}");
    let json = wireserve(folder.path(), &["check", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json.text()).expect("JSON");
    assert_eq!((&report["ok"], &report["findings"][1]["line"]), (&false.into(), &2.into()), "{report}");
    assert_eq!(report["findings"][1]["source"], "    respons.status = 3;");

    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    command.current_dir(folder.path()).args(["check", "--watch", "--json"]);
    let process = Process::start(&mut command);
    let is_ok = || {
        let line = process.line(DEADLINE).expect("a report");
        serde_json::from_str::<serde_json::Value>(&line).expect("JSON")["ok"] == true
    };
    assert!(!is_ok());
    write("handlers/bad.rhai", "fn main(request, response) {\n    response.status = 204;\n}\n");
    write("wpt.toml", "doc_root = \".\"\n");
    // An editor may be seen between the two.
    while !is_ok() {}
}

#[cfg(unix)]
#[test]
fn open_shows_what_the_browser_prints_only_if_it_fails() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, code) in [("quiet", 0), ("fails", 3)] {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\necho noise >&2\nexit {code}\n")).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a program");
        let program = file.to_string_lossy();
        let finished = wireserve(folder.path(), &["open", "--browser", &program, "https://localhost:1/"]);
        assert_eq!(finished.code(), Some(if code == 0 { 0 } else { 2 }), "{}", finished.stderr);
        assert_eq!(finished.stderr.contains("noise"), code != 0, "{}", finished.stderr);
    }
}
