//! The same octets in any chunking give the same events and the same answers.

use super::client::{Client, octets};
use crate::h2::*;
use proptest::prelude::*;

/// Conversations of all kinds, good and bad.
const FIXTURES: &[&str] = &[
    "preface\nframe SETTINGS 0 00 000400000010\nack\nget 1\npost 3 content-length=5\ndata 3 2\nend 3 3",
    "preface\nframe SETTINGS 0 00\npost 1\ndata 1 30\ntrailers 1 a=b\nframe PING 0 00 0102030405060708",
    "preface\nframe SETTINGS 0 00\nframe HEADERS 1 01 8287\nframe CONTINUATION 1 00 84\nframe CONTINUATION 1 00\nframe CONTINUATION 1 04 410161\nget 3",
    "preface\nframe SETTINGS 0 00\nframe HEADERS 1 2d 03800000030f828784410161000000\nframe DATA 1 09 0201020000",
    "preface\nframe SETTINGS 0 00\nframe HEADERS 1 01 8287\nframe PING 0 00 0102030405060708\nget 3",
    "preface\nframe SETTINGS 0 00\nget 1 Aa=b\nget 3\nget 3\nframe WINDOW_UPDATE 3 00 00000000\nget 5",
    "preface\nget 1\nget 3",
    "octets 505249202a20485454502f322e310d0a0d0a534d0d0a0d0a000000",
    "octets 474554202f20485454502f312e310d0a486f73743a20610d0a0d0a",
    "preface\nframe SETTINGS 0 00\nframe PRIORITY_UPDATE 0 00 00000001753d31\nframe GOAWAY 0 00 0000000000000000616263\nframe ee 7 ff 0102\nframe RST_STREAM 1 00 00000008",
    "preface\nframe SETTINGS 0 00\noctets 00400100000000000102",
    "preface\nframe SETTINGS 0 00\npost 1\nframe RST_STREAM 1 00 00000008\ndata 1 9\nget 3\nframe HEADERS 5 05 bf\nget 7",
];

fn config() -> Config {
    Config { record_frames: true, ..Config::default() }
}

fn octets_of(lines: &str) -> Vec<u8> {
    lines.lines().flat_map(octets).collect()
}

/// Events in order, and all that was sent.
fn outcome<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Vec<String>) {
    let mut client = Client::fresh(config());
    for chunk in chunks {
        client.connection.receive(client.now, chunk);
    }
    let events = client.events().iter().map(|event| format!("{event:?}")).collect();
    (events, client.shown())
}

#[test]
fn every_split_in_two_gives_the_same() {
    for lines in FIXTURES {
        let octets = octets_of(lines);
        let whole = outcome([octets.as_slice()]);
        for at in 0..=octets.len() {
            let (front, back) = octets.split_at(at);
            assert_eq!(outcome([front, back]), whole, "{lines:?} split at {at}");
        }
        assert_eq!(outcome(octets.chunks(1)), whole, "{lines:?} octet by octet");
    }
}

/// What a broken peer could send: fixtures with octets changed.
fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (prop::sample::select(FIXTURES), prop::sample::select(FIXTURES), changes).prop_map(|(one, other, changes)| {
        let mut octets = octets_of(one);
        octets.extend(octets_of(other.trim_start_matches("preface\n")));
        for (index, octet) in changes {
            let at = index.index(octets.len());
            octets[at] = octet;
        }
        octets
    })
}

proptest! {
    #![proptest_config(crate::properties::config(200))]

    #[test]
    fn any_chunking_gives_the_same(octets in conversation(), sizes in prop::collection::vec(1_usize..40, 1..30)) {
        let mut chunks = Vec::new();
        let mut rest = octets.as_slice();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, behind) = rest.split_at((*size).min(rest.len()));
            chunks.push(chunk);
            rest = behind;
        }
        prop_assert_eq!(outcome(chunks), outcome([octets.as_slice()]));
    }
}
