//! A client that sends whatever octets it is told and does nothing of its own: no ACK, no window, no judgement.
//!
//! Frames are read with `wireserve::wire`; field blocks go through the crate `hpack`, a foreign opinion.

use super::DEADLINE;
use super::server::Server;
use bytes::BytesMut;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use wireserve::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, RawFrame, flag};

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A frame that came in. The frame that ends a field block has its fields.
#[derive(Clone, PartialEq, Debug)]
pub struct Received {
    pub frame: RawFrame,
    /// `Some(Err(..))`: the block could not be decoded.
    pub fields: Option<Result<Fields, String>>,
}

impl Deref for Received {
    type Target = RawFrame;

    fn deref(&self) -> &RawFrame {
        &self.frame
    }
}

impl Received {
    pub fn is(&self, frame_type: FrameType) -> bool {
        self.header.frame_type == frame_type
    }

    /// The four octets at `at` of the payload, as error codes and increments are written.
    pub fn word(&self, at: usize) -> u32 {
        let octets = self.payload.get(at..at + 4).and_then(|octets| octets.try_into().ok());
        octets.map_or_else(|| panic!("no word at {at} in {self:?}"), u32::from_be_bytes)
    }
}

/// How the server ended the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Closed,
    Reset,
}

/// One stream's answer, as far as it came.
#[derive(Default, Debug)]
pub struct Response {
    pub informational: Vec<Fields>,
    pub fields: Fields,
    pub body: Vec<u8>,
    pub trailers: Fields,
    /// The code, if RST_STREAM ended it.
    pub reset: Option<u32>,
}

impl Response {
    pub fn status(&self) -> Option<u16> {
        status(&self.fields)
    }

