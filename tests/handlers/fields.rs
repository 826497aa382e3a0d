//! `handlers/fields/`

use super::{END_HEADERS, END_STREAM, Head, TYPE, Want, block, check, data, headers, last};
use crate::support::raw::exchange;
use crate::support::server::Server;

/// HEADERS with these fields, then the last DATA.
fn raw(fields: &[(&str, &str)], text: &str) -> Vec<Want> {
    vec![headers(END_HEADERS, block(fields)), last(text)]
}

#[test]
fn pseudo_fields() {
    let status = (":status", "200");
    let odd = "Odd pseudo-headers came before this.\n";
    check(&[
        ("fields/order.rhai", raw(&[TYPE, status], ":status came second.\n")),
        ("fields/pseudo.rhai", raw(&[status, status, TYPE], odd)),
        ("fields/pseudo.rhai?kind=conflict", raw(&[status, (":status", "404"), TYPE], odd)),
        ("fields/pseudo.rhai?kind=unknown", raw(&[status, (":wire", "1"), TYPE], odd)),
        ("fields/pseudo.rhai?kind=request", raw(&[status, (":path", "/"), TYPE], odd)),
        ("fields/pseudo.rhai?kind=missing", raw(&[TYPE], odd)),
        ("fields/pseudo.rhai?kind=empty", raw(&[(":status", ""), TYPE], odd)),
        (
            "fields/pseudo.rhai?kind=trailers",
            vec![
                headers(END_HEADERS, block(&[status, TYPE])),
                data(0, "A pseudo-header comes after this.\n"),
                headers(END_HEADERS | END_STREAM, block(&[status])),
            ],
        ),
    ]);
}

#[test]
fn status_values() {
    let row = |value| raw(&[(":status", value), TYPE], "The :status before this was odd.\n");
    check(&[
        ("fields/status.rhai", row("20")),
        ("fields/status.rhai?value=2xx", row("2xx")),
        ("fields/status.rhai?value=200%20OK", row("200 OK")),
        ("fields/status.rhai?value=101", row("101")),
        ("fields/status.rhai?value=-200", row("-200")),
    ]);
}

#[test]
fn names() {
    let row = |name| raw(&[(":status", "200"), (name, "1"), TYPE], "An invalid header name came before this.\n");
    check(&[
        ("fields/name.rhai", row("X-Upper-Case")),
        ("fields/name.rhai?name=with%20space", row("with space")),
        ("fields/name.rhai?name=", row("")),
        ("fields/name.rhai?name=%00", row("\0")),
        ("fields/name.rhai?name=colon:inside", row("colon:inside")),
        ("fields/name.rhai?name=%7F", row("\u{7f}")),
        ("fields/name.rhai?name=:abc", row(":abc")),
    ]);
}

#[test]
fn values() {
    let row =
        |value| raw(&[(":status", "200"), ("x-value", value), TYPE], "An invalid header value came before this.\n");
    check(&[
        ("fields/value.rhai", row("a\0b")),
        ("fields/value.rhai?kind=cr", row("a\rb")),
        ("fields/value.rhai?kind=lf", row("a\nb")),
        ("fields/value.rhai?kind=crlf", row("a\r\nx-injected: yes")),
        ("fields/value.rhai?kind=leading", row(" ab")),
        ("fields/value.rhai?kind=trailing", row("ab\t")),
    ]);
}

#[test]
fn connection_specific_fields() {
    let row = |name, value| {
        raw(&[(":status", "200"), (name, value), TYPE], "A connection-specific header came before this.\n")
    };
    check(&[
        ("fields/connection-specific.rhai", row("connection", "keep-alive")),
        ("fields/connection-specific.rhai?name=keep-alive", row("keep-alive", "timeout=5")),
        ("fields/connection-specific.rhai?name=proxy-connection", row("proxy-connection", "keep-alive")),
        ("fields/connection-specific.rhai?name=transfer-encoding", row("transfer-encoding", "chunked")),
        ("fields/connection-specific.rhai?name=upgrade", row("upgrade", "h2c")),
    ]);
}

#[test]
fn content_lengths() {
    let row = |length| raw(&[(":status", "200"), ("content-length", length)], "0123456789");
    check(&[
        ("fields/content-length.rhai", row("15")),
        ("fields/content-length.rhai?length=5", row("5")),
        ("fields/content-length.rhai?length=10,11", row("10,11")),
        ("fields/content-length.rhai?length=ten", row("ten")),
    ]);
}

#[test]
fn trailers() {
    let row = |flags, field| vec![Head("200"), data(0, "Trailers follow.\n"), headers(flags, block(&[field]))];
    check(&[
        ("fields/trailers.rhai", row(END_HEADERS, ("x-end", "yes"))),
        ("fields/trailers.rhai?kind=length", row(END_HEADERS | END_STREAM, ("content-length", "1"))),
        ("fields/trailers.rhai?kind=uppercase", row(END_HEADERS | END_STREAM, ("X-Upper-Case", "1"))),
    ]);
}

#[test]
fn the_same_over_http1() {
    let server = Server::start();
    let ask = |path: &str| {
        let request = format!("GET /handlers/{path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        String::from_utf8_lossy(&exchange(server.connect("http"), request.as_bytes())).into_owned()
    };
    assert_eq!(ask("fields/value.rhai"), "HTTP/1.1 200 OK\r\nx-value: a\0b\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(
        ask("fields/value.rhai?kind=crlf"),
        "HTTP/1.1 200 OK\r\nx-value: a\r\nx-injected: yes\r\ncontent-length: 0\r\n\r\n"
    );
    assert_eq!(ask("fields/content-length.rhai"), "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n0123456789");
}
