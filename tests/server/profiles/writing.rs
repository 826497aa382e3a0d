//! When and how the output goes out: coalesced, in pieces, held back, cut off at an octet; from profiles and handlers.

use super::{ask, begin, kinds};
use crate::support::raw::{Client, End, PREFACE, frames_in, settings_frame, tls};
use crate::support::server::{Server, connect};
use bytes::BytesMut;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// A server whose `profile` has a port of its own in clear, and that port.
fn in_clear(profile: &str) -> (Server, TcpStream) {
    let config = format!("[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"{profile}\"\n");
    let server = Server::builder().config(&config).start();
    let url = server.ready()["profiles"][profile][0].as_str().expect("a URL").trim_end_matches('/').to_owned();
    let port = url.rsplit_once(':').expect("a port").1.to_owned();
    (server, connect(format!("127.0.0.1:{port}")))
}

/// Preface, SETTINGS and two GETs, whose blocks use the static table and literals alone.
fn two_requests() -> BytesMut {
    let mut octets = BytesMut::from(PREFACE);
    settings_frame(&[]).write(&mut octets);
    let path = b"/handlers/hello.rhai";
    // :method GET, :scheme http, :path and :authority as literals (RFC 7541 appendix A).
    let block = [&[0x82, 0x86, 0x04, path.len() as u8], &path[..], &[0x01, 1], b"a"].concat();
    for stream in [1, 3] {
        RawFrame::new(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, block.clone())
            .write(&mut octets);
    }
    octets
}

#[test]
fn coalesced_writes_gather_frames_of_streams_and_connection() {
    // On a busy machine the requests may come too late for the first write.
    let all_in_one = (0..5).any(|_| {
        let (_server, mut socket) = in_clear("coalesced-writes");
        socket.write_all(&two_requests()).expect("the port is open");
        let mut octets = vec![0; 64 * 1024];
        let length = socket.read(&mut octets).expect("an answer");
        let (frames, rest) = frames_in(&octets[..length]);
        let streams: BTreeSet<u32> = frames.iter().map(|frame| frame.header.stream_id).collect();
        streams == BTreeSet::from([0, 1, 3]) && rest == 0
    });
    assert!(all_in_one);
}

#[test]
fn silence_sends_nothing_for_ever() {
    let (server, mut socket) = in_clear("silence");
    socket.write_all(&two_requests()).expect("the port is open");
    // The server has taken the requests when another client's later ones are answered.
    ask(&mut Client::h2c(&server), "/handlers/hello.rhai");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a socket option");
    let error = socket.read(&mut [0]).expect_err("nothing");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    // A broken rule ends the connection, silently; and who ends is not held on to.
    let mut broken = BytesMut::new();
    RawFrame::new(FrameType::PING, 0, 1, vec![0; 8]).write(&mut broken);
    socket.write_all(&broken).expect("the port is open");
    server.logged("h2.ping.stream");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket option");
    socket.shutdown(std::net::Shutdown::Write).expect("it is open");
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("the end");
}

const PACED: &str = "fn main(request, response) {
    let connection = request.connection;
    connection.set_write_size(100);
    connection.set_write_delay(0.02);
    blob(1000, 97)
}";

#[test]
fn pieces_go_out_with_pauses_between_over_both_protocols() {
    let server = Server::builder().handler("paced.rhai", PACED).start();
    let mut client = Client::h2(&server);
    let begin = Instant::now();
    assert_eq!(ask(&mut client, "/handlers/paced.rhai").body, [97; 1000]);
    assert!(begin.elapsed() >= Duration::from_millis(200), "{:?}", begin.elapsed());
    let begin = Instant::now();
    let request = b"GET /handlers/paced.rhai HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let octets = crate::support::raw::exchange(server.connect("http"), request);
    assert!(octets.ends_with(&[97; 1000]), "everything goes out before the end");
    assert!(begin.elapsed() >= Duration::from_millis(200), "{:?}", begin.elapsed());
}