    /// The first field of that name.
    pub fn get(&self, name: &str) -> Option<String> {
        let field = self.fields.iter().find(|(field, _)| field == name.as_bytes());
        field.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn status(fields: &Fields) -> Option<u16> {
    let (_, value) = fields.iter().find(|(name, _)| name == b":status")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// See the module.
pub struct Client {
    stream: Box<dyn Stream>,
    socket: TcpStream,
    authority: String,
    scheme: &'static str,
    buffer: BytesMut,
    end: Option<End>,
    decoder: hpack::Decoder<'static>,
    encoder: hpack::Encoder<'static>,
    block: Vec<u8>,
    next_stream: u32,
    pings: u64,
}

impl Client {
    /// Over clear text; nothing is sent yet.
    pub fn over_tcp(socket: TcpStream, authority: &str) -> Self {
        let stream = Box::new(socket.try_clone().expect("a socket can be cloned"));
        Self::new(stream, socket, authority, "http")
    }

    /// Over TLS with ALPN `h2`, trusting `ca`; the handshake is done at the first octet.
    pub fn over_tls(socket: TcpStream, authority: &str, ca: &Path) -> Self {
        let stream = Box::new(tls(&socket, authority, ca, &[b"h2"]));
        Self::new(stream, socket, authority, "https")
    }

    fn new(stream: Box<dyn Stream>, socket: TcpStream, authority: &str, scheme: &'static str) -> Self {
        Self {
            stream,
            socket,
            authority: authority.to_owned(),
            scheme,
            buffer: BytesMut::new(),
            end: None,
            decoder: hpack::Decoder::new(),
            encoder: hpack::Encoder::new(),
            block: Vec::new(),
            next_stream: 1,
            pings: 0,
        }
    }

    /// Connects to the h2c port, with the preface, empty SETTINGS, and both sides' SETTINGS acknowledged.
    pub fn h2c(server: &Server) -> Self {
        Self::h2c_with(server, &[])
    }

    /// As [`Client::h2c`] with settings of ours.
    pub fn h2c_with(server: &Server, settings: &[(u16, u32)]) -> Self {
        let mut client = Self::over_tcp(server.connect("h2c"), server.authority("h2c"));
        client.handshake(settings);
        client
    }

    /// As [`Client::h2c`] over TLS.
    pub fn h2(server: &Server) -> Self {
        let mut client = Self::over_tls(server.connect("h2"), server.authority("h2"), &server.ca());
        client.handshake(&[]);
        client
    }

    /// Preface and SETTINGS, then the server's SETTINGS, both acknowledged. Gives the server's settings.
    pub fn handshake(&mut self, settings: &[(u16, u32)]) -> Vec<(u16, u32)> {
        self.send_octets(PREFACE);
        self.send(&settings_frame(settings));
        let theirs = self.until(|frame| frame.is(FrameType::SETTINGS) && !frame.header.has(flag::ACK));
        self.send(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new()));
        self.until(|frame| frame.is(FrameType::SETTINGS) && frame.header.has(flag::ACK));
        let payload = &theirs.last().expect("`until` gives the frame").payload;
        let entry = |entry: &[u8]| {
            (u16::from_be_bytes([entry[0], entry[1]]), u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]]))
        };
        payload.chunks_exact(6).map(entry).collect()
    }

    /// Lets the server send as much as it likes: 2^31-1 octets on each new stream and on the connection.
    pub fn open_windows(&mut self) {
        self.send(&settings_frame(&[(4, 0x7fff_ffff)]));
        self.send(&window_update(0, 0x7fff_ffff - 65_535));
    }

    pub fn send(&mut self, frame: &RawFrame) {
        let mut octets = BytesMut::new();
        frame.write(&mut octets);
        self.send_octets(&octets);
    }

    pub fn send_octets(&mut self, octets: &[u8]) {
        let written = self.stream.write_all(octets).and_then(|()| self.stream.flush());
        written.unwrap_or_else(|error| panic!("the server no longer takes octets: {error}"));
    }

    /// As [`Client::send_octets`] where the server may have closed already.
    pub fn try_send_octets(&mut self, octets: &[u8]) -> bool {
        self.stream.write_all(octets).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Ends our half of the TCP connection.
    pub fn half_close(&mut self) {
        self.socket.shutdown(Shutdown::Write).expect("a socket can be shut down");
    }

    /// A field block from this client's encoder.
    pub fn encode(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        self.encoder.encode(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    /// The identifier that the next request will have; for frames written by hand.
    pub fn take_stream(&mut self) -> u32 {
        let stream = self.next_stream;
        self.next_stream += 2;
        stream
    }

    /// Sends a request and gives its stream; `end`: with END_STREAM.
    pub fn request(&mut self, method: &str, path: &str, extra: &[(&str, &str)], end: bool) -> u32 {
        let extra: Vec<_> = extra.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self.request_octets(method, path, &extra, end)
    }

    /// As [`Client::request`] with fields of any octets.
    pub fn request_octets(&mut self, method: &str, path: &str, extra: &[(&str, &[u8])], end: bool) -> u32 {
        let authority = self.authority.clone();
        let pseudo = [(":method", method), (":scheme", self.scheme), (":authority", &authority), (":path", path)];
        let mut fields = pseudo.map(|(name, value)| (name, value.as_bytes())).to_vec();
        fields.extend_from_slice(extra);
        let block = self.encoder.encode(fields.iter().map(|(name, value)| (name.as_bytes(), *value)));
        let stream = self.take_stream();
        let flags = flag::END_HEADERS | if end { flag::END_STREAM } else { 0 };
        self.send(&RawFrame::new(FrameType::HEADERS, flags, stream, block));
        stream
    }

    pub fn get(&mut self, path: &str) -> u32 {
        self.request("GET", path, &[], true)
    }

    /// Sends DATA as given, in one frame, windows or not.
    pub fn data(&mut self, stream: u32, octets: &[u8], end: bool) {
        let flags = if end { flag::END_STREAM } else { 0 };
        self.send(&RawFrame::new(FrameType::DATA, flags, stream, octets.to_vec()));
    }

    /// The next frame, or `None` when the server has ended the connection (see [`Client::end`]).
    ///
    /// # Panics
    /// At the deadline, or if the connection ends inside a frame.
    pub fn frame(&mut self) -> Option<Received> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(frame) = RawFrame::take(&mut self.buffer) {
                return Some(self.received(frame));
            }
            if self.end.is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "no frame in {DEADLINE:?}; so far {:?}", self.buffer);
            self.fill();
        }
    }

    fn fill(&mut self) {
        let mut chunk = [0; 16_384];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.end = Some(End::Closed),
            Ok(length) => self.buffer.extend_from_slice(&chunk[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                self.end = Some(End::Reset);
            }
            // TLS without close_notify.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.end = Some(End::Closed),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the server sent nothing in {DEADLINE:?}; so far {:?}", self.buffer)
            }
            Err(error) => panic!("reading failed: {error}"),
        }
    }

    fn received(&mut self, frame: RawFrame) -> Received {
        let header = frame.header;
        let starts = [FrameType::HEADERS, FrameType::PUSH_PROMISE].contains(&header.frame_type);
        if !starts && header.frame_type != FrameType::CONTINUATION {
            return Received { frame, fields: None };
        }
        if starts {
            self.block.clear();
        }
        self.block.extend_from_slice(fragment(&frame));
        let fields = header.has(flag::END_HEADERS).then(|| {
            let block = std::mem::take(&mut self.block);
            self.decoder.decode(&block).map_err(|error| format!("{error:?} in {block:02x?}"))
        });
        Received { frame, fields }
    }

    /// How the connection ended, once [`Client::frame`] has given `None`.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// What came after the last whole frame.
    pub fn remainder(&self) -> &[u8] {
        &self.buffer
    }

    /// The next `count` octets, whatever frames they are or are not.
    ///
    /// # Panics
    /// If the connection ends, or the deadline comes, before.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + DEADLINE;
        while self.buffer.len() < count {
            assert!(self.end.is_none(), "the connection ended ({:?}) after {:?}", self.end, self.buffer);
            assert!(Instant::now() < deadline, "only {:?} in {DEADLINE:?}", self.buffer);
            self.fill();
        }
        self.buffer.split_to(count).to_vec()
    }

    /// All frames up to and with the first that `last` accepts.
    ///
    /// # Panics
    /// If the connection ends, or the deadline comes, before.
    pub fn until(&mut self, mut last: impl FnMut(&Received) -> bool) -> Vec<Received> {
        let mut frames = Vec::new();
        loop {
            let Some(frame) = self.frame() else {
                panic!("the connection ended ({:?}) after {}", self.end, list(&frames));
            };
            let done = last(&frame);
            frames.push(frame);
            if done {
                return frames;
            }
        }
    }

    /// All frames up to the end of the connection, and how it ended.
    pub fn until_end(&mut self) -> (Vec<Received>, End) {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame() {
            frames.push(frame);
        }
        (frames, self.end.expect("no more frames only after the end"))
    }

    /// Proves that nothing else is on its way: sends PING and gives all frames before its ACK.
    pub fn barrier(&mut self) -> Vec<Received> {
        self.pings += 1;
        let opaque = (0xba00_0000_0000_0000_u64 | self.pings).to_be_bytes();
        self.send(&RawFrame::new(FrameType::PING, 0, 0, opaque.to_vec()));
        let is_ours =
            |frame: &Received| frame.is(FrameType::PING) && frame.header.has(flag::ACK) && frame.payload[..] == opaque;
        let mut frames = self.until(is_ours);
        frames.pop();
        frames
    }

    /// One stream's answer to its end; frames of other streams and of the connection are passed over.
    pub fn response(&mut self, stream: u32) -> Response {
        let mut ending = false;
        let frames = self.until(|frame| {
            if frame.header.stream_id != stream {
                return false;
            }
            // END_STREAM on HEADERS takes effect with the CONTINUATION that ends the block (RFC 9113 §6.2).
            ending |= ends_stream(frame);
            frame.is(FrameType::RST_STREAM) || (ending && (frame.is(FrameType::DATA) || frame.fields.is_some()))
        });
        assemble(&frames, stream)
    }

    /// The code of the GOAWAY that ends the connection, which must come and be the last frame.
    pub fn connection_error(&mut self) -> u32 {
        let (frames, _) = self.until_end();
        match frames.last() {
            Some(frame) if frame.is(FrameType::GOAWAY) => frame.word(4),
            _ => panic!("the connection did not end with GOAWAY: {}", list(&frames)),
        }
    }

    /// The code of the RST_STREAM on `stream`, which must come.
    pub fn stream_error(&mut self, stream: u32) -> u32 {
        let frames = self.until(|frame| frame.is(FrameType::RST_STREAM) && frame.header.stream_id == stream);
        frames.last().expect("`until` gives the frame").word(0)
    }
}

