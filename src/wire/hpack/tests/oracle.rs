//! Both ways against the crate `hpack`, which sees only blocks that an encoder made.

use super::*;

/// `accept-charset` is misspelt in the crate's static table (entry 15).
fn agreed(lists: &[List]) -> bool {
    lists.iter().flatten().all(|(name, _)| name != b"accept-charset")
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn what_is_encoded_here_is_decoded_there(lists in prop::collection::vec(any_list(), 1..6)) {
        prop_assume!(agreed(&lists));
        let mut encoder = Encoder::new();
        let mut decoder = hpack::Decoder::new();
        for fields in &lists {
            prop_assert_eq!(&decoder.decode(&encoded(&mut encoder, fields)).unwrap(), fields);
        }
    }

    #[test]
    fn what_is_encoded_there_is_decoded_here(lists in prop::collection::vec(any_list(), 1..6)) {
        prop_assume!(agreed(&lists));
        let mut encoder = hpack::Encoder::new();
        let mut decoder = Decoder::default();
        for fields in &lists {
            let octets = encoder.encode(borrowed(fields));
            prop_assert_eq!(&list(&decoder.decode(octets.into(), usize::MAX).unwrap()), fields);
        }
    }
}

/// Every entry but the misspelt one, by the crate's own decoder.
#[test]
fn the_static_tables_are_the_same() {
    for index in (1..=61).filter(|index| *index != 15) {
        let mut builder = BlockBuilder::new();
        builder.indexed(index);
        let block = Decoder::default().decode(builder.finish(), usize::MAX).unwrap();
        assert_eq!(hpack::Decoder::new().decode(&block.octets).unwrap(), list(&block));
    }
    assert_eq!(static_entry(15), Some(("accept-charset", "")));
    assert_eq!((static_entry(0), static_entry(62)), (None, None));
}
