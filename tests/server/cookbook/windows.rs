//! Windows and limits.

use super::{acknowledge_settings, ask, server};
use crate::profiles::{handshake, is_settings};
use crate::support::raw::{Client, Received, assemble};
use wireserve::wire::frame::{FrameType, flag};

fn has_window_update(frames: &[Received]) -> bool {
    frames.iter().any(|frame| frame.is(FrameType::WINDOW_UPDATE))
}

#[test]
fn window_by_settings() {
    let server = server();
    let (mut client, settings) = handshake(&server, "window-by-settings");
    assert!(settings.contains(&(4, 10)), "{settings:?}");
    let stream = client.request("POST", "/handlers/echo.rhai", &[], false);
    let (mut sent, mut received) = (0, Vec::new());
    // Each time all of the window.
    for size in [10, 1000, 1000] {
        client.data(stream, &vec![b'x'; size], false);
        sent += u32::try_from(size).expect("a small number");
        let frames = client.until(is_settings);
        let last = frames.last().expect("`until` gives the frame");
        assert_eq!((last.payload.len(), last.payload[1], last.word(2)), (6, 4, sent + 1000));
        received.extend(frames);
        acknowledge_settings(&mut client);
    }
    client.data(stream, b"", true);
    received.extend(client.until(|frame| frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM)));
    assert_eq!(assemble(&received, stream).body.len(), 2010);
    assert!(!has_window_update(&received));
}

#[test]
fn no_window_update() {
    let server = server();
    let (mut client, _) = handshake(&server, "no-window-update");
    let stream = client.request("POST", "/handlers/echo.rhai", &[], false);
    for size in [16_384, 16_384, 16_384, 16_383] {
        client.data(stream, &vec![b'x'; size], false);
    }
    client.data(stream, b"", true);
    assert_eq!(client.response(stream).body.len(), 65_535);
    assert!(!has_window_update(&client.barrier()));
    let stream = client.request("POST", "/handlers/echo.rhai", &[], false);
    client.data(stream, b"x", true);
    assert_eq!(client.connection_error(), 3);
}

#[test]
fn max_streams_lowered() {
    let server = server();
    for (late, text) in [(true, "Stream 7 was too many."), (false, "3 were open, and no other came.")] {
        let mut client = Client::h2c(&server);
        let seconds = if late { "20" } else { "0.1" };
        let path = format!("/handlers/max-streams-lowered.rhai?streams=3&seconds={seconds}");
        let streams = [(); 3].map(|()| client.get(&path));
        let settings = client.until(is_settings).pop().expect("`until` gives the frame");
        assert_eq!(&settings.payload[..], [0, 3, 0, 0, 0, 1]);
        acknowledge_settings(&mut client);
        if late {
            assert!(client.barrier().is_empty(), "one SETTINGS for all");
            let extra = client.get("/handlers/hello.rhai");
            assert_eq!(client.stream_error(extra), 7);
        }
        let mut left = streams.to_vec();
        let frames = client.until(|frame| {
            left.retain(|stream| !(frame.header.stream_id == *stream && frame.header.has(flag::END_STREAM)));
            left.is_empty()
        });
        for stream in streams {
            assert_eq!(assemble(&frames, stream).text(), text);
        }
        assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
    }
    server.logged("expectation failed: no stream beyond the limit");
}
