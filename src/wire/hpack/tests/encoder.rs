use super::*;

fn representations(encoder: &mut Encoder, fields: &[(&str, &str)]) -> Vec<(Representation, u64)> {
    let mut out = BytesMut::new();
    encoder.encode(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), &mut out);
    let mut decoder = Decoder::default();
    // Entries made earlier are unknown here: only literals and static entries may be asked about.
    let block = decoder.decode(out.freeze(), usize::MAX).unwrap();
    block.fields().map(|field| (field.representation, field.index)).collect()
}

#[test]
fn secrets_are_never_indexed_and_changing_values_do_not_fill_the_table() {
    use Representation::{Incremental, Indexed, NeverIndexed, WithoutIndexing};
    let mut encoder = Encoder::new();
    let long = "a-cookie-that-nobody-can-guess";
    let fields = [
        ("authorization", "x"),
        ("proxy-authorization", "x"),
        ("set-cookie", "a=b"),
        ("cookie", "a=b"),
        ("cookie", long),
        ("cookie", long),
        (":path", "/x"),
        (":path", "/index.html"),
        ("content-length", "5"),
        ("etag", "\"1\""),
        ("server", "wireserve"),
        (":status", "299"),
        ("x-new", "1"),
        ("x-new", "2"),
    ];
    let expected = [
        (NeverIndexed, 23),
        (NeverIndexed, 49),
        (NeverIndexed, 55),
        (NeverIndexed, 32),
        (Incremental, 32),
        (Indexed, 62),
        (WithoutIndexing, 4),
        (Indexed, 5),
        (WithoutIndexing, 28),
        (WithoutIndexing, 34),
        (Incremental, 54),
        (Incremental, 8),
        (Incremental, 0),
        (Incremental, 62),
    ];
    assert_eq!(representations(&mut encoder, &fields), expected);
}

#[test]
fn what_would_fill_the_table_is_not_indexed() {
    let mut encoder = Encoder::new();
    let value = "v".repeat(4000);
    assert_eq!(representations(&mut encoder, &[("x-a", &value)]), [(Representation::WithoutIndexing, 0)]);
    assert_eq!(encoder.table_size(), 0);
}

#[test]
fn a_changed_setting_is_signalled_once_and_the_smallest_first() {
    let fields: List = vec![(b":method".to_vec(), b"GET".to_vec())];
    let mut encoder = Encoder::new();
    encoder.set_max_table_size(4096);
    assert_eq!(encoded(&mut encoder, &fields), octets("82"));
    encoder.set_max_table_size(0);
    assert_eq!(encoded(&mut encoder, &fields), octets("20 82"));
    assert_eq!(encoded(&mut encoder, &fields), octets("82"));
    encoder.set_max_table_size(4096);
    assert_eq!(encoded(&mut encoder, &fields), octets("3f e1 1f 82"));
    encoder.set_max_table_size(100);
    encoder.set_max_table_size(30);
    encoder.set_max_table_size(200);
    assert_eq!(encoded(&mut encoder, &fields), octets("3e 3f a9 01 82"));
    // A larger table is not used unless told, so that nothing is to be signalled.
    let mut encoder = Encoder::new();
    encoder.set_max_table_size(65_536);
    assert_eq!(encoded(&mut encoder, &fields), octets("82"));
    encoder.set_table_limit(65_536);
    assert_eq!(encoded(&mut encoder, &fields), octets("3f e1 ff 03 82"));
    // Lowered, but not below what is used: said all the same, as a peer may count on it.
    encoder.set_table_limit(10);
    assert_eq!(encoded(&mut encoder, &fields), octets("2a 82"));
    encoder.set_max_table_size(100);
    assert_eq!(encoded(&mut encoder, &fields), octets("2a 82"));
}

