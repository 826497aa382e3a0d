//! Whatever a peer sends, nothing panics, and what is promised holds.

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;

use super::ranges::RangeRequest;
use super::*;

/// Octets that come near to meaning something.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        prop::sample::select(vec![
            "/",
            "..",
            ".",
            "%2e",
            "%2F",
            "%5c",
            "%00",
            "%",
            "%25",
            "\\",
            "bytes=",
            "0-",
            "-5",
            ",",
            "9",
            "W/\"x\"",
            "\"",
            "*",
            "--b",
            "\r\n",
            "\r\n\r\n",
            "content-disposition: form-data; name=a",
            ";",
            "=",
            "&",
            "+",
            "a",
            "http://",
            "h:80",
            "[::1]",
            "@",
            "?",
            "Basic ",
            "dTpw",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            ": ",
            " ",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(fragment, 0..16).prop_map(|fragments| fragments.concat())
}

proptest! {
    #![proptest_config(crate::properties::config(500))]

    #[test]
    fn no_path_leads_out(octets in octets()) {
        if let Ok(resolved) = path::resolve(&[b"/", &octets[..]].concat()) {
            let mut place = Path::new("/root").to_path_buf();
            for segment in &resolved.segments {
                place.push(segment);
            }
            prop_assert!(place.starts_with("/root"));
            prop_assert_eq!(place.components().count(), 2 + resolved.segments.len());
        }
    }

    #[test]
    fn ranges_lie_inside(octets in octets(), length in 0..40_u64) {
        if let RangeRequest::Partial(ranges) = ranges::parse(&[b"bytes=", &octets[..]].concat(), length) {
            prop_assert!(!ranges.is_empty() && ranges.iter().all(|range| range.first <= range.last && range.last < length));
        }
    }

    #[test]
    fn parsers_take_anything(octets in octets()) {
        let bytes = Bytes::from(octets);
        for method in [&b"GET"[..], b"CONNECT"] {
            if let Ok(target) = Target::parse(method, &bytes) {
                let query = target.query.map_or(0, |query| query.len() + 1);
                prop_assert!(target.form != TargetForm::Origin || target.path.len() + query == bytes.len());
            }
        }
        let fields = Fields::from([
            ("cookie", bytes.clone()), ("if-none-match", bytes.clone()), ("if-range", bytes.clone()), ("range", bytes.clone()),
        ]);
        cookies::parse(&fields);
        conditional::evaluate(b"GET", &fields, &Default::default());
        conditional::range_applies(&fields, &Default::default());
        form::parse_urlencoded(&bytes);
        parameters::parse(&bytes);
        let _ = authorization::parse_basic(&bytes);
        let _ = date::parse(&bytes);
        let body = [b"--b", &bytes[..]].concat().into();
        if let Ok(parts) = multipart::parse(b"multipart/form-data; boundary=b", &body, Default::default()) {
            prop_assert!(parts.iter().all(|part| part.fields.contains("content-disposition")));
        }
        let round_trip = latin1::from_latin1(&latin1::latin1(&bytes));
        prop_assert_eq!(round_trip.as_deref(), Some(&bytes[..]));
    }
}
