//! What a profile sees, and what its answers do.

use super::{ack, ask, begin, handshake, is_settings, kinds};
use crate::support::raw::{Client, End, settings_frame};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

fn with(profile: &str) -> Server {
    Server::builder().handler("profiles/mine.rhai", profile).start()
}

#[test]
fn on_frame_sees_every_frame_and_a_handled_one_does_nothing() {
    let server = with(
        "fn on_frame(connection, frame) {
             let count = connection.context[\"count\"] ?? 0;
             connection.context[\"count\"] = count + 1;
             if frame.type == \"PING\" {
                 connection.send(frame::goaway(0, 0, `${count} frames before`));
                 return true;
             }
         }",
    );
    let mut client = begin(&server, "mine");
    client.send(&ack());
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    let frames = client.until(|frame| frame.is(FrameType::GOAWAY));
    assert_eq!(kinds(&frames), ["GOAWAY"]);
    // SETTINGS, ACK, HEADERS
    assert_eq!(&frames[0].payload[8..], b"3 frames before");
}

#[test]
fn what_on_connect_sends_comes_first_and_settings_of_its_own_replace_ours() {
    for (script, wanted) in [
        ("connection.send_settings([[3, 5]])", vec!["SETTINGS"]),
        ("connection.send(frame::settings([[3, 5]]))", vec!["SETTINGS"]),
        ("connection.send(frame::unknown(190, 0, 0, \"\"))", vec!["0xbe", "SETTINGS", "WINDOW_UPDATE"]),
        ("connection.start(); connection.send(frame::ping(\"wireserv\"))", vec!["SETTINGS", "WINDOW_UPDATE", "PING"]),
        ("connection.start_without_settings(); connection.send_bytes(frame::ping(\"wireserv\").bytes())", vec!["PING"]),
    ] {
        let server = with(&format!("fn on_connect(connection) {{ {script}; }}"));
        let mut client = begin(&server, "mine");
        let mut frames = client.until(|frame| frame.is(FrameType::SETTINGS) && frame.header.has(flag::ACK));
        frames.pop();
        let kinds: Vec<String> = kinds(&frames);
        assert_eq!(kinds.len(), wanted.len(), "{script}: {kinds:?}");
        for (kind, wanted) in kinds.iter().zip(&wanted) {
            assert!(kind == wanted || *wanted == "0xbe", "{script}: {kinds:?}");
        }
    }
}