/// Whether this frame carries END_STREAM.
fn ends_stream(frame: &RawFrame) -> bool {
    [FrameType::DATA, FrameType::HEADERS].contains(&frame.header.frame_type) && frame.header.has(flag::END_STREAM)
}

/// Puts one stream's frames together.
pub fn assemble(frames: &[Received], stream: u32) -> Response {
    let mut response = Response::default();
    for frame in frames.iter().filter(|frame| frame.header.stream_id == stream) {
        match (&frame.fields, frame.header.frame_type) {
            (_, FrameType::PUSH_PROMISE) => {}
            (Some(Ok(fields)), _) if status(fields).is_some_and(|status| status < 200) => {
                response.informational.push(fields.clone());
            }
            (Some(Ok(fields)), _) if response.fields.is_empty() => response.fields = fields.clone(),
            (Some(Ok(fields)), _) => response.trailers = fields.clone(),
            (Some(Err(error)), _) => panic!("undecodable field block: {error}"),
            (None, FrameType::DATA) => response.body.extend_from_slice(fragment(frame)),
            (None, FrameType::RST_STREAM) => response.reset = Some(frame.word(0)),
            _ => {}
        }
    }
    response
}

/// The payload without padding, priority and promised stream (RFC 9113 §6.1, §6.2, §6.6).
pub fn fragment(frame: &RawFrame) -> &[u8] {
    let mut payload = &frame.payload[..];
    let header = frame.header;
    let may_be_padded = [FrameType::DATA, FrameType::HEADERS, FrameType::PUSH_PROMISE].contains(&header.frame_type);
    if may_be_padded && header.has(flag::PADDED) {
        let (&padding, rest) = payload.split_first().unwrap_or((&0, &[]));
        payload = rest.get(..rest.len().saturating_sub(usize::from(padding))).unwrap_or_default();
    }
    let before = match header.frame_type {
        FrameType::HEADERS if header.has(flag::PRIORITY) => 5,
        FrameType::PUSH_PROMISE => 4,
        _ => 0,
    };
    payload.get(before..).unwrap_or_default()
}

