use super::*;

fn error(decoder: &mut Decoder, hex: &str) -> (DecodeErrorKind, usize) {
    let error = decoder.decode(octets(hex), usize::MAX).unwrap_err();
    assert!(error.to_string().contains(&error.kind.to_string()));
    (error.kind, error.offset)
}

#[test]
fn what_is_wrong_with_a_block_is_told_with_its_place() {
    use DecodeErrorKind::*;
    let cases = [
        ("80", Index(0), 0),
        ("82 be", Index(62), 1),
        ("7e 00", Index(62), 0),
        ("82 ff", Truncated, 1),
        ("40", Truncated, 1),
        ("40 01 61", Truncated, 3),
        ("40 02 61", Truncated, 2),
        ("04 05 2f", Truncated, 2),
        ("40 ff ffff ffff ffff ffff ffff", IntegerOverflow, 1),
        ("ff 80808080 80808080 80808080 80808080 00", IntegerTooLong, 0),
        ("04 82 1fff", HuffmanPaddingTooLong, 2),
        ("04 81 18", HuffmanPadding, 2),
        ("04 84 ffffffff", HuffmanEos, 2),
        ("3f e2 1f", SizeUpdateTooLarge { size: 4097, limit: 4096 }, 0),
        ("3f ffffffff ffffffff 7f", SizeUpdateTooLarge { size: (1 << 63) + 30, limit: 4096 }, 0),
        ("82 20", SizeUpdateNotAtStart, 1),
    ];
    for (hex, kind, offset) in cases {
        assert_eq!(error(&mut Decoder::default(), hex), (kind, offset), "{hex}");
    }
}

#[test]
fn a_lowered_setting_must_be_obeyed_at_the_start_of_the_next_block() {
    let missing = DecodeErrorKind::SizeUpdateMissing { limit: 100 };
    let lowered = || {
        let mut decoder = Decoder::default();
        decoder.set_max_table_size(100);
        decoder
    };
    assert_eq!(error(&mut lowered(), "82"), (missing, 0));
    assert_eq!(error(&mut lowered(), ""), (missing, 0));
    assert_eq!(error(&mut lowered(), "3f 46 82").0, DecodeErrorKind::SizeUpdateTooLarge { size: 101, limit: 100 });
    let mut decoder = lowered();
    decoder.decode(octets("3f 45 82"), usize::MAX).unwrap();
    assert_eq!(decoder.table_max_size(), 100);
    decoder.decode(octets("82"), usize::MAX).unwrap();
    // Raised again before the next block: the smallest must still be signalled (RFC 7541 §4.2).
    let raised = || {
        let mut decoder = lowered();
        decoder.set_max_table_size(4096);
        decoder
    };
    assert_eq!(error(&mut raised(), "82"), (missing, 0));
    assert_eq!(error(&mut raised(), "3f e1 1f 82"), (missing, 0));
    let mut decoder = raised();
    let block = decoder.decode(octets("20 3f e1 1f 82"), usize::MAX).unwrap();
    let sizes: Vec<_> = block.entries.iter().map(|entry| (entry.octets().len(), entry.clone())).collect();
    assert!(matches!(
        &sizes[..],
        [(1, Entry::SizeUpdate { size: 0, .. }), (3, Entry::SizeUpdate { size: 4096, .. }), _]
    ));
    assert_eq!(decoder.table_max_size(), 4096);
}

#[test]
fn a_setting_that_the_peer_is_within_asks_for_nothing() {
    let mut decoder = Decoder::default();
    decoder.decode(octets("20"), usize::MAX).unwrap();
    decoder.set_max_table_size(100);
    decoder.decode(octets("82"), usize::MAX).unwrap();
    decoder.set_max_table_size(65_536);
    decoder.decode(octets("82"), usize::MAX).unwrap();
    assert_eq!((decoder.table_max_size(), decoder.max_table_size()), (0, 65_536));
}

