//! Floods by one client, for tests and the benchmark: what a server must survive while its other clients are served.

use super::raw::{Client, PREFACE, rst_stream, settings_frame, window_update};
use bytes::{BufMut, BytesMut};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// Answered at once: what a neighbour asks for.
pub const SMALL: &str = "/small.txt";
/// Too large to be kept in memory.
pub const LARGE: &str = "/large.bin";
/// A handler that writes raw octets without end.
pub const RAW: &str = "/handlers/raw-writes.rhai";
pub const RAW_SCRIPT: &str = "fn main(request, response) {
    let octets = blob(8192, 0);
    response.write_status_headers();
    while true { response.writer.write_raw(octets); }
}";

/// How long the attacker waits for a server that takes nothing before it looks whether to stop.
const GLANCE: Duration = Duration::from_millis(20);

/// What the attacker does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attack {
    RefusedStreams,
    RapidReset,
    HpackBomb,
    OneByteData,
    PaddedData,
    EmptyData,
    Settings,
    Ping,
    Continuation,
    WindowUpdate,
    UnknownFrames,
    /// Many streams on many connections ask for a large file with window 0.
    WindowZero,
    /// Asks for large files and reads nothing.
    StoppedReader,
    /// As above, of a handler that writes raw octets without end.
    RawWritesUnread,
    /// The same, read.
    RawWrites,
}

impl Attack {
    pub const ALL: [Attack; 15] = [
        Attack::RefusedStreams,
        Attack::RapidReset,
        Attack::HpackBomb,
        Attack::OneByteData,
        Attack::PaddedData,
        Attack::EmptyData,
        Attack::Settings,
        Attack::Ping,
        Attack::Continuation,
        Attack::WindowUpdate,
        Attack::UnknownFrames,
        Attack::WindowZero,
        Attack::StoppedReader,
        Attack::RawWritesUnread,
        Attack::RawWrites,
    ];

    /// Whether it needs a script, which other servers do not have.
    pub fn is_scripted(self) -> bool {
        matches!(self, Attack::RawWrites | Attack::RawWritesUnread)
    }

    fn connections(self) -> usize {
        if self == Attack::WindowZero { 20 } else { 1 }
    }

    fn reads(self) -> bool {
        !matches!(self, Attack::StoppedReader | Attack::RawWritesUnread)
    }

    /// Whether it waits for the server after each chunk, so that its content keeps to the windows.
    fn is_paced(self) -> bool {
        matches!(self, Attack::OneByteData | Attack::PaddedData)
    }

    /// What follows SETTINGS.
    fn begin(self, wire: &mut Wire, upload: &str) {
        match self {
            Attack::RefusedStreams => (0..300).for_each(|_| wire.open("POST", upload, false)),
            Attack::OneByteData | Attack::PaddedData | Attack::EmptyData => wire.open("POST", upload, false),
            Attack::Continuation => wire.frame(FrameType::HEADERS, 0, 1, &[0x82]),
            Attack::WindowZero => (0..100).for_each(|_| wire.open("GET", LARGE, true)),
            Attack::StoppedReader => (0..50).for_each(|_| wire.open("GET", LARGE, true)),
            Attack::RawWrites | Attack::RawWritesUnread => wire.open("GET", RAW, true),
            _ => {}
        }
    }

