//! The parts of a frame (RFC 9113 §4.1, §6), also of one that is cut or malformed.

use super::part::Part;
use crate::wire::frame::{ErrorCode, FrameHeader, FrameType, HEADER_LENGTH, SettingId, flag};
use std::ops::Range;

/// The name of the part that representations are put into.
pub(super) const FIELD_BLOCK: &str = "header block";

/// Bytes of content or debug data that a part's value shows.
const MAX_SHOWN: usize = 200;

/// Where the bytes of a field block are in a frame; `None` for frames without one.
pub(super) fn fragment(header: FrameHeader, octets: &[u8]) -> Option<Range<usize>> {
    if !super::super::blocks::Blocks::concern(header.frame_type) {
        return None;
    }
    let parts = parts(header, octets);
    Some(
        parts
            .iter()
            .find(|part| part.name == FIELD_BLOCK)
            .map_or(octets.len()..octets.len(), |part| part.from..part.to),
    )
}

/// The parts of a frame, or of its beginning. `octets` begin with the frame header.
pub(super) fn parts(header: FrameHeader, octets: &[u8]) -> Vec<Part> {
    let mut walk = Walk { octets, at: HEADER_LENGTH.min(octets.len()), end: octets.len(), parts: vec![head(header)] };
    let padding = walk.pad_length(header);
    walk.payload(header);
    walk.surplus(header.frame_type);
    walk.padding(padding);
    let announced = HEADER_LENGTH + header.length as usize;
    if octets.len() < announced
        && let Some(last) = walk.parts.last_mut()
    {
        last.note = format!("{} of {announced} bytes of the frame are here", octets.len());
    }
    walk.parts
}

fn head(header: FrameHeader) -> Part {
    let FrameHeader { length, frame_type, flags, reserved, stream_id } = header;
    let mut names: Vec<String> = flag::set_names(frame_type, flags).map(str::to_owned).collect();
    let other = flags & !flag::defined(frame_type);
    if other != 0 {
        names.push(format!("{other:#04x} (undefined)"));
    }
    let names = if names.is_empty() { "none".to_owned() } else { names.join("|") };
    let mut stream = Part::new("stream", stream_id.to_string(), 5, 9);
    if reserved {
        stream.parts.push(Part::new("reserved bit", "1", 5, 6));
    }
    let mut head = Part::new("frame header", "", 0, HEADER_LENGTH);
    head.parts = vec![
        Part::new("length", length.to_string(), 0, 3),
        Part::new("type", frame_type.to_string(), 3, 4).with_note(format!("{:#04x}", frame_type.0)),
        Part::new("flags", names, 4, 5).with_note(format!("{flags:#04x}")),
        stream,
    ];
    head
}

/// A walk through a payload.
struct Walk<'a> {
    octets: &'a [u8],
    at: usize,
    /// Where the payload ends, without padding.
    end: usize,
    parts: Vec<Part>,
}

