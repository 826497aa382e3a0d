//! `flood::`: bounded, no faster than the client reads, and what the client did is told.

use crate::support::raw::{Client, PREFACE, Received, settings_frame};
use crate::support::server::{Builder, Server};
use wireserve::wire::flood::{Flood, Kind};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// 64 MB that no socket's buffers hold: whoever does not read stops it.
const LARGE: &str = "#{ count: 4000, size: 16000 }";

/// Tells what became of the flood to whoever asks for `told.rhai`.
fn flooding(call: &str) -> Builder {
    let flood = format!(
        "fn main(request, response) {{\n    response.write_status_headers();\n    let did = {call};\n    \
         stash.put(\"00000000-0000-0000-0000-000000000001\", did, \"/told\");\n}}"
    );
    let told = "fn main(request, response) {
        let did = stash.wait(\"00000000-0000-0000-0000-000000000001\", 15, \"/told\");
        if did == () { \"nothing\" } else { `${did.client} ${did.code} ${did.frames < 4000}` }
    }";
    Server::builder().handler("flood.rhai", &flood).handler("told.rhai", told)
}

fn ask(server: &Server, path: &str) -> String {
    let mut client = Client::h2c(server);
    let stream = client.get(path);
    client.response(stream).text()
}

/// A client that has asked for the flood and read the response's fields, and reads no further.
fn asking(server: &Server) -> (Client, u32) {
    let mut client = Client::h2c(server);
    let stream = client.get("/handlers/flood.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    (client, stream)
}

#[test]
fn who_does_not_read_holds_the_flood_up_and_ends_it_by_leaving() {
    let server = flooding(&format!("flood::unknown(response, {LARGE})")).start();
    ask(&server, "/handlers/hello.rhai");
    let before = server.usage().resident_octets;
    let (client, _) = asking(&server);
    for _ in 0..100 {
        assert!(ask(&server, "/handlers/hello.rhai").contains("Hello"), "nobody else stands still");
    }
    let grown = server.usage().resident_octets.saturating_sub(before);
    assert!(grown < 24 << 20, "{grown} octets more in memory");
    drop(client);
    assert_eq!(ask(&server, "/handlers/told.rhai"), "closed  true");
    let line = server.logged("flood::unknown");
    assert!(line.contains("then the client: closed"), "{line}");
}

#[test]
fn a_client_that_says_goaway_ends_it() {
    let server = flooding(&format!("flood::unknown(response, {LARGE})")).start();
    let (mut client, _) = asking(&server);
    client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, vec![0, 0, 0, 0, 0, 0, 0, 11]));
    assert_eq!(ask(&server, "/handlers/told.rhai"), "goaway 11 true");
    let line = server.logged("flood::unknown");
    assert!(line.contains("then the client: goaway ENHANCE_YOUR_CALM"), "{line}");
}

#[test]
fn a_client_that_resets_the_stream_ends_it() {
    let server = flooding(&format!("flood::data(response, {LARGE})")).start();
    let mut client = Client::h2c(&server);
    client.open_windows();
    let stream = client.get("/handlers/flood.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    client.send(&RawFrame::new(FrameType::RST_STREAM, 0, stream, vec![0, 0, 0, 8]));
    assert_eq!(ask(&server, "/handlers/told.rhai"), "reset 8 true");
    // The connection is as good as before.
    let frames = client.barrier();
    let under_way = frames.iter().filter(|frame| !frame.is(FrameType::SETTINGS));
    assert!(under_way.clone().all(|frame| frame.is(FrameType::DATA)), "nothing but what was under way");
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
}

#[test]
fn a_goaway_without_error_does_not_end_it() {
    let server = flooding("flood::ping(response, #{ count: 10, wait: 15 })").start();
    let (mut client, _) = asking(&server);
    client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, vec![0; 8]));
    let is_question = |frame: &Received| frame.is(FrameType::PING) && !frame.header.has(flag::ACK);
    for _ in 0..11 {
        let frames = client.until(is_question);
        let mut answer = frames.last().expect("a PING").frame.clone();
        answer.header.flags = flag::ACK;
        client.send(&answer);
    }
    assert_eq!(ask(&server, "/handlers/told.rhai"), "acknowledged  true");
}

#[test]
fn a_silent_client_is_waited_for_no_longer_than_asked() {
    let server = flooding("flood::ping(response, #{ count: 10, wait: 0.05 })").start();
    let (_client, _) = asking(&server);
    assert_eq!(ask(&server, "/handlers/told.rhai"), "silent  true");
}