    /// One chunk of the flood; false if there is none: the attacker only holds on to what it has.
    fn flood(self, wire: &mut Wire) -> bool {
        match self {
            Attack::RefusedStreams => (0..500).for_each(|_| wire.open("GET", "/none", true)),
            Attack::RapidReset => (0..200).for_each(|_| {
                wire.open("GET", SMALL, true);
                let stream = wire.last;
                wire.put(&rst_stream(stream, 8));
            }),
            Attack::HpackBomb => (0..4).for_each(|_| wire.bomb()),
            Attack::OneByteData => (0..10_000).for_each(|_| wire.frame(FrameType::DATA, 0, 1, b"x")),
            Attack::PaddedData => {
                let payload = [&[255_u8][..], &[b'x'; 256]].concat();
                (0..60).for_each(|_| wire.frame(FrameType::DATA, flag::PADDED, 1, &payload));
            }
            Attack::EmptyData => (0..1_000).for_each(|_| wire.frame(FrameType::DATA, 0, 1, b"")),
            Attack::Settings => (0..1_000).for_each(|_| wire.frame(FrameType::SETTINGS, 0, 0, b"")),
            Attack::Ping => (0..1_000).for_each(|_| wire.frame(FrameType::PING, 0, 0, &[0; 8])),
            Attack::Continuation => (0..1_000).for_each(|_| wire.frame(FrameType::CONTINUATION, 0, 1, b"")),
            Attack::WindowUpdate => (0..1_000).for_each(|_| wire.put(&window_update(0, 1))),
            Attack::UnknownFrames => (0..1_000).for_each(|_| wire.frame(FrameType(0xee), 0, 0, b"")),
            Attack::WindowZero | Attack::StoppedReader | Attack::RawWrites | Attack::RawWritesUnread => return false,
        }
        true
    }

    fn settings(self) -> Vec<(u16, u32)> {
        match self {
            Attack::WindowZero => vec![(4, 0)],
            Attack::StoppedReader | Attack::RawWrites | Attack::RawWritesUnread => vec![(4, 0x7fff_ffff)],
            _ => vec![],
        }
    }

    /// Begins it, against the server at `address`; uploads go to the path `upload`. It goes on until it is dropped,
    /// on another connection whenever the server has ended one.
    pub fn start(self, address: SocketAddr, upload: &'static str) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let attackers = (0..self.connections()).map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                yield_to_others();
                while !stop.load(Ordering::Relaxed) {
                    // It ends when the server does not want it any more.
                    let _ = self.run(address, upload, &stop);
                }
            })
        });
        Running { attackers: attackers.collect(), stop }
    }

    fn run(self, address: SocketAddr, upload: &str, stop: &AtomicBool) -> std::io::Result<()> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_write_timeout(Some(GLANCE))?;
        let mut wire = Wire { octets: BytesMut::from(PREFACE), next: 1, last: 0, authority: address.to_string() };
        wire.put(&settings_frame(&self.settings()));
        wire.frame(FrameType::SETTINGS, flag::ACK, 0, b"");
        wire.put(&window_update(0, 0x7fff_ffff - 65_535));
        self.begin(&mut wire, upload);
        let answers = if self.reads() { Some(read(socket.try_clone()?)) } else { None };
        let outcome = self.write(&mut socket, &mut wire, answers.as_ref(), stop);
        // Ends the reader too.
        let _ = socket.shutdown(Shutdown::Both);
        outcome
    }

    fn write(
        self,
        socket: &mut TcpStream,
        wire: &mut Wire,
        answers: Option<&Receiver<()>>,
        stop: &AtomicBool,
    ) -> std::io::Result<()> {
        write_all(socket, &wire.octets.split(), stop)?;
        while !stop.load(Ordering::Relaxed) {
            if !self.flood(wire) {
                hold(answers, stop);
                return Ok(());
            }
            if self.is_paced() {
                wire.frame(FrameType::PING, 0, 0, &[7; 8]);
            }
            write_all(socket, &wire.octets.split(), stop)?;
            if self.is_paced() {
                wait_for_ack(answers, stop)?;
            }
        }
        Ok(())
    }
}

/// Runs this thread when no other wants its core: an attacker elsewhere would not take the server's cores, nor those of
/// the neighbour.
fn yield_to_others() {
    #[cfg(unix)]
    rustix::process::setpriority_process(None, 19).expect("each thread may lower its own priority");
}

/// Waits until the server has acknowledged a PING, or the attack is over.
fn wait_for_ack(answers: Option<&Receiver<()>>, stop: &AtomicBool) -> std::io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        match answers.map(|answers| answers.recv_timeout(GLANCE)) {
            Some(Ok(())) => return Ok(()),
            Some(Err(mpsc::RecvTimeoutError::Timeout)) => {}
            Some(Err(mpsc::RecvTimeoutError::Disconnected)) | None => return Err(ErrorKind::ConnectionAborted.into()),
        }
    }
    Ok(())
}

