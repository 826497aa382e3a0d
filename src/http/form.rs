//! Queries and `application/x-www-form-urlencoded` bodies as ordered pairs.

use bytes::Bytes;

use super::path::percent_decoded;

/// Name and value, decoded, in order; a pair without `=` has an empty value, empty pairs are skipped.
pub fn parse_urlencoded(octets: &[u8]) -> Vec<(Bytes, Bytes)> {
    pairs(octets).map(parse_pair).collect()
}

/// The same, unless there are more than `most` pairs.
pub fn parse_urlencoded_up_to(most: usize, octets: &[u8]) -> Option<Vec<(Bytes, Bytes)>> {
    pairs(octets).nth(most).is_none().then(|| parse_urlencoded(octets))
}

fn pairs(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split(|octet| *octet == b'&').filter(|pair| !pair.is_empty())
}

fn parse_pair(pair: &[u8]) -> (Bytes, Bytes) {
    match pair.iter().position(|octet| *octet == b'=') {
        Some(equals) => {
            let (name, value) = pair.split_at(equals);
            (decoded(name), decoded(value.get(1..).unwrap_or_default()))
        }
        None => (decoded(pair), Bytes::new()),
    }
}

/// One name or value, decoded: `+` is a space, `%XX` an octet.
pub fn decoded(octets: &[u8]) -> Bytes {
    if octets.contains(&b'+') {
        let spaced: Vec<u8> = octets.iter().map(|octet| if *octet == b'+' { b' ' } else { *octet }).collect();
        percent_decoded(&spaced)
    } else {
        percent_decoded(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_order_with_repetition() {
        let shown: Vec<String> = parse_urlencoded(b"a=1&b=x+y%2B%26&&a=2&c&=d&e=f=g&%ff=%e9")
            .iter()
            .map(|(name, value)| format!("{}:{}", name.escape_ascii(), value.escape_ascii()))
            .collect();
        assert_eq!(shown, ["a:1", "b:x y+&", "a:2", "c:", ":d", "e:f=g", "\\xff:\\xe9"]);
        assert!(parse_urlencoded(b"").is_empty());
        assert_eq!(parse_urlencoded_up_to(2, b"a&&b&").map(|pairs| pairs.len()), Some(2));
        assert_eq!(parse_urlencoded_up_to(2, b"a&b&c"), None);
    }
}