#[test]
fn the_same_seed_floods_with_the_same_octets() {
    let script = "fn main(request, response) {
        flood::settings(response, #{ count: 20, size: 3, seed: 5, wait: 0 });
        flood::unknown(response, #{ count: 20, size: 50, seed: -1, wait: 0 });
        \"done\"
    }";
    let server = Server::builder().handler("flood.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/flood.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream);
    let settings = Flood::new(Kind::Settings, 0, 20, 3, 5, "".into());
    let unknown = Flood::new(Kind::Unknown, 0, 20, 50, u64::MAX, "".into());
    let made: Vec<RawFrame> = settings.chain(unknown).map(|frame| frame.to_raw()).collect();
    let came: Vec<RawFrame> = frames.into_iter().map(|frame| frame.frame).take(40).collect();
    assert_eq!(came, made);
}

#[test]
fn what_passes_a_bound_is_an_error_that_names_it_and_nothing_is_sent() {
    let limits = "[limits.script]\nflood_frames = 50\nflood_octets = 2000\n";
    let script = |call: &str| format!("fn main(request, response) {{\n    {call};\n    \"sent\"\n}}");
    let rows = [
        ("flood::ping(response, #{ count: 51 })", "count is at most 50 (flood_frames in [limits.script]"),
        ("flood::ping(response, #{ count: -1 })", "count must be a whole number from 0 on, not -1"),
        ("flood::unknown(response, #{ count: 50, size: 50 })", "2950 bytes are more than 2000 (flood_octets"),
        ("flood::unknown(response, #{ size: 16001 })", "size must be a whole number from 0 to 16000, not 16001"),
        ("flood::ping(response, #{ size: 1 })", "there is no option size"),
        ("flood::ping(response, #{ pause: \"long\" })", "pause is a time in seconds"),
        ("flood::ping(response, #{ burst: 0 })", "burst must be a whole number from 1 on, not 0"),
        ("flood::data(response)", "comes after the header section"),
        ("flood::data(request.connection)", "is on a stream: give it the response"),
        ("flood::ping(7)", "the target of a flood must be a response, writer, request or connection, not integer"),
    ];
    let mut builder = Server::builder().config(limits);
    for (number, (call, _)) in rows.iter().enumerate() {
        builder = builder.handler(&format!("{number}.rhai"), &script(call));
    }
    let server = builder.handler("default.rhai", &script("flood::ping(response, #{ wait: 0 })")).start();
    for (number, (call, words)) in rows.iter().enumerate() {
        let mut client = Client::h2c(&server);
        let stream = client.get(&format!("/handlers/{number}.rhai"));
        let frames = client.until(|frame| frame.header.has(flag::END_STREAM) && frame.is(FrameType::DATA));
        assert!(frames.iter().all(|frame| frame.header.stream_id == stream), "{call} sent something");
        let text = String::from_utf8_lossy(&frames.last().expect("DATA").payload).into_owned();
        assert!(text.contains(words) && text.contains(".rhai:2"), "{call}: {text}");
    }
    // A default that passes the bound is the bound.
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/default.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream);
    assert_eq!(frames.iter().filter(|frame| frame.is(FrameType::PING)).count(), 50);
}

#[test]
fn an_endless_field_block_stays_open_until_the_handler_is_over() {
    let script = "fn main(request, response) {
        flood::continuation(response, #{ count: 5, end: false, wait: 0 });
        request.connection.wait_for_frame(\"PING\", 15);
    }";
    let server = Server::builder().handler("flood.rhai", script).start();
    let mut client = Client::h2c(&server);
    client.get("/handlers/flood.rhai");
    let mut count = 0;
    let open = client.until(|frame| {
        count += usize::from(frame.is(FrameType::CONTINUATION));
        count == 5
    });
    assert!(open.iter().all(|frame| !frame.header.has(flag::END_HEADERS)));
    let frames = client.barrier();
    let [end] = &frames[..] else { panic!("{} frames before the ACK", frames.len()) };
    assert!(end.is(FrameType::CONTINUATION) && end.header.has(flag::END_HEADERS) && end.payload.is_empty(), "{end:?}");
}

#[test]
fn profiles_flood_too() {
    let profile = "fn on_connect(connection) {
        connection.start();
        flood::settings(connection, #{ count: 30, wait: 0 });
    }
    fn on_frame(connection, frame) {
        if frame.type == \"PING\" && !frame.ack {
            flood::continuation(connection, #{ count: 3, stream_id: 1 });
        }
        if frame.type == \"PRIORITY_UPDATE\" {
            flood::ping(connection, #{ count: 3, wait: 1 });
        }
    }";
    let config = "[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"flooding\"\n";
    let server = Server::builder().handler("profiles/flooding.rhai", profile).config(config).start();
    let port = server.ready()["profiles"]["flooding"][0].as_str().expect("a URL").to_owned();
    let authority = port.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut client = Client::over_tcp(crate::support::server::connect(&*authority), &authority);
    client.send_octets(PREFACE);
    client.send(&settings_frame(&[]));
    let frames = client.until(|frame| frame.is(FrameType::SETTINGS) && frame.header.has(flag::ACK));
    let settings = frames.iter().filter(|frame| frame.is(FrameType::SETTINGS) && !frame.header.has(flag::ACK));
    assert_eq!(settings.count(), 31, "its own and the flood");
    for _ in 0..31 {
        client.send(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new()));
    }
    let frames = client.barrier();
    assert_eq!(frames.iter().filter(|frame| frame.is(FrameType::CONTINUATION)).count(), 3);
    client.send(&RawFrame::new(FrameType::PRIORITY_UPDATE, 0, 0, b"\0\0\0\x01u=1".to_vec()));
    assert_eq!(client.connection_error(), 2, "a wait in on_frame would last for ever");
    let line = server.logged("flood::ping would wait forever");
    assert!(line.contains("flooding.rhai") || line.contains("profile"), "{line}");
}

#[test]
fn what_contradicts_a_flood_names_its_line() {
    let script = "fn main(request, response) {
        flood::continuation(response, #{ count: 3, wait: 0 });
        log(\"between\");
        response.writer.write_headers(200, [[\"x-again\", \"1\"]]);
    }";
    let server = Server::builder().handler("flood.rhai", script).start();
    Client::h2c(&server).get("/handlers/flood.rhai");
    let text = server.logged("error:");
    assert!(text.contains("flood::continuation at") && text.contains("flood.rhai:2"), "{text}");
}
