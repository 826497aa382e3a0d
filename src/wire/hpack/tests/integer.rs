use super::super::integer::{IntegerError, MAX_OCTETS, decode, encode, encode_over_long};
use super::*;

#[test]
fn what_is_wrong_with_an_integer_is_told() {
    assert_eq!(decode(5, &[]), Err(IntegerError::Truncated));
    assert_eq!(decode(5, &[0x1f]), Err(IntegerError::Truncated));
    assert_eq!(decode(5, &[0x1f, 0x80, 0x80]), Err(IntegerError::Truncated));
    let mut most = BytesMut::new();
    encode(5, 0, u64::MAX, &mut most);
    assert_eq!(decode(5, &most), Ok((u64::MAX, most.len())));
    most[1] += 1;
    assert_eq!(decode(5, &most), Err(IntegerError::Overflow));
    assert_eq!(decode(5, &[&[0x1f][..], &[0xff; 12]].concat()), Err(IntegerError::Overflow));
}

#[test]
fn over_long_forms_are_read_up_to_a_limit() {
    let mut out = BytesMut::new();
    encode_over_long(5, 0xe0, 31, 3, &mut out);
    assert_eq!(&out[..], [0xff, 0x80, 0x80, 0x80, 0x00]);
    assert_eq!(decode(5, &out), Ok((31, 5)));
    out.clear();
    encode_over_long(5, 0, 31, MAX_OCTETS - 2, &mut out);
    assert_eq!(decode(5, &out), Ok((31, MAX_OCTETS)));
    out.clear();
    encode_over_long(5, 0, 31, MAX_OCTETS - 1, &mut out);
    assert_eq!(decode(5, &out), Err(IntegerError::TooLong));
    out.clear();
    encode_over_long(5, 0, 30, 9, &mut out);
    assert_eq!(&out[..], [30]);
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn any_integer_comes_back(
        prefix_bits in any::<u8>(), first in any::<u8>(), value in any::<u64>(), shift in 0..64_u32, extra in 0..4_usize,
    ) {
        let value = value >> shift;
        let mut out = BytesMut::new();
        encode_over_long(prefix_bits, first, value, extra, &mut out);
        prop_assert_eq!(decode(prefix_bits, &out), Ok((value, out.len())));
        let high = match prefix_bits { 0 | 1 => 0xfe, 2..=7 => 0xff << prefix_bits, _ => 0 };
        prop_assert_eq!(out[0] & high, first & high);
    }

    #[test]
    fn any_octets_are_read_in_bounds(prefix_bits in 0..10_u8, octets in prop::collection::vec(any::<u8>(), 0..24)) {
        if let Ok((_, used)) = decode(prefix_bits, &octets) {
            prop_assert!(used >= 1 && used <= octets.len() && used <= MAX_OCTETS);
        }
    }
}
