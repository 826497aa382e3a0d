//! The bytes of one direction of a connection as frames, with what makes no sense in them.

use crate::h2::PREFACE;
use crate::transcript::{Blocks, FieldSection, Frame, Meaning, Octets, RecordKind};
use crate::wire::frame::{
    FrameHeader, FrameType, HEADER_LENGTH, Headers, Payload, PayloadError, PushPromise, RawFrame, flag,
};
use bytes::Bytes;

/// A longer frame of an unknown type is rather no frame.
const MAX_UNKNOWN: u32 = 1 << 14;

/// The next part of a direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Where it begins.
    pub offset: usize,
    /// How many bytes it has.
    pub length: usize,
    /// The preface, a frame, or bytes that are none.
    pub kind: RecordKind,
    /// What makes no sense in it.
    pub problems: Vec<Problem>,
}

/// Something that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The first byte that makes none.
    pub offset: usize,
    /// Why.
    pub text: String,
}

/// Whether the bytes are the client's: its preface begins them.
pub fn is_client(octets: &[u8]) -> bool {
    octets.starts_with(PREFACE)
}

/// Why bytes are something else than HTTP/2, if that can be seen.
pub fn other_protocol(octets: &[u8]) -> Option<&'static str> {
    let line = octets.split(|octet| *octet == b'\r').next().unwrap_or_default();
    if octets.starts_with(&[0x16, 3]) {
        return Some("this is TLS: its bytes are encrypted");
    }
    let is_http1 = octets.starts_with(b"HTTP/1.") || line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0");
    is_http1.then_some("this is HTTP/1.1, not HTTP/2")
}

/// Reads all bytes of one direction.
pub fn read(octets: &Bytes) -> Vec<Piece> {
    let mut reader = Reader { octets, offset: 0, blocks: Blocks::default(), open: None, pieces: Vec::new() };
    if is_client(octets) {
        reader.push(PREFACE.len(), RecordKind::Preface, Vec::new());
    }
    while reader.offset < octets.len() {
        reader.next();
    }
    if let (Some(open), Some(last)) = (reader.open, reader.pieces.last_mut()) {
        let text = format!("the header block on stream {} does not end", open.stream);
        last.problems.push(Problem { offset: octets.len(), text });
    }
    reader.pieces
}

/// A field block that has not ended.
struct OpenBlock {
    stream: u32,
    /// Where the parts of the block begin, in the block and in the input.
    parts: Vec<(usize, usize)>,
    length: usize,
}

