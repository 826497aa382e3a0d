//! Profiles that answer the client's offer of protocols (RFC 7301) otherwise than the port does.

use super::{begin, handshake, is_settings};
use crate::support::http1::Answer;
use crate::support::raw::{self, Client, End, tls};
use crate::support::server::{Server, wireserve};
use std::io::{Read, Write};

/// Shakes hands with the host of a profile; the protocol that was selected, or the client's error.
fn selected(server: &Server, profile: &str, offered: &[&[u8]]) -> Result<Option<String>, String> {
    let authority = format!("{profile}.conn.{}", server.authority("h2"));
    let mut stream = tls(&server.connect("h2"), &authority, &server.ca(), offered);
    let done = stream.conn.complete_io(&mut stream.sock).map_err(|error| error.to_string())?;
    assert!(done.1 > 0);
    Ok(stream.conn.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()))
}

/// What a client that offers HTTP/2 and HTTP/1.1, and goes on with HTTP/1.1 whatever is selected, gets for a GET.
fn over_http1(server: &Server, profile: &str) -> Vec<u8> {
    let authority = format!("{profile}.conn.{}", server.authority("h2"));
    let stream = tls(&server.connect("h2"), &authority, &server.ca(), &[b"h2", b"http/1.1"]);
    let request = format!("GET /handlers/name.rhai HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    raw::exchange(stream, request.as_bytes())
}

#[test]
fn shipped_profiles_select_what_they_say() {
    let server = Server::start();
    let both: &[&[u8]] = &[b"h2", b"http/1.1"];
    let name = |name: &str| Ok(Some(name.to_owned()));
    assert_eq!(selected(&server, "alpn-none", both), Ok(None));
    assert_eq!(selected(&server, "alpn-http1-speaks-h2", both), name("http/1.1"));
    assert_eq!(selected(&server, "alpn-h2-speaks-http1", both), name("h2"));
    assert_eq!(selected(&server, "tiny-window", both), name("h2"));
    let refused = selected(&server, "alpn-refused", both).expect_err("an alert");
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
    assert_eq!(selected(&server, "alpn-refused", &[]), Ok(None), "without an offer nothing is refused");
    for profile in ["alpn-unoffered", "alpn-http1-speaks-h2"] {
        let unoffered = selected(&server, profile, &[b"h2"]).expect_err("a client that takes offence");
        assert!(unoffered.contains("SelectedUnofferedApplicationProtocol"), "{unoffered}");
    }
}

#[test]
fn without_a_protocol_http_1_1_is_spoken_and_the_profile_knows() {
    let name = "fn main(request, response) { `${request.connection.profile} ${request.tls.alpn}` }";
    let server = Server::builder().handler("name.rhai", name).start();
    let answer = Answer::read(&over_http1(&server, "alpn-none")).expect("an answer");
    assert_eq!((answer.status, &answer.body[..]), (200, &b"alpn-none "[..]));
}

#[test]
fn what_is_spoken_may_differ_from_what_was_selected() {
    let server = Server::start();
    let octets = over_http1(&server, "alpn-http1-speaks-h2");
    let (frames, _) = raw::frames_in(&octets);
    assert_eq!(frames.first().map(|frame| frame.header.frame_type.to_string()).as_deref(), Some("SETTINGS"));
    let mut client = begin(&server, "alpn-h2-speaks-http1");
    assert_eq!(client.octets(12), b"HTTP/1.1 505");
}

#[test]
fn on_connect_and_on_close_are_called_over_http_1_1_too_where_the_profile_led_there() {
    let profile = "const ALPN = [\"http/1.1\", \"h2\"];
        fn on_connect(connection) { connection.context.led = connection.protocol; if connection.protocol == \"HTTP/1.1\" { connection.cut_after(20, \"close\"); } }
        fn on_close(connection, reason) { print(`over: ${connection.context.led} ${reason}`); }";
    let server = Server::builder()
        .handler("profiles/mine.rhai", profile)
        .handler("profiles/throws.rhai", "const ALPN = ();\nfn on_connect(connection) {\n throw \"by hand\"; }")
        .start();
    assert_eq!(over_http1(&server, "mine"), b"HTTP/1.1 404 Not Fou");
    server.logged("over: HTTP/1.1 closed");
    let (mut client, settings) = handshake(&server, "mine");
    assert!(!settings.is_empty());
    client.barrier();
    // One that fails ends its connection.
    assert_eq!(over_http1(&server, "throws"), b"");
    server.logged("throws.rhai:3:");
}

#[test]
fn the_https_port_and_ports_in_clear_keep_their_protocols() {
    let config = "[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"alpn-h2-speaks-http1\"\n";
    let server = Server::builder().config(config).start();
    let authority = format!("alpn-unoffered.conn.{}", server.authority("https"));
    let mut stream = tls(&server.connect("https"), &authority, &server.ca(), &[b"http/1.1"]);
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").expect("a handshake");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    let url = server.ready()["profiles"]["alpn-h2-speaks-http1"][0].as_str().expect("a URL").to_owned();
    let port = url.trim_end_matches('/').rsplit_once(':').expect("a port").1.to_owned();
    let mut client = Client::over_tcp(crate::support::server::connect(format!("127.0.0.1:{port}")), "localhost");
    client.send_octets(raw::PREFACE);
    assert_eq!(client.octets(12), b"HTTP/1.1 505");
}

#[test]
fn a_constant_that_means_nothing_is_told() {
    let server = Server::builder().handler("profiles/odd.rhai", "\nconst ALPN = 7;").start();
    let mut client = begin(&server, "odd");
    let (frames, end) = client.until_end();
    assert!(is_settings(&frames[0]) && end == End::Closed);
    assert!(String::from_utf8_lossy(&frames.last().expect("a GOAWAY").payload).contains("odd.rhai:2:"));
    let finished = wireserve(server.folder(), &["check", "handlers"]);
    assert!(finished.code() == Some(1) && finished.stderr.contains("const ALPN"), "{}", finished.stderr);
}

/// With TLS 1.3 they go out with the server's first flight (RFC 8446 §2), so that no request leaves before they are known.
#[test]
fn the_settings_of_a_profile_come_before_the_client_has_finished() {
    let server = Server::start();
    let authority = format!("tiny-window.conn.{}", server.authority("h2"));
    let mut stream = tls(&server.connect("h2"), &authority, &server.ca(), &[b"h2"]);
    stream.conn.write_tls(&mut stream.sock).expect("the server takes a ClientHello");
    let mut octets = Vec::new();
    while raw::frames_in(&octets).0.is_empty() {
        assert!(stream.conn.read_tls(&mut stream.sock).expect("the server goes on") > 0, "it ended");
        stream.conn.process_new_packets().expect("a TLS handshake");
        let mut some = [0; 1024];
        if let Ok(count) = stream.conn.reader().read(&mut some) {
            octets.extend_from_slice(&some[..count]);
        }
    }
    assert_eq!(raw::frames_in(&octets).0[0].header.frame_type.to_string(), "SETTINGS", "{octets:?}");
    // The handshake goes on, and nothing comes twice.
    let mut client = begin(&server, "tiny-window");
    let frames = client.barrier();
    assert_eq!(frames.iter().filter(|frame| is_settings(frame)).count(), 1, "{frames:?}");
}

#[test]
fn a_handshake_that_stalls_is_never_answered() {
    let profile = "const HANDSHAKE = \"stall\";\nfn on_connect(connection) { print(\"called\"); }";
    let server = Server::builder().handler("profiles/silent.rhai", profile).start();
    let authority = format!("silent.conn.{}", server.authority("h2"));
    let mut stream = tls(&server.connect("h2"), &authority, &server.ca(), &[b"h2"]);
    stream.conn.write_tls(&mut stream.sock).expect("the server takes a ClientHello");
    stream.sock.shutdown(std::net::Shutdown::Write).expect("a socket can be shut down");
    let mut answer = Vec::new();
    stream.sock.read_to_end(&mut answer).expect("the server leaves when the client does");
    assert!(answer.is_empty(), "{answer:?}");
    assert!(!server.log().contains("called"));
}
