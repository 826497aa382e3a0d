//! What a client would rather have: `accept` (RFC 9110 §12.5.1).

use super::fields::Fields;
use super::parameters;

/// Whether a client would rather have the media type `wanted` than `other`.
pub fn prefers(fields: &Fields, wanted: &str, other: &str) -> bool {
    let accept = fields.combined("accept");
    quality(accept.as_deref(), wanted) > quality(accept.as_deref(), other)
}

/// The quality, 0 to 1000, that `accept` gives a media type such as `text/html`; the most specific range counts. Without
/// the header anything is as good as anything else.
fn quality(accept: Option<&[u8]>, media_type: &str) -> u16 {
    let Some(accept) = accept else { return 1000 };
    let kind = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for range in accept.split(|byte| *byte == b',') {
        let (range, parameters) = parameters::parse(range);
        let weight = parameters.iter().position(|(name, _)| name.eq_ignore_ascii_case(b"q"));
        // Parameters before the weight make a range narrower: it is about a type with these parameters.
        if weight.unwrap_or(parameters.len()) > 0 {
            continue;
        }
        let specificity = match std::str::from_utf8(range) {
            Ok(range) if range.eq_ignore_ascii_case(media_type) => 3,
            Ok("*/*") => 1,
            Ok(range) if range.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(kind)) => 2,
            _ => continue,
        };
        if specificity > best.0 {
            best = (specificity, weight.map_or(1000, |at| thousandths(&parameters[at].1)));
        }
    }
    best.1
}

/// A weight in thousandths; what is no weight counts as 1.
fn thousandths(weight: &[u8]) -> u16 {
    let number = std::str::from_utf8(weight).ok().and_then(|text| text.parse::<f64>().ok());
    let share = number.filter(|number| (0.0..=1.0).contains(number)).unwrap_or(1.0);
    // At most 1000.
    (share * 1000.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::quality;

    #[test]
    fn the_most_specific_range_counts() {
        const CHROMIUM: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,\
                                application/signed-exchange;v=b3;q=0.7";
        for (accept, html, plain) in [
            (CHROMIUM, 1000, 800),
            ("*/*", 1000, 1000),
            ("", 0, 0),
            ("text/*;q=0.5, */*;q=0.1", 500, 500),
            ("*/*, text/plain;q=0.2, TEXT/HTML ; Q=0.25", 250, 200),
            ("text/html;q=0, */*", 0, 1000),
            ("text/html;level=1, text/plain;q=0.3", 0, 300),
            ("text/html;q=nan, text/plain;q=2", 1000, 1000),
            ("application/json", 0, 0),
        ] {
            let of = |media_type| quality(Some(accept.as_bytes()), media_type);
            assert_eq!((of("text/html"), of("text/plain")), (html, plain), "{accept}");
        }
        assert_eq!(quality(None, "text/html"), 1000);
    }
}
