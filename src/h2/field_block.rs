//! A field block of the peer's that has not ended.

use super::rules::Rule;
use crate::wire::frame::RawFrame;
use bytes::{Bytes, BytesMut};

/// The frames of a field block so far.
#[derive(Debug)]
pub(super) struct PartialBlock {
    /// The frame that began it.
    frame: RawFrame,
    /// Its own fragment, as long as it is the only one.
    first: Bytes,
    /// All fragments, once there are more.
    fragments: BytesMut,
    num_continuations: u32,
    fate: Fate,
}

/// What becomes of a field section once it is decoded. It is decoded in any case, for the dynamic table's sake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Request,
    /// Interim or final.
    Response,
    Trailers,
    /// The request of this promised stream.
    Promise(u32),
    Discard,
    /// The layer above has done what there is to do.
    Handled,
    /// A stream error is due.
    Error(Rule),
}

impl PartialBlock {
    pub fn new(frame: RawFrame, first: Bytes, fate: Fate) -> Self {
        Self { frame, first, fragments: BytesMut::new(), num_continuations: 0, fate }
    }

    pub fn stream(&self) -> u32 {
        self.frame.header.stream_id
    }

    /// Bytes so far.
    pub fn length(&self) -> usize {
        self.first.len().max(self.fragments.len())
    }

    /// Counts a CONTINUATION; gives how many there are.
    pub fn count_continuation(&mut self) -> u32 {
        self.num_continuations = self.num_continuations.saturating_add(1);
        self.num_continuations
    }

    /// Adds a fragment.
    pub fn extend(&mut self, fragment: &[u8]) {
        if self.fragments.is_empty() {
            self.fragments = BytesMut::from(self.first.as_ref());
        }
        self.fragments.extend_from_slice(fragment);
    }

    /// From here on the layer above does what there is to do.
    pub fn handle(&mut self) {
        self.fate = Fate::Handled;
    }

    /// The frame that began it, the whole block, and what becomes of it.
    pub fn into_parts(self) -> (RawFrame, Bytes, Fate) {
        let Self { frame, first, fragments, fate, .. } = self;
        (frame, if fragments.is_empty() { first } else { fragments.freeze() }, fate)
    }
}
