//! A request's content as it arrives.

use bytes::{Bytes, BytesMut};

/// Content received so far. It is copied together: a slice of what arrived would keep the whole buffer that it was read
/// into, however small it is.
#[derive(Default)]
pub(super) struct Received {
    /// What was asked for already.
    front: Bytes,
    /// What came after it.
    back: BytesMut,
}

impl Received {
    /// Keeps one more piece.
    pub fn push(&mut self, data: &[u8]) {
        self.back.extend_from_slice(data);
    }

    /// Bytes kept.
    pub fn octets(&self) -> u64 {
        (self.front.len() + self.back.len()) as u64
    }

    /// All of it in one piece; joined once.
    pub fn joined(&mut self) -> Bytes {
        if !self.back.is_empty() {
            let back = std::mem::take(&mut self.back);
            self.front = if self.front.is_empty() {
                back.freeze()
            } else {
                let front = std::mem::take(&mut self.front);
                let mut all = front.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
                all.extend_from_slice(&back);
                all.freeze()
            };
        }
        self.front.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_whenever_they_are_asked_for() {
        let mut received = Received::default();
        assert_eq!(received.joined(), "");
        received.push(b"ab");
        received.push(b"c");
        let first = received.joined();
        received.push(b"de");
        assert_eq!((received.octets(), &first[..], received.joined()), (5, &b"abc"[..], Bytes::from("abcde")));
        drop(first);
        received.push(b"f");
        assert_eq!(received.joined(), "abcdef");
    }

    #[test]
    fn a_small_piece_keeps_nothing_of_the_buffer_that_it_came_in() {
        let buffer = Bytes::from(vec![0; 64 * 1024]);
        let mut received = Received::default();
        received.push(&buffer.slice(5..6));
        received.joined();
        assert!(buffer.try_into_mut().is_ok(), "it is shared by nothing");
    }
}
