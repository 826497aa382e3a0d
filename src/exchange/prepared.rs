//! A response that is decided but not sent: what files and scripts prepare, and pipes may still change.

use crate::http::{Field, Fields};
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// Status and fields of a response.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// 100 to 999 by the grammar of RFC 9110 §15; other values are for raw calls.
    pub status: u16,
    /// The reason phrase (HTTP/1.1 only), one character per octet; `None` for the registered one.
    pub reason: Option<String>,
    /// Fields in the order in which they go out.
    pub fields: Fields,
}

/// A response before it is sent.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Status and fields. A `content-length` in it goes out as it is, true or not; without one it is added where the
    /// content's length is known.
    pub head: ResponseHead,
    /// The content.
    pub content: Content,
    /// The trailer section; empty for none.
    pub trailers: Fields,
    /// Answer HEAD with content, as GET would be (wptserve's `send_body_for_head_request`).
    pub content_for_head: bool,
    /// Where the content is words of the server's own, these: a browser may get them as a page.
    pub words: Option<Box<Words>>,
}

/// What the server says in place of a response that was asked for.
#[derive(Debug, Default)]
pub struct Words {
    /// What happened and what to do: sentences, and lines.
    pub text: String,
    /// Paths and URLs that work instead.
    pub links: Vec<String>,
    /// Where a script is wrong.
    pub excerpt: Option<Excerpt>,
}

/// A place in a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The file, with line and column if they are known.
    pub spot: String,
    /// Whether that file is the script that responds at the URL of the request, and not one that it imports.
    pub is_at_url: bool,
    /// The line of it, from 1; 0 if it is not known.
    pub line: usize,
    /// The column in the line, from 1; 0 if it is not known.
    pub column: usize,
    /// The line itself.
    pub code: String,
    /// The calls that led there, the innermost first.
    pub calls: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// The content of a response.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Whole(Bytes),
    /// Made while it is sent.
    Pieces(Box<dyn Pieces>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl From<Bytes> for Content {
    fn from(octets: Bytes) -> Self {
        Self::Whole(octets)
    }
}

/// What [`Pieces::next`] gives once it is ready.
pub type NextPiece<'a> = Pin<Box<dyn Future<Output = Result<Option<Bytes>, ContentError>> + 'a>>;

/// Content that is made while it is sent.
pub trait Pieces: fmt::Debug {
    /// Octets still to come, if that is known.
    fn length(&self) -> Option<u64>;

    /// The next piece; `None` after the last.
    fn next(&mut self) -> NextPiece<'_>;

    /// The same for a client that takes `most` bytes at present: more than that need not be made.
    fn next_within(&mut self, most: usize) -> NextPiece<'_> {
        let _ = most;
        self.next()
    }

    /// Passes over at most this many octets without making them, where that is cheap; gives how many.
    fn skip(&mut self, octets: u64) -> u64 {
        let _ = octets;
        0
    }
}

/// Why content broke off; displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentError(pub String);

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ContentError {}

impl Content {
    /// Its length in octets, if that is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(octets) => Some(octets.len() as u64),
            Self::Pieces(pieces) => pieces.length(),
        }
    }

    /// All of it in one piece, of at most `limit` octets.
    ///
    /// # Errors
    /// It broke off, or is longer.
    pub async fn collect(self, limit: usize) -> Result<Bytes, ContentError> {
        let mut pieces = match self {
            Self::Whole(octets) => return Ok(octets),
            Self::Pieces(pieces) => pieces,
        };
        let mut all = BytesMut::new();
        while let Some(piece) = pieces.next().await? {
            if all.len() + piece.len() > limit {
                return Err(ContentError(format!("The body is longer than {limit} bytes.")));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

/// Names and values, as the HTTP/2 engine takes them.
pub(super) fn pairs(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    fields.iter().map(|Field { name, value }| (&name[..], &value[..]))
}

/// The value of `:status`.
pub(super) struct StatusText(String);

impl StatusText {
    pub fn new(status: u16) -> Self {
        Self(status.to_string())
    }

    pub fn and<'a>(&'a self, fields: &'a Fields) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone {
        std::iter::once((&b":status"[..], self.0.as_bytes())).chain(pairs(fields))
    }
}
