//! What one client can cost: its neighbours' time, memory, descriptors.

use crate::support::attack::{Attack, LARGE, RAW, RAW_SCRIPT, SMALL, neighbour};
use crate::support::raw::{Client, rst_stream, window_update};
use crate::support::server::Server;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

fn ask(server: &Server, path: &str) -> String {
    let mut client = Client::h2c(server);
    let stream = client.get(path);
    client.response(stream).text()
}

/// A neighbour's patience: the machine may be busy, and the server is a debug build.
const PATIENCE: Duration = Duration::from_secs(2);

/// Its memory may grow by this much under one attacker, what the allocator keeps included.
const GROWTH: u64 = 96 << 20;

/// Asks beside the attack, and asserts that answers come in time, and that neither memory nor descriptors run out.
fn survives(attack: Attack) {
    let server = Server::builder()
        .arguments(["--workers", "1"])
        .handler(RAW.trim_start_matches("/handlers/"), RAW_SCRIPT)
        .file(&SMALL[1..], "small")
        .file(&LARGE[1..], vec![b'x'; 4 << 20])
        .start();
    let address = server.address("h2c");
    neighbour(address, |answers| answers < 10);
    let before = server.usage();
    let running = attack.start(address, "/handlers/echo.rhai");
    let end = Instant::now() + Duration::from_millis(1_500);
    let mut descriptors = 0;
    let latencies = neighbour(address, |answers| {
        if answers.is_multiple_of(16) {
            descriptors = descriptors.max(server.usage().descriptors);
        }
        answers < 20 || Instant::now() < end
    });
    let after = server.usage();
    drop(running);
    let longest = latencies.last().expect("20 answers");
    assert!(*longest < PATIENCE, "{attack:?}: an answer took {longest:?}");
    let grown = after.peak_octets.saturating_sub(before.resident_octets);
    assert!(grown < GROWTH, "{attack:?}: {grown} bytes more");
    let opened = descriptors.saturating_sub(before.descriptors);
    assert!(opened < 60, "{attack:?}: {opened} descriptors more");
}

#[test]
fn a_neighbour_is_served_under_every_flood_of_one_client() {
    for attack in Attack::ALL {
        survives(attack);
    }
}

#[test]
fn streams_beyond_what_is_announced_end_the_connection_in_the_end() {
    let server = Server::builder().config("[limits.http2]\nstreams = 1\nrefused = 50\n").start();
    let mut client = Client::h2c(&server);
    client.request("POST", "/handlers/echo.rhai", &[], false);
    for _ in 0..51 {
        client.get("/none");
    }
    assert_eq!(client.connection_error(), 11, "ENHANCE_YOUR_CALM");
    server.logged("h2.limit.refused");
    // A flood of broken rules is none of the log.
    server.logged_times("h2.concurrent-streams", 10);
    assert!(ask(&server, "/_wire/status?json").contains("\"h2.limit.refused\": 1"));
}

#[test]
fn a_frame_that_does_not_end_ends_the_connection() {
    let server = Server::builder().config("[limits.http2]\nframe_timeout = 0.2\n").start();
    let mut client = Client::h2c(&server);
    client.send_octets(&[0, 0, 8, 6]);
    assert_eq!(client.connection_error(), 11, "ENHANCE_YOUR_CALM");
}

