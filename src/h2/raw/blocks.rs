//! Raw field blocks: what they do to the peer's dynamic table, and what they say.

use super::told::Note;
use super::{CallSite, RawCall};
use crate::h2::connection::Connection;
use crate::h2::events::NotSentReason;
use crate::h2::state::{Effect, Input};
use crate::wire::hpack::DecodeErrorKind;
use bytes::BytesMut;

/// Octets of a field block that are kept to be read; what a longer one does to the table is not known.
const MAX_BLOCK: usize = 4 << 20;

/// A raw field block that has not ended.
#[derive(Debug)]
pub(super) struct OpenBlock {
    pub stream: u32,
    /// `None` if they are too many.
    pub octets: Option<BytesMut>,
    pub site: CallSite,
    /// It is that of a PUSH_PROMISE.
    promise: bool,
}

/// What a header section says that binds whatever follows it.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    status: Option<u16>,
    length: Option<u64>,
}

impl Facts {
    fn see(&mut self, name: &[u8], value: &[u8]) {
        let text = || std::str::from_utf8(value).ok();
        match name {
            b":status" if self.status.is_none() => self.status = text().and_then(|text| text.parse().ok()),
            b"content-length" if self.length.is_none() && value.iter().all(u8::is_ascii_digit) => {
                self.length = text().and_then(|text| text.parse().ok());
            }
            _ => {}
        }
    }

    /// A response of which more is to come (RFC 9110 §15.2).
    fn is_interim(&self) -> bool {
        self.status.is_some_and(|status| (100..200).contains(&status))
    }

    /// The length that its content must have: none where there is no content (RFC 9110 §8.6).
    fn binding_length(&self, answers_head: bool) -> Option<u64> {
        self.length.filter(|_| !answers_head && !matches!(self.status, Some(204 | 304)))
    }
}

impl Connection {
    /// A raw frame with a field block, or the beginning of one.
    pub(super) fn begin_block(&mut self, stream: u32, fragment: &[u8], promise: bool, whole: bool, call: RawCall) {
        let block = OpenBlock { stream, octets: Some(fragment.into()), site: call.site, promise };
        if whole {
            self.raw_block_ended(block);
        } else {
            let told = self.told_mut();
            told.block = Some(block);
            if told.has_lost_peer {
                // Nothing waits for its end, so that there may never be one.
                self.interrupt_block();
            }
        }
    }

    /// A raw CONTINUATION that follows what it continues; `false` if it does not.
    pub(super) fn continue_block(&mut self, stream: u32, fragment: &[u8], whole: bool) -> bool {
        let told = self.told_mut();
        let Some(block) = told.block.as_mut().filter(|block| block.stream == stream) else { return false };
        match &mut block.octets {
            Some(octets) if octets.len() + fragment.len() <= MAX_BLOCK => octets.extend_from_slice(fragment),
            octets => *octets = None,
        }
        if whole && let Some(block) = told.block.take() {
            self.raw_block_ended(block);
        }
        true
    }

    fn raw_block_ended(&mut self, block: OpenBlock) {
        let mut facts = Facts::default();
        let observed = match &block.octets {
            Some(octets) => self.encoder.observe(octets, |name, value| facts.see(name, value)),
            None => {
                self.encoder.forget_table();
                Ok(())
            }
        };
        if !block.promise {
            self.header_section_sent(block.stream, facts, block.site);
        }
        // What a peer allows before it gets our ACK of its SETTINGS is for it to know.
        use DecodeErrorKind::{SizeUpdateMissing, SizeUpdateTooLarge};
        if observed.is_err_and(|why| !matches!(why.kind, SizeUpdateMissing { .. } | SizeUpdateTooLarge { .. })) {
            self.lose_peer();
        }
    }

    /// A frame came in the middle of a block, or may come: for a peer that keeps to the RFC that is the end (RFC 9113
    /// §6.10), and what another does about its table is anybody's guess.
    pub(super) fn interrupt_block(&mut self) {
        let Some(block) = self.told_mut().block.take() else { return };
        self.encoder.forget_table();
        self.lose_peer();
        if !block.promise {
            self.header_section_sent(block.stream, Facts::default(), block.site);
        }
    }

    fn header_section_sent(&mut self, id: u32, facts: Facts, site: CallSite) {
        // On a stream whose promise waits the peer can take it for nothing.
        if !self.streams.is_peers(id) && id >= self.first_unpromised() {
            return;
        }
        let (sent_before, answers_head) = match self.streams.map.get_mut(&id) {
            Some(stream) => {
                let (effect, next) = stream.state.step(Input::SendHeaders);
                if effect != Effect::Refuse {
                    stream.state = next;
                }
                let before = stream.headers_sent;
                stream.headers_sent |= !facts.is_interim();
                (before, stream.answers_head)
            }
            None => (self.note_mut(id).headers.is_some(), false),
        };
        // What waits has not been sent.
        let waits = self.hold.as_ref().is_some_and(|hold| hold.held.iter().any(|held| held.is_headers_of(id)));
        if (sent_before && !waits) || facts.is_interim() {
            return;
        }
        let length = facts.binding_length(answers_head).map(|length| (length, site));
        let note = self.note_mut(id);
        *note = Note { headers: Some(site), length, content: 0, ..*note };
        self.drop_held(NotSentReason::Contradicted, &|held| held.is_headers_of(id));
    }
}
