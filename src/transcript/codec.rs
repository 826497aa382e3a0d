//! How bytes, instants and header names become JSON, and come back.

use crate::http::latin1::{from_latin1, latin1};
use serde::{Deserialize, Deserializer, Serializer, de::Error};
use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

/// Two lower-case digits for each byte.
pub(super) fn to_hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// The bytes of [`to_hex`]; `None` if it is not hexadecimal, or ends in the middle of a byte.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let octets = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    if rest.is_empty() { octets } else { None }
}

/// Bytes as hexadecimal text, for `#[serde(with)]`.
pub(super) mod hex {
    use super::*;
    use bytes::Bytes;

    pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(octets))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        from_hex(&text).map(Bytes::from).ok_or_else(|| D::Error::custom("expected pairs of hexadecimal digits"))
    }
}

/// Bytes as text with one character per byte, for `#[serde(with)]`.
pub(super) mod text {
    use super::*;
    use bytes::Bytes;

    pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&latin1(octets))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        from_latin1(&text).map(Bytes::from).ok_or_else(|| D::Error::custom("expected one character per byte"))
    }
}

/// A duration as seconds, to the microsecond, for `#[serde(with)]`.
pub(super) mod seconds {
    use super::*;

    pub fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e6)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let micros = (f64::deserialize(deserializer)? * 1e6).round();
        // Beyond 2^53 not every microsecond has a number of its own: 285 years.
        if !(0.0..9e15).contains(&micros) {
            return Err(D::Error::custom("expected seconds since the connection began"));
        }
        Ok(Duration::from_micros(micros as u64))
    }
}

/// A duration that may not be known as milliseconds, to the microsecond, for `#[serde(with)]`.
pub(super) mod milliseconds {
    use super::*;

    pub fn serialize<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_some(&(time.as_micros() as f64 / 1e3)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let Some(millis) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
        let micros = (millis * 1e3).round();
        if !(0.0..9e15).contains(&micros) {
            return Err(D::Error::custom("expected milliseconds"));
        }
        Ok(Some(Duration::from_micros(micros as u64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_is_pairs_of_digits() {
        assert_eq!(from_hex("00fFa1"), Some(vec![0, 255, 0xa1]));
        assert_eq!(from_hex(&to_hex(&[1, 0x80, 0xff])), Some(vec![1, 0x80, 0xff]));
        assert_eq!((from_hex("0"), from_hex("0g"), from_hex("+1")), (None, None, None));
    }
}
