//! The shipped handlers: each sends exactly what its comment says, to the octet.

mod connection;
mod continuation;
mod data;
mod fields;
mod flow;
mod frames;
mod fuzz;
mod grpc;
mod hpack;
mod lawful;
mod parameters;

use crate::support::raw::{Client, Received, assemble, fragment, list};
use crate::support::server::Server;
use bytes::Bytes;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

pub const END_STREAM: u8 = flag::END_STREAM;
pub const END_HEADERS: u8 = flag::END_HEADERS;
pub const PADDED: u8 = flag::PADDED;
pub const ACK: u8 = flag::ACK;

/// What is expected on the wire, in order.
pub enum Want {
    /// This frame, to the bit.
    Frame(RawFrame),
    /// The header section of a checked call with END_HEADERS and this status.
    Head(&'static str),
    /// A lawful response on stream 1, status 200, to its end; nothing else in between.
    Page(&'static str),
}

use Want::{Frame, Head, Page};

pub fn frame(frame_type: FrameType, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Want {
    Frame(RawFrame::new(frame_type, flags, stream, Bytes::copy_from_slice(payload.as_ref())))
}

pub fn headers(flags: u8, payload: impl AsRef<[u8]>) -> Want {
    frame(FrameType::HEADERS, flags, 1, payload)
}

pub fn continuation(flags: u8, payload: impl AsRef<[u8]>) -> Want {
    frame(FrameType::CONTINUATION, flags, 1, payload)
}

pub fn data(flags: u8, payload: impl AsRef<[u8]>) -> Want {
    frame(FrameType::DATA, flags, 1, payload)
}

/// DATA that ends the stream.
pub fn last(text: &str) -> Want {
    data(END_STREAM, text)
}

/// Literals without indexing and without Huffman coding (RFC 7541 §6.2.2), names and values shorter than 127 octets.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (name, value) in fields {
        octets.push(0);
        for text in [name, value] {
            octets.push(u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("a short string"));
            octets.extend_from_slice(text.as_bytes());
        }
    }
    octets
}

pub const TYPE: (&str, &str) = ("content-type", "text/plain");

/// `:status: 200` as index 8 (RFC 7541 appendix A), then literals.
pub fn status_and(fields: &[(&str, &str)]) -> Vec<u8> {
    [vec![0x88], block(fields)].concat()
}

/// Everything that a handler sends on a fresh connection for one GET on stream 1.
pub fn sent(server: &Server, path: &str) -> Vec<Received> {
    let mut client = Client::h2c(server);
    client.get(&format!("/handlers/{path}"));
    everything(&mut client)
}

/// Several barriers: a PING that arrives with the request may be acknowledged before the handler's first frame, and a
/// handler that is busy for a millisecond takes turns with its connection.
pub fn everything(client: &mut Client) -> Vec<Received> {
    (0..10).flat_map(|_| client.barrier()).collect()
}

/// As [`everything`] where the server may end the connection.
pub fn all_there_is(client: &mut Client) -> Vec<Received> {
    let mut frames = Vec::new();
    for number in 0..10_u8 {
        let ping = RawFrame::new(FrameType::PING, 0, 0, vec![number; 8]);
        let mut octets = bytes::BytesMut::new();
        ping.write(&mut octets);
        client.try_send_octets(&octets);
        while let Some(frame) = client.frame() {
            if frame.is(FrameType::PING) && frame.header.has(ACK) && frame.payload == ping.payload {
                break;
            }
            frames.push(frame);
        }
    }
    frames
}

/// Asks for each path and compares what came with what is wanted.
pub fn check(rows: &[(&str, Vec<Want>)]) {
    let server = Server::start();
    let mut wrong = Vec::new();
    for (path, wanted) in rows {
        let frames = sent(&server, path);
        if let Err(why) = compare(&frames, wanted) {
            wrong.push(format!("{path}: {why}; it sent{}", list(&frames)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub fn compare(frames: &[Received], wanted: &[Want]) -> Result<(), String> {
    let mut rest = frames;
    for (at, want) in wanted.iter().enumerate() {
        if let Page(text) = want {
            let response = assemble(rest, 1);
            let lawful = rest.iter().all(|frame| frame.header.stream_id == 1 && !frame.is(FrameType::RST_STREAM));
            if !lawful || response.status() != Some(200) || response.text() != *text {
                return Err(format!("from frame {at} on it should be a page with {text:?}, not {response:?}"));
            }
            return Ok(());
        }
        let Some((next, after)) = rest.split_first() else { return Err(format!("frame {at} is missing")) };
        rest = after;
        match want {
            Frame(frame) if next.frame == *frame => {}
            Frame(frame) => return Err(format!("frame {at} should be {frame:?}, not {:?}", next.frame)),
            Head(status) => {
                let is_head = next.is(FrameType::HEADERS) && next.header.flags == END_HEADERS;
                let fields = next.fields.as_ref().and_then(|fields| fields.as_ref().ok());
                let has = fields
                    .is_some_and(|fields| fields.first() == Some(&(b":status".to_vec(), status.as_bytes().to_vec())));
                if !is_head || !has {
                    return Err(format!("frame {at} should be HEADERS with status {status}, not {next:?}"));
                }
            }
            Page(_) => {}
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(format!("{} frames too many", rest.len())) }
}

/// The fragments of a field block together.
pub fn joined(frames: &[Received]) -> Vec<u8> {
    let in_block = |frame: &&Received| frame.is(FrameType::HEADERS) || frame.is(FrameType::CONTINUATION);
    frames.iter().filter(in_block).flat_map(|frame| fragment(frame).to_vec()).collect()
}

#[test]
fn a_comparison_can_fail() {
    assert!(compare(&[], &[]).is_ok());
    assert!(compare(&[], &[last("x")]).is_err());
    let received = |want| match want {
        Frame(frame) => Received { frame, fields: None },
        Head(_) | Page(_) => panic!("a frame"),
    };
    let frames = [received(data(0, "x"))];
    assert!(compare(&frames, &[data(0, "x")]).is_ok());
    assert!(compare(&frames, &[]).is_err());
    assert!(compare(&frames, &[last("x")]).is_err());
    assert!(compare(&frames, &[data(0, "y")]).is_err());
    assert!(compare(&frames, &[Page("x")]).is_err());
}