/// Keeps the connection until the server ends it or the attack is over.
fn hold(answers: Option<&Receiver<()>>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match answers.map(|answers| answers.recv_timeout(GLANCE)) {
            Some(Err(mpsc::RecvTimeoutError::Disconnected)) => return,
            Some(_) => {}
            None => std::thread::park_timeout(GLANCE),
        }
    }
}

/// Reads and drops what comes; tells of each PING that was acknowledged.
fn read(mut socket: TcpStream) -> Receiver<()> {
    let (sender, answers) = mpsc::channel();
    std::thread::spawn(move || {
        yield_to_others();
        let mut buffer = BytesMut::new();
        let mut octets = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = socket.read(&mut octets) {
            buffer.extend_from_slice(&octets[..count]);
            while let Some(frame) = RawFrame::take(&mut buffer) {
                if frame.header.frame_type == FrameType::PING && sender.send(()).is_err() {
                    return;
                }
            }
        }
    });
    answers
}

fn write_all(socket: &mut TcpStream, octets: &[u8], stop: &AtomicBool) -> std::io::Result<()> {
    let mut rest = octets;
    while !rest.is_empty() && !stop.load(Ordering::Relaxed) {
        match socket.write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Frames to be sent.
struct Wire {
    octets: BytesMut,
    next: u32,
    last: u32,
    authority: String,
}

impl Wire {
    fn put(&mut self, frame: &RawFrame) {
        frame.write(&mut self.octets);
    }

    fn frame(&mut self, frame_type: FrameType, flags: u8, stream: u32, payload: &[u8]) {
        self.put(&RawFrame::new(frame_type, flags, stream, payload.to_vec()));
    }

    fn open(&mut self, method: &str, path: &str, end: bool) {
        let mut block = BytesMut::new();
        // Static entries for :method, :scheme, :path, :authority (RFC 7541, appendix A).
        block.put_slice(if method == "GET" { &[0x82, 0x86] } else { &[0x83, 0x86] });
        for (index, text) in [(4, path), (1, &self.authority)] {
            block.put_slice(&[index, u8::try_from(text.len()).expect("a short text")]);
            block.put_slice(text.as_bytes());
        }
        self.headers(&block, end);
    }

    fn headers(&mut self, block: &[u8], end: bool) {
        self.last = self.next;
        self.next += 2;
        let flags = flag::END_HEADERS | if end { flag::END_STREAM } else { 0 };
        self.frame(FrameType::HEADERS, flags, self.last, block);
    }

    /// A field of 4,000 octets for the dynamic table, and 12,000 references to it.
    fn bomb(&mut self) {
        let mut block = BytesMut::from(&[0x82, 0x86, 0x84, 0x41, 1, b'a', 0x40, 1, b'a', 0x7f, 0xa1, 0x1e][..]);
        block.put_bytes(b'b', 4_000);
        block.put_bytes(0xbe, 12_000);
        self.headers(&block, true);
    }
}

/// An attack under way, until it is dropped.
pub struct Running {
    attackers: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for attacker in self.attackers.drain(..) {
            let _ = attacker.join();
        }
    }
}

/// A client that asks for [`SMALL`] again and again, as long as `more` says so; gives how long each answer took, sorted.
pub fn neighbour(address: SocketAddr, mut more: impl FnMut(usize) -> bool) -> Vec<Duration> {
    let mut client = Client::over_tcp(super::server::connect(address), &address.to_string());
    client.handshake(&[]);
    client.open_windows();
    let mut latencies = Vec::new();
    while more(latencies.len()) {
        let began = Instant::now();
        let stream = client.get(SMALL);
        assert_eq!(client.response(stream).status(), Some(200));
        latencies.push(began.elapsed());
    }
    latencies.sort_unstable();
    latencies
}
