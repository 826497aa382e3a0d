//! `handlers/flow/`

use super::{END_STREAM, Head, Page, check, compare, data, everything, frame, sent};
use crate::support::raw::{Client, assemble, window_update};
use crate::support::server::Server;
use wireserve::wire::frame::FrameType;

#[test]
fn window_updates() {
    let row =
        |stream: u32, increment: u32, text| vec![super::Want::Frame(window_update(stream, increment)), Page(text)];
    check(&[
        ("flow/window-update.rhai", row(1, 0, "A WINDOW_UPDATE of 0 came before this.\n")),
        ("flow/window-update.rhai?on=connection", row(0, 0, "A WINDOW_UPDATE of 0 came before this.\n")),
        ("flow/window-update.rhai?increment=7&on=connection", row(0, 7, "A WINDOW_UPDATE of 7 came before this.\n")),
        (
            "flow/payload.rhai",
            vec![
                frame(FrameType::WINDOW_UPDATE, 0, 1, [1; 3]),
                Page("A WINDOW_UPDATE of the wrong size came before this.\n"),
            ],
        ),
        (
            "flow/payload.rhai?length=0",
            vec![
                frame(FrameType::WINDOW_UPDATE, 0, 1, ""),
                Page("A WINDOW_UPDATE of the wrong size came before this.\n"),
            ],
        ),
    ]);
}

#[test]
fn a_window_opened_too_far() {
    let update = |stream| super::Want::Frame(window_update(stream, 0x7fff_ffff));
    let page = || Page("The window was opened too far.\n");
    check(&[
        ("flow/overflow.rhai", vec![update(1), update(1), page()]),
        ("flow/overflow.rhai?on=connection", vec![update(0), update(0), page()]),
    ]);
}

#[test]
fn more_content_than_the_window() {
    let server = Server::start();
    let frames = sent(&server, "flow/exceed.rhai");
    let mut wanted = vec![Head("200")];
    wanted.extend((0..3).map(|_| data(0, [b'x'; 16_384])));
    wanted.push(data(END_STREAM, [b'x'; 16_384]));
    compare(&frames, &wanted).unwrap();
    // The window is the client's own.
    let mut client = Client::h2c_with(&server, &[(4, 10)]);
    let stream = client.get("/handlers/flow/exceed.rhai?by=5");
    assert_eq!(assemble(&everything(&mut client), stream).body.len(), 15);
}

#[test]
fn the_clients_window_closes_and_opens() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/flow/initial-window.rhai?size=0&seconds=0.1", &[], false);
    let settings = |frame: &crate::support::raw::Received| frame.is(FrameType::SETTINGS) && !frame.payload.is_empty();
    let first = client.until(settings);
    let second = client.until(settings);
    let entry = |value: u32| [&[0, 4][..], &value.to_be_bytes()].concat();
    assert_eq!(first.last().map(|frame| frame.payload.to_vec()), Some(entry(0)));
    assert_eq!(second.last().map(|frame| frame.payload.to_vec()), Some(entry(1 << 20)));
    client.data(stream, b"content", true);
    assert_eq!(client.response(stream).text(), "7 bytes arrived.\n");
}