impl Walk<'_> {
    /// The pad length; gives where the padding is.
    fn pad_length(&mut self, header: FrameHeader) -> Option<Range<usize>> {
        let types = [FrameType::DATA, FrameType::HEADERS, FrameType::PUSH_PROMISE];
        if !header.has(flag::PADDED) || !types.contains(&header.frame_type) {
            return None;
        }
        let length = usize::try_from(self.number("pad length", 1, |length| length.to_string())?).ok()?;
        let end = HEADER_LENGTH + header.length as usize;
        let start = end.checked_sub(length).filter(|start| *start >= self.at);
        let Some(start) = start else {
            if let Some(part) = self.parts.last_mut() {
                part.note = "longer than the rest of the payload (RFC 9113 §6.1)".to_owned();
            }
            return None;
        };
        let range = start.min(self.octets.len())..end.min(self.octets.len());
        self.end = range.start;
        Some(range)
    }

    fn payload(&mut self, header: FrameHeader) {
        match header.frame_type {
            FrameType::DATA => self.rest("content"),
            FrameType::HEADERS => {
                if header.has(flag::PRIORITY) {
                    self.priority();
                }
                self.block();
            }
            FrameType::CONTINUATION => self.block(),
            FrameType::PUSH_PROMISE => {
                self.stream("promised stream");
                self.block();
            }
            FrameType::PRIORITY => self.priority(),
            FrameType::RST_STREAM => self.code(),
            FrameType::SETTINGS => while self.setting() {},
            FrameType::PING => {
                self.number("opaque data", 8, |data| format!("{data:016x}"));
            }
            FrameType::GOAWAY => {
                self.stream("last stream");
                self.code();
                self.rest("debug data");
            }
            FrameType::WINDOW_UPDATE => {
                self.number("increment", 4, |word| (word & 0x7fff_ffff).to_string());
            }
            FrameType::ALTSVC => {
                self.counted("origin");
                self.rest("value");
            }
            FrameType::ORIGIN => while self.counted("origin") {},
            FrameType::PRIORITY_UPDATE => {
                self.stream("prioritized stream");
                self.rest("value");
            }
            _ => self.rest("payload"),
        }
    }

    /// A number of `size` bytes, if they are there.
    fn number(&mut self, name: &str, size: usize, say: impl Fn(u64) -> String) -> Option<u64> {
        let to = self.at.checked_add(size).filter(|to| *to <= self.end)?;
        let number = self.octets.get(self.at..to)?.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
        self.parts.push(Part::new(name, say(number), self.at, to));
        self.at = to;
        Some(number)
    }

    fn stream(&mut self, name: &str) {
        self.number(name, 4, |word| (word & 0x7fff_ffff).to_string());
    }

    fn code(&mut self) {
        let name = |code: u64| u32::try_from(code).map(|code| ErrorCode(code).to_string()).unwrap_or_default();
        if let Some(code) = self.number("error code", 4, name)
            && let Some(part) = self.parts.last_mut()
        {
            part.note = format!("{code:#x}");
            part.main = true;
        }
    }

    fn priority(&mut self) {
        let dependency = |word: u64| {
            let exclusive = if word >> 31 == 1 { ", exclusive" } else { "" };
            format!("{}{exclusive}", word & 0x7fff_ffff)
        };
        self.number("depends on stream", 4, dependency);
        self.number("weight", 1, |weight| (weight + 1).to_string());
    }

    /// A setting with its two parts; false at the end.
    fn setting(&mut self) -> bool {
        let from = self.at;
        if from + 6 > self.end {
            return false;
        }
        let known = self.parts.len();
        let name = |id: u64| u16::try_from(id).map(|id| SettingId(id).to_string()).unwrap_or_default();
        self.number("identifier", 2, name);
        self.number("value", 4, |value| value.to_string());
        let parts = self.parts.split_off(known);
        let says = |index: usize| parts.get(index).map(|part| part.value.clone()).unwrap_or_default();
        let whole = Part::new(&says(0), says(1), from, self.at);
        self.parts.push(Part { main: true, parts, ..whole });
        true
    }

    /// A text behind its length of two bytes; false at the end.
    fn counted(&mut self, name: &str) -> bool {
        let Some(length) = self.number(&format!("{name} length"), 2, |length| length.to_string()) else { return false };
        let to = usize::try_from(length).map_or(self.end, |length| self.at.saturating_add(length)).min(self.end);
        let text = self.octets.get(self.at..to).unwrap_or_default();
        self.parts.push(Part::new(name, text.escape_ascii().to_string(), self.at, to));
        self.at = to;
        true
    }

    fn block(&mut self) {
        let at = self.at;
        self.parts.push(Part::new(FIELD_BLOCK, format!("{} bytes", self.end.saturating_sub(at)), at, self.end.max(at)));
        self.at = self.end.max(at);
    }

    fn rest(&mut self, name: &str) {
        let text = self.octets.get(self.at..self.end).unwrap_or_default();
        if !text.is_empty() {
            self.parts.push(Part::new(name, shown(text), self.at, self.end));
            self.at = self.end;
        }
    }

    /// What the type has no place for, or what is less than a whole part.
    fn surplus(&mut self, frame_type: FrameType) {
        let from = self.at;
        self.rest("bytes");
        if self.at > from
            && let Some(part) = self.parts.last_mut()
        {
            part.note = format!("do not fit into {frame_type}");
        }
    }

    fn padding(&mut self, range: Option<Range<usize>>) {
        let Some(range) = range.filter(|range| !range.is_empty()) else { return };
        let octets = self.octets.get(range.clone()).unwrap_or_default();
        let part = Part::new("padding", format!("{} bytes", octets.len()), range.start, range.end);
        let is_zero = octets.iter().all(|octet| *octet == 0);
        self.parts.push(if is_zero { part } else { part.with_note("not all zero (RFC 9113 §6.1)") });
    }
}

/// The first bytes, escaped.
fn shown(octets: &[u8]) -> String {
    let shown = octets.get(..MAX_SHOWN).unwrap_or(octets);
    format!("{}{}", shown.escape_ascii(), if shown.len() < octets.len() { "…" } else { "" })
}
