//! What wptserve 4.0.3 fails at, one test each.

use crate::support::raw::{Client, PREFACE, Received, assemble, settings_frame, window_update};
use crate::support::server::{Server, Usage};
use std::time::Instant;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// A client that keeps count of the windows that the server grants.
struct Uploader {
    client: Client,
    stream_window: i64,
    connection: i64,
}

impl Uploader {
    fn new(server: &Server) -> Self {
        let mut client = Client::over_tcp(server.connect("h2c"), server.authority("h2c"));
        client.send_octets(PREFACE);
        client.send(&settings_frame(&[]));
        let is_ack = |frame: &Received| frame.is(FrameType::SETTINGS) && frame.header.has(flag::ACK);
        let frames = client.until(is_ack);
        client.send(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new()));
        let mut uploader = Self { client, stream_window: 65_535, connection: 65_535 };
        for frame in &frames {
            if frame.is(FrameType::WINDOW_UPDATE) {
                uploader.connection += i64::from(frame.word(0));
            }
            for entry in frame.payload.chunks_exact(6).filter(|_| frame.is(FrameType::SETTINGS)) {
                if entry[..2] == [0, 4] {
                    uploader.stream_window = i64::from(u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]]));
                }
            }
        }
        uploader
    }

    /// Sends a body within the server's windows, reading WINDOW_UPDATEs as they come.
    fn upload(&mut self, stream: u32, octets: usize) {
        let chunk = vec![b'u'; 16_384];
        let mut window = self.stream_window;
        let mut left = octets;
        while left > 0 {
            let take = left.min(chunk.len());
            while self.connection < take as i64 || window < take as i64 {
                let frame = self.client.frame().expect("the connection stays");
                if frame.is(FrameType::WINDOW_UPDATE) {
                    let increment = i64::from(frame.word(0));
                    match frame.header.stream_id {
                        0 => self.connection += increment,
                        id if id == stream => window += increment,
                        _ => {}
                    }
                }
            }
            left -= take;
            self.connection -= take as i64;
            window -= take as i64;
            self.client.data(stream, &chunk[..take], left == 0);
        }
    }
}

const COUNT: &str = "fn main(request, response) { `${request.body.len()} octets` }";

#[test]
fn an_upload_of_10_mib_over_one_stream_finishes() {
    let server = Server::builder().handler("count.rhai", COUNT).start();
    let mut uploader = Uploader::new(&server);
    let stream = uploader.client.request("POST", "/handlers/count.rhai", &[], false);
    uploader.upload(stream, 10 << 20);
    assert_eq!(uploader.client.response(stream).text(), "10485760 octets");
}

#[test]
fn a_hundred_uploads_over_one_connection_finish() {
    let server = Server::builder().handler("count.rhai", COUNT).start();
    let mut uploader = Uploader::new(&server);
    for number in 0..100 {
        let stream = uploader.client.request("POST", "/handlers/count.rhai", &[], false);
        uploader.upload(stream, 200_000);
        // Frames for the window of the connection may be among those that are passed over: count them.
        let mut frames = Vec::new();
        while !frames.last().is_some_and(|frame: &Received| frame.header.has(flag::END_STREAM)) {
            let frame = uploader.client.frame().expect("the connection stays");
            if frame.is(FrameType::WINDOW_UPDATE) && frame.header.stream_id == 0 {
                uploader.connection += i64::from(frame.word(0));
            }
            frames.push(frame);
        }
        assert_eq!(assemble(&frames, stream).text(), "200000 octets", "upload {number}");
    }
}

#[test]
fn settings_and_ping_are_acknowledged_on_an_idle_connection() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    assert!(client.barrier().is_empty());
    client.send(&RawFrame::new(FrameType::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 7][..]));
    let frames = client.until(|frame| frame.is(FrameType::SETTINGS));
    assert_eq!(frames.len(), 1);
    assert!(frames[0].header.has(flag::ACK));
}

