//! What a handler carried over from wptserve does, in exact octets over HTTP/1.1 and in fields over HTTP/2.

mod content;
mod ends;
mod latency;
mod lines;
mod requests;
mod responses;
mod targets;

use crate::support::raw::{Client, Response, exchange};
use crate::support::server::Server;

/// Answers on a connection that has stayed open.
const NEXT: &str =
    "fn main(request, response) { response.add_required_headers = false; response.status = [299, \"Next\"]; }";
const NEXT_ANSWER: &str = "HTTP/1.1 299 Next\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A server with this handler at `/handlers/test.rhai`.
fn serve(script: &str) -> Server {
    Server::builder().handler("test.rhai", script).handler("next.rhai", NEXT).start()
}

/// A handler that is nothing but `main` with this body.
fn main(body: &str) -> String {
    format!("fn main(request, response) {{ let writer = response.writer; {body} }}")
}

/// The same without the fields that the server adds.
fn bare(body: &str) -> String {
    main(&format!("response.add_required_headers = false; {body}"))
}

/// What came over HTTP/1.1, one character per octet, with `date` as `D`.
#[derive(Debug, PartialEq)]
enum Came {
    /// The connection took one more request afterwards.
    Stays(String),
    Ends(String),
}

fn stays(octets: &str) -> Came {
    Came::Stays(octets.to_owned())
}

fn ends(octets: &str) -> Came {
    Came::Ends(octets.to_owned())
}

/// Asks over HTTP/1.1: `request` is the method, further field lines with their ends, the empty line, and content.
fn http1(server: &Server, method: &str, rest: &str) -> Came {
    let mut octets = format!("{method} /handlers/test.rhai HTTP/1.1\r\nhost: h\r\n").into_bytes();
    octets.extend(rest.chars().map(|character| u8::try_from(u32::from(character)).expect("an octet")));
    octets.extend(b"GET /handlers/next.rhai HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    let came: String = exchange(server.connect("http"), &octets).into_iter().map(char::from).collect();
    let undated = |text: &str| {
        let lines = text.split_inclusive("\r\n");
        lines.map(|line| if line.starts_with("date: ") { "date: D\r\n" } else { line }).collect()
    };
    match came.strip_suffix(NEXT_ANSWER) {
        Some(came) => Came::Stays(undated(came)),
        None => Came::Ends(undated(&came)),
    }
}

fn get(server: &Server) -> Came {
    http1(server, "GET", "\r\n")
}

/// Asks over HTTP/2.
fn http2(server: &Server, method: &str, fields: &[(&str, &str)], content: &[u8]) -> Response {
    let mut client = Client::h2c(server);
    let stream = client.request(method, "/handlers/test.rhai", fields, content.is_empty());
    if !content.is_empty() {
        client.data(stream, content, true);
    }
    client.response(stream)
}

/// Status and fields but `date`, and the content, of an answer over HTTP/2.
fn shown(response: &Response) -> String {
    let text = |octets: &[u8]| octets.iter().copied().map(char::from).collect::<String>();
    let mut shown = String::new();
    for (name, value) in response.fields.iter().filter(|(name, _)| name != b"date") {
        shown += &format!("{}: {}\n", text(name), text(value));
    }
    format!("{shown}\n{}", text(&response.body))
}