#[test]
fn first_settings_can_be_read_changed_removed_and_replaced() {
    let server = with(
        "fn on_connect(connection) {
             let first = connection.first_settings;
             first[\"MAX_CONCURRENT_STREAMS\"] = first[setting::MAX_CONCURRENT_STREAMS] - 1;
             first[4660] = 7;
             first.remove(\"ENABLE_CONNECT_PROTOCOL\");
             connection.context[\"entries\"] = first.entries;
             connection.start();
             try { connection.first_settings[4] = 1; } catch (error) { connection.context[\"late\"] = error; }
         }
         fn on_frame(connection, frame) {
             if frame.type == \"PING\" { connection.send(frame::goaway(0, 0, `${connection.context[\"entries\"]} ${connection.context[\"late\"]}`)); }
         }",
    );
    let (mut client, settings) = handshake(&server, "mine");
    assert_eq!(settings, [(3, 249), (4, 1 << 20), (5, 16_384), (6, 65_536), (4660, 7)]);
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    let told = client.until(|frame| frame.is(FrameType::GOAWAY)).pop().expect("the GOAWAY");
    let told = String::from_utf8_lossy(&told.payload[8..]).into_owned();
    assert!(told.starts_with("[[3, 249], ") && told.contains("[4660, 7]] the first SETTINGS have been sent"), "{told}");
}

#[test]
fn switches_turn_off_what_the_engine_does_by_itself() {
    let server = with(
        "fn on_connect(connection) {
             connection.auto.settings_ack = false;
             connection.auto.ping_ack = false;
             connection.auto.window_update = false;
             connection.auto.goaway_on_error = false;
             connection.auto.validate = false;
             connection.context[\"auto\"] = `${connection.auto.settings_ack}${connection.auto.validate}`;
         }",
    );
    let mut client = begin(&server, "mine");
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    let stream = client.request("GET", "/handlers/hello.rhai", &[("Upper", "case")], true);
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    assert_eq!(kinds(&frames)[..2], ["SETTINGS", "HEADERS"], "no window either");
    // A PING on a stream is a connection error.
    client.send(&RawFrame::new(FrameType::PING, 0, 1, vec![0; 8]));
    let (frames, end) = client.until_end();
    assert!(frames.is_empty() && end == End::Closed, "{:?}", kinds(&frames));
}

#[test]
fn on_connect_can_wait_for_the_client_and_requests_wait_for_it() {
    let server = with(
        "fn on_connect(connection) {
             let first = connection.wait_for_frame(\"SETTINGS\", 10);
             connection.first_settings = [[4, first.entries[0][1]]];
             connection.wait_for_frame(\"PING\", 10);
         }
         fn on_frame(connection, frame) { connection.context[frame.type] = true; }
         fn on_close(connection, reason) { print(`saw ${connection.context.keys()}`); }",
    );
    let mut client = super::connect(&server, "mine");
    client.send_octets(crate::support::raw::PREFACE);
    client.send(&settings_frame(&[(4, 1234)]));
    let stream = client.get("/handlers/hello.rhai");
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    let frames = client.until(|frame| frame.header.stream_id == stream);
    assert!(is_settings(&frames[0]) && frames[0].payload[..] == [0, 4, 0, 0, 4, 210], "{:?}", kinds(&frames));
    assert_eq!(kinds(&frames), ["SETTINGS", "WINDOW_UPDATE", "SETTINGS ACK", "PING ACK", "HEADERS"]);
    drop(client);
    let line = server.logged("saw ");
    assert!(["HEADERS", "PING", "SETTINGS"].iter().all(|kind| line.contains(kind)), "{line}");
}

#[test]
fn a_ping_of_on_connect_is_answered_past_on_frame() {
    let server = with(
        "fn on_connect(connection) { connection.start(); connection.ping(); connection.goaway(0, 0, \"pong\"); }
         fn on_frame(connection, frame) { }",
    );
    let mut client = begin(&server, "mine");
    let mut ping = client.until(|frame| frame.is(FrameType::PING)).pop().expect("the PING").frame;
    ping.header.flags = flag::ACK;
    client.send(&ping);
    let goaway = client.until(|frame| frame.is(FrameType::GOAWAY)).pop().expect("the GOAWAY");
    assert_eq!(&goaway.payload[8..], b"pong");
}

#[test]
fn on_close_is_told_why() {
    let server = with(
        "fn on_connect(connection) {}
         fn on_frame(connection, frame) {
             if frame.type_code == 190 { connection.abort(); }
             if frame.type_code == 191 { connection.close(); }
         }
         fn on_close(connection, reason) { print(`over: ${connection.id} ${reason}`); }",
    );
    let frame = |frame_type, stream| RawFrame::new(frame_type, 0, stream, vec![0; 8]);
    // A TLS client that is dropped sends no close_notify.
    drop(handshake(&server, "mine"));
    server.logged("client-truncated");
    for (sent, reason) in [
        (frame(FrameType::PING, 1), "h2.ping.stream"),
        (frame(FrameType(190), 0), "aborted"),
        (frame(FrameType(191), 0), " closed"),
    ] {
        let (mut client, _) = handshake(&server, "mine");
        client.send(&sent);
        client.until_end();
        server.logged(reason);
    }
}

#[test]
fn a_profile_lives_as_long_as_its_connection_and_each_call_has_a_budget_of_its_own() {
    let config = "[limits.script]\noperations = 20000\n";
    let profile = "fn on_frame(connection, frame) { for i in 0..1000 { } }";
    let server = Server::builder().config(config).handler("profiles/mine.rhai", profile).start();
    let (mut client, _) = handshake(&server, "mine");
    for _ in 0..100 {
        client.barrier();
    }
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn silent_connections_of_a_profile_hold_no_stack() {
    let config = "[limits.script]\nlive = 4\n";
    let server = Server::builder().config(config).arguments(["--workers", "1"]).start();
    let clients: Vec<Client> = (0..20).map(|_| handshake(&server, "ping-silence").0).collect();
    let stalled: Vec<Client> = (0..20).map(|_| begin(&server, "stall-after-preface")).collect();
    let (mut client, _) = handshake(&server, "ping-silence");
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
    drop((clients, stalled));
}
