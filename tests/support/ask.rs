//! Asks the server over HTTP/1.1 or HTTP/2 and gives the answer in one form.

use super::http1::Answer;
use super::raw::{self, Client, exchange};
use super::server::Server;

/// A request.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Names in lower case.
    pub headers: Vec<(&'a str, &'a [u8])>,
    pub body: &'a [u8],
}

impl<'a> Ask<'a> {
    pub fn get(target: &'a str) -> Self {
        Self { method: "GET", target, headers: Vec::new(), body: b"" }
    }

    pub fn post(target: &'a str, body: &'a [u8]) -> Self {
        Self { method: "POST", body, ..Self::get(target) }
    }

    pub fn head(target: &'a str) -> Self {
        Self { method: "HEAD", ..Self::get(target) }
    }

    pub fn with(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.headers.push((name, value.as_ref()));
        self
    }
}

/// Asks over HTTP/1.1, on a connection of its own, and gives every octet that came.
pub fn octets(server: &Server, ask: &Ask<'_>) -> Vec<u8> {
    let authority = server.authority("http");
    let mut octets =
        format!("{} {} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n", ask.method, ask.target).into_bytes();
    for (name, value) in &ask.headers {
        octets.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    if !ask.body.is_empty() {
        octets.extend_from_slice(format!("content-length: {}\r\n", ask.body.len()).as_bytes());
    }
    octets.extend_from_slice(b"\r\n");
    octets.extend_from_slice(ask.body);
    exchange(server.connect("http"), &octets)
}

/// Asks over HTTP/1.1.
pub fn over_http1(server: &Server, ask: &Ask<'_>) -> Answer {
    let octets = octets(server, ask);
    Answer::read(&octets).unwrap_or_else(|error| panic!("{ask:?}: {error} in {:?}", String::from_utf8_lossy(&octets)))
}

/// Asks over HTTP/2, on a connection of its own.
pub fn over_http2(server: &Server, ask: &Ask<'_>) -> Answer {
    let mut client = Client::h2c(server);
    client.open_windows();
    on(&mut client, ask)
}

/// Asks on a connection that is there.
pub fn on(client: &mut Client, ask: &Ask<'_>) -> Answer {
    let stream = client.request_octets(ask.method, ask.target, &ask.headers, ask.body.is_empty());
    // A frame's largest payload (RFC 9113 §6.5.2); all of it is less than a stream's first window here.
    let mut pieces = ask.body.chunks(16_384).peekable();
    while let Some(piece) = pieces.next() {
        client.data(stream, piece, pieces.peek().is_none());
    }
    answer(&client.response(stream))
}

/// An answer over HTTP/2 in the same form.
///
/// # Panics
/// If the stream was reset, or there is no status.
pub fn answer(response: &raw::Response) -> Answer {
    assert_eq!(response.reset, None, "the stream was reset: {response:?}");
    let text = |octets: &[u8]| octets.iter().map(|octet| char::from(*octet)).collect::<String>();
    let fields = response.fields.iter().filter(|(name, _)| !name.starts_with(b":"));
    Answer {
        status: response.status().expect("a status"),
        fields: fields.map(|(name, value)| (text(name), text(value))).collect(),
        body: response.body.clone(),
        ..Answer::default()
    }
}
