//! Which connection gets which profile.

use super::{ask, begin, connect, handshake};
use crate::support::http1::Answer;
use crate::support::raw::{self, Client, PREFACE, settings_frame, tls};
use crate::support::server::{Server, wireserve};
use std::io::Write;
use wireserve::wire::frame::FrameType;

const NAME: &str = "fn main(request, response) { `${request.connection.profile}` }";

#[test]
fn the_host_names_the_profile_and_files_come_before_shipped_ones() {
    let own = "fn on_connect(connection) { connection.first_settings = [[4, 7], [4, 9]]; }";
    let server = Server::builder()
        .handler("name.rhai", NAME)
        .handler("profiles/tiny-window.rhai", own)
        .handler("profiles/mine-2.rhai", own)
        .start();
    for profile in ["tiny-window", "mine-2", "MINE-2"] {
        let (mut client, settings) = handshake(&server, profile);
        assert_eq!(settings, [(4, 7), (4, 9)]);
        assert_eq!(ask(&mut client, "/handlers/name.rhai").text(), profile.to_lowercase());
    }
    let mut plain = Client::h2(&server);
    assert_eq!(ask(&mut plain, "/handlers/name.rhai").text(), "");
}

#[test]
fn each_host_of_a_profile_has_a_leaf_of_its_own() {
    let server = Server::start();
    let leaf = |host: &str| {
        let mut stream = tls(&server.connect("h2"), &format!("{host}:1"), &server.ca(), &[b"h2"]);
        stream.write_all(PREFACE).expect("a handshake");
        stream.conn.peer_certificates().expect("certificates")[0].to_vec()
    };
    let leaves = ["localhost", "tiny-window.conn.localhost", "no-settings.conn.localhost"].map(leaf);
    assert!(leaves[0] != leaves[1] && leaves[1] != leaves[2]);
}

