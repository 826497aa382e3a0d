//! Octets as text with one character per octet, so that nothing is lost on the way into a script and back.

/// The text whose characters U+0000 to U+00FF are the octets.
pub fn latin1(octets: &[u8]) -> String {
    if octets.is_ascii() {
        return String::from_utf8_lossy(octets).into_owned();
    }
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// The octets of a text made by [`latin1`]; `None` if a character is above U+00FF.
pub fn from_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// The octets that a text stands for in a field value: one per character where every character is at most U+00FF,
/// otherwise its UTF-8.
pub fn octets_of_text(text: &str) -> Vec<u8> {
    let in_latin1 = if text.is_ascii() { None } else { from_latin1(text) };
    in_latin1.unwrap_or_else(|| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_survives_the_round_trip() {
        let all: Vec<u8> = (0..=255).collect();
        let text = latin1(&all);
        assert_eq!(text.chars().count(), 256);
        assert_eq!(from_latin1(&text), Some(all));
    }

    #[test]
    fn a_character_above_ff_is_no_octet() {
        assert_eq!(from_latin1("aé€"), None);
        assert_eq!(octets_of_text("é"), [0xe9]);
        assert_eq!(octets_of_text("€"), "€".as_bytes());
    }
}
