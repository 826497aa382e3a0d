//! Content on its way through pipes: a part of it, in a rhythm, in other pieces.

use crate::exchange::pace::{Due, Pace};
use crate::exchange::{Connection, Content, ContentError, NextPiece, Pieces};
use bytes::Bytes;
use std::time::Duration;

/// Content as pieces, whatever it was.
pub(super) fn pieces_of(content: Content) -> Box<dyn Pieces> {
    match content {
        Content::Whole(octets) => Box::new(Whole(octets)),
        Content::Pieces(pieces) => pieces,
    }
}

#[derive(Debug)]
struct Whole(Bytes);

impl Pieces for Whole {
    fn length(&self) -> Option<u64> {
        Some(self.0.len() as u64)
    }

    fn skip(&mut self, octets: u64) -> u64 {
        let skipped = self.0.len().min(usize::try_from(octets).unwrap_or(usize::MAX));
        drop(self.0.split_to(skipped));
        skipped as u64
    }

    fn next(&mut self) -> NextPiece<'_> {
        let all = std::mem::take(&mut self.0);
        Box::pin(async move { Ok((!all.is_empty()).then_some(all)) })
    }
}

/// Pieces of which the sender takes as much at a time as it wants.
#[derive(Debug)]
struct Source {
    pieces: Box<dyn Pieces>,
    /// What was given and not taken.
    held: Bytes,
}

impl Source {
    fn new(pieces: Box<dyn Pieces>) -> Self {
        Self { pieces, held: Bytes::new() }
    }

    fn length(&self) -> Option<u64> {
        self.pieces.length().map(|length| length + self.held.len() as u64)
    }

    /// Whether there is more; gets the next piece if none is held.
    async fn fill(&mut self) -> Result<bool, ContentError> {
        while self.held.is_empty() {
            match self.pieces.next().await? {
                Some(piece) => self.held = piece,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// At most this many of the octets held.
    fn take(&mut self, most: u64) -> Bytes {
        self.held.split_to(self.held.len().min(usize::try_from(most).unwrap_or(usize::MAX)))
    }
}

/// A part of content from its beginning on, or from further on.
#[derive(Debug)]
pub(super) struct Part {
    source: Source,
    skip: u64,
    /// Octets to come; `None` for all there are.
    left: Option<u64>,
}

impl Part {
    pub fn new(pieces: Box<dyn Pieces>, skip: u64, left: Option<u64>) -> Self {
        Self { source: Source::new(pieces), skip, left }
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, ContentError> {
        self.skip -= self.source.pieces.skip(self.skip).min(self.skip);
        while self.left != Some(0) && self.source.fill().await? {
            if self.skip > 0 {
                self.skip -= self.source.take(self.skip).len() as u64;
                continue;
            }
            let piece = self.source.take(self.left.unwrap_or(u64::MAX));
            self.left = self.left.map(|left| left - piece.len() as u64);
            return Ok(Some(piece));
        }
        Ok(None)
    }
}

impl Pieces for Part {
    fn length(&self) -> Option<u64> {
        let there = self.source.length()?.saturating_sub(self.skip);
        Some(self.left.map_or(there, |left| left.min(there)))
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(self.advance())
    }
}

/// The beginning of content, announced with the length of all of it.
#[derive(Debug)]
pub(super) struct Cut {
    announced: Option<u64>,
    beginning: Part,
}

impl Cut {
    pub fn new(content: Content, octets: u64) -> Self {
        Self { announced: content.length(), beginning: Part::new(pieces_of(content), 0, Some(octets)) }
    }
}

impl Pieces for Cut {
    fn length(&self) -> Option<u64> {
        self.announced
    }

    fn next(&mut self) -> NextPiece<'_> {
        self.beginning.next()
    }
}

/// Content in a rhythm. As in wptserve its length is not announced.
#[derive(Debug)]
pub(super) struct Trickled {
    source: Source,
    pace: Pace,
    /// What pauses may still take in all.
    left: Duration,
}

impl Trickled {
    pub fn new(pieces: Box<dyn Pieces>, pace: Pace, longest: Duration) -> Self {
        Self { source: Source::new(pieces), pace, left: longest }
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, ContentError> {
        loop {
            let more = self.source.fill().await?;
            let most = match self.pace.next(more) {
                Due::Pause(time) => {
                    self.left = self.left.checked_sub(time).ok_or_else(too_slow)?;
                    pause(time).await;
                    continue;
                }
                Due::Octets(octets) => octets,
                Due::Rest => u64::MAX,
            };
            if !more {
                return Ok(None);
            }
            let piece = self.source.take(most);
            self.pace.sent(piece.len() as u64);
            return Ok(Some(piece));
        }
    }
}

impl Pieces for Trickled {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(self.advance())
    }
}

fn too_slow() -> ContentError {
    ContentError("The pipe trickle has paused for longer than is allowed.".to_owned())
}

/// Waits; for no time at all it lets others run.
pub(super) async fn pause(time: Duration) {
    if time.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(time).await;
    }
}

/// Content in pieces of one size.
#[derive(Debug)]
pub(super) struct Divided {
    source: Source,
    size: u64,
    /// Where each piece is to be a write of its own.
    cut: Option<Connection>,
}

impl Divided {
    pub fn new(pieces: Box<dyn Pieces>, size: usize, cut: Option<Connection>) -> Self {
        Self { source: Source::new(pieces), size: size as u64, cut }
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, ContentError> {
        if let Some(connection) = &self.cut {
            connection.flush();
        }
        Ok(if self.source.fill().await? { Some(self.source.take(self.size)) } else { None })
    }
}

impl Pieces for Divided {
    fn length(&self) -> Option<u64> {
        self.source.length()
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(self.advance())
    }
}
