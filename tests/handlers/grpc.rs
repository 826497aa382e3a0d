//! The cases of gRPC's http2_test: messages framed and encoded here by hand.

use super::END_STREAM;
use crate::support::raw::{Client, Received, assemble, fragment, list, window_update};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

fn varint(mut value: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    while value > 0x7f {
        octets.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    octets.push(value as u8);
    octets
}

/// A field with a length (Protocol Buffers, wire type 2).
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(content.len()), content].concat()
}

/// Not compressed, with its length.
fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &u32::try_from(message.len()).expect("a short message").to_be_bytes(), message].concat()
}

/// `SimpleRequest { response_size, payload: { body } }`
fn request(size: usize) -> Vec<u8> {
    framed(&[&[0x10][..], &varint(size), &field(3, &field(2, &[0; 1000]))].concat())
}

/// `SimpleResponse { payload: { body } }`
fn response(size: usize) -> Vec<u8> {
    framed(&field(1, &field(2, &vec![0; size])))
}

const FIELDS: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];

/// The head of a call.
fn begin(client: &mut Client, case: &str) -> u32 {
    client.request("POST", &format!("/handlers/grpc/{case}.rhai"), &FIELDS, false)
}

fn call(client: &mut Client, case: &str, size: usize) -> u32 {
    let stream = begin(client, case);
    client.data(stream, &request(size), true);
    stream
}

/// A client with windows that are never in the way.
fn client(server: &Server) -> Client {
    let mut client = Client::h2c(server);
    client.open_windows();
    client.until(|frame| frame.is(FrameType::SETTINGS));
    client
}

fn succeeds(frames: &[Received], stream: u32, size: usize) {
    let got = assemble(frames, stream);
    assert_eq!(got.get("content-type").as_deref(), Some("application/grpc"), "{}", list(frames));
    assert!(got.body == response(size), "{} octets: {:02x?}", got.body.len(), got.body.get(..20));
    assert_eq!(got.trailers, [(b"grpc-status".to_vec(), b"0".to_vec())]);
}

fn to_the_end(client: &mut Client, stream: u32) -> Vec<Received> {
    client.until(|frame| {
        let here = frame.header.stream_id == stream;
        here && (frame.is(FrameType::RST_STREAM) || (frame.is(FrameType::HEADERS) && frame.header.has(END_STREAM)))
    })
}

#[test]
fn unary() {
    let server = Server::start();
    let mut client = client(&server);
    for size in [0, 1, 127, 128, 314_159] {
        let stream = call(&mut client, "unary", size);
        succeeds(&to_the_end(&mut client, stream), stream, size);
    }
    // With response_type before it, and without either.
    for (content, size) in [(&[0x08, 0, 0x10, 0xac, 0x02][..], 300), (&[], 0)] {
        let stream = begin(&mut client, "unary");
        client.data(stream, &framed(content), true);
        succeeds(&to_the_end(&mut client, stream), stream, size);
    }
}

#[test]
fn goaway() {
    let server = Server::start();
    for _ in 0..2 {
        let mut client = client(&server);
        let stream = call(&mut client, "goaway", 1000);
        let frames = client.until(|frame| frame.is(FrameType::GOAWAY));
        succeeds(&frames, stream, 1000);
        let goaway = frames.last().expect("`until` gives the frame");
        assert_eq!((goaway.word(0), goaway.word(4)), (stream, 0));
        let late = call(&mut client, "goaway", 1);
        assert!(!client.barrier().iter().any(|frame| frame.header.stream_id == late));
    }
}

#[test]
fn rst() {
    let server = Server::start();
    let whole = response(1000);
    for (case, octets) in [("rst-during-data", &whole[..whole.len() / 2]), ("rst-after-data", &whole[..])] {
        let mut client = client(&server);
        let stream = call(&mut client, case, 1000);
        let got = assemble(&to_the_end(&mut client, stream), stream);
        assert_eq!((got.status(), &got.body[..], got.reset), (Some(200), octets, Some(0)), "{case}");
        assert!(got.trailers.is_empty());
    }
    let mut client = client(&server);
    let stream = begin(&mut client, "rst-after-header");
    let got = assemble(&to_the_end(&mut client, stream), stream);
    assert_eq!((got.status(), got.body.len(), got.reset), (Some(200), 0, Some(0)));
    client.data(stream, &request(1000), true);
    assert!(client.barrier().is_empty());
}

