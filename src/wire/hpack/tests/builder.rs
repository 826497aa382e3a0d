use super::*;

/// A representation as a script may ask for it.
#[derive(Clone, Debug)]
enum Step {
    Indexed(u64),
    Literal { kind: LiteralKind, index: u64, name: Vec<u8>, value: Vec<u8>, name_huffman: bool, value_huffman: bool },
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind =
        prop::sample::select(vec![LiteralKind::Incremental, LiteralKind::WithoutIndexing, LiteralKind::NeverIndexed]);
    let octets = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        (1..=61_u64).prop_map(Step::Indexed),
        (kind, 0..=61_u64, octets(), octets(), any::<bool>(), any::<bool>()).prop_map(
            |(kind, index, name, value, name_huffman, value_huffman)| Step::Literal {
                kind,
                index,
                name,
                value,
                name_huffman,
                value_huffman,
            },
        ),
    ]
}

fn check_step(step: &Step, field: &Field) -> Result<(), TestCaseError> {
    match step {
        Step::Indexed(index) => {
            prop_assert_eq!((field.representation, field.index), (Representation::Indexed, *index));
            let (name, value) = static_entry(*index).unwrap();
            prop_assert_eq!((&field.name[..], &field.value[..]), (name.as_bytes(), value.as_bytes()));
        }
        Step::Literal { kind, index, name, value, name_huffman, value_huffman } => {
            prop_assert_eq!((field.representation, field.index), (Representation::from(*kind), *index));
            prop_assert_eq!(&field.value[..], &value[..]);
            prop_assert_eq!(field.value_huffman, *value_huffman);
            prop_assert_eq!(field.name_huffman, *name_huffman && *index == 0);
            let known = static_entry(*index).map(|(name, _)| name.as_bytes());
            prop_assert_eq!(&field.name[..], known.unwrap_or(name));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn what_is_built_is_reported_field_by_field(
        sizes in prop::collection::vec(0..=4096_u64, 0..3), steps in prop::collection::vec(any_step(), 0..12),
    ) {
        let mut builder = BlockBuilder::new();
        for size in &sizes {
            builder.size_update(*size);
        }
        let mut cuts = vec![];
        for step in &steps {
            let before = builder.octets().len();
            match step {
                Step::Indexed(index) => builder.indexed(*index),
                Step::Literal { kind, index: 0, name, value, name_huffman, value_huffman } => {
                    builder.literal(*kind, Name::Literal(name), value, *name_huffman, *value_huffman)
                }
                Step::Literal { kind, index, value, value_huffman, .. } => {
                    builder.literal(*kind, Name::Index(*index), value, true, *value_huffman)
                }
            };
            cuts.push(before..builder.octets().len());
        }
        let octets = builder.finish();
        let block = Decoder::default().decode(octets.clone(), usize::MAX).unwrap();
        prop_assert_eq!(block.entries.len(), sizes.len() + steps.len());
        for (entry, size) in block.entries.iter().zip(&sizes) {
            let found = matches!(entry, Entry::SizeUpdate { size: read, .. } if read == size);
            prop_assert!(found);
        }
        for ((step, cut), field) in steps.iter().zip(cuts).zip(block.fields()) {
            check_step(step, field)?;
            prop_assert_eq!(&field.octets, &octets.slice(cut));
        }
    }
}

#[test]
fn over_long_integers_are_kept_in_the_octets() {
    let mut builder = BlockBuilder::new();
    builder.integer(6, 63 + 5, 0x40, 2).raw(b"\x01v");
    assert_eq!(builder.octets(), b"\x7f\x85\x80\x00\x01v");
    let mut decoder = Decoder::default();
    for at in 0..7 {
        let name = format!("n{at}");
        let mut filler = BlockBuilder::new();
        filler.incremental(Name::Literal(name.as_bytes()), b"");
        decoder.decode(filler.finish(), usize::MAX).unwrap();
    }
    let block = decoder.decode(builder.finish(), usize::MAX).unwrap();
    let field = block.fields().next().unwrap();
    assert_eq!((&field.name[..], field.index), (&b"n0"[..], 68));
    assert_eq!(&field.octets[..], b"\x7f\x85\x80\x00\x01v");
}

#[test]
fn a_string_may_lie_about_itself() {
    let mut builder = BlockBuilder::new();
    builder.raw(b"\x00").string(b"x", false).string_as(true, 1, b"\x18");
    let error = Decoder::default().decode(builder.finish(), usize::MAX).unwrap_err();
    assert_eq!(error, DecodeError { kind: DecodeErrorKind::HuffmanPadding, offset: 4 });
    let mut builder = BlockBuilder::new();
    builder.raw(b"\x00").string_as(false, 9, b"x");
    let error = Decoder::default().decode(builder.finish(), usize::MAX).unwrap_err();
    assert_eq!(error, DecodeError { kind: DecodeErrorKind::Truncated, offset: 2 });
}
