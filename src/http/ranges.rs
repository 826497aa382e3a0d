//! Byte ranges (RFC 9110 §14).

use std::fmt;

/// Octets `first` to `last`, both included, of a representation; `first <= last < length` always holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first octet's position.
    pub first: u64,
    /// The last octet's position.
    pub last: u64,
}

impl ByteRange {
    /// The number of octets, at least 1.
    pub const fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Never: a range has at least one octet.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The value of `content-range` for a representation of `length` octets (RFC 9110 §14.4).
    pub fn content_range(&self, length: u64) -> String {
        format!("bytes {}-{}/{length}", self.first, self.last)
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// What a `range` field asks of a representation of known length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeRequest {
    /// Another unit, or too many ranges: to be ignored, answer 200 with everything.
    Whole,
    /// Answer 206 with these: at least one, in ascending order, those that overlap or adjoin joined (RFC 9110
    /// §15.3.7.2), those that cannot be satisfied left out.
    Partial(Vec<ByteRange>),
    /// Well-formed, but nothing of it can be satisfied: answer 416 with [`unsatisfied`].
    Unsatisfiable,
    /// Not what a range of octets looks like; RFC 9110 §14.2 lets a server ignore it or refuse it.
    Malformed,
}

/// More ranges than this in one field are ignored: many small ranges are an attack (RFC 9110 §14.2).
pub const MAX_RANGES: usize = 100;

/// Reads the value of a `range` field for a representation of `length` octets.
pub fn parse(value: &[u8], length: u64) -> RangeRequest {
    let value = value.trim_ascii();
    let Some(equals) = value.iter().position(|octet| *octet == b'=') else { return RangeRequest::Whole };
    let (unit, set) = value.split_at(equals);
    if !unit.trim_ascii().eq_ignore_ascii_case(b"bytes") {
        return RangeRequest::Whole;
    }
    let set = set.get(1..).unwrap_or_default();
    let mut ranges = Vec::new();
    let mut asked = 0;
    for spec in set.split(|octet| *octet == b',').map(<[u8]>::trim_ascii).filter(|spec| !spec.is_empty()) {
        asked += 1;
        match parse_spec(spec, length) {
            _ if asked > MAX_RANGES => return RangeRequest::Whole,
            Some(range) => ranges.extend(range),
            None => return RangeRequest::Malformed,
        }
    }
    match (asked, ranges.is_empty()) {
        (0, _) => RangeRequest::Malformed,
        (_, true) => RangeRequest::Unsatisfiable,
        _ => RangeRequest::Partial(joined(ranges)),
    }
}

/// In ascending order, with those that overlap or adjoin as one.
fn joined(mut ranges: Vec<ByteRange>) -> Vec<ByteRange> {
    ranges.sort_unstable_by_key(|range| range.first);
    let mut joined: Vec<ByteRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(before) if range.first <= before.last.saturating_add(1) => before.last = before.last.max(range.last),
            _ => joined.push(range),
        }
    }
    joined
}

/// `None`: malformed. `Some(None)`: cannot be satisfied.
fn parse_spec(spec: &[u8], length: u64) -> Option<Option<ByteRange>> {
    let dash = spec.iter().position(|octet| *octet == b'-')?;
    let (first, last) = spec.split_at(dash);
    let (first, last) = (first.trim_ascii(), last.get(1..).unwrap_or_default().trim_ascii());
    let end = length.checked_sub(1);
    Some(match (first, last) {
        ([], suffix) => {
            let suffix = number(suffix)?.min(length);
            end.filter(|_| suffix > 0).map(|last| ByteRange { first: length - suffix, last })
        }
        (first, []) => {
            let first = number(first)?;
            end.filter(|last| first <= *last).map(|last| ByteRange { first, last })
        }
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            end.filter(|end| first <= *end).map(|end| ByteRange { first, last: last.min(end) })
        }
    })
}

/// A decimal number; one too large for 64 bits is the largest of them.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0_u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// The value of `content-range` in a 416 (RFC 9110 §14.4).
pub fn unsatisfied(length: u64) -> String {
    format!("bytes */{length}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partial(value: &str, length: u64) -> String {
        match parse(value.as_bytes(), length) {
            RangeRequest::Partial(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn single_several_suffix_open() {
        assert_eq!(partial("bytes=0-499", 10_000), "0-499");
        assert_eq!(partial("Bytes = 0-0, -1", 10), "0-0,9-9");
        assert_eq!(partial("bytes=5-", 10), "5-9");
        assert_eq!(partial("bytes=5-99999999999999999999999", 10), "5-9");
        assert_eq!(partial("bytes=-99", 10), "0-9");
        assert_eq!(partial("bytes=20-30,, 1-2", 10), "1-2");
        let range = ByteRange { first: 1, last: 2 };
        assert_eq!((range.len(), range.content_range(10)), (2, "bytes 1-2/10".to_owned()));
    }

    #[test]
    fn unsatisfiable() {
        for (value, length) in
            [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-5", 0)]
        {
            assert_eq!(partial(value, length), "Unsatisfiable", "{value}");
        }
        assert_eq!(unsatisfied(7), "bytes */7");
    }

    #[test]
    fn ranges_are_sorted_and_joined() {
        assert_eq!(partial("bytes=1-2,5-7,6-10", 20), "1-2,5-10");
        assert_eq!(partial("bytes=8-9,-1,0-3,4-5", 20), "0-5,8-9,19-19");
        assert_eq!(partial("bytes=0-9,2-3", 20), "0-9");
        assert_eq!(partial("bytes=0-18446744073709551615,3-", u64::MAX), "0-18446744073709551614");
    }

    #[test]
    fn another_unit_and_too_many_ranges_are_ignored() {
        let many = format!("bytes={}", "0-0,".repeat(MAX_RANGES + 1));
        for value in ["", "bytes", "items=0-1", &many] {
            assert_eq!(partial(value, 10), "Whole", "{value}");
        }
        assert_eq!(partial(&many.replacen("0-0,", "", 1), 10), "0-0");
    }

    #[test]
    fn what_is_no_range() {
        for value in ["bytes=", "bytes=,", "bytes=x-1", "bytes=3-1", "bytes=--1", "bytes=-", "bytes=1", "bytes=+1-2"] {
            assert_eq!(partial(value, 10), "Malformed", "{value}");
        }
        assert_eq!(parse(b"bytes=\xff-1", 10), RangeRequest::Malformed);
    }
}
