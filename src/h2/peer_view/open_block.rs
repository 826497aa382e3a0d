//! A raw field block that has not ended.

use super::call::RawCall;
use crate::h2::misuse::CallSite;
use crate::wire::hpack::Encoder;
use bytes::BytesMut;

/// Bytes of a field block that are kept to be read; what a longer one does to the table is unknown.
const MAX_BLOCK: usize = 4 << 20;

/// A field block that has not ended.
#[derive(Debug)]
pub(super) struct OpenBlock {
    pub stream: u32,
    pub site: CallSite,
    /// `None` if they are too many.
    pub octets: Option<BytesMut>,
    /// It is that of a PUSH_PROMISE.
    pub promise: bool,
    /// Its HEADERS have END_STREAM.
    pub end_stream: bool,
}

impl OpenBlock {
    pub fn new(stream: u32, fragment: &[u8], promise: bool, call: RawCall) -> Self {
        Self { stream, site: call.site, octets: Some(fragment.into()), promise, end_stream: false }
    }

    pub fn extend(&mut self, fragment: &[u8]) {
        match &mut self.octets {
            Some(octets) if octets.len() + fragment.len() <= MAX_BLOCK => octets.extend_from_slice(fragment),
            octets => *octets = None,
        }
    }

    /// Whether the peer can read the block as it is, or nothing is known of its table any more.
    pub fn is_readable(&self, encoder: &mut Encoder) -> bool {
        match &self.octets {
            Some(octets) => encoder.observe(octets, |_, _| {}).is_ok(),
            None => {
                encoder.forget_table();
                true
            }
        }
    }
}
