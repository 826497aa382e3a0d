//! Field blocks of one direction, read in the order of the wire.

use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, Payload, RawFrame, flag};
use crate::wire::hpack::{Block, DEFAULT_TABLE_SIZE, Decoder};
use bytes::BytesMut;

/// A dynamic table may grow to this many octets: whether it might is the engine's affair.
const MAX_TABLE: usize = 1 << 20;
/// Octets of a field block that are put together.
const MAX_BLOCK: usize = 4 << 20;
/// Octets of fields that are read of one block: a few octets can name a large entry many times.
const MAX_FIELDS: usize = 256 << 10;
/// The same of all blocks together.
const MAX_ALL_FIELDS: usize = 4 << 20;

/// Follows the dynamic table of one direction.
#[derive(Clone, Debug)]
pub struct Blocks {
    decoder: Decoder,
    /// The block that has not ended yet.
    open: Option<BytesMut>,
    /// Octets of fields that may still be read.
    room: usize,
}

/// Why a field block cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockError {
    /// For people.
    pub text: String,
    /// The byte of the block at which reading ends; `None` if it is not about one.
    pub offset: Option<usize>,
}

impl From<String> for BlockError {
    fn from(text: String) -> Self {
        Self { text, offset: None }
    }
}

impl Default for Blocks {
    fn default() -> Self {
        let mut decoder = Decoder::new(DEFAULT_TABLE_SIZE);
        decoder.set_max_table_size(MAX_TABLE);
        Self { decoder, open: None, room: MAX_ALL_FIELDS }
    }
}

impl Blocks {
    /// Whether frames of this type carry field blocks.
    pub fn concern(frame_type: FrameType) -> bool {
        matches!(frame_type, FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION)
    }

    /// Takes a frame; gives the block that ends with it, of its fields as many as there is room for, or why it cannot be
    /// read.
    pub fn take(&mut self, frame: &RawFrame) -> Option<Result<Block, BlockError>> {
        self.block(frame)?
            .and_then(|block| {
                let read = self.decoder.decode(block.freeze(), self.room.min(MAX_FIELDS));
                match &read {
                    Ok(block) => self.room = self.room.saturating_sub(block.list_size.min(MAX_FIELDS)),
                    Err(_) => self.lose(),
                }
                read.map_err(|error| BlockError { text: error.to_string(), offset: Some(error.offset) })
            })
            .into()
    }

    /// Whether a frame, its octets in one piece, does nothing to the table and ends no block that might.
    pub fn is_idle(&self, header: FrameHeader, octets: &[u8]) -> bool {
        let plain = header.frame_type == FrameType::HEADERS
            && header.has(flag::END_HEADERS)
            && !header.has(flag::PADDED)
            && !header.has(flag::PRIORITY);
        let whole = HEADER_LENGTH + header.length as usize == octets.len();
        let block = octets.get(HEADER_LENGTH..).unwrap_or_default();
        plain && whole && self.open.is_none() && !Decoder::is_changed_by(block)
    }

    /// Allows as many octets of fields as at the beginning.
    pub fn refill(&mut self) {
        self.room = MAX_ALL_FIELDS;
    }

    /// Takes a frame that is not shown.
    pub fn pass(&mut self, frame: &RawFrame) {
        let Some(Ok(block)) = self.block(frame) else { return };
        if Decoder::is_changed_by(&block) && self.decoder.decode(block.freeze(), 0).is_err() {
            self.lose();
        }
    }

    /// What the table holds is not known any more: what names an entry of it cannot be read from here on.
    pub fn lose(&mut self) {
        self.decoder = Decoder::new(0);
        self.open = None;
    }

    /// The dynamic table; `None` where it is not known what it holds.
    pub fn table(&self) -> Option<&Decoder> {
        Some(&self.decoder).filter(|decoder| decoder.max_table_size() > 0)
    }

    /// The whole block that ends with this frame.
    fn block(&mut self, frame: &RawFrame) -> Option<Result<BytesMut, BlockError>> {
        let fragment = match Payload::parse(frame) {
            Ok(Payload::Headers(headers)) => headers.fragment,
            Ok(Payload::PushPromise(promise)) => promise.fragment,
            Ok(Payload::Continuation(continuation)) => continuation.fragment,
            Ok(_) => return None,
            Err(error) => {
                // The peer may have read its block: what the table holds is not known any longer.
                self.lose();
                return Some(Err(error.to_string().into()));
            }
        };
        let mut block = match frame.header.frame_type {
            FrameType::CONTINUATION => self.open.take().unwrap_or_default(),
            _ => BytesMut::new(),
        };
        block.extend_from_slice(&fragment);
        if block.len() > MAX_BLOCK {
            self.lose();
            return Some(Err(format!("the header block is longer than {MAX_BLOCK} bytes").into()));
        }
        if frame.header.has(flag::END_HEADERS) {
            return Some(Ok(block));
        }
        self.open = Some(block);
        None
    }
}
