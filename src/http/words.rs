//! Texts that people write and read: misspelt names, byte order marks, hexadecimal digits.

/// A name that resembles no more than this (of 1) is not worth a suggestion.
const MIN_LIKENESS: f64 = 0.75;

/// Characters of a name that is compared: longer ones are not misspelt names.
const MAX_CHARS: usize = 80;

/// The known name that most resembles this one, letters of either case being the same; `None` if none is near enough.
pub fn similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    most_similar(name, known, 1).first().copied()
}

/// Up to `max` known names that resemble this one, the nearest first.
pub fn most_similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>, max: usize) -> Vec<&'k str> {
    if name.chars().nth(MAX_CHARS).is_some() {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let mut near: Vec<(f64, &str)> = known.into_iter().map(|known| (likeness(known), known)).collect();
    near.retain(|(likeness, _)| *likeness > MIN_LIKENESS);
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().take(max).map(|(_, known)| known).collect()
}

/// Bytes of the byte order mark in front of a text: 3 or 0.
pub fn mark_length(text: &[u8]) -> usize {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if text.starts_with(MARK) { MARK.len() } else { 0 }
}

/// A text without the byte order mark that some editors put in front of it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Lower-case hexadecimal digits, two for each byte.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_recognized() {
        let known = ["set", "append", "get_list"];
        for (name, found) in [
            ("Set", Some("set")),
            ("apend", Some("append")),
            ("getlist", Some("get_list")),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(similar(name, known), found, "{name}");
        }
        assert_eq!(similar(&"set".repeat(1000), known), None);
        assert_eq!(similar("set", []), None);
        let rules = ["h2.ping.length", "h2.ping.stream", "h2.data.idle"];
        assert_eq!(most_similar("h2.ping.lenght", rules, 2), ["h2.ping.length", "h2.ping.stream"]);
    }

    #[test]
    fn a_byte_order_mark_is_recognized() {
        assert_eq!(without_mark("\u{feff}a"), "a");
        assert_eq!(without_mark("a\u{feff}"), "a\u{feff}");
        assert_eq!((mark_length(b"\xef\xbb\xbfa"), mark_length(b"a")), (3, 0));
    }

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa9, 0xff]), "000fa9ff");
    }
}
