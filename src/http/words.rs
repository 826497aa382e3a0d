//! Words for people: the known name that resembles a misspelt one, bytes as hexadecimal digits.

/// A name that resembles no more than this (of 1) is not worth a suggestion.
const MIN_LIKENESS: f64 = 0.75;

/// Characters of a name that is compared: longer ones are not misspelt names.
const MAX_CHARS: usize = 80;

/// The known name that most resembles this one, letters of either case being the same; `None` if none is near enough.
pub fn similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.chars().nth(MAX_CHARS).is_some() {
        return None;
    }
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let best =
        known.into_iter().map(|known| (likeness(known), known)).max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > MIN_LIKENESS).then_some(best.1)
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
    }

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa9, 0xff]), "000fa9ff");
    }
}
