//! A client that reads bytes by the letter of RFC 9113 and knows what each was caused by. It tolerates what raw bytes
//! break, and reports a rule that a checked or automatic byte is the first to break.

use crate::h2::Cause;
use crate::wire::frame::*;
use crate::wire::hpack::{Block, DecodeErrorKind, Decoder, Representation};
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};

const MAX: i64 = 0x7fff_ffff;

/// What has arrived of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Head {
    Awaited,
    Final,
    /// Raw octets have sent something of which nobody knows what it is.
    Unclear,
}

#[derive(Debug)]
pub struct Stream {
    /// The client may still send.
    pub open: bool,
    pub reset_by_client: bool,
    ended: bool,
    pub reset: bool,
    head: Head,
    window: i64,
    pub send_window: i64,
    answers_head: bool,
    length: Option<u64>,
    content: u64,
}

#[derive(Debug)]
struct OpenBlock {
    stream: u32,
    octets: BytesMut,
    raw: bool,
    end_stream: bool,
    promise: bool,
}

pub struct Peer {
    buffer: BytesMut,
    /// The beginning of the frame in the buffer was raw.
    begun_raw: bool,
    decoder: Decoder,
    /// What raw blocks did to the table is not known.
    pub table_unclear: bool,
    block: Option<OpenBlock>,
    /// Raw octets have broken a rule of the connection.
    pub lost: bool,
    /// They have done so where frames can't be told apart any more.
    pub unreadable: bool,
    pub streams: BTreeMap<u32, Stream>,
    promised: u32,
    window: i64,
    pub send_window: i64,
    goaway: u32,
    settings: BTreeMap<u16, u32>,
    unacked: VecDeque<Vec<(u16, u32)>>,
    server_initial_window: i64,
    /// SETTINGS of the server that wait for our ACK, each with its table size.
    pub to_ack: VecDeque<Option<u32>>,
}

impl Peer {
    pub fn new() -> Self {
        Self {
            buffer: BytesMut::new(),
            begun_raw: false,
            decoder: Decoder::new(4096),
            table_unclear: false,
            block: None,
            lost: false,
            unreadable: false,
            streams: BTreeMap::new(),
            promised: 0,
            window: 65_535,
            send_window: 65_535,
            goaway: u32::MAX,
            settings: BTreeMap::new(),
            unacked: VecDeque::new(),
            server_initial_window: 65_535,
            to_ack: VecDeque::new(),
        }
    }

    fn setting(&self, id: SettingId, default: u32) -> u32 {
        self.settings.get(&id.0).copied().unwrap_or(default)
    }

    // ---- What it sends

    pub fn opens(&mut self, id: u32, open: bool, answers_head: bool) {
        let stream = Stream {
            open,
            reset_by_client: false,
            ended: false,
            reset: false,
            head: Head::Awaited,
            window: i64::from(self.setting(SettingId::INITIAL_WINDOW_SIZE, 65_535)),
            send_window: self.server_initial_window,
            answers_head,
            length: None,
            content: 0,
        };
        self.streams.insert(id, stream);
    }

    pub fn grants(&mut self, id: u32, increment: u32) {
        let window = match self.streams.get_mut(&id) {
            Some(stream) => &mut stream.window,
            None => &mut self.window,
        };
        *window += i64::from(increment);
    }

    pub fn announces(&mut self, entries: &[(u16, u32)]) {
        self.unacked.push_back(entries.to_vec());
    }

    // ---- What it reads

    /// Reads what one command has sent. An error is a rule that checked or automatic octets broke.
    pub fn read(&mut self, octets: &[u8], cause: Cause) -> Result<(), String> {
        if self.unreadable {
            return Ok(());
        }
        if self.buffer.is_empty() {
            self.begun_raw = cause == Cause::Raw;
        } else if cause != Cause::Raw && !self.lost {
            return Err(format!("{cause:?} octets inside of a frame: {:?}", self.buffer));
        }
        self.buffer.extend_from_slice(octets);
        while let Some(header) = self.buffer.first_chunk().map(FrameHeader::parse) {
            let raw = self.begun_raw || cause == Cause::Raw;
            let Some(frame) = RawFrame::take(&mut self.buffer) else {
                if header.length > self.setting(SettingId::MAX_FRAME_SIZE, 16_384) {
                    self.unreadable = true;
                    return self.broken(raw, "a frame that is too large");
                }
                break;
            };
            self.begun_raw = cause == Cause::Raw;
            self.frame(&frame, raw).map_err(|why| format!("{why}, in {cause:?} {:?}", frame.header))?;
        }
        // Nothing waits for the end of a frame any more, so that there may never be one.
        self.unreadable |= self.lost && !self.buffer.is_empty();
        Ok(())
    }

