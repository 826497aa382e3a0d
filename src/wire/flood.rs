//! Many frames of one kind, each by itself harmless: what the attacks are made of that RFC 9113 §10.5 is about.
//!
//! A flood is made frame by frame as it is asked for, so that it needs no memory, however long it is. What stands in its
//! frames follows from a seed: the same flood has the same octets, on every machine and in every build.

use super::frame::{
    Frame, FrameType, HEADER_LENGTH, Payload, Priority, PushPromise, RstStream, Settings, WindowUpdate, flag,
};
use super::fuzz::Random;
use super::hpack::{BlockBuilder, Name};
use bytes::Bytes;

/// What a flood is made of.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A field section with status 200 in HEADERS and many CONTINUATIONs, of a field with a value of `size` octets each
    /// (CVE-2024-27316).
    Continuation {
        /// Whether the last one ends the block.
        ends: bool,
    },
    /// SETTINGS with `size` entries of identifiers from 0xf000 on, which nobody knows (CVE-2019-9515).
    Settings,
    /// PING (CVE-2019-9512).
    Ping,
    /// DATA with `size` octets of content and without END_STREAM (CVE-2019-9518).
    Data,
    /// Interim responses, 103, with a field of `size` octets (RFC 9110 §15.2).
    Informational,
    /// PUSH_PROMISE on new streams, for paths of `size` octets and a few (RFC 9113 §8.4).
    PushPromise {
        /// The first promised stream; each further one is two higher.
        first: u32,
        /// The scheme of the promised requests.
        scheme: Bytes,
        /// Their authority.
        authority: Bytes,
    },
    /// RST_STREAM with CANCEL, again and again for one stream.
    RstStream,
    /// WINDOW_UPDATE by one octet.
    WindowUpdate,
    /// PRIORITY with any weight, depending on no stream (CVE-2019-9513).
    Priority,
    /// Frames of the types 0xf0 to 0xff with `size` octets.
    Unknown,
    /// A field section with status 200, small on the wire and large decoded: a field with a value of `size` octets
    /// enters the dynamic table, `count` indexed fields refer to it (CVE-2016-1544).
    HpackBomb {
        /// Octets of a frame's payload.
        frame_size: usize,
    },
}

/// The frames of a flood, one after the other.
#[derive(Clone, Debug)]
pub struct Flood {
    kind: Kind,
    stream_id: u32,
    count: u32,
    size: usize,
    /// The beginning of the first field block.
    head: Bytes,
    random: Random,
    /// Frames made so far.
    made: u32,
}

/// The name of what enters the table.
const BOMB: &[u8] = b"x-bomb";

/// Octets of a bomb's field that are not its value, as the dynamic table counts (RFC 7541 §4.1).
pub const BOMB_OVERHEAD: usize = BOMB.len() + super::hpack::ENTRY_OVERHEAD;

/// The first index of the dynamic table (RFC 7541 §2.3.3), as an indexed field.
const NEWEST: u8 = 0x80 | 62;

impl Flood {
    /// A flood of `count` frames (of a bomb: of references) on a stream, 0 for the connection. `head` begins the first
    /// field block: size updates that are due, and where the flood is itself the response, its status.
    pub fn new(kind: Kind, stream_id: u32, count: u32, size: usize, seed: u64, head: Bytes) -> Self {
        let mut flood = Self { kind, stream_id, count, size, head, random: Random::new(seed), made: 0 };
        if let Kind::HpackBomb { frame_size } = &mut flood.kind {
            *frame_size = (*frame_size).max(1);
            let mut block = BlockBuilder::new();
            block.raw(&flood.head).incremental(Name::Literal(BOMB), &flood.random.letters(size));
            flood.head = block.finish();
        }
        flood
    }

    /// The stream that it is on, 0 for the connection.
    pub const fn stream_id(&self) -> u32 {
        self.stream_id
    }

    /// All frames that it has.
    pub fn frames(&self) -> u32 {
        match &self.kind {
            Kind::Continuation { .. } => self.count.saturating_add(1),
            Kind::HpackBomb { frame_size } => {
                u32::try_from(self.bomb_length().div_ceil(*frame_size)).unwrap_or(u32::MAX)
            }
            _ => self.count,
        }
    }

