//! Pages that are made while they are sent.

use crate::exchange::{Content, ContentError, NextPiece, Pieces, Prepared};
use crate::site;
use bytes::{Bytes, BytesMut};
use std::fmt;

/// The type of JSON.
pub(super) const JSON: &str = "application/json";

/// Bytes of a page that are made at once. Other connections of the worker take their turns between pieces.
const PIECE: usize = 16 * 1024;

/// A page that no cache keeps, made of parts while it is sent.
pub(super) fn in_pieces(content_type: &'static str, parts: impl Iterator<Item = Bytes> + 'static) -> Prepared {
    let mut prepared = site::html_page(String::new());
    prepared.head.fields.set("content-type", content_type);
    prepared.head.fields.append("cache-control", "no-store");
    prepared.content = Content::Pieces(Box::new(Parts(Box::new(parts))));
    prepared
}

/// Parts that are made while they are sent.
struct Parts(Box<dyn Iterator<Item = Bytes>>);

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

impl Pieces for Parts {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            let mut piece = BytesMut::new();
            while piece.len() < PIECE
                && let Some(part) = self.0.next()
            {
                piece.extend_from_slice(&part);
            }
            tokio::task::yield_now().await;
            Ok::<_, ContentError>(if piece.is_empty() { None } else { Some(piece.freeze()) })
        })
    }
}