    /// A rule of the connection was broken.
    fn broken(&mut self, raw: bool, why: &str) -> Result<(), String> {
        self.lost |= raw;
        bears(raw, why)
    }

    fn frame(&mut self, frame: &RawFrame, raw: bool) -> Result<(), String> {
        let header = frame.header;
        let id = header.stream_id;
        if header.length > self.setting(SettingId::MAX_FRAME_SIZE, 16_384) {
            // An error of the stream, if the frame changes nothing but its stream (RFC 9113 §4.2).
            let of_stream = matches!(header.frame_type, FrameType::DATA | FrameType(190)) && id != 0;
            let why = "a frame that is too large";
            if of_stream { bears(raw, why)? } else { self.broken(raw, why)? }
        }
        let continues =
            header.frame_type == FrameType::CONTINUATION && self.block.as_ref().is_some_and(|block| block.stream == id);
        if !continues && let Some(block) = self.block.take() {
            if !self.lost {
                self.broken(raw, "a field block is interrupted")?;
            }
            self.table_unclear = true;
            self.unclear(&block);
        }
        let is_of_stream = matches!(
            header.frame_type,
            FrameType::DATA | FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::RST_STREAM
        );
        if is_of_stream && (id == 0 || (id.is_multiple_of(2) && id > self.promised)) {
            self.broken(raw, "a frame of a stream on stream 0, or one that was not promised")?;
        }
        let Ok(payload) = Payload::parse(frame) else {
            if matches!(header.frame_type, FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION) {
                self.table_unclear = true;
            }
            return self.broken(raw, "a payload that can't be read");
        };
        match payload {
            Payload::Data(data) => self.data(header, frame.payload.len(), data.data.len(), raw),
            Payload::Headers(headers) => {
                let end_stream = header.has(flag::END_STREAM);
                self.begin(
                    OpenBlock {
                        stream: id,
                        octets: BytesMut::from(&headers.fragment[..]),
                        raw,
                        end_stream,
                        promise: false,
                    },
                    header,
                )
            }
            Payload::PushPromise(promise) => {
                self.promise(id, promise.promised_stream_id, raw)?;
                self.begin(
                    OpenBlock {
                        stream: id,
                        octets: BytesMut::from(&promise.fragment[..]),
                        raw,
                        end_stream: false,
                        promise: true,
                    },
                    header,
                )
            }
            Payload::Continuation(Continuation { fragment }) => {
                let Some(mut block) = self.block.take() else {
                    self.table_unclear = true;
                    return self.broken(raw, "CONTINUATION of nothing");
                };
                block.octets.extend_from_slice(&fragment);
                // Whoever ends a block that others have begun answers for no more than the end.
                self.begin(block, header)
            }
            Payload::RstStream(_) => self.reset(id, raw),
            Payload::Settings(settings) => self.settings(header, &settings.entries, raw),
            Payload::Ping(_) if id != 0 => self.broken(raw, "PING on a stream"),
            Payload::GoAway(goaway) => {
                if id != 0 || goaway.last_stream_id > self.goaway {
                    return self.broken(raw, "GOAWAY on a stream, or higher than before");
                }
                self.goaway = goaway.last_stream_id;
                Ok(())
            }
            Payload::WindowUpdate(update) => self.window_update(id, update.increment, raw),
            Payload::Priority(_) if id == 0 => self.broken(raw, "PRIORITY on stream 0"),
            _ => Ok(()),
        }
    }

    fn is_idle(&self, id: u32) -> bool {
        !self.streams.contains_key(&id)
    }

