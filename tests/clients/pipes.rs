//! Clients and what pipes do to a file's frames: lawful frames are taken, a cut response is noticed.

use super::sha256;
use super::{Client, Ending, Outcome, Request};
use crate::support::server::Server;

const CLIENTS: [Client; 4] = [Client::Curl, Client::Nghttp, Client::PythonH2, Client::CrateH2];

fn content() -> Vec<u8> {
    (0..100_000_u32).map(|number| (number % 251) as u8).collect()
}

/// What each client that is there makes of the file with these pipes.
fn ask(pipes: &[&str], judge: impl Fn(&str, &Outcome)) {
    let server = Server::builder().file("a.bin", content()).start();
    for pipe in pipes {
        let request = Request::get(server.url("h2c", &format!("/a.bin?pipe={pipe}")));
        CLIENTS.iter().filter_map(|client| client.fetch(&request)).for_each(|outcome| judge(pipe, &outcome));
    }
}

#[test]
fn split_padded_and_trickled_content_is_taken_by_every_client() {
    let lawful = ["split(777)", "pad(255)", "split(1000)|pad(7)", "trickle(30000:d0.01:r2)", "delay(0.05)"];
    ask(&lawful, |pipe, outcome| {
        assert_eq!(outcome.result, Ending::Complete, "{pipe}: {outcome:?}");
        assert_eq!(outcome.body_octets, 100_000, "{pipe}: {outcome:?}");
        // nghttp tells no more than that.
        let hash = outcome.body_sha256.as_ref();
        assert!(hash.is_none_or(|hash| *hash == sha256(&content())), "{pipe}: {outcome:?}");
    });
}

#[test]
fn every_client_notices_a_reset_and_a_close() {
    ask(&["reset(CANCEL,50000)", "reset(REFUSED_STREAM)", "close(50000)", "close"], |pipe, outcome| {
        assert_ne!(outcome.result, Ending::Complete, "{pipe}: {outcome:?}");
        assert_ne!(outcome.result, Ending::Timeout, "{pipe}: {outcome:?}");
    });
}
