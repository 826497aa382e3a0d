//! Each lever of a connection works from a profile and from a handler alike.

use super::{ask, handshake};
use crate::support::raw::{Client, End, Received, list};
use crate::support::server::{Builder, Server};
use wireserve::wire::frame::{FrameType, flag};

type Seen = fn(&Received) -> bool;

/// What a script does, with `connection` and the number of the request's `stream`, and a frame that must come of it.
const FRAMES: [(&str, Seen); 23] = [
    ("connection.send_settings([[3, 9], [4, 65535], [3, 7]])", |frame| {
        frame.is(FrameType::SETTINGS) && frame.payload.len() == 18
    }),
    ("connection.send(frame::settings([[2, 7], [2, 4294967295], [43690, 1]]))", |frame| {
        frame.is(FrameType::SETTINGS) && frame.word(8) == u32::MAX
    }),
    ("connection.send(frame::settings_ack())", |frame| frame.is(FrameType::SETTINGS) && frame.header.has(flag::ACK)),
    ("connection.send(frame::ping(\"12345678\"))", |frame| {
        frame.is(FrameType::PING) && &frame.payload[..] == b"12345678"
    }),
    ("connection.goaway(error::NO_ERROR, \"soon\")", |frame| {
        frame.is(FrameType::GOAWAY) && frame.word(0) == 1 && &frame.payload[8..] == b"soon"
    }),
    ("connection.goaway(2147483647, 4096, \"\")", |frame| {
        frame.is(FrameType::GOAWAY) && frame.word(0) == 0x7fff_ffff && frame.word(4) == 4096
    }),
    ("connection.send(frame::goaway(7, 4294967295, \"x\"))", |frame| {
        frame.is(FrameType::GOAWAY) && frame.word(0) == 7 && frame.word(4) == u32::MAX
    }),
    ("connection.send(frame::rst_stream(99, 4660))", |frame| {
        frame.is(FrameType::RST_STREAM) && frame.header.stream_id == 99 && frame.word(0) == 4660
    }),
    ("connection.send(frame::rst_stream(stream, error::NO_ERROR), #{ track: true })", |frame| {
        frame.is(FrameType::RST_STREAM) && frame.header.stream_id == 1 && frame.word(0) == 0
    }),
    ("connection.window_update(0, 5)", |frame| frame.is(FrameType::WINDOW_UPDATE) && frame.word(0) == 5),
    ("connection.window_update(stream, 6)", |frame| {
        frame.is(FrameType::WINDOW_UPDATE) && frame.header.stream_id == 1 && frame.word(0) == 6
    }),
    ("connection.send(frame::window_update(0, 2147483647))", |frame| {
        frame.is(FrameType::WINDOW_UPDATE) && frame.word(0) == 0x7fff_ffff
    }),
    ("connection.send_settings([[setting::MAX_CONCURRENT_STREAMS, 0]])", |frame| {
        frame.is(FrameType::SETTINGS) && frame.payload[..] == [0, 3, 0, 0, 0, 0]
    }),
    ("connection.send(frame::altsvc(0, \"https://a\", \"clear\"))", |frame| frame.is(FrameType::ALTSVC)),
    ("connection.send(frame::origin([\"https://a\"]))", |frame| frame.is(FrameType::ORIGIN)),
    ("connection.send(frame::priority_update(1, \"u=1\"))", |frame| frame.is(FrameType::PRIORITY_UPDATE)),
    ("connection.send(frame::unknown(190, 255, 5, \"?\"))", |frame| {
        frame.is(FrameType(190)) && frame.header.flags == 255 && frame.header.stream_id == 5
    }),
    ("connection.send_bytes(frame::unknown(191, 0, 0, \"?\").bytes())", |frame| frame.is(FrameType(191))),
    ("connection.send(frame::data(stream, \"raw\"))", |frame| {
        frame.is(FrameType::DATA) && &frame.payload[..] == b"raw"
    }),
    ("connection.send(frame::push_promise(stream, 2, [[\":method\", \"GET\"]]))", |frame| {
        frame.is(FrameType::PUSH_PROMISE) && frame.word(0) == 2
    }),
    (
        "connection.set_write_size(1); connection.set_write_delay(0.001); connection.send(frame::ping(\"slowly!!\"))",
        |frame| frame.is(FrameType::PING) && &frame.payload[..] == b"slowly!!",
    ),
    ("connection.pause_writing(); connection.send(frame::ping(\"1stpause\")); connection.resume_writing()", |frame| {
        frame.is(FrameType::PING) && &frame.payload[..] == b"1stpause"
    }),
    ("connection.send(frame::ping(`${connection.requests}2345678`[0..8]))", |frame| {
        frame.is(FrameType::PING) && &frame.payload[..] == b"12345678"
    }),
];

