//! Content that is read from a file while it is sent.

use super::opened::Opened;
use crate::exchange::{ContentError, NextPiece, Pieces};
use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// Octets read at a time.
const CHUNK: u64 = 64 * 1024;

/// Octets read at a time for a client that takes fewer.
const SMALL_CHUNK: u64 = 4 * 1024;

/// A part of content.
#[derive(Debug)]
pub(super) enum Segment {
    Octets(Bytes),
    /// This many octets of the file from this position on.
    Span {
        first: u64,
        count: u64,
    },
}

impl Segment {
    fn length(&self) -> u64 {
        match self {
            Self::Octets(octets) => octets.len() as u64,
            Self::Span { count, .. } => *count,
        }
    }
}

/// Parts of a file, and what stands between them.
#[derive(Debug)]
pub(super) struct FilePieces {
    file: Opened,
    segments: VecDeque<Segment>,
    left: u64,
}

impl FilePieces {
    /// These parts of `file`.
    pub fn new(file: Opened, segments: impl IntoIterator<Item = Segment>) -> Self {
        let segments: VecDeque<Segment> = segments.into_iter().filter(|segment| segment.length() > 0).collect();
        let left = segments.iter().map(Segment::length).sum();
        Self { file, segments, left }
    }

    /// The next part, of up to `most` bytes if it has to be read.
    fn read(&mut self, most: u64) -> Result<Option<Bytes>, ContentError> {
        let (piece, rest) = match self.segments.pop_front() {
            None => return Ok(None),
            Some(Segment::Octets(octets)) => (octets, None),
            Some(Segment::Span { first, count }) => {
                let piece = self.read_at(first, count.min(most))?;
                let read = piece.len() as u64;
                (piece, (count > read).then(|| Segment::Span { first: first + read, count: count - read }))
            }
        };
        self.left -= piece.len() as u64;
        if let Some(rest) = rest {
            self.segments.push_front(rest);
        }
        Ok(Some(piece))
    }

    fn read_at(&mut self, first: u64, count: u64) -> Result<Bytes, ContentError> {
        // The announced length can no longer be kept, whatever the cause (the file was cut meanwhile, say).
        let piece = self.file.read(first, usize::try_from(count).unwrap_or_default());
        piece.map_err(|error| ContentError(format!("the file cannot be read on: {error}")))
    }
}

impl Pieces for FilePieces {
    fn length(&self) -> Option<u64> {
        Some(self.left)
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(std::future::ready(self.read(CHUNK)))
    }

    fn next_within(&mut self, most: usize) -> NextPiece<'_> {
        Box::pin(std::future::ready(self.read((most as u64).clamp(SMALL_CHUNK, CHUNK))))
    }

    fn skip(&mut self, octets: u64) -> u64 {
        let mut left = octets;
        while let Some(segment) = self.segments.front_mut().filter(|_| left > 0) {
            match segment {
                Segment::Span { first, count } if *count > left => {
                    *first += left;
                    *count -= left;
                    left = 0;
                }
                Segment::Octets(octets) if octets.len() as u64 > left => {
                    octets.advance(usize::try_from(left).unwrap_or_default());
                    left = 0;
                }
                segment => {
                    left -= segment.length();
                    self.segments.pop_front();
                }
            }
        }
        self.left -= octets - left;
        octets - left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::task::{Context, Poll, Waker};

    fn file(octets: &[u8]) -> Opened {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(octets).unwrap();
        file.into()
    }

    #[test]
    fn spans_are_read_in_chunks_wherever_they_lie() {
        let octets: Vec<u8> = (0..200_000_u32).map(|number| number as u8).collect();
        let mut pieces = FilePieces::new(
            file(&octets),
            [
                Segment::Span { first: 100_000, count: 100_000 },
                Segment::Octets(Bytes::from_static(b"between")),
                Segment::Span { first: 5, count: 0 },
                Segment::Span { first: 1, count: 2 },
            ],
        );
        assert_eq!(pieces.length(), Some(100_009));
        let mut lengths = Vec::new();
        let mut all = Vec::new();
        while let Some(piece) = pieces.read(CHUNK).unwrap() {
            lengths.push(piece.len());
            all.extend_from_slice(&piece);
        }
        assert_eq!(lengths, [65_536, 34_464, 7, 2]);
        assert_eq!(all, [&octets[100_000..], b"between", &octets[1..3]].concat());
        assert_eq!(pieces.length(), Some(0));
    }

    #[test]
    fn what_is_skipped_is_not_read() {
        let segments = || [Segment::Octets(Bytes::from_static(b"ab")), Segment::Span { first: 2, count: 3 }];
        for (skipped, rest) in [(0, "abcde"), (1, "bcde"), (2, "cde"), (4, "e"), (5, ""), (9, "")] {
            let mut pieces = FilePieces::new(file(b"..cde"), segments());
            assert_eq!(pieces.skip(skipped), skipped.min(5));
            assert_eq!(pieces.length(), Some(rest.len() as u64));
            let mut all = Vec::new();
            while let Some(piece) = pieces.read(CHUNK).unwrap() {
                all.extend_from_slice(&piece);
            }
            assert_eq!(all, rest.as_bytes(), "{skipped}");
        }
    }

    #[test]
    fn a_file_that_was_cut_is_an_error() {
        let mut pieces = FilePieces::new(file(&[0; 100]), [Segment::Span { first: 50, count: 51 }]);
        assert!(pieces.read(CHUNK).unwrap_err().0.starts_with("the file cannot be read on"));
    }

    #[test]
    fn no_more_is_read_than_the_client_takes() {
        let span = Segment::Span { first: 0, count: 100_000 };
        let mut pieces = FilePieces::new(file(&[0; 100_000]), [span]);
        let mut length = |most| match pieces.next_within(most).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(Some(piece))) => piece.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!([length(1), length(5_000), length(usize::MAX)], [4_096, 5_000, 65_536]);
    }
}
