//! The moments of the server, of scripts and of connections; edits of hooks.

use super::super::profiles::handshake;
use super::{text, with};
use crate::support::ask::{self, Ask};
use crate::support::raw::{Client, PREFACE, settings_frame};
use crate::support::server::wireserve;
use ::wireserve::wire::frame::{FrameType, flag};

#[test]
fn on_start_is_called_once_for_the_server_before_it_says_that_it_is_ready() {
    let hook = "fn on_start(server) { sleep(0.05); print(`started in ${type_of(server.config)} ${server.doc_root}`); }";
    let server = with(&[("start", hook)], "").arguments(["--workers", "3"]).start();
    server.logged_times("started in map /", 1);
    // An edit of the script is no start, another script is.
    server.write("hooks/start.rhai", format!("// edited\n{hook}"));
    text(&server, "/handlers/hello.rhai");
    server.write("hooks/more.rhai", "fn on_start(server) { print(\"started later\"); }");
    server.write("wpt.toml", "[hooks]\nscripts = [\"hooks/start.rhai\", \"hooks/more.rhai\"]");
    server.logged("changed are hooks.scripts");
    server.logged_times("started later", 1);
    server.logged_times("started in", 1);
}

#[test]
fn on_start_of_a_script_that_did_not_load_is_called_once_it_does() {
    let server = with(&[("start", "fn on_start(server) { broken")], "").arguments(["--workers", "3"]).start();
    server.logged("start.rhai:1:");
    server.write("hooks/start.rhai", "fn on_start(server) { print(\"started late\"); }");
    for _ in 0..6 {
        text(&server, "/handlers/hello.rhai");
    }
    server.logged_times("started late", 1);
}

#[test]
fn connections_are_told_when_they_open_and_when_they_are_over() {
    let hook = r#"
fn on_connection(connection) {
    connection.context.since = "before the first request";
    print(`opened ${connection.id} ${connection.protocol}`);
}
fn on_connection_close(connection, reason) {
    print(`closed ${connection.id} ${reason} ${connection.context.seen}`);
    try { connection.send(frame::ping("too late")); } catch (error) { print(`refused: ${error}`); }
}"#;
    let handler =
        "fn main(request, response) { let held = request.connection.context; held.seen = held.since; held.since }";
    let server = with(&[("tell", hook)], "").handler("since.rhai", handler).start();
    let mut client = Client::h2c(&server);
    assert_eq!(ask::on(&mut client, &Ask::get("/handlers/since.rhai")).text(), "before the first request");
    server.logged("opened 1 HTTP/2");
    drop(client);
    server.logged("closed 1 client-closed before the first request");
    server.logged("refused: ");
    ask::over_http1(&server, &Ask::get("/handlers/hello.rhai"));
    server.logged("opened 2 HTTP/1.1");
    server.logged("closed 2 ");
}

#[test]
fn the_hooks_of_a_connection_are_around_its_profile() {
    let hook = "fn on_connection(connection) { connection.context.seen = `hook ${connection.profile}`; }\n\
                fn on_connection_close(connection, reason) { print(`seen: ${connection.context.seen} hook`); }\n\
                hooks::register(\"mark\", |text| ` ${text}`);";
    let profile = "fn on_connect(connection) { connection.context.seen += hooks::call(\"mark\", \"connect\"); }\n\
                   fn on_close(connection, reason) { connection.context.seen += hooks::call(\"mark\", \"close\"); }";
    let server = with(&[("around", hook)], "").handler("profiles/inside.rhai", profile).start();
    drop(handshake(&server, "inside"));
    server.logged("seen: hook inside connect close hook");
}

#[test]
fn a_hook_can_act_on_a_connection() {
    let hook = "fn on_connection(connection) { if connection.protocol == \"HTTP/2\" { let time = connection.ping(); \
                print(`round trip ${time > 0.0}`); connection.goaway(\"ENHANCE_YOUR_CALM\"); connection.close(); } }";
    let server = with(&[("act", hook)], "").start();
    let mut client = Client::over_tcp(server.connect("h2c"), server.authority("h2c"));
    client.send_octets(PREFACE);
    client.send(&settings_frame(&[]));
    let frames = client.until(|frame| frame.is(FrameType::PING));
    let mut answer = frames.last().expect("a PING").frame.clone();
    answer.header.flags = flag::ACK;
    client.send(&answer);
    assert_eq!(client.connection_error(), 11);
    server.logged("round trip true");
}