#[test]
fn ping() {
    let server = Server::start();
    let mut client = client(&server);
    let stream = call(&mut client, "ping", 1000);
    let mut frames = Vec::new();
    for wanted in [0, 1, 1, 2] {
        frames.extend(client.until(|frame| frame.is(FrameType::PING)));
        let ping = frames.last().expect("`until` gives the frame").clone();
        let here = frames.iter().filter(|frame: &&Received| frame.header.stream_id == stream);
        assert_eq!(here.count(), wanted, "{}", list(&frames));
        assert!(client.barrier().is_empty(), "it waits for the ACK");
        client.send(&RawFrame::new(FrameType::PING, flag::ACK, 0, ping.payload.clone()));
    }
    frames.extend(to_the_end(&mut client, stream));
    succeeds(&frames, stream, 1000);
}

#[test]
fn max_streams() {
    let server = Server::start();
    let mut client = client(&server);
    let stream = call(&mut client, "max-streams", 10);
    let frames = to_the_end(&mut client, stream);
    let settings: Vec<_> = frames.iter().filter(|frame| frame.is(FrameType::SETTINGS)).collect();
    assert_eq!(settings.len(), 1);
    assert_eq!(&settings[0].payload[..], [0, 3, 0, 0, 0, 1]);
    succeeds(&frames, stream, 10);
    client.send(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new()));
    let stream = begin(&mut client, "max-streams");
    let refused = call(&mut client, "max-streams", 10);
    // The other's answer may begin before that.
    let mut frames = client.until(|frame| frame.is(FrameType::RST_STREAM) && frame.header.stream_id == refused);
    assert_eq!(frames.last().map(|frame| frame.word(0)), Some(7));
    client.data(stream, &request(20), true);
    frames.extend(to_the_end(&mut client, stream));
    assert!(!frames.iter().any(|frame| frame.is(FrameType::SETTINGS)), "it is said once");
    succeeds(&frames, stream, 20);
}

#[test]
fn data_frame_padding() {
    const SIZE: usize = 2000;
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = call(&mut client, "data-frame-padding", SIZE);
    let is_data = |frame: &Received| frame.is(FrameType::DATA);
    // 251 frames of 261 octets are all that fits into 65,535.
    let mut count = 0;
    let mut frames = client.until(|frame| {
        count += usize::from(is_data(frame));
        count == 251
    });
    assert!(client.barrier().is_empty(), "the padding counts");
    client.send(&window_update(stream, 1_000_000));
    assert!(client.barrier().is_empty());
    client.send(&window_update(0, 1_000_000));
    frames.extend(to_the_end(&mut client, stream));
    succeeds(&frames, stream, SIZE);
    let data: Vec<_> = frames.iter().filter(|frame| is_data(frame)).collect();
    assert_eq!(data.len(), response(SIZE).len().div_ceil(5));
    assert!(data.iter().all(|frame| frame.payload[0] == 255 && frame.header.has(flag::PADDED)));
    assert!(data.iter().rev().skip(1).all(|frame| fragment(frame).len() == 5));
}

#[test]
fn by_port() {
    let config = "[ports]\nh2c = [\"auto\", \"auto\", \"auto\", \"auto\", \"auto\", \"auto\", \"auto\", \"auto\"]\n\
                  [[rewrites]]\nfrom = \"/grpc.testing.TestService/UnaryCall\"\nto = \"/handlers/grpc/by-port.rhai\"\n";
    let server = Server::builder().config(config).start();
    let ports = server.ready()["urls"]["h2c"].as_array().expect("a list").clone();
    let padded = ["DATA"; 4].join(" ");
    let wanted = [
        &*format!("HEADERS {padded} HEADERS"),
        "HEADERS DATA HEADERS GOAWAY",
        "SETTINGS HEADERS DATA HEADERS",
        "HEADERS DATA HEADERS",
        "PING",
        "HEADERS DATA RST_STREAM",
        "HEADERS RST_STREAM",
        "HEADERS DATA RST_STREAM",
    ];
    assert_eq!(ports.len(), wanted.len());
    for (url, wanted) in ports.iter().zip(wanted) {
        let authority = url.as_str().and_then(|url| url.strip_prefix("http://")).expect("a URL").trim_end_matches('/');
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).expect("a port");
        let mut client = Client::over_tcp(crate::support::server::connect(("127.0.0.1", port)), authority);
        client.handshake(&[]);
        let stream = client.request("POST", "/grpc.testing.TestService/UnaryCall", &FIELDS, false);
        client.data(stream, &request(10), true);
        let mut seen = Vec::new();
        client.until(|frame| {
            if !frame.is(FrameType::WINDOW_UPDATE) {
                seen.push(frame.header.frame_type.to_string());
            }
            seen.len() == wanted.split(' ').count()
        });
        assert_eq!(seen.join(" "), wanted);
    }
}
