//! What the bytes of a file or pipe are: binary, text that stands for bytes, or a format of other tools.

use super::super::exit::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Read;
use std::path::Path;

/// A larger input is a mistake.
const MAX_OCTETS: u64 = 1 << 30;

/// What an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Bytes, given as they are, or as hexadecimal digits or base64.
    Octets(Vec<u8>),
    /// A transcript, as JSON or JSON Lines.
    Transcript(String),
    /// Test cases of http2jp/hpack-test-case.
    HpackCases(String),
    /// A capture, pcap or pcapng.
    Capture(Vec<u8>),
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// It cannot be read, or is too large.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let mut octets = Vec::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().take(MAX_OCTETS + 1).read_to_end(&mut octets),
        _ => std::fs::File::open(path).and_then(|file| file.take(MAX_OCTETS + 1).read_to_end(&mut octets)),
    };
    read.map_err(unread)?;
    if octets.len() as u64 > MAX_OCTETS {
        return Err(Failure::usage(format!("{} is larger than 1 GiB", path.display())));
    }
    if octets.is_empty() {
        return Err(Failure::usage(format!("{} is empty: there is nothing to decode", path.display())));
    }
    Ok(octets)
}

impl Input {
    /// Finds out what an input is.
    pub fn of(octets: Vec<u8>) -> Self {
        if is_capture(&octets) {
            return Self::Capture(octets);
        }
        if octets.starts_with(crate::h2::PREFACE) {
            return Self::Octets(octets);
        }
        let Ok(text) = std::str::from_utf8(&octets) else { return Self::Octets(octets) };
        if text.trim_start().starts_with('{') {
            let is_cases = text.contains("\"cases\"") && text.contains("\"wire\"");
            return if is_cases { Self::HpackCases(text.to_owned()) } else { Self::Transcript(text.to_owned()) };
        }
        match octets_of_text(text) {
            Some(meant) => Self::Octets(meant),
            None => Self::Octets(octets),
        }
    }
}

fn is_capture(octets: &[u8]) -> bool {
    let magic = octets.first_chunk().map(|magic| u32::from_be_bytes(*magic));
    matches!(magic, Some(0x0a0d_0d0a | 0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1))
}

/// The bytes that a text stands for: hexadecimal digits, spaces and colons between them allowed, or base64.
pub fn octets_of_text(text: &str) -> Option<Vec<u8>> {
    let bare: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let digits: String = bare.replace("0x", "").chars().filter(|character| !matches!(character, ':' | ',')).collect();
    if digits.is_empty() {
        return None;
    }
    if digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        return (0..digits.len()).step_by(2).map(pair).collect();
    }
    STANDARD.decode(&bare).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_stands_for_bytes_is_found() {
        let octets = |text: &str| match Input::of(text.as_bytes().to_vec()) {
            Input::Octets(octets) => octets,
            other => panic!("{other:?}"),
        };
        assert_eq!(octets("00 0a\nff\n"), [0, 10, 255]);
        assert_eq!(octets("0x00, 0x0A:ff"), [0, 10, 255]);
        assert_eq!(octets("UFJJICogSFRUUC8yLjANCg0K\nU00NCg0K\n"), crate::h2::PREFACE);
        assert_eq!(octets("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), crate::h2::PREFACE);
        assert_eq!(octets("HTTP/1.1 200 OK\r\n"), b"HTTP/1.1 200 OK\r\n");
        assert_eq!(octets("abc"), b"abc", "half a byte is no byte");
        assert!(matches!(Input::of(b"\n{\"what\":\"connection\"}".to_vec()), Input::Transcript(_)));
        assert!(matches!(Input::of(b"{\"cases\": [{\"wire\": \"82\"}]}".to_vec()), Input::HpackCases(_)));
        assert!(matches!(Input::of(b"\x0a\x0d\x0d\x0a....".to_vec()), Input::Capture(_)));
        assert_eq!(Input::of(vec![0xff, 0]), Input::Octets(vec![0xff, 0]));
    }
}
