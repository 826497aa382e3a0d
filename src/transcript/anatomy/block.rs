//! The parts of a field block (RFC 7541 §6), which may lie in several frames.

use super::part::Part;
use crate::transcript::fields::{FieldLine, FieldSection};
use crate::wire::hpack::{boundaries, integer, static_entry};

/// A frame's part of a field block.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    /// The number of the frame's record.
    pub seq: u64,
    /// Where it begins in the frame.
    pub offset: usize,
    /// Where it begins in the block.
    pub start: usize,
    /// Where it ends in the block.
    pub end: usize,
}

/// The representations of a block, counted from its beginning, and what cannot be read. `section` has what they stand
/// for, if that is known.
pub(super) fn parts(block: &[u8], section: Option<&FieldSection>) -> Vec<Part> {
    let boundaries = boundaries(block);
    let mut lines = section.map(|section| section.lines.iter()).into_iter().flatten();
    let mut parts: Vec<Part> = Vec::new();
    for (from, to) in boundaries.iter().copied().zip(boundaries.iter().copied().skip(1)) {
        let octets = block.get(from..to).unwrap_or_default();
        parts.push(representation(octets, from, lines.next()));
    }
    let end = boundaries.last().copied().unwrap_or_default();
    if end < block.len() {
        let rest = Part::new("rest", format!("{} bytes", block.len() - end), end, block.len());
        parts.push(rest.with_note("cannot be read as a header (RFC 7541 §6)"));
    }
    parts
}

/// The parts as they lie in one of the frames, counted from its beginning. Those in other frames are left out.
pub(super) fn placed(parts: Vec<Part>, here: &Fragment, all: &[Fragment]) -> Vec<Part> {
    let place = |mut part: Part| {
        let (from, to) = (part.from.max(here.start), part.to.min(here.end));
        let is_here = from < to || part.from == part.to && (here.start..here.end).contains(&part.from);
        if !is_here {
            return None;
        }
        let other = |at: usize| all.iter().find(|one| one.start <= at && at < one.end).map(|one| one.seq);
        let mut notes = vec![std::mem::take(&mut part.note)];
        if part.from < here.start {
            notes.extend(other(part.from).map(|seq| format!("begins in #{seq}")));
        }
        if part.to > here.end {
            notes.extend(other(part.to - 1).map(|seq| format!("ends in #{seq}")));
        }
        notes.retain(|note| !note.is_empty());
        part.note = notes.join(", ");
        part.parts = placed(part.parts, here, all);
        let shift = |at: usize| at - here.start + here.offset;
        (part.from, part.to) = (shift(from), shift(to));
        Some(part)
    };
    parts.into_iter().filter_map(place).collect()
}

/// One representation, all of whose bytes are there.
fn representation(octets: &[u8], from: usize, line: Option<&FieldLine>) -> Part {
    let first = octets.first().copied().unwrap_or_default();
    let to = from + octets.len();
    let (what, prefix_bits) = match first {
        0x80.. => ("indexed", 7),
        0x40..0x80 => ("incremental", 6),
        0x20..0x40 => ("size update", 5),
        0x10..0x20 => ("never-indexed", 4),
        0x00..0x10 => ("without-indexing", 4),
    };
    let (index, used) = integer::decode(prefix_bits, octets).unwrap_or_default();
    if what == "size update" {
        return Part { main: true, ..Part::new("dynamic table size update", index.to_string(), from, to) };
    }
    let known = static_entry(index);
    let (name, value) = match line {
        Some(FieldLine::Field { name, value, .. }) => {
            (name.escape_ascii().to_string(), value.escape_ascii().to_string())
        }
        _ => {
            let (name, value) = known.unwrap_or(("?", "?"));
            (name.to_owned(), if what == "indexed" { value.to_owned() } else { "?".to_owned() })
        }
    };
    let table = if known.is_some() { "static table" } else { "dynamic table" };
    let mut parts = vec![match (what, index) {
        (_, 0) => Part::new("representation", what, from, from + used),
        ("indexed", _) => Part::new("index", index.to_string(), from, from + used).with_note(table),
        _ => Part::new("name index", index.to_string(), from, from + used).with_note(table),
    }];
    let mut note = match (what, index) {
        ("indexed", _) => format!("indexed {index}"),
        (_, 0) => what.to_owned(),
        _ => format!("{what}, name index {index}"),
    };
    if what != "indexed" {
        let mut at = used;
        if index == 0 {
            at = string(octets, at, from, ("name", &name), &mut parts);
        }
        string(octets, at, from, ("value", &value), &mut parts);
        if parts.iter().any(|part| part.note == HUFFMAN) {
            note.push_str(", Huffman");
        }
    }
    Part { main: true, parts, ..Part::new(&name, value, from, to).with_note(note) }
}

const HUFFMAN: &str = "Huffman code";

/// A string literal (RFC 7541 §5.2) at `at`; gives where it ends.
fn string(octets: &[u8], at: usize, from: usize, (name, value): (&str, &str), parts: &mut Vec<Part>) -> usize {
    let rest = octets.get(at..).unwrap_or_default();
    let Ok((length, used)) = integer::decode(7, rest) else { return octets.len() };
    let start = at + used;
    let end = usize::try_from(length).map_or(octets.len(), |length| start.saturating_add(length)).min(octets.len());
    parts.push(Part::new(&format!("{name} length"), length.to_string(), from + at, from + start));
    let is_huffman = rest.first().is_some_and(|first| first & 0x80 != 0);
    let part = Part::new(name, value, from + start, from + end);
    parts.push(if is_huffman { part.with_note(HUFFMAN) } else { part });
    end
}