struct Reader<'o> {
    octets: &'o Bytes,
    offset: usize,
    blocks: Blocks,
    open: Option<OpenBlock>,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    fn push(&mut self, length: usize, kind: RecordKind, problems: Vec<Problem>) {
        self.pieces.push(Piece { offset: self.offset, length, kind, problems });
        self.offset += length;
    }

    fn next(&mut self) {
        let here = self.offset;
        let fault = match self.header_at(here) {
            Some((header, end)) => {
                let fits = end <= self.octets.len();
                // A frame with a fault is one all the same if something sensible is behind it.
                if fits && (header_fault(&header).is_none() || self.is_sensible(end)) {
                    return self.frame(header, end);
                }
                match header_fault(&header) {
                    Some((at, text)) => Problem { offset: here + at, text },
                    None => {
                        let have = self.octets.len() - here - HEADER_LENGTH;
                        let text = format!(
                            "{} announces {} bytes, and the input ends after {have}",
                            header.frame_type, header.length
                        );
                        Problem { offset: self.octets.len(), text }
                    }
                }
            }
            None => Problem {
                offset: self.octets.len(),
                text: format!("{} bytes are less than a frame header", self.octets.len() - here),
            },
        };
        // Of a frame that is cut short, the rest may look like a frame by chance, but hardly like two.
        let is_cut = self.header_at(here).is_some_and(|(header, _)| header_fault(&header).is_none());
        let is_next = |at: &usize| {
            self.is_frame(*at) && (!is_cut || self.header_at(*at).is_some_and(|(_, end)| self.is_frame(end)))
        };
        let next = (here + 1..self.octets.len()).find(is_next).unwrap_or(self.octets.len());
        // A field block that was interrupted so cannot be read.
        if self.open.take().is_some() || next < self.octets.len() {
            self.blocks.lose();
        }
        let octets = self.octets.slice(here..next);
        let begins = next == self.octets.len() && fault.offset == next && octets.len() >= HEADER_LENGTH;
        let meaning = if begins { Meaning::FrameBegins } else { Meaning::Rest };
        let rest = Octets { length: octets.len() as u64, octets, meaning };
        self.push(next - here, RecordKind::Octets(rest), vec![fault]);
    }

    /// The header at an offset, and where its frame ends.
    fn header_at(&self, offset: usize) -> Option<(FrameHeader, usize)> {
        let header = self.octets.get(offset..)?.first_chunk().map(FrameHeader::parse)?;
        Some((header, offset + HEADER_LENGTH + header.length as usize))
    }

    /// Whether a frame without fault begins here, and another one or the end is behind it.
    fn is_frame(&self, offset: usize) -> bool {
        let Some((header, end)) = self.header_at(offset) else { return false };
        end <= self.octets.len() && header_fault(&header).is_none() && self.is_sensible(end)
    }

    /// Whether this is the end of the input, or where a frame begins.
    fn is_sensible(&self, offset: usize) -> bool {
        offset == self.octets.len() || self.header_at(offset).is_some_and(|(header, _)| header_fault(&header).is_none())
    }

    fn frame(&mut self, header: FrameHeader, end: usize) {
        let octets = self.octets.slice(self.offset..end);
        let raw = RawFrame { header, payload: octets.slice(HEADER_LENGTH..) };
        let mut problems = Vec::new();
        if let Some((at, text)) = header_fault(&header) {
            problems.push(Problem { offset: self.offset + at, text });
        }
        problems.extend(self.sequence_fault(&header));
        let malformed = Payload::parse(&raw).err();
        if let Some(error) = malformed
            && problems.is_empty()
        {
            // The pad length is the payload's first byte; of other faults the length speaks.
            let at = if matches!(error, PayloadError::Padding { .. }) { HEADER_LENGTH } else { 0 };
            problems.push(Problem { offset: self.offset + at, text: error.to_string() });
        }
        self.follow_block(&raw);
        let fields = self.blocks.take(&raw).map(|block| {
            let parts = self.open.take();
            block.map(|block| FieldSection::from(&block)).map_err(|error| {
                let at = error.offset.zip(parts).map(|(offset, open)| open.input_offset(offset).min(end));
                if malformed.is_none() {
                    problems.push(Problem { offset: at.unwrap_or(self.offset), text: error.text.clone() });
                }
                error.text
            })
        });
        let Some(frame) = Frame::new(octets, fields) else { return };
        self.push(end - self.offset, RecordKind::Frame(frame), problems);
    }

    /// Whether a frame may come inside of a field block, or a CONTINUATION outside of one (RFC 9113 §6.10).
    fn sequence_fault(&mut self, header: &FrameHeader) -> Option<Problem> {
        let is_continuation = header.frame_type == FrameType::CONTINUATION;
        let (at, text) = match &self.open {
            None if is_continuation => (3, "CONTINUATION without a header block before it".to_owned()),
            Some(open) if !is_continuation => {
                let text = format!("{} interrupts the header block on stream {}", header.frame_type, open.stream);
                self.open = None;
                self.blocks.lose();
                (3, text)
            }
            Some(open) if header.stream_id != open.stream => {
                (5, format!("CONTINUATION on another stream than its header block, which is on {}", open.stream))
            }
            _ => return None,
        };
        Some(Problem { offset: self.offset + at, text })
    }

    /// Notes where the part of a field block in a frame begins.
    fn follow_block(&mut self, raw: &RawFrame) {
        let header = &raw.header;
        let (prefix, length) = match header.frame_type {
            FrameType::HEADERS => match Headers::parse(raw) {
                Ok(headers) => (if headers.priority.is_some() { 5 } else { 0 }, headers.fragment.len()),
                Err(_) => return,
            },
            FrameType::PUSH_PROMISE => match PushPromise::parse(raw) {
                Ok(promise) => (4, promise.fragment.len()),
                Err(_) => return,
            },
            FrameType::CONTINUATION => (0, raw.payload.len()),
            _ => return,
        };
        let is_padded = header.frame_type != FrameType::CONTINUATION && header.has(flag::PADDED);
        let begin = self.offset + HEADER_LENGTH + prefix + usize::from(is_padded);
        if header.frame_type != FrameType::CONTINUATION {
            self.open = None;
        }
        let stream = header.stream_id;
        let open = self.open.get_or_insert_with(|| OpenBlock { stream, parts: Vec::new(), length: 0 });
        open.parts.push((open.length, begin));
        open.length += length;
    }
}

impl OpenBlock {
    /// Where a byte of the block is in the input.
    fn input_offset(&self, offset: usize) -> usize {
        let part = self.parts.iter().rev().find(|(begin, _)| *begin <= offset);
        part.map_or(0, |(begin, input)| input + offset - begin)
    }
}

/// What is wrong with a header by itself, and at which of its bytes.
fn header_fault(header: &FrameHeader) -> Option<(usize, String)> {
    let FrameHeader { length, frame_type, stream_id, .. } = *header;
    let on_connection =
        matches!(frame_type, FrameType::SETTINGS | FrameType::PING | FrameType::GOAWAY | FrameType::PRIORITY_UPDATE);
    let on_stream = matches!(
        frame_type,
        FrameType::DATA
            | FrameType::HEADERS
            | FrameType::PRIORITY
            | FrameType::RST_STREAM
            | FrameType::PUSH_PROMISE
            | FrameType::CONTINUATION
    );
    let is_length = match frame_type {
        FrameType::PRIORITY => length == 5,
        FrameType::RST_STREAM | FrameType::WINDOW_UPDATE => length == 4,
        FrameType::SETTINGS => length.is_multiple_of(6),
        FrameType::PING => length == 8,
        FrameType::GOAWAY => length >= 8,
        known if known.name().is_some() => true,
        _ => length <= MAX_UNKNOWN,
    };
    if !is_length {
        return Some((0, format!("{frame_type} cannot have {length} bytes")));
    }
    if on_connection && stream_id != 0 {
        return Some((5, format!("{frame_type} on stream {stream_id}: it belongs to the connection")));
    }
    (on_stream && stream_id == 0).then(|| (5, format!("{frame_type} on stream 0: it belongs to a stream")))
}