#[test]
fn a_field_can_be_written_as_chosen() {
    let mut encoder = Encoder::new();
    let mut out = BytesMut::new();
    let spec = |representation, name, value| FieldSpec {
        representation,
        name,
        value,
        name_huffman: false,
        value_huffman: false,
    };
    let literal = Name::Literal(b"a");
    assert_eq!(
        encoder.encode_field(spec(Representation::Indexed, literal, b"b"), &mut out),
        Err(EncodeError::NotInTable)
    );
    assert_eq!(
        encoder.encode_field(spec(Representation::NeverIndexed, Name::Index(62), b"b"), &mut out),
        Err(EncodeError::Index(62))
    );
    assert!(out.is_empty());
    for (representation, name) in [
        (Representation::WithoutIndexing, literal),
        (Representation::Incremental, literal),
        (Representation::Indexed, literal),
        (Representation::NeverIndexed, Name::Index(62)),
        (Representation::Indexed, Name::Index(62)),
    ] {
        encoder.encode_field(spec(representation, name, b"b"), &mut out).unwrap();
    }
    assert_eq!(out, octets("00 01 61 01 62  40 01 61 01 62  be  1f 2f 01 62  be"));
    assert_eq!(
        encoder.encode_field(spec(Representation::Indexed, Name::Index(0), b""), &mut out),
        Err(EncodeError::Index(0))
    );
}

#[test]
fn a_block_from_elsewhere_is_followed_or_the_table_is_given_up() {
    let field: List = vec![(b"a".to_vec(), b"b".to_vec())];
    let mut encoder = Encoder::new();
    encoder.observe(&octets("40 01 61 01 62"), |_, _| {}).unwrap();
    assert_eq!(encoded(&mut encoder, &field), octets("be"));
    encoder.observe(&octets("20 3f e1 1f"), |_, _| {}).unwrap();
    assert_eq!(encoded(&mut encoder, &field), octets("40 01 61 01 62"));
    assert_eq!(encoded(&mut encoder, &field), octets("be"));
    for broken in ["40 01", "c0", "3f e2 1f", "04 81 18"] {
        let mut encoder = Encoder::new();
        encoder.observe(&octets("40 01 61 01 62"), |_, _| {}).unwrap();
        assert!(encoder.observe(&octets(broken), |_, _| {}).is_err(), "{broken}");
        assert!(!encoder.table_known());
        for _ in 0..2 {
            assert_eq!(encoded(&mut encoder, &field), octets("00 01 61 01 62"));
        }
        let status: List = vec![(b":status".to_vec(), b"200".to_vec())];
        assert_eq!(encoded(&mut encoder, &status), octets("88"));
        encoder.observe(&octets("be 7e 01 62"), |_, _| {}).unwrap();
        assert_eq!(encoder.table_size(), 0);
    }
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn both_tables_stay_the_same_whatever_the_settings_do(
        steps in prop::collection::vec(
            prop_oneof![3 => any_list().prop_map(Ok), 1 => prop_oneof![Just(0), 0..300_usize, Just(4096), Just(70_000)].prop_map(Err)],
            1..20,
        ),
        limit in prop_oneof![Just(4096), 0..400_usize, Just(100_000)],
    ) {
        let (mut encoder, mut decoder, mut observer) = (Encoder::new(), Decoder::default(), Encoder::new());
        encoder.set_table_limit(limit);
        for step in steps {
            match step {
                Err(size) => {
                    encoder.set_max_table_size(size);
                    observer.set_max_table_size(size);
                    decoder.set_max_table_size(size);
                }
                Ok(fields) => {
                    let octets = encoded(&mut encoder, &fields);
                    let block = decoder.decode(octets.clone(), usize::MAX).unwrap();
                    prop_assert_eq!(list(&block), fields);
                    observer.observe(&octets, |_, _| {}).unwrap();
                    prop_assert!(encoder.table().eq(decoder.table()));
                    prop_assert!(encoder.table().eq(observer.table()));
                    prop_assert_eq!(encoder.table_max_size(), decoder.table_max_size());
                }
            }
        }
    }

    #[test]
    fn any_octets_can_be_observed(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4), fields in any_list()) {
        let mut encoder = Encoder::new();
        for block in blocks {
            let observed = encoder.observe(&block, |_, _| {});
            prop_assert!(observed.is_ok() || !encoder.table_known());
        }
        if !encoder.table_known() {
            let block = Decoder::default().decode(encoded(&mut encoder, &fields), usize::MAX).unwrap();
            prop_assert_eq!(list(&block), fields);
        }
    }
}
