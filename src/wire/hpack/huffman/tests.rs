use super::{HuffmanError, code, decode, encode, encoded_len, max_decoded_len};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

fn decoded(coded: &[u8]) -> Result<Vec<u8>, HuffmanError> {
    let mut out = BytesMut::from(&b"kept"[..]);
    let result = decode(coded, &mut out);
    assert_eq!(&out[..4], b"kept");
    assert!(result.is_ok() || out.len() == 4, "an error leaves nothing behind");
    result.map(|()| out[4..].to_vec())
}

/// Bit by bit, by RFC 7541 §5.2 and Appendix B.
fn decoded_slowly(coded: &[u8]) -> Result<Vec<u8>, HuffmanError> {
    let mut out = Vec::new();
    let (mut word, mut length) = (0_u32, 0_u8);
    for octet in coded {
        for bit in (0..8).rev() {
            word = (word << 1) | u32::from(octet >> bit & 1);
            length += 1;
            let symbol =
                (0..code::SYMBOLS).find(|symbol| (code::CODES[*symbol], code::LENGTHS[*symbol]) == (word, length));
            if let Some(symbol) = symbol {
                out.push(u8::try_from(symbol).map_err(|_| HuffmanError::Eos)?);
                (word, length) = (0, 0);
            }
        }
    }
    if word != (1 << length) - 1 {
        return Err(HuffmanError::Padding);
    }
    if length < 8 { Ok(out) } else { Err(HuffmanError::PaddingTooLong) }
}

fn encoded(octets: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    encode(octets, &mut out);
    out.freeze()
}

#[test]
fn bad_strings_are_told_apart() {
    assert_eq!(decoded(&[]), Ok(vec![]));
    assert_eq!(decoded(&[0x1f]), Ok(vec![b'a']));
    assert_eq!(decoded(&[0x1f, 0xff]), Err(HuffmanError::PaddingTooLong));
    assert_eq!(decoded(&[0xff]), Err(HuffmanError::PaddingTooLong));
    assert_eq!(decoded(&[0x18]), Err(HuffmanError::Padding), "zeros after a");
    assert_eq!(decoded(&[0x1e]), Err(HuffmanError::Padding));
    assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), Err(HuffmanError::Eos));
    assert_eq!(decoded(&[0x1f, 0xff, 0xff, 0xff, 0xff]), Err(HuffmanError::Eos));
    let long = [&[0x1f, 0xff, 0xff, 0xff, 0xff][..], &[0; 20]].concat();
    assert_eq!(decoded(&long), Err(HuffmanError::Eos));
}

#[test]
fn every_pair_of_octets_comes_back() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let octets = [first, second];
            assert_eq!(decoded(&encoded(&octets)), Ok(octets.to_vec()));
        }
    }
}

#[test]
fn the_bound_holds_for_the_shortest_codes() {
    for length in 0..200 {
        let coded = vec![0; length];
        assert!(length * 8 / 5 < max_decoded_len(length));
        assert_eq!(decoded(&coded), decoded_slowly(&coded));
    }
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn any_octets_come_back(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let coded = encoded(&octets);
        prop_assert_eq!(coded.len(), encoded_len(&octets));
        prop_assert_eq!(decoded(&coded), Ok(octets));
    }

    #[test]
    fn any_text_comes_back(text in "[ -~]{0,200}") {
        prop_assert_eq!(decoded(&encoded(text.as_bytes())), Ok(text.into_bytes()));
    }

    #[test]
    fn it_judges_as_the_slow_decoder_does(coded in prop::collection::vec(
        prop_oneof![2 => any::<u8>(), 1 => Just(0xff), 1 => 0..0x60_u8], 0..40,
    )) {
        let result = decoded(&coded);
        prop_assert_eq!(&result, &decoded_slowly(&coded));
        if let Ok(octets) = result {
            prop_assert_eq!(&encoded(&octets)[..], &coded[..], "the code is unambiguous");
        }
    }

    #[test]
    fn a_valid_string_with_another_end_is_judged_the_same(text in "[ -~]{0,40}", tail in any::<[u8; 5]>(), keep in 0..6_usize) {
        let mut coded = encoded(text.as_bytes()).to_vec();
        coded.extend(tail.iter().take(keep));
        prop_assert_eq!(decoded(&coded), decoded_slowly(&coded));
    }
}
