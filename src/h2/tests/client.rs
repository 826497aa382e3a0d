//! A peer made of lines, mostly a client: what it sends is written as text, what the connection does is shown as text.

use crate::h2::*;
use crate::wire::frame::*;
use crate::wire::hpack::{BlockBuilder, Decoder, LiteralKind, Name};
use bytes::{Bytes, BytesMut};
use std::time::{Duration, Instant};

pub struct Client {
    pub connection: Connection,
    pub now: Instant,
    decoder: Decoder,
    block: BytesMut,
}

pub const REQUEST: &str = ":method=GET :scheme=https :path=/ :authority=example.org";
pub const UPLOAD: &str = ":method=POST :scheme=https :path=/ :authority=example.org";

impl Client {
    /// A connection on which nothing was exchanged.
    pub fn fresh(config: Config) -> Self {
        Self::against(Role::Server, config)
    }

    /// The peer of a connection of this side on which nothing was exchanged.
    pub fn against(role: Role, config: Config) -> Self {
        #[allow(clippy::disallowed_methods, reason = "any time will do")]
        let now = Instant::now();
        let connection = match role {
            Role::Client => Connection::client(config, now),
            Role::Server => Connection::server(config, now),
        };
        Self { connection, now, decoder: Decoder::new(4096), block: BytesMut::new() }
    }

    /// A server made of lines, and a client of ours, after both prefaces and ACKs.
    pub fn server(config: Config) -> Self {
        let mut server = Self::against(Role::Client, config);
        server.says("frame SETTINGS 0 00\nack");
        server.shown();
        server
    }

    /// A connection after both prefaces and ACKs.
    pub fn new(config: Config) -> Self {
        let mut client = Self::fresh(config);
        client.says("preface\nframe SETTINGS 0 00\nack");
        client.shown();
        client
    }

    pub fn default() -> Self {
        Self::new(Config::default())
    }

    /// Executes lines; see [`octets`] for what the peer can send. `!…` are commands of our side.
    pub fn says(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (times, line) = match line.strip_prefix('x').and_then(|rest| rest.split_once(' ')) {
                Some((times, line)) => (times.parse().expect("a number of times"), line),
                None => (1, line),
            };
            for _ in 0..times {
                match line.strip_prefix('!') {
                    Some(command) => self.command(command),
                    None => self.connection.receive(self.now, &octets(line)),
                }
            }
        }
    }

    fn command(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u32>().expect("a number");
        match words[0] {
            "respond" => self.respond(number(1), true),
            "headers" => self.respond(number(1), false),
            "reset" => self.connection.reset(number(1), ErrorCode::CANCEL).expect("reset"),
            "push" => {
                let fields = fields(REQUEST);
                self.connection.push_promise(number(1), borrow(&fields)).expect("push");
            }
            "open" => {
                let request = request(words[1]);
                self.connection
                    .open(borrow(&fields(&request)), words[1] != "POST" && words[1] != "CONNECT")
                    .expect("open");
            }
            "pushes" => self.connection.send_settings(&[(2, number(1))]).expect("settings"),
            "window" => self.connection.send_settings(&[(4, number(1))]).expect("settings"),
            "later" => self.now += Duration::from_secs(u64::from(number(1))),
            "timeout" => self.connection.handle_timeout(self.now),
            other => panic!("unknown command {other}"),
        }
    }

    pub fn respond(&mut self, stream: u32, end_stream: bool) {
        let fields = fields(":status=200");
        self.connection.send_headers(stream, borrow(&fields), end_stream).expect("send_headers");
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.connection.poll_event()).collect()
    }

    pub fn violations(&mut self) -> Vec<Violation> {
        let violation = |event| if let Event::Violation(violation) = event { Some(violation) } else { None };
        self.events().into_iter().filter_map(violation).collect()
    }

    /// Writes everything; gives the frames.
    pub fn frames(&mut self) -> Vec<RawFrame> {
        let mut octets = BytesMut::new();
        while let Some(transmit) = self.connection.poll_transmit() {
            octets.extend_from_slice(transmit.octets);
            let length = transmit.octets.len();
            self.connection.transmitted(length);
        }
        if octets.starts_with(PREFACE) {
            bytes::Buf::advance(&mut octets, PREFACE.len());
        }
        let frames = std::iter::from_fn(|| RawFrame::take(&mut octets)).collect();
        assert!(octets.is_empty(), "part of a frame is left: {octets:?}");
        frames
    }

    /// Everything written, one line per frame.
    pub fn shown(&mut self) -> Vec<String> {
        self.frames().iter().map(|frame| self.show(frame)).collect()
    }

    #[track_caller]
    pub fn expect(&mut self, lines: &[&str]) {
        let shown = self.shown();
        assert!(shown == lines, "expected:\n  {}\nsent:\n  {}", lines.join("\n  "), shown.join("\n  "));
    }

    fn show(&mut self, frame: &RawFrame) -> String {
        let header = frame.header;
        let mut line = format!("{} {}", header.frame_type, header.stream_id);
        if header.flags & flag::END_STREAM != 0 {
            let ack = matches!(header.frame_type, FrameType::SETTINGS | FrameType::PING);
            line += if ack { " ACK" } else { " END_STREAM" };
        }
        let more = match Payload::parse(frame).expect("readable payload") {
            Payload::Data(data) => data.data.len().to_string(),
            Payload::Headers(headers) => self.show_block(&headers.fragment, header),
            Payload::PushPromise(promise) => {
                format!("{} {}", promise.promised_stream_id, self.show_block(&promise.fragment, header))
            }
            Payload::Continuation(continuation) => self.show_block(&continuation.fragment, header),
            Payload::RstStream(reset) => reset.code.to_string(),
            Payload::Settings(settings) => format!("{:?}", settings.entries),
            Payload::GoAway(goaway) => format!("{} {}", goaway.last_stream_id, goaway.code),
            Payload::WindowUpdate(update) => update.increment.to_string(),
            _ => String::new(),
        };
        if !more.is_empty() && more != "[]" {
            line += " ";
            line += &more;
        }
        line
    }

    fn show_block(&mut self, fragment: &[u8], header: FrameHeader) -> String {
        self.block.extend_from_slice(fragment);
        if !header.has(flag::END_HEADERS) {
            return format!("({} octets)", fragment.len());
        }
        let block = self.decoder.decode(self.block.split().freeze(), usize::MAX).expect("decodable block");
        let show = |octets: &[u8]| octets.escape_ascii().to_string();
        block
            .fields()
            .map(|field| format!("{}={}", show(&field.name), show(&field.value)))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The fields of a request with this method.
pub fn request(method: &str) -> String {
    match method {
        "CONNECT" => ":method=CONNECT :authority=example.org:443".into(),
        _ => REQUEST.replace("GET", method),
    }
}

/// `name=value` separated by spaces; `\s` is a space, `\0`, `\r`, `\n` and `\x80` in names and values as usual.
pub fn fields(text: &str) -> Vec<(Bytes, Bytes)> {
    let unescape = |text: &str| {
        let text = text.replace("\\s", " ").replace("\\0", "\0").replace("\\r", "\r").replace("\\n", "\n");
        let mut octets = Vec::new();
        for part in text.split_inclusive("\\x80") {
            octets.extend_from_slice(part.trim_end_matches("\\x80").as_bytes());
            octets.extend(part.ends_with("\\x80").then_some(0x80));
        }
        Bytes::from(octets)
    };
    let split = |word: &str| {
        let at = word[1.min(word.len())..].find('=').map_or(word.len(), |at| at + 1);
        let at = if word.starts_with('=') { 0 } else { at };
        (unescape(&word[..at]), unescape(word.get(at + 1..).unwrap_or("")))
    };
    text.split(' ').filter(|word| !word.is_empty()).map(split).collect()
}

pub fn borrow(fields: &[(Bytes, Bytes)]) -> impl FieldList<'_> {
    fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
}

