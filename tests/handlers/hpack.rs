//! `handlers/hpack/`

use super::{END_HEADERS, TYPE, Want, check, headers, last, sent, status_and};
use crate::support::raw::assemble;
use crate::support::server::Server;

fn raw(octets: impl AsRef<[u8]>, text: &str) -> Vec<Want> {
    vec![headers(END_HEADERS, octets), last(text)]
}

#[test]
fn indices_that_are_in_no_table() {
    let row = |octets: &[u8]| raw([&[0x88], octets].concat(), "The index was out of range.\n");
    check(&[
        ("hpack/index.rhai", row(&[0x80])),
        ("hpack/index.rhai?index=62", row(&[0x80 | 62])),
        ("hpack/index.rhai?index=200", row(&[0xff, 73])),
        ("hpack/index.rhai?index=1000000", row(&[0xff, 0xc1, 0x83, 0x3d])),
    ]);
}

#[test]
fn size_updates() {
    let row = |octets: &[&[u8]]| raw(octets.concat(), "The size update was wrong.\n");
    let fields = status_and(&[TYPE]);
    check(&[
        // 4097 = 31 + 4066, in octets of seven bits 0x62 and 0x1f.
        ("hpack/size-update.rhai", row(&[&[0x3f, 0xe2, 0x1f], &fields])),
        ("hpack/size-update.rhai?kind=late", row(&[&[0x88], &[0x3f, 0xe1, 0x1f], &fields[1..]])),
    ]);
}

#[test]
fn huffman_codes() {
    // "www.example.com", RFC 7541 §C.4.1.
    const CODE: [u8; 11] = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4];
    let row = |end: &[u8]| {
        let value = [&CODE[..], end].concat();
        raw([&[0x88, 0, 3][..], b"x-h", &[0x80 | value.len() as u8], &value].concat(), "x-h was Huffman-coded.\n")
    };
    check(&[
        ("hpack/huffman.rhai", row(&[0xff, 0xff])),
        ("hpack/huffman.rhai?kind=zeros", row(&[0x80])),
        ("hpack/huffman.rhai?kind=eos", row(&[0xff, 0xff, 0xff, 0xff])),
        ("hpack/huffman.rhai?kind=right", row(&[0xff])),
    ]);
    let server = Server::start();
    let response = assemble(&sent(&server, "hpack/huffman.rhai?kind=right"), 1);
    assert_eq!(response.get("x-h").as_deref(), Some("www.example.com"));
}

#[test]
fn integers() {
    let row = |octets: &[u8]| raw([&[0x88], octets].concat(), "The integer was odd.\n");
    let value = b"\x0atext/plain";
    let over_long = |integer: &[u8]| [integer, value].concat();
    check(&[
        // 31 = 15 + 16 in a prefix of four bits.
        ("hpack/integer.rhai?extra=0", row(&over_long(&[0x0f, 0x10]))),
        ("hpack/integer.rhai", row(&over_long(&[0x0f, 0x90, 0x00]))),
        ("hpack/integer.rhai?extra=3", row(&over_long(&[0x0f, 0x90, 0x80, 0x80, 0x00]))),
        ("hpack/integer.rhai?kind=overflow", row(&[&[0xff; 10][..], &[0x7f]].concat())),
        ("hpack/integer.rhai?kind=endless", row(&[0xff, 0x80, 0x80])),
    ]);
    let server = Server::start();
    let response = assemble(&sent(&server, "hpack/integer.rhai?extra=3"), 1);
    assert_eq!(response.get("content-type").as_deref(), Some("text/plain"));
}

#[test]
fn blocks_cut_short() {
    let block = status_and(&[TYPE, ("x-cut", "in here")]);
    let paths: Vec<String> = (0..=block.len()).map(|octets| format!("hpack/truncated.rhai?octets={octets}")).collect();
    let row = |octets: usize| raw(&block[..octets], "The block was cut short.\n");
    let rows: Vec<_> = paths.iter().enumerate().map(|(octets, path)| (&**path, row(octets))).collect();
    check(&rows);
}

#[test]
fn every_representation_is_understood_by_a_foreign_decoder() {
    let server = Server::start();
    let frames = sent(&server, "hpack/representations.rhai");
    let response = assemble(&frames, 1);
    let fields: Vec<String> = response
        .fields
        .iter()
        .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect();
    assert_eq!(fields, [":status=200", "x-1=one", "x-2=two", "x-3=three", "x-4=four", "x-2=two", "x-1=one"]);
    let octets = &frames[0].payload;
    let begin = [0x3f, 0xe1, 0x1f, 0x88, 0x40, 3, b'x', b'-', b'1', 3, b'o', b'n', b'e', 0x40, 0x83];
    assert_eq!(octets.get(..begin.len()), Some(&begin[..]));
    assert_eq!(octets.last_chunk(), Some(&[0xbe, 0xbf]));
}
