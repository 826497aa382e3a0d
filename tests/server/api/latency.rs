//! `latency`: every answer is held back, whoever gives it, and nobody waits for another.

use super::{Came, get};
use crate::support::raw::Client;
use crate::support::server::Server;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, flag};

const LATENCY: Duration = Duration::from_millis(300);

#[test]
fn every_answer_is_held_back_and_none_waits_for_another() {
    let server = Server::builder()
        .config("latency = 300\n")
        .handler("test.rhai", "fn main(request, response) { \"late\" }")
        .handler("next.rhai", super::NEXT)
        .file("file.txt", "late too")
        .start();
    let begin = Instant::now();
    let (Came::Stays(came) | Came::Ends(came)) = get(&server);
    // Two requests on one connection of HTTP/1.1: one after the other.
    assert!(begin.elapsed() >= 2 * LATENCY && came.ends_with("late"), "{:?}: {came}", begin.elapsed());
    let mut client = Client::h2c(&server);
    let begin = Instant::now();
    let paths = ["/handlers/test.rhai", "/file.txt", "/missing"];
    for number in 0..30 {
        client.get(paths[number % 3]);
    }
    let mut left = 30;
    client.until(|frame| {
        left -= u32::from(frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
        left == 0
    });
    let took = begin.elapsed();
    assert!((LATENCY..10 * LATENCY).contains(&took), "{took:?}");
}

#[test]
fn a_client_that_leaves_in_the_meantime_is_no_error() {
    let server = Server::builder()
        .config("latency = 100\n")
        .handler("test.rhai", "fn main(request, response) { log(\"ran\"); \"late\" }")
        .start();
    let mut client = Client::h2c(&server);
    let gone = client.get("/handlers/test.rhai");
    client.send(&crate::support::raw::rst_stream(gone, 8));
    let stream = client.get("/missing");
    assert_eq!(client.response(stream).status(), Some(404));
    client.barrier();
    assert!(!server.log().contains("ran"), "{}", server.log());
}
