//! Request bodies (RFC 9112 §6, §7), read piece by piece.

use bytes::{Bytes, BytesMut};

use super::config::Limits;
use super::event::{BodyFraming, Line};
use super::head::SectionScan;
use super::rejection::Rejection;

/// Chunks up to this size are given out whole.
const WHOLE_CHUNK: u64 = 16 * 1024;

/// What a body gave.
pub(super) enum Piece {
    Data { data: Bytes, octets: Bytes },
    End { trailers: Vec<Line>, octets: Bytes },
}

/// A body that is being read.
#[derive(Debug)]
pub(super) enum BodyReader {
    /// This many octets are to come, at least one.
    Length(u64),
    /// A chunk-size line is to come; so much of it was looked through.
    ChunkLine { scanned: usize },
    /// A chunk: `line` octets of its size line are at the front of the input, then `remaining` octets of data.
    Chunk { line: usize, remaining: u64, whole: bool },
    /// The trailer section; the last chunk's size line is still at the front of the input.
    Trailers { scan: SectionScan },
    /// Done.
    End,
    /// A chunk's data were not followed by a line end.
    Broken,
}

impl BodyReader {
    pub(super) fn new(framing: BodyFraming) -> Self {
        match framing {
            BodyFraming::None => Self::End,
            BodyFraming::Length(length) => Self::Length(length),
            BodyFraming::Chunked => Self::ChunkLine { scanned: 0 },
        }
    }

    /// How many octets are still to come, if that is known.
    pub(super) fn remaining(&self) -> Option<u64> {
        match self {
            Self::Length(remaining) => Some(*remaining),
            Self::End => Some(0),
            _ => None,
        }
    }

    /// Takes the next piece from the front of the input; `None` if it has not arrived. After [`Piece::End`] there is
    /// nothing more to take.
    pub(super) fn advance(&mut self, input: &mut BytesMut, limits: &Limits) -> Result<Option<Piece>, Rejection> {
        loop {
            match self {
                Self::Length(remaining) => {
                    let count = available(input.len(), *remaining);
                    if count == 0 {
                        return Ok(None);
                    }
                    *remaining -= count as u64;
                    if *remaining == 0 {
                        *self = Self::End;
                    }
                    let data = input.split_to(count).freeze();
                    return Ok(Some(Piece::Data { octets: data.clone(), data }));
                }
                Self::ChunkLine { scanned } => {
                    let Some((line, size)) = chunk_line(input, scanned, limits)? else { return Ok(None) };
                    *self = match size {
                        0 => Self::Trailers { scan: SectionScan::trailers(line) },
                        size => Self::Chunk { line, remaining: size, whole: size <= WHOLE_CHUNK },
                    };
                }
                Self::Chunk { line, remaining, whole } => {
                    let Some((piece, next)) = chunk_piece(input, *line, *remaining, *whole) else { return Ok(None) };
                    *self = next;
                    return Ok(Some(piece));
                }
                Self::Trailers { scan } => {
                    let Some(found) = scan.advance(input, limits)? else { return Ok(None) };
                    let octets = input.split_to(found.end).freeze();
                    let trailers = found.into_lines(&octets)?;
                    *self = Self::End;
                    return Ok(Some(Piece::End { trailers, octets }));
                }
                Self::End => return Ok(Some(Piece::End { trailers: Vec::new(), octets: Bytes::new() })),
                Self::Broken => return Err(Rejection::ChunkEnd),
            }
        }
    }

    /// What arrived of a chunk that will not be completed.
    pub(super) fn rest(&mut self, input: &mut BytesMut) -> Option<Piece> {
        let Self::Chunk { line, remaining, .. } = *self else { return None };
        let count = available(input.len().checked_sub(line)?, remaining);
        *self = Self::Broken;
        (count > 0).then(|| data_piece(input, line, count, 0))
    }
}

/// Data of a chunk and what comes next; `None` if more octets are needed.
fn chunk_piece(input: &mut BytesMut, line: usize, remaining: u64, whole: bool) -> Option<(Piece, BodyReader)> {
    let count = available(input.len().checked_sub(line)?, remaining);
    let left = remaining - count as u64;
    if left > 0 {
        if whole || count == 0 {
            return None;
        }
        return Some((data_piece(input, line, count, 0), BodyReader::Chunk { line: 0, remaining: left, whole }));
    }
    // The last piece waits for the line end behind it.
    let (end, next) = match input.get(line + count..).unwrap_or_default() {
        [b'\n', ..] => (1, BodyReader::ChunkLine { scanned: 0 }),
        [b'\r', b'\n', ..] => (2, BodyReader::ChunkLine { scanned: 0 }),
        [] | [b'\r'] => return None,
        _ => (0, BodyReader::Broken),
    };
    Some((data_piece(input, line, count, end), next))
}

fn data_piece(input: &mut BytesMut, line: usize, count: usize, end: usize) -> Piece {
    let octets = input.split_to(line + count + end).freeze();
    Piece::Data { data: octets.slice(line..line + count), octets }
}

/// The length of a chunk-size line and the size in it.
fn chunk_line(input: &[u8], scanned: &mut usize, limits: &Limits) -> Result<Option<(usize, u64)>, Rejection> {
    let unseen = input.get(*scanned..).unwrap_or_default();
    let end = unseen.iter().position(|octet| *octet == b'\n').map(|at| *scanned + at + 1);
    *scanned = end.unwrap_or(input.len());
    if *scanned > limits.chunk_line {
        return Err(Rejection::ChunkLineTooLong);
    }
    let Some(end) = end else { return Ok(None) };
    let line = input.get(..end - 1).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.contains(&b'\r') {
        return Err(Rejection::ChunkSize);
    }
    let size = line.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    Ok(Some((end, chunk_size(size)?)))
}

fn chunk_size(digits: &[u8]) -> Result<u64, Rejection> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Rejection::ChunkSize);
    }
    digits.iter().try_fold(0_u64, |size, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(Rejection::ChunkSize)?;
        size.checked_mul(16).map(|size| size + u64::from(digit)).ok_or(Rejection::ChunkSizeTooLarge)
    })
}

/// How much of `arrived` octets belongs to the `remaining` ones.
fn available(arrived: usize, remaining: u64) -> usize {
    usize::try_from(remaining).map_or(arrived, |remaining| arrived.min(remaining))
}