    /// Octets of all its frames, on the wire; a few more for some.
    pub fn octets(&self) -> u64 {
        if let Kind::HpackBomb { .. } = self.kind {
            return self.bomb_length() as u64 + u64::from(self.frames()) * HEADER_LENGTH as u64;
        }
        let mut fresh = Self { random: Random::new(0), made: 0, ..self.clone() };
        // The first may differ from the rest, which are alike but for the digits of a number.
        let largest = fresh.by_ref().take(2).map(|frame| HEADER_LENGTH + frame.true_length()).max().unwrap_or(0);
        largest as u64 * u64::from(self.frames())
    }

    /// Octets of a bomb's whole block.
    fn bomb_length(&self) -> usize {
        self.head.len() + self.count as usize
    }

    fn make(&mut self, number: u32) -> Frame {
        let (stream, size) = (self.stream_id, self.size);
        match &self.kind {
            Kind::Continuation { ends } => {
                let ends = *ends && number == self.count;
                self.fragment(number, ends)
            }
            Kind::Settings => {
                let entries = (0..size).map(|_| self.random.word());
                let entries = entries.map(|word| (0xf000 | (word >> 52) as u16, word as u32)).collect();
                raw(&Payload::Settings(Settings { entries }), 0, stream)
            }
            Kind::Ping => Frame::new(FrameType::PING, 0, stream, self.random.octets(8)),
            Kind::Data => Frame::new(FrameType::DATA, 0, stream, self.random.letters(size)),
            Kind::Informational => {
                let mut block = self.first_block(number);
                block.without_indexing(Name::Index(8), b"103");
                block.without_indexing(Name::Literal(b"x-flood"), &self.random.letters(size));
                Frame::new(FrameType::HEADERS, flag::END_HEADERS, stream, block.finish())
            }
            Kind::PushPromise { first, scheme, authority } => {
                let promised_stream_id = first.saturating_add(number.saturating_mul(2)) & 0x7fff_ffff;
                let mut block = self.first_block(number);
                // :method GET, :scheme, :authority, :path (RFC 7541 appendix A).
                block.indexed(2).without_indexing(Name::Index(6), scheme);
                block.without_indexing(Name::Index(1), authority);
                let path = [format!("/flood/{number}/").as_bytes(), &self.random.letters(size)].concat();
                block.without_indexing(Name::Index(4), &path);
                let promise = PushPromise { promised_stream_id, fragment: block.finish(), ..PushPromise::default() };
                raw(&Payload::PushPromise(promise), flag::END_HEADERS, stream)
            }
            Kind::RstStream => raw(&Payload::RstStream(RstStream { code: super::frame::ErrorCode::CANCEL }), 0, stream),
            Kind::WindowUpdate => {
                raw(&Payload::WindowUpdate(WindowUpdate { increment: 1, ..WindowUpdate::default() }), 0, stream)
            }
            Kind::Priority => {
                let priority = Priority { exclusive: false, dependency: 0, weight: self.random.below(256) as u8 };
                raw(&Payload::Priority(priority), 0, stream)
            }
            Kind::Unknown => {
                let frame_type = FrameType(0xf0 | self.random.below(16) as u8);
                Frame::new(frame_type, 0, stream, self.random.octets(size))
            }
            Kind::HpackBomb { frame_size } => self.bomb(number, *frame_size),
        }
    }

    /// A block that begins with what is due, if it is the first.
    fn first_block(&self, number: u32) -> BlockBuilder {
        let mut block = BlockBuilder::new();
        if number == 0 {
            block.raw(&self.head);
        }
        block
    }

    fn fragment(&mut self, number: u32, ends: bool) -> Frame {
        let flags = if ends { flag::END_HEADERS } else { 0 };
        if number == 0 {
            return Frame::new(FrameType::HEADERS, flags, self.stream_id, self.head.clone());
        }
        let mut block = BlockBuilder::new();
        block.without_indexing(Name::Literal(b"x-flood"), &self.random.letters(self.size));
        Frame::new(FrameType::CONTINUATION, flags, self.stream_id, block.finish())
    }

    fn bomb(&self, number: u32, frame_size: usize) -> Frame {
        let start = self.head.len();
        let from = (number as usize).saturating_mul(frame_size);
        let end = self.bomb_length().min(from.saturating_add(frame_size));
        let mut fragment = self.head.slice(from.min(start)..end.min(start)).to_vec();
        fragment.resize(end.saturating_sub(from), NEWEST);
        let frame_type = if number == 0 { FrameType::HEADERS } else { FrameType::CONTINUATION };
        let flags = if end == self.bomb_length() { flag::END_HEADERS } else { 0 };
        Frame::new(frame_type, flags, self.stream_id, fragment)
    }
}

