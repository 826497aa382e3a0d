//! `test_server.py`.

use super::{Ask, both, handler, on, over_http2, run};
use crate::support::raw::{Client, tls};
use crate::support::server::Server;
use std::io::{Read, Write};

#[test]
fn what_is_not_there_is_404() {
    let server = Server::start();
    both(&server, &Ask::get("/not_existing"), |answer| assert_eq!(answer.status, 404));
}

#[test]
fn a_script_that_fails_is_500() {
    run(r#"fn main(request, response) { throw "on purpose" }"#, |answer| assert_eq!(answer.status, 500));
}

#[test]
fn a_handler_of_headers_that_fails_is_500() {
    run(r#"fn handle_headers(frame, request, response) { throw "on purpose" }"#, |answer| {
        assert_eq!(answer.status, 500)
    });
}

#[test]
fn a_request_may_have_hundreds_of_fields() {
    let script = r#"fn main(request, response) {
        for number in 0..256 {
            if request.headers.get(`x-val${number}`) != `${number}` { throw `x-val${number} is missing`; }
        }
        "OK"
    }"#;
    let names: Vec<(String, String)> = (0..256).map(|number| (format!("x-val{number}"), number.to_string())).collect();
    let mut ask = Ask::get("/handlers/test.rhai");
    for (name, value) in &names {
        ask = ask.with(name, value);
    }
    both(&handler(script), &ask, |answer| assert_eq!((answer.status, answer.text().as_str()), (200, "OK")));
}

#[test]
fn the_h2_port_speaks_http_2() {
    let server = handler(r#"fn main(request, response) { request.protocol }"#);
    let ask = Ask::get("/handlers/test.rhai");
    assert_eq!(over_http2(&server, &ask).text(), "HTTP/2");
    let mut client = Client::h2(&server);
    assert_eq!(on(&mut client, &ask).text(), "HTTP/2");
}

#[test]
fn a_client_that_never_speaks_tls_delays_nobody() {
    let server = Server::start();
    for kind in ["https", "h2"] {
        let _silent = server.connect(kind);
        let protocol: &[&[u8]] = if kind == "h2" { &[b"h2"] } else { &[b"http/1.1"] };
        let mut stream = tls(&server.connect(kind), server.authority(kind), &server.ca(), protocol);
        // The handshake is done by the first octets.
        stream
            .write_all(if kind == "h2" {
                crate::support::raw::PREFACE
            } else {
                b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
            })
            .expect("a handshake");
        assert!(stream.read(&mut [0; 16]).expect("an answer") > 0);
    }
}
