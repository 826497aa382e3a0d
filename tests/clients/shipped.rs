//! Every client against the shipped handlers that keep the rules.

use super::{Client, Ending, Request};
use crate::support::server::Server;

#[test]
fn every_client_gets_hello_in_clear_text() {
    let server = Server::start();
    for client in Client::ALL {
        let Some(outcome) = client.fetch(&Request::get(server.url("h2c", "/handlers/hello.rhai"))) else { continue };
        assert_eq!((outcome.result, outcome.status), (Ending::Complete, Some(200)), "{outcome:?}");
        assert!(outcome.body_octets > 0, "{outcome:?}");
    }
}

#[test]
fn every_client_gets_hello_over_tls() {
    let server = Server::start();
    for client in Client::WITH_TLS {
        let request = Request::get(server.url("h2", "/handlers/hello.rhai")).trusting(server.ca());
        let Some(outcome) = client.fetch(&request) else { continue };
        assert_eq!((outcome.result, outcome.status), (Ending::Complete, Some(200)), "{outcome:?}");
    }
}

#[test]
fn ten_mebibytes_on_one_stream_come_back() {
    let server = Server::start();
    for client in Client::ALL {
        let request = Request::post(server.url("h2c", "/handlers/echo.rhai"), 10 << 20).within(60);
        let Some(outcome) = client.fetch(&request) else { continue };
        assert_eq!((outcome.result, outcome.status), (Ending::Complete, Some(200)), "{outcome:?}");
        assert_eq!(outcome.body_octets, 10 << 20, "{}", client.name());
    }
}

#[test]
fn a_hundred_uploads_on_one_connection_finish() {
    let server = Server::start();
    let request = Request::post(server.url("h2c", "/handlers/echo.rhai"), 100_000).within(60);
    let Some(outcome) = Client::PythonH2.fetch(&request.extra(&["--streams", "100"])) else { return };
    assert_eq!((outcome.result, outcome.complete_streams), (Ending::Complete, 100), "{outcome:?}");
    assert_eq!(outcome.body_octets, 100 * 100_000);
}

#[test]
fn settings_and_ping_are_acknowledged_on_an_idle_connection() {
    let server = Server::start();
    let request = Request::get(server.url("h2c", "/"));
    let Some(outcome) = Client::PythonH2.fetch(&request.extra(&["--idle"])) else { return };
    assert_eq!((outcome.result, outcome.ping_acks, outcome.settings_acks), (Ending::Complete, 2, 2), "{outcome:?}");
}

#[test]
fn a_closed_window_gets_no_empty_data_and_finishes_when_it_opens() {
    let server = Server::builder().file("big.bin", vec![b'x'; 200_000]).start();
    let request = Request::get(server.url("h2c", "/big.bin"));
    let Some(outcome) = Client::PythonH2.fetch(&request.extra(&["--window-zero"])) else { return };
    assert_eq!((outcome.result, outcome.body_octets), (Ending::Complete, 200_000), "{outcome:?}");
    assert_eq!(outcome.empty_data_frames, 0, "{outcome:?}");
}
