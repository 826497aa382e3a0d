//! The bytes that one end sent.

use super::record::{Record, Side};
use bytes::Bytes;
use std::iter::once;

/// Zeros that stand for bytes that were not kept.
static ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];

/// The bytes that `side` sent, in order. Zeros stand for those that a record did not keep, so that lengths are right.
pub fn octets(records: impl Iterator<Item = Record>, side: Side) -> impl Iterator<Item = Bytes> {
    records.filter(move |record| record.from == Some(side)).filter_map(|record| record.wire()).flat_map(
        |(kept, length)| {
            let missing = length.saturating_sub(kept.len() as u64);
            once(kept).chain(zeros(missing))
        },
    )
}

/// How many of these bytes were not kept.
pub fn missing(records: impl Iterator<Item = Record>, side: Side) -> u64 {
    let of_side = records.filter(|record| record.from == Some(side)).filter_map(|record| record.wire());
    of_side.map(|(kept, length)| length.saturating_sub(kept.len() as u64)).sum()
}

fn zeros(mut count: u64) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let size = usize::try_from(count).unwrap_or(ZEROS.len()).min(ZEROS.len());
        count -= size as u64;
        (size > 0).then(|| Bytes::from_static(ZEROS.get(..size).unwrap_or_default()))
    })
}