#[test]
fn scripts_are_told_when_they_are_loaded_and_when_they_go() {
    let hook =
        "fn on_script_load(path) { print(`loaded ${path}`); }\nfn on_script_unload(path) { print(`gone ${path}`); }";
    let server = with(&[("tell", hook)], "")
        .handler("a.rhai", "fn main(request, response) { import \"lib\" as lib; lib::f() }")
        .handler("lib.rhai", "fn f() { \"one\" }")
        .arguments(["--workers", "1"])
        .start();
    server.logged_times("loaded", 1);
    assert_eq!(ask::over_http1(&server, &Ask::get("/handlers/a.rhai")).text(), "one");
    server.logged_times("loaded", 3);
    server.logged_times("gone", 0);
    server.write("handlers/lib.rhai", "fn f() { \"two\" }");
    assert_eq!(text(&server, "/handlers/a.rhai"), "two");
    server.logged_times("/lib.rhai", 3);
    server.logged_times("gone", 1);
    std::fs::remove_file(server.folder().join("handlers/a.rhai")).expect("a file can be removed");
    server.write("handlers/b.rhai", "fn main(request, response) { \"b\" }");
    text(&server, "/handlers/b.rhai");
    server.logged_times("/b.rhai", 1);
    server.logged_times("/a.rhai", 2);
}

#[test]
fn an_edited_hook_counts_from_the_next_request_on() {
    let hook =
        |mark: &str| format!("fn on_response(request, response) {{ response.headers.set(\"x-mark\", \"{mark}\"); }}");
    let server = with(&[("mark", &hook("one"))], "").file("page.txt", "page").start();
    let mut client = Client::h2c(&server);
    let mut mark = || ask::on(&mut client, &Ask::get("/page.txt")).get("x-mark").map(str::to_owned);
    assert_eq!(mark().as_deref(), Some("one"));
    server.write("hooks/mark.rhai", hook("two"));
    assert_eq!(mark().as_deref(), Some("two"));
    server.write("hooks/mark.rhai", "fn on_response(request");
    assert_eq!(mark(), None);
    server.logged("hook (loading) of ");
    server.write("hooks/mark.rhai", hook("three"));
    assert_eq!(mark().as_deref(), Some("three"));
    server.write("wpt.toml", "");
    server.logged("changed are hooks.scripts");
    assert_eq!(mark(), None);
    server.write("wpt.toml", "latency = 1\nhooks.scripts = \"hooks/mark.rhai\"");
    server.logged("changed are hooks.scripts, latency");
    assert_eq!(mark().as_deref(), Some("three"));
}

#[test]
fn hooks_are_checked_and_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file can be written");
    std::fs::create_dir(folder.path().join("handlers")).expect("a folder can be made");
    write("wpt.toml", "[hooks]\nscripts = [\"a.rhai\", \"b.rhai\", \"c.rhai\", \"d.rhai\"]\n");
    write("a.rhai", "fn on_status(status) { }\nfn helper() { }");
    write("b.rhai", "\nfn on_requests(request) { }");
    write("c.rhai", "fn on_connection_close(connection) { }");
    write("d.rhai", "fn helper() { }");
    let printed = String::from_utf8(wireserve(folder.path(), &["config"]).stdout).expect("text");
    let line = "scripts = [\"a.rhai\", \"b.rhai\", \"c.rhai\", \"d.rhai\"]  # wpt.toml:2";
    assert!(printed.contains(line), "{printed}");
    let checked = wireserve(folder.path(), &["check"]);
    assert_eq!(checked.code(), Some(1));
    for told in [
        "the server calls no on_requests: did you mean on_request?\n  --> b.rhai:2:1",
        "on_connection_close must be written on_connection_close(connection, reason), not with 1 parameters\n  --> c.rhai:1:1",
        "this script is not a hook: it registers nothing; define one of on_start(server), ",
        "3 errors; 1 script OK",
    ] {
        assert!(checked.stderr.contains(told), "{told} is not in:\n{}", checked.stderr);
    }
}
