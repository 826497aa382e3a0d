//! Profiles that fail: contained, and named with file and line.

use super::{ask, begin, handshake};
use crate::support::DEADLINE;
use crate::support::raw::{Client, PREFACE, Received, settings_frame};
use crate::support::server::{Server, connect};
use serde_json::{Value, json};
use std::time::Instant;
use wireserve::wire::frame::{FrameType, RawFrame};

/// The last frame, a GOAWAY(INTERNAL_ERROR), and what it says.
fn told(frames: &[Received]) -> String {
    let goaway = frames.last().expect("frames");
    assert!(goaway.is(FrameType::GOAWAY) && goaway.word(4) == 2, "{goaway:?}");
    String::from_utf8_lossy(&goaway.payload[8..]).into_owned()
}

#[test]
fn a_profile_that_fails_ends_its_connection_alone_and_says_where() {
    let scripts = [
        ("throws", "fn on_connect(connection) {\n throw \"by hand\"; }", "by hand", "throws.rhai:2:"),
        ("loops", "fn on_connect(connection) {\n loop { } }", "operations", "loops.rhai:"),
        ("broken", "fn on_connect(connection) {\n let = ; }", "", "broken.rhai:2:"),
        ("empty", "fn helper() { }", "this script is not a profile", "empty.rhai"),
        ("frame", "fn on_frame(connection, frame) {\n nowhere }", "no variable `nowhere`", "frame.rhai:2:"),
        ("nonsense", "\nfn on_frame(connection, frame) { 3 }", "returns true", "nonsense.rhai:2:"),
        ("waits", "fn on_frame(connection, frame) {\n connection.ping(); }", "wait forever", "waits.rhai:2:"),
        (
            "frames",
            "fn on_frame(connection, frame) {\n connection.wait_for_frame((), 1); }",
            "forever",
            "frames.rhai:2:",
        ),
        ("paused", "fn on_connect(connection) {\n connection.pause_reading(); throw \"x\" }", "x", "paused.rhai:2:"),
    ];
    let config = "[limits.script]\noperations = 200000\n";
    let builder = scripts.iter().fold(Server::builder().config(config), |builder, (name, script, ..)| {
        builder.handler(&format!("profiles/{name}.rhai"), script)
    });
    let server = builder.start();
    for (name, _, message, place) in scripts {
        let mut client = begin(&server, name);
        let (frames, _) = client.until_end();
        assert!(super::is_settings(&frames[0]), "{name}");
        let text = told(&frames);
        assert!(text.contains(message) && text.contains(place), "{name}: {text}");
        server.logged(place);
    }
    let mut client = Client::h2(&server);
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn sending_after_the_end_is_contained() {
    let server = Server::builder()
        .handler("profiles/late.rhai", "fn on_close(connection, reason) {\n connection.send(frame::ping(\"wireserv\")); }")
        .handler("profiles/closed.rhai", "fn on_connect(connection) { connection.close(); loop { connection.send(frame::ping(\"wireserv\")); sleep(0.001); } }")
        .handler("profiles/loops.rhai", "fn on_close(connection, reason) {\n loop { } }")
        .config("[limits.script]\noperations = 200000\n")
        .start();
    drop(handshake(&server, "late"));
    server.logged("late.rhai:2:");
    drop(handshake(&server, "loops"));
    server.logged("loops.rhai:");
    let mut client = begin(&server, "closed");
    client.until_end();
    let mut client = Client::h2(&server);
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn a_client_that_leaves_ends_what_waits_in_a_profile() {
    let server = Server::builder()
        .handler("profiles/sleeps.rhai", "fn on_connect(connection) { sleep(50); print(\"woke\"); } fn on_close(connection, reason) { print(`gone: ${reason}`); }")
        .start();
    let mut client = begin(&server, "sleeps");
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    drop(client);
    server.logged("gone: ");
    assert!(!server.log().contains("woke"));
}

fn status(client: &mut Client) -> Value {
    serde_json::from_str(&ask(client, "/_wire/status?json").text()).expect("JSON")
}

#[test]
fn what_failed_is_on_the_status_page() {
    let server = Server::builder()
        .handler("profiles/throws.rhai", "fn on_connect(connection) {\n throw \"<by hand>\"; }")
        .handler("profiles/loops.rhai", "fn on_frame(connection, frame) {\n loop { } }")
        .handler(
            "profiles/late.rhai",
            "fn on_close(connection, reason) {\n connection.send(frame::ping(\"wireserv\")); }",
        )
        .config("[limits.script]\noperations = 200000\n")
        .arguments(["--workers", "1"])
        .start();
    for profile in ["throws", "loops", "throws"] {
        begin(&server, profile).until_end();
    }
    drop(handshake(&server, "late"));
    server.logged("late.rhai:2:");
    // Files are read again for another configuration; what happened before it stays.
    server.write("wpt.toml", "[limits.script]\noperations = 300000\n");
    server.logged("operations");
    begin(&server, "throws").until_end();
    let mut client = Client::h2(&server);
    let told = status(&mut client);
    let failures = told["profile_failures"].as_object().expect("a map");
    let times = |part: &str| failures.iter().find(|(why, _)| why.contains(part)).and_then(|(_, times)| times.as_u64());
    assert_eq!([times("throws.rhai:2:"), times("loops.rhai:"), times("late.rhai:2:")], [Some(3), Some(1), Some(1)]);
    assert_eq!(told["limits_met"]["script.operations"], 1, "{told}");
    let page = ask(&mut client, "/_wire/status").text();
    assert!(page.contains("Failed profile") && page.contains("&lt;by hand&gt;"), "{page}");
}

/// As many as fit the usual number of open files; `docs/maintainers/performance.md` has the figures for 10,000.
const SILENT: usize = 300;

#[test]
fn connections_that_a_profile_holds_silent_are_counted_and_hinder_nobody() {
    let config = "[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"stall-after-preface\"\n";
    let server = Server::builder().config(config).start();
    let url = server.ready()["profiles"]["stall-after-preface"][0].as_str().expect("a URL").to_owned();
    let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let port = authority.rsplit_once(':').expect("a port").1.to_owned();
    let stalled: Vec<Client> = (0..SILENT)
        .map(|_| {
            let mut client = Client::over_tcp(connect(format!("127.0.0.1:{port}")), &authority);
            client.send_octets(PREFACE);
            client.send(&settings_frame(&[]));
            client.get("/handlers/hello.rhai");
            assert!(super::is_settings(&client.frame().expect("SETTINGS")));
            client
        })
        .collect();
    let mut client = Client::h2(&server);
    let told = status(&mut client);
    assert_eq!(told["profiles"], json!({"stall-after-preface": SILENT}), "{told}");
    assert_eq!(told["handlers"]["waiting"], 0, "they hold no stacks: {told}");
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
    drop(stalled);
    let deadline = Instant::now() + DEADLINE;
    while status(&mut client)["profiles"] != json!({}) {
        assert!(Instant::now() < deadline, "connections that are gone are still counted");
    }
}