/// One line per frame, for messages of failed tests.
pub fn list(frames: &[Received]) -> String {
    let line = |received: &Received| {
        let FrameHeader { frame_type, flags, stream_id, length, .. } = received.header;
        format!("\n  {frame_type} flags {flags:#04x} stream {stream_id} length {length}")
    };
    if frames.is_empty() { "no frames".to_owned() } else { frames.iter().map(line).collect() }
}

pub fn settings_frame(settings: &[(u16, u32)]) -> RawFrame {
    let entry = |&(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()[..]].concat();
    RawFrame::new(FrameType::SETTINGS, 0, 0, settings.iter().flat_map(entry).collect::<Vec<u8>>())
}

pub fn window_update(stream: u32, increment: u32) -> RawFrame {
    RawFrame::new(FrameType::WINDOW_UPDATE, 0, stream, increment.to_be_bytes().to_vec())
}

pub fn rst_stream(stream: u32, code: u32) -> RawFrame {
    RawFrame::new(FrameType::RST_STREAM, 0, stream, code.to_be_bytes().to_vec())
}

/// The whole frames in `octets`, and what is left.
pub fn frames_in(octets: &[u8]) -> (Vec<RawFrame>, usize) {
    let mut buffer = BytesMut::from(octets);
    let mut frames = Vec::new();
    while let Some(frame) = RawFrame::take(&mut buffer) {
        frames.push(frame);
    }
    (frames, buffer.len())
}

/// A client configuration that trusts `ca` alone.
pub fn tls_config(ca: &Path, protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).expect("the CA's file can be read") {
        roots.add(certificate.expect("the CA's file is PEM")).expect("the CA is a certificate");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = versions.expect("ring has them").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// A TLS stream over `socket` that trusts `ca` and names the host of `authority`.
pub fn tls(
    socket: &TcpStream,
    authority: &str,
    ca: &Path,
    protocols: &[&[u8]],
) -> StreamOwned<ClientConnection, TcpStream> {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned();
    let name = ServerName::try_from(host).expect("a host name");
    let config = Arc::new(tls_config(ca, protocols));
    let connection = ClientConnection::new(config, name).expect("the configuration is complete");
    StreamOwned::new(connection, socket.try_clone().expect("a socket can be cloned"))
}

/// Sends `octets` and reads to the end of the connection: for HTTP/1.1 and whatever is no HTTP at all.
pub fn exchange(mut stream: impl Read + Write, octets: &[u8]) -> Vec<u8> {
    stream.write_all(octets).expect("the server takes the octets");
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => {}
        Err(error) => panic!("reading failed: {error}; so far {:?}", String::from_utf8_lossy(&answer)),
    }
    answer
}

/// The length that a frame's header announces, for octets that are too short to be a frame.
pub fn announced_length(octets: &[u8]) -> Option<u32> {
    octets.first_chunk::<HEADER_LENGTH>().map(|octets| FrameHeader::parse(octets).length)
}