#[test]
fn a_size_update_evicts() {
    let mut decoder = Decoder::default();
    decoder.decode(octets("40 01 61 01 62 40 01 63 01 64"), usize::MAX).unwrap();
    assert_eq!((decoder.table_size(), decoder.table().count()), (68, 2));
    decoder.decode(octets("3f 03"), usize::MAX).unwrap();
    assert_eq!(
        decoder.table().map(|(name, value)| (&name[..], &value[..])).collect::<Vec<_>>(),
        [(&b"c"[..], &b"d"[..])]
    );
    // An entry larger than the table empties it and is no error (RFC 7541 §4.4).
    let block = decoder.decode(octets("40 04 61616161 01 62"), usize::MAX).unwrap();
    assert_eq!(strings(&block), [("aaaa".to_owned(), "b".to_owned())]);
    assert_eq!((decoder.table_size(), decoder.table().count()), (0, 0));
}

#[test]
fn a_name_may_come_from_the_entry_that_it_evicts() {
    let mut decoder = Decoder::new(40);
    decoder.decode(octets("40 04 6e616d65 01 31"), usize::MAX).unwrap();
    let block = decoder.decode(octets("7e 01 32"), usize::MAX).unwrap();
    assert_eq!(strings(&block), [("name".to_owned(), "2".to_owned())]);
    assert_eq!(decoder.table_size(), 37);
}

#[test]
fn beyond_the_list_limit_only_the_table_is_served() {
    let mut decoder = Decoder::default();
    let block = decoder.decode(octets("82 40 01 61 01 62 83"), 42).unwrap();
    assert!(block.truncated);
    assert_eq!(strings(&block), [(":method".to_owned(), "GET".to_owned())]);
    assert_eq!(block.list_size, 42 + 34 + 43);
    assert_eq!(decoder.table_size(), 34);
    let whole = decoder.decode(octets("82 be 83"), 42 + 34 + 43).unwrap();
    assert!(!whole.truncated);
    assert_eq!(whole.fields().count(), 3);
    assert_eq!(decoder.decode(octets("82 be be 83"), 0).unwrap().list_size, 42 + 34 + 34 + 43);
    assert!(decoder.decode(octets("82 83 bf"), 0).is_err(), "an index that does not exist, beyond the limit, too");
}

#[test]
fn size_updates_cannot_be_kept_without_bound() {
    let block = Decoder::default().decode(Bytes::from(vec![0x20; 10_000]), 3200).unwrap();
    assert_eq!((block.entries.len(), block.truncated, block.list_size), (100, true, 0));
}

#[test]
fn plain_literals_are_slices_of_the_block_and_the_table_keeps_none() {
    let block = octets("40 01 61 01 62 00 01 63 01 64");
    let within = |part: &Bytes| block.as_ptr_range().contains(&part.as_ptr());
    let mut decoder = Decoder::default();
    let decoded = decoder.decode(block.clone(), usize::MAX).unwrap();
    assert!(decoded.fields().all(|field| within(&field.name) && within(&field.value) && within(&field.octets)));
    assert!(!decoder.table().any(|(name, value)| within(name) || within(value)));
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn any_octets_are_decoded_or_refused(
        blocks in prop::collection::vec(prop::collection::vec(
            prop_oneof![any::<u8>(), 0..8_u8, Just(0x0f), Just(0x40), 0x80..0xc4_u8], 0..80,
        ), 1..4),
        limit in 0..400_usize,
    ) {
        let mut decoder = Decoder::new(200);
        for octets in blocks {
            let octets = Bytes::from(octets);
            let Ok(block) = decoder.decode(octets.clone(), limit) else { break };
            let joined: Vec<u8> = block.entries.iter().flat_map(|entry| entry.octets().to_vec()).collect();
            prop_assert!(octets.starts_with(&joined));
            prop_assert_eq!(joined.len() < octets.len(), block.truncated);
            let is_change = |entry: &Entry| match entry {
                Entry::SizeUpdate { .. } => true,
                Entry::Field(field) => field.representation == Representation::Incremental,
            };
            if !block.truncated {
                prop_assert_eq!(Decoder::is_changed_by(&octets), block.entries.iter().any(is_change));
            }
            prop_assert!(decoder.table_size() <= decoder.table_max_size());
            let sizes = decoder.table().map(|(name, value)| name.len() + value.len() + ENTRY_OVERHEAD);
            prop_assert_eq!(sizes.sum::<usize>(), decoder.table_size());
        }
    }
}
