//! Profiles: scripts that shape a connection.

mod alpn;
mod both;
mod choice;
mod docs;
mod events;
mod faults;
mod levers;
mod shipped;
mod writing;

use crate::support::raw::{Client, PREFACE, Received, Response, settings_frame};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// A connection to the host of a profile; nothing is sent yet.
pub fn connect(server: &Server, profile: &str) -> Client {
    let authority = format!("{profile}.conn.{}", server.authority("h2"));
    Client::over_tls(server.connect("h2"), &authority, &server.ca())
}

/// As [`connect`]; the client's preface and empty SETTINGS are sent.
pub fn begin(server: &Server, profile: &str) -> Client {
    let mut client = connect(server, profile);
    client.send_octets(PREFACE);
    client.send(&settings_frame(&[]));
    client
}

/// As [`begin`]; both sides' SETTINGS are acknowledged.
pub fn handshake(server: &Server, profile: &str) -> (Client, Vec<(u16, u32)>) {
    let mut client = connect(server, profile);
    let settings = client.handshake(&[]);
    (client, settings)
}

pub fn ask(client: &mut Client, path: &str) -> Response {
    let stream = client.get(path);
    client.response(stream)
}

pub fn ack() -> RawFrame {
    RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new())
}

pub fn is_settings(frame: &Received) -> bool {
    frame.is(FrameType::SETTINGS) && !frame.header.has(flag::ACK)
}

pub fn is_ack(frame: &Received) -> bool {
    frame.is(FrameType::SETTINGS) && frame.header.has(flag::ACK)
}

/// Types and streams of frames, as text.
pub fn kinds(frames: &[Received]) -> Vec<String> {
    let kind = |frame: &Received| {
        let ack = if frame.header.has(flag::ACK) && frame.header.stream_id == 0 { " ACK" } else { "" };
        format!("{}{ack}", frame.header.frame_type)
    };
    frames.iter().map(kind).collect()
}
