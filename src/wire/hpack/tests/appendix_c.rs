//! RFC 7541 Appendix C to the octet, both ways.

use super::*;

struct Example {
    octets: &'static str,
    fields: &'static [(&'static str, &'static str)],
    /// Newest first.
    table: &'static [(&'static str, &'static str)],
    table_size: usize,
}

/// Decodes each block in a row, then writes each again in three ways.
fn check(table_size: usize, examples: &[Example]) {
    let mut decoder = Decoder::new(table_size);
    let mut encoder = Encoder::new();
    encoder.set_max_table_size(table_size);
    encoder.begin_block(&mut BytesMut::new());
    let mut observer = Encoder::new();
    observer.set_max_table_size(table_size);
    observer.begin_block(&mut BytesMut::new());
    for example in examples {
        let block = decoder.decode(octets(example.octets), 10_000).unwrap();
        let fields = strings(&block);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        assert_eq!(fields, example.fields);
        let size: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
        assert_eq!((block.list_size, block.truncated), (size, false));
        observer.observe(&block.octets, |_, _| {}).unwrap();
        assert_eq!(encode_again(&mut encoder, &block), block.octets);
        assert_eq!(build_again(&block), block.octets);
        check_table(decoder.table(), decoder.table_size(), example);
        check_table(encoder.table(), encoder.table_size(), example);
        check_table(observer.table(), observer.table_size(), example);
    }
}

fn check_table<'a>(table: impl Iterator<Item = (&'a Bytes, &'a Bytes)>, size: usize, example: &Example) {
    let table: Vec<_> = table.map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    let expected = example.table.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    assert_eq!(table, expected.collect::<Vec<_>>());
    assert_eq!(size, example.table_size);
}

fn encode_again(encoder: &mut Encoder, block: &Block) -> Bytes {
    let mut out = BytesMut::new();
    for field in block.fields() {
        let name = if field.index == 0 { Name::Literal(&field.name) } else { Name::Index(field.index) };
        let spec = FieldSpec {
            representation: field.representation,
            name,
            value: &field.value,
            name_huffman: field.name_huffman,
            value_huffman: field.value_huffman,
        };
        encoder.encode_field(spec, &mut out).unwrap();
    }
    out.freeze()
}

fn build_again(block: &Block) -> Bytes {
    let mut builder = BlockBuilder::new();
    for field in block.fields() {
        let name = if field.index == 0 { Name::Literal(&field.name) } else { Name::Index(field.index) };
        let kind = match field.representation {
            Representation::Indexed => {
                builder.indexed(field.index);
                continue;
            }
            Representation::Incremental => LiteralKind::Incremental,
            Representation::WithoutIndexing => LiteralKind::WithoutIndexing,
            Representation::NeverIndexed => LiteralKind::NeverIndexed,
        };
        builder.literal(kind, name, &field.value, field.name_huffman, field.value_huffman);
    }
    builder.finish()
}

#[test]
fn c1_integers() {
    for (prefix_bits, first_octet, value, hex) in [(5, 0, 10, "0a"), (5, 0, 1337, "1f9a0a"), (8, 0, 42, "2a")] {
        let mut out = BytesMut::new();
        crate::wire::hpack::integer::encode(prefix_bits, first_octet, value, &mut out);
        assert_eq!(out, octets(hex));
        assert_eq!(crate::wire::hpack::integer::decode(prefix_bits, &out), Ok((value, out.len())));
    }
}

#[test]
fn c2_representations() {
    check(
        4096,
        &[Example {
            octets: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
            fields: &[("custom-key", "custom-header")],
            table: &[("custom-key", "custom-header")],
            table_size: 55,
        }],
    );
    let unindexed = [
        ("040c 2f73 616d 706c 652f 7061 7468", &[(":path", "/sample/path")]),
        ("1008 7061 7373 776f 7264 0673 6563 7265 74", &[("password", "secret")]),
        ("82", &[(":method", "GET")]),
    ];
    for (octets, fields) in unindexed {
        check(4096, &[Example { octets, fields, table: &[], table_size: 0 }]);
    }
}

const REQUEST_1: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")];
const REQUEST_2: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/"),
    (":authority", "www.example.com"),
    ("cache-control", "no-cache"),
];
const REQUEST_3: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "https"),
    (":path", "/index.html"),
    (":authority", "www.example.com"),
    ("custom-key", "custom-value"),
];

fn requests(blocks: [&'static str; 3]) -> [Example; 3] {
    let table: &'static [(&str, &str)] =
        &[("custom-key", "custom-value"), ("cache-control", "no-cache"), (":authority", "www.example.com")];
    let [first, second, third] = blocks;
    [
        Example { octets: first, fields: REQUEST_1, table: &table[2..], table_size: 57 },
        Example { octets: second, fields: REQUEST_2, table: &table[1..], table_size: 110 },
        Example { octets: third, fields: REQUEST_3, table, table_size: 164 },
    ]
}

#[test]
fn c3_requests() {
    check(
        4096,
        &requests([
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ]),
    );
}

const C4: [&str; 3] = [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
];

#[test]
fn c4_requests_with_huffman() {
    check(4096, &requests(C4));
}

#[test]
fn c4_is_what_the_encoder_chooses_by_itself() {
    let mut encoder = Encoder::new();
    for (fields, hex) in [REQUEST_1, REQUEST_2, REQUEST_3].into_iter().zip(C4) {
        let mut out = BytesMut::new();
        encoder.encode(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), &mut out);
        assert_eq!(out, octets(hex));
    }
}

const DATE_1: (&str, &str) = ("date", "Mon, 21 Oct 2013 20:13:21 GMT");
const DATE_2: (&str, &str) = ("date", "Mon, 21 Oct 2013 20:13:22 GMT");
const PRIVATE: (&str, &str) = ("cache-control", "private");
const LOCATION: (&str, &str) = ("location", "https://www.example.com");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const COOKIE: (&str, &str) = ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");

fn responses(blocks: [&'static str; 3]) -> [Example; 3] {
    let [first, second, third] = blocks;
    [
        Example {
            octets: first,
            fields: &[(":status", "302"), PRIVATE, DATE_1, LOCATION],
            table: &[LOCATION, DATE_1, PRIVATE, (":status", "302")],
            table_size: 222,
        },
        Example {
            octets: second,
            fields: &[(":status", "307"), PRIVATE, DATE_1, LOCATION],
            table: &[(":status", "307"), LOCATION, DATE_1, PRIVATE],
            table_size: 222,
        },
        Example {
            octets: third,
            fields: &[(":status", "200"), PRIVATE, DATE_2, LOCATION, GZIP, COOKIE],
            table: &[COOKIE, GZIP, DATE_2],
            table_size: 215,
        },
    ]
}

#[test]
fn c5_responses() {
    check(
        256,
        &responses([
            "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
             474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "4803 3330 37c1 c0bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738
             666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
             3630 303b 2076 6572 7369 6f6e 3d31",
        ]),
    );
}

#[test]
fn c6_responses_with_huffman() {
    check(
        256,
        &responses([
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
             63c7 8f0b 97c8 e9ae 82ae 43d3",
            "4883 640e ffc1 c0bf",
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7
             b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ]),
    );
}