    fn data(&mut self, header: FrameHeader, length: usize, content: usize, raw: bool) -> Result<(), String> {
        self.window -= length as i64;
        if self.window < 0 && length > 0 {
            bears(raw, "DATA beyond the connection's window")?;
        }
        let Some(stream) = self.streams.get_mut(&header.stream_id) else {
            return bears(raw, "DATA on an idle stream");
        };
        if stream.reset_by_client {
            return Ok(());
        }
        if stream.ended || stream.reset {
            return bears(raw, "DATA on a stream that was ended or reset");
        }
        stream.window -= length as i64;
        if stream.window < 0 && length > 0 {
            bears(raw, "DATA beyond the stream's window")?;
        }
        if stream.head == Head::Awaited {
            bears(raw, "DATA before a header section")?;
        }
        stream.content += content as u64;
        stream.length.filter(|length| stream.content > *length).map_or(Ok(()), |_| bears(raw, "too much content"))?;
        if header.has(flag::END_STREAM) { stream.ends(raw) } else { Ok(()) }
    }

    fn begin(&mut self, block: OpenBlock, header: FrameHeader) -> Result<(), String> {
        if !header.has(flag::END_HEADERS) {
            if self.lost {
                // Nothing waits for its end any more.
                self.table_unclear = true;
                self.unclear(&block);
            } else {
                self.block = Some(block);
            }
            return Ok(());
        }
        let octets = block.octets.clone().freeze();
        let Some(section) = self.decode(octets, block.raw)? else {
            self.unclear(&block);
            return Ok(());
        };
        if block.promise {
            return Ok(());
        }
        self.section(&block, &section)
    }

    fn decode(&mut self, octets: Bytes, raw: bool) -> Result<Option<Block>, String> {
        if !self.table_unclear {
            match self.decoder.decode(octets.clone(), usize::MAX) {
                Ok(section) => return Ok(Some(section)),
                Err(error) => {
                    use DecodeErrorKind::{SizeUpdateMissing, SizeUpdateTooLarge};
                    // A client may close here, or bear it if it has not seen our ACK yet: what follows contradicts one
                    // or the other.
                    self.unreadable |= matches!(error.kind, SizeUpdateMissing { .. } | SizeUpdateTooLarge { .. });
                    self.broken(raw, &format!("a block that can't be decoded: {error}"))?;
                    self.table_unclear = true;
                    return Ok(None);
                }
            }
        }
        // With a table that nobody knows, only what needs none can be understood.
        let section = Decoder::new(1 << 20).decode(octets, usize::MAX);
        let adds = |section: &Block| section.fields().any(|field| field.representation == Representation::Incremental);
        match section {
            Ok(section) if raw || !adds(&section) => Ok(Some(section)),
            _ => bears(raw, "a dynamic entry where the table is not known").map(|()| None),
        }
    }

    /// A raw header section of which nobody knows what it said.
    fn unclear(&mut self, block: &OpenBlock) {
        if let Some(stream) = self.streams.get_mut(&block.stream).filter(|_| !block.promise) {
            stream.head = Head::Unclear;
            stream.ended |= block.end_stream;
        }
    }

    fn section(&mut self, block: &OpenBlock, section: &Block) -> Result<(), String> {
        let raw = block.raw;
        let Some(stream) = self.streams.get_mut(&block.stream) else {
            // Its sender may know less than this client of what is idle.
            return bears(raw, "HEADERS on an idle stream");
        };
        if stream.reset_by_client {
            return Ok(());
        }
        if stream.ended || stream.reset {
            return bears(raw, "HEADERS on a stream that was ended or reset");
        }
        let find = |wanted: &str| section.fields().find(|field| field.name == wanted.as_bytes());
        let number = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
        let status = find(":status").and_then(|field| number(&field.value));
        match (stream.head, status) {
            (Head::Awaited, Some(100 | 102..=199)) if !block.end_stream => {}
            (Head::Awaited, Some(200..=999)) => {
                stream.head = Head::Final;
                let bound = !stream.answers_head && !matches!(status, Some(204 | 304));
                stream.length = find("content-length").filter(|_| bound).and_then(|field| number(&field.value));
                stream.content = 0;
            }
            (Head::Final | Head::Unclear, None) if block.end_stream => {}
            (head, status) => {
                bears(raw, &format!("HEADERS with status {status:?} where the response is {head:?}"))?;
                // What an interim response does at the wrong place is clear.
                if status.is_none_or(|status| status / 100 != 1) {
                    stream.head = Head::Unclear;
                }
            }
        }
        if block.end_stream { stream.ends(raw) } else { Ok(()) }
    }

