//! A request's content as it arrives.

use bytes::{Bytes, BytesMut};

/// Content received so far, kept as the octets of the frames that brought it and joined only when asked for.
#[derive(Default)]
pub(super) struct Received {
    chunks: Vec<Bytes>,
    octets: u64,
}

impl Received {
    /// Keeps one more piece.
    pub fn push(&mut self, data: Bytes) {
        self.octets += data.len() as u64;
        if !data.is_empty() {
            self.chunks.push(data);
        }
    }

    /// Octets kept.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// All of it in one piece; joined once.
    pub fn joined(&mut self) -> Bytes {
        if self.chunks.len() > 1 {
            let mut all = BytesMut::with_capacity(self.chunks.iter().map(Bytes::len).sum());
            for chunk in &self.chunks {
                all.extend_from_slice(chunk);
            }
            self.chunks = vec![all.freeze()];
        }
        self.chunks.first().cloned().unwrap_or_default()
    }
}
