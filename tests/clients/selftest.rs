//! The drivers against a toy that is wrong on purpose: a check counts once it has been seen to fail.

use super::{Client, Ending, Outcome};
use crate::support::raw::window_update;
use crate::support::toy::{Answer, Toy, headers_200, octets};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// Fetches from a toy with every client at once; those that are not installed are left out.
fn fetch_all(answer: Answer) -> Vec<Outcome> {
    let toy = Toy::start(answer);
    let address = toy.address();
    let outcomes = std::thread::scope(|scope| {
        let threads: Vec<_> =
            Client::ALL.map(|client| scope.spawn(move || client.fetch_recorded(address, "/toy", 4))).into();
        threads.into_iter().map(|thread| thread.join().expect("a driver")).collect::<Vec<_>>()
    });
    outcomes.into_iter().flatten().collect()
}

fn data(stream: u32, flags: u8, body: &'static [u8]) -> RawFrame {
    RawFrame::new(FrameType::DATA, flags, stream, body)
}

#[test]
fn a_good_response_is_complete_for_everybody() {
    for outcome in fetch_all(|stream| octets(&[headers_200(stream), data(stream, flag::END_STREAM, b"hello")])) {
        let Outcome { result, status, body_octets, .. } = outcome;
        assert_eq!((result, status, body_octets), (Ending::Complete, Some(200), 5), "{outcome:?}");
        assert_eq!(outcome.summary(), "complete, status 200, 5 octets");
    }
}

#[test]
fn a_reset_stream_is_a_stream_error_with_its_code() {
    for outcome in fetch_all(|stream| {
        let reset = RawFrame::new(FrameType::RST_STREAM, 0, stream, &[0, 0, 0, 2][..]);
        octets(&[headers_200(stream), data(stream, 0, b"he"), reset])
    }) {
        assert_eq!(outcome.summary(), "stream-error INTERNAL_ERROR by server", "{outcome:?}");
    }
}

#[test]
fn a_violation_is_a_connection_error_with_the_clients_own_code() {
    for outcome in fetch_all(|stream| octets(&[data(0, 0, b"no"), headers_200(stream)])) {
        // httpx closes without a GOAWAY.
        let code = (outcome.client != "httpx").then_some(1);
        assert_eq!((outcome.result, outcome.code), (Ending::ConnectionError, code), "{outcome:?}");
        assert_eq!(outcome.by.as_deref(), Some("client"), "{outcome:?}");
    }
}

#[test]
fn a_goaway_is_a_connection_error_by_the_server() {
    for outcome in fetch_all(|_| {
        octets(&[RawFrame::new(FrameType::GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0xb][..]), window_update(0, 0)])
    }) {
        assert_eq!(outcome.result, Ending::ConnectionError, "{outcome:?}");
        assert!(matches!(outcome.code, Some(1 | 0xb)), "{outcome:?}");
    }
}

#[test]
fn silence_is_a_timeout() {
    for outcome in fetch_all(|_| Vec::new()) {
        assert_eq!(outcome.result, Ending::Timeout, "{outcome:?}");
    }
}