#[test]
fn an_unknown_profile_is_an_alert_and_a_line_in_the_log() {
    let server = Server::start();
    for host in ["nowhere", "a.tiny-window", "a_b"] {
        let authority = format!("{host}.conn.localhost:1");
        let mut stream = tls(&server.connect("h2"), &authority, &server.ca(), &[b"h2", b"http/1.1"]);
        let error = stream.write_all(PREFACE).expect_err("an alert");
        assert!(error.to_string().contains("UnrecognisedName"), "{error}");
        let line = server.logged(&format!("no profile {host:?}"));
        assert!(line.contains("altsvc, coalesced-writes, goaway-first, goaway-graceful"), "{line}");
    }
    let mut client = Client::h2(&server);
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn over_http_1_1_a_page_says_what_there_is() {
    let server = Server::builder().handler("profiles/mine.rhai", "fn on_connect(connection) {}").start();
    let get = |port: &str, host: &str| {
        let authority = format!("{host}.conn.localhost:{}", server.port(port));
        let request = format!("GET /x?y HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
        let octets = match port {
            "http" => raw::exchange(server.connect(port), request.as_bytes()),
            _ => {
                let stream = tls(&server.connect(port), &authority, &server.ca(), &[b"http/1.1"]);
                raw::exchange(stream, request.as_bytes())
            }
        };
        let answer = Answer::read(&octets).expect("an answer");
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    };
    for port in ["http", "https", "h2"] {
        let (status, text) = get(port, "nowhere");
        assert_eq!(status, 404, "{text}");
        assert!(
            text.contains("no profile \"nowhere\"") && text.contains("max-streams-changing, mine, misdirected-421"),
            "{text}"
        );
        if port == "h2" {
            continue;
        }
        let (status, text) = get(port, "mine");
        assert_eq!(status, 421, "{text}");
        assert!(text.contains(&format!("https://mine.conn.localhost:{}/x?y", server.port("h2"))), "{text}");
    }
    let (status, text) = get("h2", "mine");
    assert_eq!(status, 505, "{text}");
}

#[test]
fn a_request_for_the_host_of_a_profile_on_another_connection_is_misdirected() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let fields =
        [(":method", "GET"), (":scheme", "http"), (":authority", "tiny-window.conn.localhost:1"), (":path", "/")];
    let block = client.encode(&fields);
    let stream = client.take_stream();
    client.send(&wireserve::wire::frame::RawFrame::new(FrameType::HEADERS, 5, stream, block));
    let response = client.response(stream);
    assert_eq!(response.status(), Some(421));
    assert!(response.text().contains("?wire-profile=tiny-window"), "{}", response.text());
}

#[test]
fn an_unknown_profile_of_a_port_is_told_by_goaway_in_clear() {
    let config = "[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"nowhere\"\n";
    let server = Server::builder().config(config).start();
    let url = server.ready()["profiles"]["nowhere"][0].as_str().expect("a URL").trim_end_matches('/').to_owned();
    let port = url.rsplit_once(':').expect("a port").1;
    let mut client = Client::over_tcp(crate::support::server::connect(format!("127.0.0.1:{port}")), "localhost");
    let (frames, _) = client.until_end();
    let goaway = frames.last().expect("frames");
    assert!(goaway.is(FrameType::GOAWAY) && goaway.word(4) == 2);
    assert!(String::from_utf8_lossy(&goaway.payload[8..]).contains("no profile \"nowhere\""));
}

#[test]
fn profiles_can_be_edited_while_the_server_runs() {
    let profile = |value: u32| format!("fn on_connect(connection) {{ connection.first_settings = [[4, {value}]]; }}");
    let server = Server::builder().handler("profiles/edited.rhai", &profile(5)).start();
    assert_eq!(handshake(&server, "edited").1, [(4, 5)]);
    server.write("handlers/profiles/edited.rhai", profile(6));
    assert_eq!(handshake(&server, "edited").1, [(4, 6)]);
}

#[test]
fn asked_for_as_a_handler_a_profile_says_what_it_is() {
    let server = Server::start();
    let mut client = Client::h2(&server);
    let response = ask(&mut client, "/handlers/profiles/tiny-window.rhai");
    assert_eq!(response.status(), Some(500));
    assert!(response.text().contains("this is a profile"), "{}", response.text());
    // It is listed with a link to its host.
    let page = ask(&mut begin(&server, "ping-silence"), "/").text();
    assert!(page.contains("\"https://tiny-window.conn.localhost:"), "{page}");
    drop(connect(&server, "ping-silence"));
}

#[test]
fn check_knows_profiles() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    };
    write("wpt.toml", "[[profile_ports]]\nport = 9443\nkind = \"h2\"\nprofile = \"good\"\n");
    write("handlers/profiles/good.rhai", "fn on_close(connection, reason) {}");
    let finished = wireserve(folder.path(), &["check"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    write("wpt.toml", &"[[profile_ports]]\nport = 9443\nkind = \"h2\"\nprofile = \"good\"\n".repeat(2));
    let finished = wireserve(folder.path(), &["check"]);
    assert!(finished.stderr.contains("port 9443 is used twice: for good (wpt.toml:1)"), "{}", finished.stderr);
    write("handlers/profiles/handler.rhai", "fn main(request, response) {}");
    write("handlers/profiles/few.rhai", "fn on_frame(connection) {}");
    write("handlers/profiles/typo.rhai", "fn on_connect(connection) {}\nfn on_frme(connection, frame) {}");
    write("handlers/profiles/Upper.rhai", "fn on_connect(connection) {}");
    write("wpt.toml", "[[profile_ports]]\nport = 9443\nkind = \"h2\"\nprofile = \"gone\"\n");
    let finished = wireserve(folder.path(), &["check"]);
    assert_eq!(finished.code(), Some(1), "{}", finished.stderr);
    for told in [
        "this script is not a profile: define one of on_connect(connection), on_frame(connection, frame)",
        "on_frame must have 2 parameters (connection, frame), not 1",
        "nothing calls on_frme of a profile: did you mean on_frame?",
        "typo.rhai:2:",
        "a profile's name is a label of a host name",
        "wpt.toml:1: there is no profile \"gone\"",
    ] {
        assert!(finished.stderr.contains(told), "{told:?} is not in:\n{}", finished.stderr);
    }
}

/// A client in clear whose preface and first request go out together.
fn ask_in_clear(server: &Server, path: &str) -> (Client, u32) {
    let mut client = Client::over_tcp(server.connect("h2c"), server.authority("h2c"));
    client.send_octets(PREFACE);
    client.send(&settings_frame(&[]));
    let stream = client.get(path);
    (client, stream)
}

#[test]
fn in_clear_the_first_request_names_the_profile() {
    let patient = "h2c_profile_wait = 60000";
    let server = Server::builder().config(patient).handler("name.rhai", NAME).start();
    let (mut client, _) = ask_in_clear(&server, "/handlers/name.rhai?wire-profile=goaway-first");
    let frames = client.until(|frame| frame.is(FrameType::GOAWAY));
    assert!(frames[0].is(FrameType::SETTINGS), "{frames:?}");

    let (mut client, stream) = ask_in_clear(&server, "/handlers/name.rhai?wire-profile=tiny-window");
    assert_eq!(client.response(stream).text(), "tiny-window");
    // Of this connection that is decided.
    let late = ask(&mut client, "/handlers/name.rhai?wire-profile=ping-silence");
    assert_eq!(late.status(), Some(421));
    assert!(late.text().contains("https://ping-silence.conn.localhost:"), "{}", late.text());
    assert_eq!(ask(&mut client, "/handlers/name.rhai?wire-profile=tiny-window").text(), "tiny-window");

    let (mut client, stream) = ask_in_clear(&server, "/handlers/name.rhai?no=profile");
    assert_eq!(client.response(stream).text(), "");
    let (mut client, _) = ask_in_clear(&server, "/?wire-profile=nowhere");
    let (frames, _) = client.until_end();
    let goaway = frames.last().expect("frames");
    assert!(goaway.is(FrameType::GOAWAY) && String::from_utf8_lossy(&goaway.payload[8..]).contains("\"nowhere\""));
}

#[test]
fn in_clear_nobody_waits_long_for_the_first_request() {
    for config in ["h2c_profile_wait = 0", "h2c_profile_wait = 1"] {
        let server = Server::builder().config(config).handler("name.rhai", NAME).start();
        let mut client = Client::over_tcp(server.connect("h2c"), server.authority("h2c"));
        let first = client.frame().expect("a frame");
        assert!(first.is(FrameType::SETTINGS), "{first:?}");
        client.send_octets(PREFACE);
        client.send(&settings_frame(&[]));
        let late = ask(&mut client, "/handlers/name.rhai?wire-profile=tiny-window");
        assert_eq!(late.status(), Some(421), "{}", late.text());
    }
}