    fn promise(&mut self, parent: u32, promised: u32, raw: bool) -> Result<(), String> {
        if promised == 0 || promised % 2 == 1 || promised <= self.promised {
            return self.broken(raw, "a stream is promised that is not idle");
        }
        let Some(stream) = self.streams.get(&parent).filter(|_| parent % 2 == 1) else {
            return self.broken(raw, "PUSH_PROMISE on a stream that the client did not open");
        };
        if (stream.ended || stream.reset) && !stream.reset_by_client {
            bears(raw, "PUSH_PROMISE on a stream that was ended or reset")?;
        }
        self.promised = promised;
        self.opens(promised, false, false);
        Ok(())
    }

    fn reset(&mut self, id: u32, raw: bool) -> Result<(), String> {
        let Some(stream) = self.streams.get_mut(&id) else { return bears(raw, "RST_STREAM on an idle stream") };
        if stream.reset && !stream.reset_by_client {
            bears(raw, "a second RST_STREAM")?;
        }
        stream.reset = true;
        Ok(())
    }

    fn settings(&mut self, header: FrameHeader, entries: &[(u16, u32)], raw: bool) -> Result<(), String> {
        if header.stream_id != 0 || (header.has(flag::ACK) && !entries.is_empty()) {
            return self.broken(raw, "SETTINGS on a stream, or ACK with a payload");
        }
        if header.has(flag::ACK) {
            for (id, value) in self.unacked.pop_front().unwrap_or_default() {
                self.apply(id, value);
            }
            return Ok(());
        }
        let mut table = None;
        for &(id, value) in entries {
            let fits = match SettingId(id) {
                // A server may not turn push on (RFC 9113 §6.5.2).
                SettingId::ENABLE_PUSH => value == 0,
                SettingId::INITIAL_WINDOW_SIZE => i64::from(value) <= MAX,
                SettingId::MAX_FRAME_SIZE => (16_384..1 << 24).contains(&value),
                SettingId::ENABLE_CONNECT_PROTOCOL | SettingId::NO_RFC7540_PRIORITIES => value <= 1,
                _ => true,
            };
            if !fits {
                return self.broken(raw, "a setting out of its range");
            }
            match SettingId(id) {
                SettingId::HEADER_TABLE_SIZE => table = Some(value),
                SettingId::INITIAL_WINDOW_SIZE => {
                    let delta = i64::from(value) - self.server_initial_window;
                    self.server_initial_window = i64::from(value);
                    self.streams.values_mut().for_each(|stream| stream.send_window += delta);
                }
                _ => {}
            }
        }
        self.to_ack.push_back(table);
        Ok(())
    }

    fn apply(&mut self, id: u16, value: u32) {
        if SettingId(id) == SettingId::INITIAL_WINDOW_SIZE {
            let delta = i64::from(value) - i64::from(self.setting(SettingId::INITIAL_WINDOW_SIZE, 65_535));
            self.streams.values_mut().for_each(|stream| stream.window += delta);
        }
        if SettingId(id) == SettingId::HEADER_TABLE_SIZE {
            self.decoder.set_max_table_size(value as usize);
        }
        self.settings.insert(id, value);
    }

    fn window_update(&mut self, id: u32, increment: u32, raw: bool) -> Result<(), String> {
        if id != 0 && self.is_idle(id) {
            return bears(raw, "WINDOW_UPDATE on an idle stream");
        }
        let window = match self.streams.get_mut(&id) {
            Some(stream) if stream.reset && !stream.reset_by_client => {
                return bears(raw, "WINDOW_UPDATE on a stream that was reset");
            }
            Some(stream) => &mut stream.send_window,
            None => &mut self.send_window,
        };
        let after = *window + i64::from(increment);
        if increment == 0 || after > MAX {
            // From here on nobody knows how large it is: the client sends nothing more.
            *window = i64::MIN / 2;
            let why = "WINDOW_UPDATE of 0, or beyond 2^31-1";
            return if id == 0 { self.broken(raw, why) } else { bears(raw, why) };
        }
        *window = after;
        Ok(())
    }
}

impl Stream {
    fn ends(&mut self, raw: bool) -> Result<(), String> {
        self.ended = true;
        match self.length {
            Some(length) if self.content < length => bears(raw, "too little content"),
            _ => Ok(()),
        }
    }

    /// Whether the client may still send on it.
    pub fn may_send(&self) -> bool {
        self.open && !self.reset && !self.reset_by_client
    }
}

/// Raw octets may break any rule.
fn bears(raw: bool, why: &str) -> Result<(), String> {
    if raw { Ok(()) } else { Err(why.to_owned()) }
}