#[test]
fn a_connection_opened_ahead_and_not_used_breaks_no_rule() {
    let server = Server::builder().config("[limits.http2]\npreface_timeout = 0.2\n").start();
    let mut client = Client::over_tls(server.connect("h2"), server.authority("h2"), &server.ca());
    // The handshake, and nothing else.
    client.send_octets(b"");
    assert_eq!(client.connection_error(), 0, "NO_ERROR");
    assert!(!server.log().contains("broke a rule"), "{}", server.log());
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let server =
        Server::builder().config("[limits]\nstall_timeout = 0.3\n").file("large.bin", vec![b'x'; 32 << 20]).start();
    let mut http2 = Client::h2c(&server);
    http2.open_windows();
    http2.get("/large.bin");
    server.logged_times("limits.stall_timeout", 1);
    let mut http1 = server.connect("http");
    std::io::Write::write_all(&mut http1, b"GET /large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
    server.logged_times("limits.stall_timeout", 2);
    let status = ask(&server, "/_wire/status?json");
    assert!(status.contains("\"stall_timeout\": 2"), "{status}");
}

#[test]
fn a_client_that_never_opens_its_windows_is_cut_off() {
    let push = "fn main(request, response) {
        let push = response.writer.write_push(\"/large.bin\");
        push.content = blob(100_000);
        push.finish();
        \"\"
    }";
    let write = "fn main(request, response) {
        response.write_status_headers();
        response.writer.write_data(blob(100_000));
    }";
    let server = Server::builder()
        .config("[limits]\nstall_timeout = 0.2\n")
        .handler("push.rhai", push)
        .handler("write.rhai", write)
        .handler("whole.rhai", "fn main(request, response) { blob(100_000) }")
        .file("large.bin", vec![b'x'; 4 << 20])
        .start();
    for path in ["/large.bin", "/handlers/whole.rhai", "/handlers/write.rhai", "/handlers/push.rhai"] {
        // The window of the stream, and that of the connection.
        for settings in [(4, 0), (4, 0x7fff_ffff)] {
            let mut client = Client::h2c_with(&server, &[settings]);
            client.get(path);
            assert_eq!(client.connection_error(), 11, "ENHANCE_YOUR_CALM for {path} with {settings:?}");
        }
    }
    server.logged_times("limits.stall_timeout", 8);
}

#[test]
fn a_client_that_reads_slowly_is_waited_for() {
    let server =
        Server::builder().config("[limits]\nstall_timeout = 0.4\n").file("large.bin", vec![b'x'; 4 << 20]).start();
    let mut client = Client::h2c_with(&server, &[(4, 0)]);
    let stream = client.get("/large.bin");
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1_500) {
        client.send(&window_update(stream, 1));
        client.until(|frame| frame.is(FrameType::DATA));
    }
    client.send(&rst_stream(stream, 8));
    client.barrier();
    assert!(!server.log().contains("limits.stall_timeout"), "{}", server.log());
}

#[test]
fn a_script_that_takes_its_time_is_no_stall() {
    let script = "fn main(request, response) {
        response.write_status_headers();
        for part in 0..4 { sleep(0.4); response.writer.write_data(\"part \"); }
    }";
    let server = Server::builder().config("[limits]\nstall_timeout = 0.3\n").handler("slow.rhai", script).start();
    assert_eq!(ask(&server, "/handlers/slow.rhai"), "part part part part ");
}

#[test]
fn one_file_is_one_descriptor_however_many_streams_read_it() {
    let server = Server::builder().file("large.bin", vec![b'x'; 2 << 20]).start();
    let before = server.usage();
    let clients: Vec<Client> = (0..4)
        .map(|_| {
            let mut client = Client::h2c_with(&server, &[(4, 0)]);
            for _ in 0..200 {
                client.get("/large.bin");
            }
            client.barrier();
            client
        })
        .collect();
    let after = server.usage();
    let opened = after.descriptors - before.descriptors;
    // Each worker has its own.
    assert!(opened <= clients.len() + after.threads, "{opened} descriptors for 800 streams of one file");
    let per_stream = after.resident_octets.saturating_sub(before.resident_octets) / 800;
    assert!(per_stream < 32 * 1024, "{per_stream} bytes per stream");
}

#[test]
fn a_body_in_small_frames_costs_little_more_than_its_content() {
    let script = "fn main(request, response) { `${request.body.len}` }";
    let server = Server::builder().handler("length.rhai", script).start();
    ask(&server, "/handlers/hello.rhai");
    let before = server.usage();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/length.rhai", &[], false);
    let frame = RawFrame::new(FrameType::DATA, 0, stream, b"x".to_vec());
    let mut frames = bytes::BytesMut::new();
    (0..15_000).for_each(|_| frame.write(&mut frames));
    for _ in 0..20 {
        client.send_octets(&frames);
        client.barrier();
    }
    client.send(&RawFrame::new(FrameType::DATA, flag::END_STREAM, stream, b"x".to_vec()));
    assert_eq!(client.response(stream).text(), "300001");
    let grown = server.usage().peak_octets.saturating_sub(before.resident_octets);
    assert!(grown < 24 << 20, "{grown} bytes more for 0.3 MB");
}
