//! What the fuzz target `decode` does with its octets. An ordinary test includes this file too.

use bytes::Bytes;
use std::time::Duration;
use wireserve::internal::decode::stream;
use wireserve::transcript::{Line, Record, Side, field_lines};

/// Reads one direction of a connection. The pieces are the input without gaps, what makes no sense is in it, and each
/// piece can be printed.
pub fn decode(octets: &[u8]) {
    let octets = Bytes::copy_from_slice(octets);
    let mut end = 0;
    for piece in stream::read(&octets) {
        assert_eq!(piece.offset, end);
        assert!(piece.length > 0 && piece.problems.iter().all(|problem| problem.offset <= octets.len()));
        end += piece.length;
        let kind = piece.kind;
        let record = Record {
            seq: 1,
            time: Duration::ZERO,
            from: Some(Side::Client),
            cause: None,
            script: None,
            breaks: None,
            kind,
        };
        assert!(!Line::new(&record, Side::Server).at_offset(piece.offset).to_string().contains('\n'));
        assert!(field_lines(&record).all(|line| !line.contains('\n')));
        assert!(record.to_json().starts_with('{'));
    }
    assert_eq!(end, octets.len());
}
