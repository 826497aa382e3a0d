//! A server of a few lines that is wrong on purpose: shows that the drivers of clients see what they should see.

use super::raw::{PREFACE, settings_frame};
use bytes::BytesMut;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// The octets that answer a request on the given stream; an empty answer is silence.
pub type Answer = fn(u32) -> Vec<u8>;

/// Speaks HTTP/2 in clear text; dropping it ends its acceptor.
pub struct Toy {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Toy {
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::spawn(move || serve(stream, answer));
            }
        });
        Self { address, stop }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, answer: Answer) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut preface = [0; PREFACE.len()];
    stream.read_exact(&mut preface).ok()?;
    stream.write_all(&octets(&[settings_frame(&[])])).ok()?;
    let mut buffer = BytesMut::new();
    let mut chunk = [0; 16_384];
    loop {
        while let Some(frame) = RawFrame::take(&mut buffer) {
            match frame.header.frame_type {
                FrameType::SETTINGS if !frame.header.has(flag::ACK) => {
                    stream.write_all(&octets(&[RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new())])).ok()?;
                }
                FrameType::PING if !frame.header.has(flag::ACK) => {
                    stream.write_all(&octets(&[RawFrame::new(FrameType::PING, flag::ACK, 0, frame.payload)])).ok()?;
                }
                FrameType::HEADERS => stream.write_all(&answer(frame.header.stream_id)).ok()?,
                FrameType::GOAWAY => {
                    stream.shutdown(Shutdown::Both).ok()?;
                    return None;
                }
                _ => {}
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            length => buffer.extend_from_slice(&chunk[..length]),
        }
    }
}

/// The frames one after another.
pub fn octets(frames: &[RawFrame]) -> Vec<u8> {
    let mut octets = BytesMut::new();
    for frame in frames {
        frame.write(&mut octets);
    }
    octets.to_vec()
}

/// HEADERS with `:status: 200` from the static table (RFC 7541 Appendix A, entry 8).
pub fn headers_200(stream: u32) -> RawFrame {
    RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, stream, vec![0x88])
}
