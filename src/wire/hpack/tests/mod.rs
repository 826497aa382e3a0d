mod appendix_c;
mod builder;
mod decoder;
mod encoder;
mod integer;
mod oracle;

use super::*;
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

type List = Vec<(Vec<u8>, Vec<u8>)>;

fn octets(hex: &str) -> Bytes {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn list(block: &Block) -> List {
    block.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

fn strings(block: &Block) -> Vec<(String, String)> {
    let text = |octets: &Bytes| String::from_utf8(octets.to_vec()).unwrap();
    block.fields().map(|field| (text(&field.name), text(&field.value))).collect()
}

fn borrowed(list: &List) -> impl Iterator<Item = (&[u8], &[u8])> {
    list.iter().map(|(name, value)| (&name[..], &value[..]))
}

fn encoded(encoder: &mut Encoder, list: &List) -> Bytes {
    let mut out = BytesMut::new();
    encoder.encode(borrowed(list), &mut out);
    out.freeze()
}

/// Field lists as they occur, names repeated often, and others of any octets.
fn any_list() -> impl Strategy<Value = List> {
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            ":method", ":status", ":path", ":authority", "cookie", "set-cookie", "authorization", "content-length",
            "x-a", "x-b", "user-agent", "accept", "www-authenticate", "accept-encoding",
        ]).prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    let value = prop_oneof![
        3 => prop::sample::select(vec!["", "GET", "/", "200", "gzip, deflate", "a", "b", "a longer value than others"])
            .prop_map(|value| value.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => "[ -~]{0,300}".prop_map(String::into_bytes),
    ];
    prop::collection::vec((name, value), 0..12)
}