impl Iterator for Flood {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if self.made >= self.frames() {
            return None;
        }
        let frame = self.make(self.made);
        self.made += 1;
        Some(frame)
    }
}

fn raw(payload: &Payload, flags: u8, stream_id: u32) -> Frame {
    payload.to_raw(flags, stream_id).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::hpack::{DEFAULT_TABLE_SIZE, Decoder};
    use bytes::BytesMut;

    fn kinds() -> [Kind; 12] {
        [
            Kind::Continuation { ends: true },
            Kind::Continuation { ends: false },
            Kind::Settings,
            Kind::Ping,
            Kind::Data,
            Kind::Informational,
            Kind::PushPromise { first: 2, scheme: "https".into(), authority: "localhost".into() },
            Kind::RstStream,
            Kind::WindowUpdate,
            Kind::Priority,
            Kind::Unknown,
            Kind::HpackBomb { frame_size: 100 },
        ]
    }

    fn flood(kind: Kind, count: u32, size: usize, seed: u64) -> Flood {
        Flood::new(kind, 1, count, size, seed, Bytes::from_static(&[0x88]))
    }

    fn octets(flood: Flood) -> Bytes {
        let mut all = BytesMut::new();
        flood.for_each(|frame| frame.to_raw().write(&mut all));
        all.freeze()
    }

    #[test]
    fn a_flood_has_the_frames_and_octets_that_it_says_and_they_follow_from_its_seed() {
        for kind in kinds() {
            for (count, size) in [(0, 0), (1, 0), (9, 16), (1_000, 5)] {
                let flood = |seed| flood(kind.clone(), count, size, seed);
                let said = flood(1).octets();
                assert_eq!(flood(1).count(), flood(1).frames() as usize, "{kind:?}");
                let all = octets(flood(1));
                assert!(all.len() as u64 <= said + 5 * u64::from(count), "{kind:?}: {} for {said}", all.len());
                assert!(all.len() as u64 * 2 + 40 >= said, "{kind:?}: {} for {said}", all.len());
                assert_eq!(all, octets(flood(1)));
            }
        }
    }

    /// Whoever has noted a seed gets the same octets from every later version. If this fails, mend the code, not the
    /// test.
    #[test]
    fn the_same_flood_has_the_same_octets_for_ever() {
        let mut all = ring::digest::Context::new(&ring::digest::SHA256);
        for kind in kinds() {
            all.update(&octets(flood(kind, 50, 24, 7)));
        }
        let hex: String = all.finish().as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, "26b999c317750b646c989d78bb88e8e92d3b7878ed7831e506e113d886577c20");
        let ping = flood(Kind::Ping, 1, 0, 7).next().expect("a frame");
        assert_eq!(ping.payload[..], Random::new(7).word().to_le_bytes());
    }

    #[test]
    fn field_blocks_of_floods_can_be_read() {
        for (kind, fields) in [
            (Kind::Continuation { ends: true }, 41),
            (Kind::Informational, 3),
            (Kind::PushPromise { first: 2, scheme: "https".into(), authority: "localhost".into() }, 5),
            (Kind::HpackBomb { frame_size: 100 }, 42),
        ] {
            let mut frames = flood(kind.clone(), 40, 30, 3);
            let mut block = BytesMut::new();
            loop {
                let frame = frames.next().expect("the block ends");
                let fixed = if frame.frame_type == FrameType::PUSH_PROMISE { 4 } else { 0 };
                block.extend_from_slice(&frame.payload[fixed..]);
                if frame.has(flag::END_HEADERS) {
                    break;
                }
            }
            let block = Decoder::new(DEFAULT_TABLE_SIZE).decode(block.freeze(), 1 << 20).expect("a lawful block");
            assert_eq!(block.fields().count(), fields, "{kind:?}");
        }
    }

    #[test]
    fn only_the_last_frame_of_a_block_ends_it_and_only_if_it_shall() {
        for (kind, ends) in [
            (Kind::Continuation { ends: true }, 1),
            (Kind::Continuation { ends: false }, 0),
            (Kind::HpackBomb { frame_size: 10 }, 1),
        ] {
            let frames: Vec<Frame> = flood(kind, 99, 3, 0).collect();
            assert_eq!(frames.iter().filter(|frame| frame.has(flag::END_HEADERS)).count(), ends);
            assert_eq!(usize::from(frames.last().expect("frames").has(flag::END_HEADERS)), ends);
            assert!(frames[1..].iter().all(|frame| frame.frame_type == FrameType::CONTINUATION));
        }
    }
}