/// Those that end the connection, and how.
const ENDS: [(&str, End); 6] = [
    ("connection.close()", End::Closed),
    ("connection.half_close()", End::Closed),
    ("connection.abort()", End::Reset),
    ("connection.cut_after(3, \"close\"); connection.send(frame::ping(\"12345678\"))", End::Closed),
    ("connection.cut_after(3, \"half-close\"); connection.send(frame::ping(\"12345678\"))", End::Closed),
    ("connection.cut_after(3, \"reset\"); connection.send(frame::ping(\"12345678\"))", End::Reset),
];

fn handler(script: &str) -> String {
    format!(
        "fn main(request, response) {{
            let connection = request.connection;
            let stream = request.stream_id;
            {script};
            sleep(20);
        }}"
    )
}

fn profile(script: &str) -> String {
    format!(
        "fn on_frame(connection, frame) {{
            if frame.type != \"DATA\" {{ return; }}
            let stream = frame.stream_id;
            {script};
            true
        }}"
    )
}

/// Each script as a profile and as a handler.
fn serve<'a>(scripts: impl Iterator<Item = &'a str>) -> Server {
    let add = |builder: Builder, (number, script): (usize, &str)| {
        let builder = builder.handler(&format!("profiles/p{number}.rhai"), &profile(script));
        builder.handler(&format!("h{number}.rhai"), &handler(script))
    };
    scripts.enumerate().fold(Server::builder(), add).start()
}

/// A client for whom the profile, and one for whom the handler, has done what the script says.
fn asked(server: &Server, number: usize) -> [Client; 2] {
    let (mut shaped, _) = handshake(server, &format!("p{number}"));
    // The stream is open when the profile acts, as it is when the handler does.
    let stream = shaped.request("POST", "/handlers/hello.rhai", &[], false);
    shaped.data(stream, b"now", false);
    let mut plain = Client::h2(server);
    plain.get(&format!("/handlers/h{number}.rhai"));
    [shaped, plain]
}

#[test]
fn frames_of_every_kind_go_out() {
    let server = serve(FRAMES.iter().map(|(script, _)| *script));
    for (number, (script, seen)) in FRAMES.iter().enumerate() {
        for mut client in asked(&server, number) {
            // For a failure's message.
            println!("{script}");
            let frames = client.until(seen);
            assert!(frames.len() < 6, "{script}: {}", list(&frames));
        }
    }
    ask(&mut Client::h2(&server), "/handlers/hello.rhai");
}

#[test]
fn connections_end_as_wanted() {
    let server = serve(ENDS.iter().map(|(script, _)| *script));
    for (number, (script, end)) in ENDS.iter().enumerate() {
        for mut client in asked(&server, number) {
            let (frames, ended) = client.until_end();
            assert_eq!(ended, *end, "{script}: {}", list(&frames));
            let cut = if script.contains("cut_after") { 3 } else { 0 };
            assert_eq!(client.remainder().len(), cut, "{script}");
        }
    }
}
