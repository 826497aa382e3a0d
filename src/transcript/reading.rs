//! Entries become records.

use super::blocks::Blocks;
use super::fields::FieldSection;
use super::frame::Frame;
use super::octets::{Meaning, Octets};
use super::record::{Breach, Cause, Notice, Place, Record, RecordKind, Side};
use super::ring::{Entry, Kind, Origin, Ring};
use crate::wire::frame::{FrameHeader, HEADER_LENGTH, RawFrame};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Says which call a number stands for; the same on every thread.
pub type Places = fn(u32) -> Option<Place>;

/// A record that is not made of bytes on the wire, as it lies in the ring.
#[derive(Serialize, Deserialize)]
pub(super) struct Note {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    #[serde(flatten)]
    pub kind: RecordKind,
}

/// The dynamic tables of both directions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    received: Blocks,
    sent: Blocks,
}

impl Tables {
    /// The table that what came from there fills.
    pub fn of(&mut self, origin: Origin) -> &mut Blocks {
        match origin {
            Origin::Peer => &mut self.received,
            Origin::Own(_) | Origin::Broken(_) => &mut self.sent,
        }
    }

    /// Passes over an entry that is not shown: what it did to a dynamic table outlives it.
    pub fn pass(&mut self, entry: Entry, [front, back]: [&[u8]; 2]) {
        let (Kind::Frame(origin) | Kind::FrameBegins(origin)) = entry.kind else { return };
        let octets = || front.iter().chain(back).copied();
        // Nearly always it lies in one piece.
        let header = match front.first_chunk() {
            Some(start) => FrameHeader::parse(start),
            None => {
                let mut start = [0; HEADER_LENGTH];
                if octets().zip(&mut start).map(|(octet, slot)| *slot = octet).count() < HEADER_LENGTH {
                    return;
                }
                FrameHeader::parse(&start)
            }
        };
        if !Blocks::concern(header.frame_type) {
            return;
        }
        let blocks = self.of(origin);
        // Nearly always, and without a copy.
        if back.is_empty() && blocks.is_idle(header, front) {
            return;
        }
        if entry.kept < entry.length || matches!(entry.kind, Kind::FrameBegins(_)) {
            return blocks.lose();
        }
        let payload: Bytes = octets().skip(HEADER_LENGTH).collect();
        blocks.pass(&RawFrame { header, payload });
    }

    /// Allows as many bytes of fields as at the beginning.
    pub fn refill(&mut self) {
        self.received.refill();
        self.sent.refill();
    }

    /// Reads the field block that ends with a frame, of which `octets` were kept.
    pub fn take(
        &mut self,
        origin: Origin,
        header: FrameHeader,
        octets: &Bytes,
    ) -> Option<Result<FieldSection, String>> {
        if !Blocks::concern(header.frame_type) {
            return None;
        }
        let blocks = self.of(origin);
        if octets.len() < HEADER_LENGTH + header.length as usize {
            blocks.lose();
            return None;
        }
        let block = blocks.take(&RawFrame { header, payload: octets.slice(HEADER_LENGTH..) })?;
        Some(block.map(|block| FieldSection::from(&block)).map_err(|error| error.text))
    }
}

/// Records of a connection, oldest first.
#[derive(Clone, Debug)]
pub struct Records {
    pub(super) side: Side,
    pub(super) places: Places,
    pub(super) tables: Tables,
    pub(super) ring: Ring,
    /// Those of a file, and how many of them were given already; the ring is empty then.
    pub(super) saved: Option<(Arc<Vec<Record>>, usize)>,
}

impl Records {
    /// Records of a file, without the first `skipped`. What the tables held at their beginning is known if none is
    /// missing.
    pub(super) fn saved(side: Side, places: Places, saved: &Arc<Vec<Record>>, skipped: usize) -> Self {
        let mut tables = Tables::default();
        if saved.first().is_some_and(|first| first.seq != 1) {
            tables.received.lose();
            tables.sent.lose();
        }
        Self { side, places, tables, ring: Ring::default(), saved: Some((Arc::clone(saved), skipped)) }
    }

    /// Passes over the oldest record.
    pub(super) fn pass(&mut self) {
        if let Some((entry, parts)) = self.ring.oldest() {
            self.tables.pass(entry, parts);
            self.ring.drop_oldest();
        }
    }

    fn read(&mut self, seq: u64, entry: Entry, octets: Bytes) -> Record {
        let time = Duration::from_micros(entry.at);
        let script = if entry.site == 0 { None } else { (self.places)(entry.site) };
        let (origin, meaning) = match entry.kind {
            Kind::Note => return Record { script, ..note(seq, time, &octets) },
            Kind::Frame(origin) => (origin, None),
            Kind::Http1(origin) => (origin, Some(Meaning::Http1)),
            Kind::FrameBegins(origin) => (origin, Some(Meaning::FrameBegins)),
            Kind::Rest(origin) => (origin, Some(Meaning::Rest)),
        };
        let (from, cause, breaks) = match origin {
            Origin::Peer => (self.side.other(), None, None),
            Origin::Own(cause) => (self.side, Some(cause.into()), None),
            Origin::Broken(rule) => (self.side, Some(Cause::Raw), Some(Breach::of(rule))),
        };
        let kind = match meaning {
            None => self.frame(origin, entry, octets),
            Some(meaning) => self.octets(origin, entry, octets, meaning),
        };
        Record { seq, time, from: Some(from), cause, script, breaks, kind }
    }

    fn frame(&mut self, origin: Origin, entry: Entry, octets: Bytes) -> RecordKind {
        let Some(header) = octets.first_chunk().map(FrameHeader::parse) else {
            return self.octets(origin, entry, octets, Meaning::Rest);
        };
        let fields = self.tables.take(origin, header, &octets);
        match Frame::new(octets.clone(), fields) {
            Some(frame) => RecordKind::Frame(frame),
            None => self.octets(origin, entry, octets, Meaning::Rest),
        }
    }

    fn octets(&mut self, origin: Origin, entry: Entry, octets: Bytes, meaning: Meaning) -> RecordKind {
        let header = octets.first_chunk().map(FrameHeader::parse);
        let meaning = if header.is_none() && meaning == Meaning::FrameBegins { Meaning::Rest } else { meaning };
        // What its reader makes of the block is not known.
        if meaning == Meaning::FrameBegins && header.is_some_and(|header| Blocks::concern(header.frame_type)) {
            self.tables.of(origin).lose();
        }
        RecordKind::Octets(Octets { length: u64::from(entry.length), octets, meaning })
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if let Some((saved, given)) = &mut self.saved {
            let record = saved.get(*given)?;
            *given += 1;
            return Some(record.clone());
        }
        let (seq, entry, octets) = self.ring.pop()?;
        Some(self.read(seq, entry, octets.into()))
    }
}

fn note(seq: u64, time: Duration, json: &[u8]) -> Record {
    let Note { from, kind } = serde_json::from_slice(json).unwrap_or_else(|error| {
        // Notes are written by this program and kept whole.
        let text = format!("a note in the transcript cannot be read: {error}");
        Note { from: None, kind: RecordKind::Notice(Notice { stream: None, text }) }
    });
    Record { seq, time, from, cause: None, script: None, breaks: None, kind }
}
