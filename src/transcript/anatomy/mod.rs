//! What each byte of a record means: named parts, down to the bits of a header field's representation.

mod block;
mod lines;
mod part;
mod payload;

pub use part::Part;

use super::fields::{FieldLine, FieldSection};
use super::frame::Frame;
use super::octets::Meaning;
use super::reading::{Records, Tables};
use super::record::{Record, RecordKind, Side};
use super::ring::Origin;
use crate::http::latin1::latin1;
use crate::http::transport::Cause;
use crate::wire::frame::{FrameType, flag};
use crate::wire::hpack::{Decoder, STATIC_TABLE};
use block::Fragment;
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use std::collections::HashMap;

/// Entries of a dynamic table that are shown.
const MAX_ENTRIES: usize = 200;

/// A record and what its bytes mean.
#[derive(Clone, Debug, Serialize)]
pub struct Anatomy {
    /// It.
    pub record: Record,
    /// What its bytes mean, in the order of the wire.
    pub parts: Vec<Part>,
    /// The numbers of the records that its field block is cut into; empty without one.
    pub block: Vec<u64>,
    /// The fields of that block, wherever they are; empty without one.
    pub fields: Vec<FieldLine>,
    /// The dynamic table of its direction behind the field block that ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// The headers of the request on its stream, names and values with one character per byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Vec<(String, String)>>,
}

/// A dynamic table behind a field block (RFC 7541 §2.3.2).
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// Bytes by RFC 7541 §4.1.
    pub size: usize,
    /// Bytes that it may have.
    pub max_size: usize,
    /// How many entries there were before the block.
    pub before: usize,
    /// How many there are behind it.
    pub count: usize,
    /// Index, name and value, newest first; 200 at most.
    pub entries: Vec<(usize, String, String)>,
}

/// Finds a record, reading those before it for what its field block needs.
#[derive(Debug)]
pub struct Dissection {
    records: Records,
    wanted: u64,
    tables: Tables,
    /// The open blocks of both directions.
    blocks: HashMap<Side, OpenBlock>,
    requests: HashMap<u32, FieldSection>,
    found: Option<Anatomy>,
}

#[derive(Debug, Default)]
struct OpenBlock {
    fragments: Vec<Fragment>,
    octets: BytesMut,
}

impl Dissection {
    /// Of record number `wanted`.
    pub fn new(records: Records, wanted: u64) -> Self {
        let tables = records.tables.clone();
        let (blocks, requests) = (HashMap::new(), HashMap::new());
        Self { records, wanted, tables, blocks, requests, found: None }
    }

    /// Reads the next record; whether there is more to read.
    pub fn step(&mut self) -> bool {
        let Some(record) = self.records.next() else { return false };
        if let (Some(from), RecordKind::Frame(frame)) = (record.from, &record.kind) {
            self.frame(from, &record, frame);
        }
        let seq = record.seq;
        if seq == self.wanted && self.found.is_none() {
            self.found = Some(Anatomy::of(record));
        }
        let is_open = |from: Side| self.blocks.get(&from).is_some_and(|open| open.has(self.wanted));
        match &self.found {
            // Its field block may end later.
            Some(found) => found.record.from.is_some_and(is_open),
            None => seq < self.wanted,
        }
    }

    /// What was found.
    pub fn finish(self) -> Option<Anatomy> {
        let mut found = self.found?;
        if let Some(from) = found.record.from
            && let Some(open) = self.blocks.get(&from).filter(|open| open.has(self.wanted))
        {
            open.show(&mut found, None);
        }
        if let RecordKind::Frame(frame) = &found.record.kind
            && let Some(section) = self.requests.get(&frame.header().stream_id)
        {
            found.request = Some(pairs(section));
        }
        Some(found)
    }