#[test]
fn a_handler_can_hold_the_output_back_and_let_it_go_as_one() {
    let hold = "fn main(request, response) {
        let connection = request.connection;
        connection.pause_writing();
        connection.send(frame::ping(\"wireserv\"));
        response.write(\"one \");
        sleep(0.05);
        connection.send(frame::unknown(190, 0, 0, \"x\"));
        response.write(\"two\");
        connection.resume_writing();
    }";
    let server = Server::builder().handler("hold.rhai", hold).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/hold.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    let kinds = kinds(&frames).join(" ");
    assert!(kinds.starts_with("PING HEADERS DATA") && kinds.contains("DATA"), "{kinds}");
}

const CUT: &str = "fn main(request, response) {
    let at = request.GET.integer(\"at\", 0, 0, 10000);
    request.connection.cut_after(at, request.GET.first(\"how\"));
    response.headers.set(\"content-length\", \"5\");
    response.add_required_headers = false;
    \"hello\"
}";

/// Everything that comes for a GET over HTTP/1.1, and how it ends.
fn cut_http1(server: &Server, query: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let mut socket = server.connect("http");
    let request = format!("GET /handlers/cut.rhai?{query} HTTP/1.1\r\nhost: a\r\n\r\n");
    socket.write_all(request.as_bytes()).expect("the port is open");
    let mut octets = Vec::new();
    let end = socket.read_to_end(&mut octets);
    (octets, end.err().map(|error| error.kind()))
}

#[test]
fn a_connection_can_be_cut_at_each_octet_of_a_response() {
    let server = Server::builder().handler("cut.rhai", CUT).start();
    let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    for at in 0..=whole.len() {
        for (how, end) in [("close", None), ("half-close", None), ("reset", Some(ErrorKind::ConnectionReset))] {
            let (octets, ended) = cut_http1(&server, &format!("at={at}&how={how}"));
            assert_eq!(octets.escape_ascii().to_string(), whole[..at].escape_ascii().to_string(), "{how} at {at}");
            assert_eq!(ended, end, "{how} at {at}");
        }
    }
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/cut.rhai?at=10000&how=close");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    let mut length = 0;
    for frame in frames {
        length += 9 + frame.payload.len();
    }
    for at in 0..length {
        for (how, end) in [("close", End::Closed), ("reset", End::Reset)] {
            let mut client = Client::h2c(&server);
            client.get(&format!("/handlers/cut.rhai?at={at}&how={how}"));
            let (frames, ended) = client.until_end();
            let came = frames.iter().map(|frame| 9 + frame.payload.len()).sum::<usize>() + client.remainder().len();
            assert_eq!((came, ended), (at, end), "{how} at {at}: {:?}", kinds(&frames));
        }
    }
}

#[test]
fn a_cut_that_stalls_stays_silent_until_the_client_ends() {
    let server = Server::builder().handler("cut.rhai", CUT).start();
    let mut client = Client::h2(&server);
    client.get("/handlers/cut.rhai?at=12&how=stall");
    assert_eq!(client.octets(12).len(), 12);
    // It reads on: a PING is taken, and not answered.
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    client.half_close();
    let (frames, end) = client.until_end();
    assert_eq!((kinds(&frames), client.remainder().len(), end), (vec![], 0, End::Closed));
}

#[test]
fn over_tls_the_cut_counts_octets_of_http() {
    let server = Server::builder()
        .handler("profiles/cut.rhai", "fn on_connect(connection) { connection.cut_after(9, \"close\"); }")
        .start();
    let (frames, end) = begin(&server, "cut").until_end();
    assert_eq!((frames.len(), end), (0, End::Closed), "the header of SETTINGS alone");
    let authority = format!("cut.conn.{}", server.authority("h2"));
    let mut stream = tls(&server.connect("h2"), &authority, &server.ca(), &[b"h2"]);
    let mut octets = Vec::new();
    stream.write_all(PREFACE).expect("a handshake");
    stream.read_to_end(&mut octets).expect("a close_notify");
    assert_eq!((octets.len(), octets[3]), (9, 4));
}

#[test]
fn requests_are_counted_over_both_protocols() {
    let count = "fn main(request, response) { `${request.connection.id > 0} ${request.connection.requests}` }";
    let server = Server::builder().handler("count.rhai", count).start();
    let mut client = Client::h2(&server);
    let answers: Vec<String> = (0..3).map(|_| ask(&mut client, "/handlers/count.rhai").text()).collect();
    assert_eq!(answers, ["true 1", "true 2", "true 3"]);
    let mut socket = server.connect("http");
    let request = b"GET /handlers/count.rhai HTTP/1.1\r\nhost: a\r\n\r\nGET /handlers/count.rhai HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let octets = crate::support::raw::exchange(&mut socket, request);
    let text = String::from_utf8_lossy(&octets);
    assert!(text.contains("true 1HTTP/1.1 200") && text.ends_with("true 2"), "{text}");
}