#[test]
fn a_closed_window_brings_no_empty_data_and_the_response_finishes_when_it_opens() {
    let big = "fn main(request, response) { let s = \"\"; s.pad(200000, \"x\"); s }";
    let server = Server::builder().handler("big.rhai", big).start();
    // SETTINGS_INITIAL_WINDOW_SIZE 0: nothing may be sent on a stream.
    let mut client = Client::h2c_with(&server, &[(4, 0)]);
    let stream = client.get("/handlers/big.rhai");
    let headers = client.until(|frame| frame.is(FrameType::HEADERS));
    assert!(headers.iter().all(|frame| !frame.is(FrameType::DATA)));
    for _ in 0..3 {
        assert!(client.barrier().is_empty(), "nothing may be sent into a closed window");
    }
    client.send(&window_update(0, 400_000));
    client.send(&window_update(stream, 400_000));
    let frames = client.until(|frame| frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
    let data: Vec<usize> =
        frames.iter().filter(|frame| frame.is(FrameType::DATA)).map(|frame| frame.payload.len()).collect();
    assert_eq!(data.iter().sum::<usize>(), 200_000);
    assert!(data.iter().all(|length| *length > 0), "an empty DATA frame among {data:?}");
}

#[test]
fn field_abc_goes_out_raw_and_is_an_error_checked() {
    let raw = r#"fn main(request, response) {
        response.writer.write_raw_header_frame([[":status", "200"], [":abc", "1"]], #{ end_stream: true, end_headers: true });
    }"#;
    let checked =
        "fn main(request, response) {\n    response.writer.write_headers([[\":status\", 200], [\":abc\", \"1\"]]);\n}";
    let server = Server::builder().handler("raw.rhai", raw).handler("checked.rhai", checked).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/raw.rhai");
    let response = client.response(stream);
    assert_eq!(response.get(":abc").as_deref(), Some("1"));

    let stream = client.get("/handlers/checked.rhai");
    let response = client.response(stream);
    assert_eq!(response.status(), Some(500));
    let text = response.text();
    assert!(text.contains("checked.rhai") && text.contains(":abc") && text.contains("write_headers"), "{text}");
    assert!(text.contains(":2:") || text.contains("line 2"), "{text}");
}

#[test]
fn an_unknown_protocol_is_refused_and_the_connection_stays() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.take_stream();
    let authority = server.authority("h2c").to_owned();
    let block = client.encode(&[
        (":method", "CONNECT"),
        (":protocol", "no-such-protocol"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", &authority),
    ]);
    client.send(&RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, stream, block));
    assert_eq!(client.response(stream).status(), Some(501));
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
}

#[test]
fn repeated_request_fields_all_reach_the_handler_in_order() {
    let script = r#"fn main(request, response) {
        let seen = [];
        for field in request.raw_headers { if field.name == "x-a" || field.name == "x-b" { seen.push(`${field.name}=${field.value}`); } }
        `${seen.len()} ${seen[0]} ${seen[1]} ${seen[2]} ${request.headers.get_list("x-a")}`
    }"#;
    let server = Server::builder().handler("fields.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.request("GET", "/handlers/fields.rhai", &[("x-a", "1"), ("x-b", "2"), ("x-a", "3")], true);
    assert_eq!(client.response(stream).text(), "3 x-a=1 x-b=2 x-a=3 [\"1\", \"3\"]");
}

#[test]
fn a_thousand_connections_closed_without_goaway_leave_nothing_behind() {
    let server = Server::start();
    let visit = || {
        let mut client = Client::h2c(&server);
        let stream = client.get("/handlers/hello.rhai");
        assert_eq!(client.response(stream).status(), Some(200));
    };
    // What is made once, at first use, is not left behind by a connection.
    (0..50).for_each(|_| visit());
    let before = settled(&server, None);
    (0..1000).for_each(|_| visit());
    let after = settled(&server, Some(before));
    assert_eq!(after.threads, before.threads);
    assert!(after.descriptors <= before.descriptors, "{before:?} {after:?}");
    assert!(after.resident_octets < before.resident_octets + (16 << 20), "{before:?} {after:?}");
    // Idle: no CPU for as long as a hundred barriers on another connection take.
    let mut client = Client::h2c(&server);
    let (began, ticks) = (Instant::now(), server.usage().cpu_ticks);
    (0..100).for_each(|_| drop(client.barrier()));
    let used = server.usage().cpu_ticks - ticks;
    assert!(used <= 10 + began.elapsed().as_millis() as u64 / 20, "{used} ticks in {:?}", began.elapsed());
}

/// What the server uses besides one connection, once it has noticed every closed one: round trips until it has.
fn settled(server: &Server, wanted: Option<Usage>) -> Usage {
    let mut client = Client::h2c(server);
    let mut usage = server.usage();
    // Below the limit on PINGs.
    for _ in 0..if wanted.is_some() { 900 } else { 50 } {
        client.barrier();
        usage = server.usage();
        if wanted.is_some_and(|wanted| usage.descriptors <= wanted.descriptors) {
            break;
        }
    }
    usage
}