    /// Follows field blocks and tables.
    fn frame(&mut self, from: Side, record: &Record, frame: &Frame) {
        let header = *frame.header();
        let is_wanted = record.seq == self.wanted;
        if is_wanted {
            self.found = Some(Anatomy::of(record.clone()));
        }
        let Some(fragment) = payload::fragment(header, frame.octets()) else { return };
        if header.frame_type != FrameType::CONTINUATION {
            self.blocks.remove(&from);
        }
        let open = self.blocks.entry(from).or_default();
        open.add(record.seq, fragment.start, frame.octets().get(fragment).unwrap_or_default());
        let origin = if from == self.records.side { Origin::Own(Cause::Checked) } else { Origin::Peer };
        let before = self.tables.of(origin).table().map_or(0, |decoder| decoder.table().count());
        // What it read is in the record already.
        let _ = self.tables.take(origin, header, frame.octets());
        if !header.has(flag::END_HEADERS) {
            return;
        }
        let Some(open) = self.blocks.remove(&from) else { return };
        let section = frame.fields().and_then(Result::ok);
        if let Some(section) = section.filter(|section| section.get(b":method").is_some()) {
            self.requests.entry(header.stream_id).or_insert_with(|| section.clone());
        }
        if let Some(found) = self.found.as_mut().filter(|_| open.has(self.wanted)) {
            open.show(found, section);
            if is_wanted && frame.is_whole() {
                found.table = self.tables.of(origin).table().map(|decoder| Table::of(decoder, before));
            }
        }
    }
}

impl OpenBlock {
    fn add(&mut self, seq: u64, offset: usize, octets: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(octets);
        self.fragments.push(Fragment { seq, offset, start, end: self.octets.len() });
    }

    fn has(&self, seq: u64) -> bool {
        self.fragments.iter().any(|fragment| fragment.seq == seq)
    }

    /// Puts the representations of the block into the record that was found.
    fn show(&self, found: &mut Anatomy, section: Option<&FieldSection>) {
        found.block = self.fragments.iter().map(|fragment| fragment.seq).collect();
        found.fields = section.map(|section| section.lines.clone()).unwrap_or_default();
        let representations = block::parts(&self.octets, section);
        let Some(place) = self.fragments.iter().find(|fragment| fragment.seq == found.record.seq) else { return };
        let placed = block::placed(representations, place, &self.fragments);
        if let Some(part) = found.parts.iter_mut().find(|part| part.name == payload::FIELD_BLOCK) {
            part.parts = placed;
        }
    }
}

impl Anatomy {
    fn of(record: Record) -> Self {
        let parts = match &record.kind {
            RecordKind::Frame(frame) => payload::parts(*frame.header(), frame.octets()),
            RecordKind::Octets(octets) => match octets.meaning {
                Meaning::Http1 => lines::parts(&octets.octets),
                Meaning::FrameBegins => {
                    octets.announced().map(|header| payload::parts(header, &octets.octets)).unwrap_or_default()
                }
                Meaning::Rest => Vec::new(),
            },
            _ => Vec::new(),
        };
        Self { record, parts, block: Vec::new(), fields: Vec::new(), table: None, request: None }
    }
}

impl Table {
    fn of(decoder: &Decoder, before: usize) -> Self {
        let entry = |(index, (name, value)): (usize, (&Bytes, &Bytes))| {
            // Indices of the dynamic table follow those of the static one (RFC 7541 §2.3.3).
            (index + STATIC_TABLE.len() + 1, latin1(name), latin1(value))
        };
        Self {
            size: decoder.table_size(),
            max_size: decoder.table_max_size(),
            before,
            count: decoder.table().count(),
            entries: decoder.table().enumerate().map(entry).take(MAX_ENTRIES).collect(),
        }
    }
}

fn pairs(section: &FieldSection) -> Vec<(String, String)> {
    let pair = |line: &FieldLine| match line {
        FieldLine::Field { name, value, .. } => Some((latin1(name), latin1(value))),
        FieldLine::SizeUpdate(_) => None,
    };
    section.lines.iter().filter_map(pair).collect()
}
