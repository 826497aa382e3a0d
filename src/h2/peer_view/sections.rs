//! Raw field blocks: what they do to the peer's dynamic table, and what they say.

use super::open_block::OpenBlock;
use super::reading::{Consequence, Reading};
use super::view::Seen;
use crate::h2::events::NotSentReason;
use crate::h2::hold::Which;
use crate::h2::misuse::CallSite;
use crate::h2::rules::Rule;
use crate::h2::stream::Method;
use crate::http::role::Role;
use crate::wire::hpack::DecodeErrorKind;
use bytes::Bytes;

/// What a header section says that binds what follows it.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    status: Option<u16>,
    length: Option<u64>,
    method: Option<Method>,
}

impl Facts {
    fn see(&mut self, name: &[u8], value: &[u8]) {
        let text = || std::str::from_utf8(value).ok();
        match name {
            b":status" if self.status.is_none() => self.status = text().and_then(|text| text.parse().ok()),
            b":method" => self.method = self.method.or(Some(Method::of(value))),
            b"content-length" if self.length.is_none() && value.iter().all(u8::is_ascii_digit) => {
                self.length = text().and_then(|text| text.parse().ok());
            }
            _ => {}
        }
    }

    /// A response that is not the last one (RFC 9110 §15.2).
    fn is_interim(&self) -> bool {
        self.status.is_some_and(|status| (100..200).contains(&status))
    }

    /// The length that the content must have, whatever was announced: 0 where there can be no content.
    fn binding_length(&self, method: Method) -> Option<u64> {
        match self.status {
            Some(status) if !method.content_rule(status).allows_content() => Some(0),
            _ => self.length,
        }
    }
}

impl Reading<'_, '_> {
    /// A frame with a field block, or the beginning of one.
    pub(super) fn block_begins(&mut self, block: OpenBlock, whole: bool) {
        if whole {
            return self.block_ends(&block);
        }
        self.view.block = Some(block);
        if self.view.must_close {
            // Nothing waits for its end, so that there may never be one.
            self.interrupt_block();
        }
    }

    /// A CONTINUATION of a block that has not ended; `false` if it does not belong to one.
    pub(super) fn block_continues(&mut self, stream: u32, fragment: &[u8], whole: bool) -> bool {
        let Some(block) = self.view.block.as_mut().filter(|block| block.stream == stream) else { return false };
        block.extend(fragment);
        if whole && let Some(block) = self.view.block.take() {
            self.block_ends(&block);
        }
        true
    }

    fn block_ends(&mut self, block: &OpenBlock) {
        let mut facts = Facts::default();
        let mut fields = Vec::new();
        let observed = match &block.octets {
            Some(octets) => self.context.encoder.observe(octets, |name, value| {
                facts.see(name, value);
                fields.push((Bytes::copy_from_slice(name), Bytes::copy_from_slice(value)));
            }),
            None => {
                self.context.encoder.forget_table();
                Ok(())
            }
        };
        // Otherwise not all fields are known.
        if self.context.encoder.table_known() {
            self.check_section(block, fields);
        }
        if !block.promise {
            self.header_section(block.stream, facts, block.site);
        }
        // What a peer allows before it gets our ACK of its SETTINGS is its own affair.
        use DecodeErrorKind::{SizeUpdateMissing, SizeUpdateTooLarge};
        if observed.is_err_and(|why| !matches!(why.kind, SizeUpdateMissing { .. } | SizeUpdateTooLarge { .. })) {
            self.peer_must_close(Rule::Compression);
        }
    }

    /// A frame came in the middle of a block, or may come: a conforming peer closes the connection (RFC 9113 §6.10), and
    /// what another one does to its table is unknown.
    pub(super) fn interrupt_block(&mut self) {
        let Some(block) = self.view.block.take() else { return };
        self.context.encoder.forget_table();
        self.view.must_close = true;
        if !block.promise {
            self.header_section(block.stream, Facts::default(), block.site);
        }
    }

    fn header_section(&mut self, stream: u32, facts: Facts, site: CallSite) {
        let begins =
            |found: &Consequence| matches!(found, Consequence::Begun { stream: begun, .. } if *begun == stream);
        let is_begun = self.consequences.iter().any(begins);
        if self.is_unknown_to_peer(stream) && !is_begun {
            return;
        }
        let is_final = !facts.is_interim();
        // What follows from a block that this frame interrupts is not carried out yet.
        let is_headers = |found: &Consequence| matches!(found, Consequence::Headers { stream: id, is_final: true, .. } if *id == stream);
        let is_second = self.consequences.iter().any(is_headers);
        let which = Which::Headers(stream);
        let drop = Consequence::DropHeld { which, why: NotSentReason::Contradicted };
        let known = self.context.streams.get(stream);
        let sent_before = match known {
            Some(known) => known.headers_sent || is_second,
            None => self.view.streams.get(&stream).is_some_and(|seen| seen.headers.is_some()),
        };
        let is_server = self.context.streams.role() == Role::Server;
        let request_method = known.filter(|_| is_server).map(|known| known.method).unwrap_or_default();
        if known.is_some() || is_begun {
            let method = facts.method.filter(|_| !is_server);
            self.follows(Consequence::Headers { stream, is_final, method });
        }
        // What waits has not been sent.
        let waits = self.context.hold.is_some_and(|hold| hold.contains(which)) && !self.consequences.contains(&drop);
        if (sent_before && !waits) || !is_final {
            return;
        }
        let length = facts.binding_length(request_method).map(|length| (length, site));
        let no_content = facts.status.is_some_and(|status| !request_method.content_rule(status).allows_content());
        let seen = self.seen_mut(stream);
        *seen = Seen { headers: Some(site), length, no_content, content: 0, ..*seen };
        self.follows(drop);
    }
}
