//! The configuration edited while the server runs.

use crate::support::ask::{self, Ask};
use crate::support::http1::Answer;
use crate::support::raw::{self, Client};
use crate::support::server::Server;

const GONE: &str = "[[routes]]\npath = \"/moved\"\nstatus = 410\n";

fn status(client: &mut Client, path: &str) -> Option<u16> {
    let stream = client.get(path);
    client.response(stream).status()
}

fn over_http1(server: &Server, path: &str) -> Answer {
    ask::over_http1(server, &Ask::get(path))
}

#[test]
fn what_can_change_at_once_changes_on_open_connections_too() {
    let server = Server::builder().config("").start();
    let mut client = Client::h2c(&server);
    assert_eq!(status(&mut client, "/moved"), Some(404));
    server.write("wpt.toml", GONE);
    server.logged("wpt.toml was edited: changed are routes");
    assert_eq!(status(&mut client, "/moved"), Some(410));
    assert_eq!(over_http1(&server, "/moved").status, 410);
}

#[test]
fn an_editor_that_replaces_the_file_is_seen() {
    let server = Server::builder().config("").start();
    let mut client = Client::h2c(&server);
    for (code, key) in [(410, "routes"), (418, "latency, routes")] {
        let text = format!("latency = {}\n{}", code % 10, GONE.replace("410", &code.to_string()));
        server.write("wpt.toml.new", text);
        let folder = server.folder();
        std::fs::rename(folder.join("wpt.toml.new"), folder.join("wpt.toml")).expect("a file can be renamed");
        server.logged(&format!("changed are {key}"));
        assert_eq!(status(&mut client, "/moved"), Some(code));
    }
}

#[test]
fn what_needs_a_restart_is_named_and_stays() {
    let server = Server::builder().config("").start();
    server.write("wpt.toml", format!("workers = 77\n{GONE}[ports]\nws = [\"auto\"]\n"));
    server.logged("wpt.toml was edited: these need a restart: ports.ws, workers");
    server.logged("changed are routes");
    assert!(server.usage().threads < 70);
    let mut client = Client::h2c(&server);
    assert_eq!(status(&mut client, "/moved"), Some(410));
}

#[test]
fn a_broken_edit_keeps_the_old_state_and_is_told_with_its_place() {
    let server = Server::builder().config(GONE).start();
    let mut client = Client::h2c(&server);
    assert_eq!(status(&mut client, "/moved"), Some(410));
    server.write("wpt.toml", "\n[prots]\n");
    server.logged("a similar key exists: `ports`");
    let log = server.log();
    assert!(
        log.contains("the previous one stays in use")
            && log.contains("unknown key `prots`")
            && log.contains("wpt.toml:2:2"),
        "{log}"
    );
    assert_eq!(status(&mut client, "/moved"), Some(410));
    // As wrong as it gets, and then mended.
    server.write("wpt.toml", b"\x00\xff[[[");
    server.logged("not UTF-8");
    std::fs::remove_file(server.folder().join("wpt.toml")).expect("a file can be removed");
    server.logged("wpt.toml was deleted; its settings stay in use");
    assert_eq!(status(&mut client, "/moved"), Some(410));
    server.write("wpt.toml", format!("latency = 1\n{}", GONE.replace("410", "451")));
    server.logged("changed are latency, routes");
    assert_eq!(status(&mut client, "/moved"), Some(451));
}

#[test]
fn a_configuration_that_appears_is_read() {
    let server = Server::start();
    server.write("config.json", "{\"aliases\": [{\"url-path\": \"/there/\", \"local-dir\": \".\"}]}");
    server.logged("config.json was edited: changed are aliases");
    server.write("page.txt", "here");
    assert_eq!(over_http1(&server, "/there/page.txt").text(), "here");
}

#[test]
fn the_level_of_the_log_changes() {
    let server = Server::builder().config("").start();
    assert!(!server.log().contains(" DEBUG "));
    server.write("wpt.toml", "logging.level = \"debug\"\n");
    server.logged("changed are logging.level");
    drop(server.connect("http"));
    server.logged("closed: ");
    server.write("wpt.toml", "logging.level = \"off\"\nlatency = 1\n");
    server.logged("changed are latency, logging.level");
}

#[test]
fn a_handler_under_way_ends_as_it_began_and_the_stash_stays() {
    let key = "5e9f5c0e-2a3b-4a4e-9a3c-6d1d0e7f8a9b";
    let waits = format!(
        "fn main(request, response) {{ stash.put(\"{key}\", 1, \"/s\"); \
         request.connection.wait_for_frame(\"WINDOW_UPDATE\", 20.0); \"in the end\" }}"
    );
    let takes = format!("fn main(request, response) {{ `${{stash.take(\"{key}\", \"/s\")}}` }}");
    let server = Server::builder().handler("waits.rhai", &waits).handler("takes.rhai", &takes).config("").start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/waits.rhai");
    client.barrier();
    server.write("wpt.toml", "[limits.script]\ntime = 0.5\n");
    server.logged("changed are limits.script.time");
    client.send(&raw::window_update(0, 1));
    assert_eq!(client.response(stream).text(), "in the end");
    let stream = client.get("/handlers/takes.rhai");
    assert_eq!(client.response(stream).text(), "1");
    let stream = client.get("/handlers/waits.rhai");
    let told = client.response(stream).text();
    assert!(told.contains("took longer than 0.5 s"), "{told}");
}