/// A block of literals without indexing.
pub fn block(text: &str) -> Bytes {
    let mut block = BlockBuilder::new();
    for (name, value) in fields(text) {
        block.literal(LiteralKind::WithoutIndexing, Name::Literal(&name), &value, false, false);
    }
    block.finish()
}

pub fn headers(stream: u32, flags: u8, text: &str) -> RawFrame {
    RawFrame::new(FrameType::HEADERS, flags | flag::END_HEADERS, stream, block(text))
}

pub fn to_octets(frame: &RawFrame) -> Vec<u8> {
    let mut octets = BytesMut::new();
    frame.write(&mut octets);
    octets.to_vec()
}

/// One line as octets:
/// - `preface`; `ack` (of SETTINGS); `octets HEX`
/// - `get N [fields]`, `post N [fields]`: a request with or without END_STREAM, with more fields
/// - `fields N [fields]`, `trailers N [fields]`: any field section, without or with END_STREAM
/// - `promise N PROMISED [fields]`: PUSH_PROMISE, of a usual request if there are no fields
/// - `data N LENGTH`, `end N LENGTH`: DATA without or with END_STREAM
/// - `frame TYPE N FLAGS [HEX]`: any frame; FLAGS in hex
pub fn octets(line: &str) -> Vec<u8> {
    let words: Vec<&str> = line.splitn(3, ' ').collect();
    let stream = || words[1].parse::<u32>().expect("a stream");
    let rest = || words.get(2).copied().unwrap_or("");
    let data = |flags| {
        let length = rest().parse::<usize>().expect("a length");
        to_octets(&RawFrame::new(FrameType::DATA, flags, stream(), vec![b'd'; length]))
    };
    match words[0] {
        "preface" => PREFACE.to_vec(),
        "ack" => to_octets(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Bytes::new())),
        "octets" => hex(words[1]),
        "get" => to_octets(&headers(stream(), flag::END_STREAM, &format!("{REQUEST} {}", rest()))),
        "post" => to_octets(&headers(stream(), 0, &format!("{UPLOAD} {}", rest()))),
        "fields" => to_octets(&headers(stream(), 0, rest())),
        "trailers" => to_octets(&headers(stream(), flag::END_STREAM, rest())),
        "promise" => {
            let (promised, fields) = rest().split_once(' ').unwrap_or((rest(), REQUEST));
            let promised: u32 = promised.parse().expect("a promised stream");
            let payload = [&promised.to_be_bytes()[..], &block(fields)].concat();
            to_octets(&RawFrame::new(FrameType::PUSH_PROMISE, flag::END_HEADERS, stream(), payload))
        }
        "data" => data(0),
        "end" => data(flag::END_STREAM),
        "frame" => to_octets(&frame(line)),
        other => panic!("unknown line {other}"),
    }
}

fn frame(line: &str) -> RawFrame {
    let words: Vec<&str> = line.split(' ').collect();
    let by_name = (0..=255).map(FrameType).find(|known| known.name() == Some(words[1]));
    let frame_type = by_name.unwrap_or_else(|| FrameType(u8::from_str_radix(words[1], 16).expect("a type")));
    let stream = words[2].parse().expect("a stream");
    let flags = u8::from_str_radix(words[3], 16).expect("flags");
    RawFrame::new(frame_type, flags, stream, hex(words.get(4).copied().unwrap_or("")))
}

pub fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len() / 2).map(|index| digit(index * 2)).collect()
}
