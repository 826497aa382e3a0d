//! How the output is cut.

use super::client::Client;
use crate::h2::*;
use bytes::Bytes;

/// Writes everything, as much of each run as `limit` allows; gives runs with their flush marks.
fn runs(connection: &mut Connection, limit: usize) -> Vec<(Vec<u8>, bool)> {
    let mut runs = Vec::new();
    while let Some(transmit) = connection.poll_transmit() {
        let length = transmit.octets.len().min(limit);
        runs.push((transmit.octets[..length].to_vec(), transmit.flush));
        connection.transmitted(length);
    }
    runs
}

fn connection() -> Connection {
    Client::default().connection
}

#[test]
fn one_turn_is_one_run() {
    let mut connection = connection();
    connection.send_raw_octets(Bytes::from_static(b"abc"), CallSite(0));
    connection.send_raw_octets(Bytes::from_static(b"def"), CallSite(0));
    assert_eq!(runs(&mut connection, 100), [(b"abcdef".to_vec(), false)]);
    assert!(connection.poll_transmit().is_none());
}

#[test]
fn flush_marks_cut() {
    let mut connection = connection();
    connection.flush();
    connection.send_raw_octets(Bytes::from_static(b"abc"), CallSite(0));
    connection.flush();
    connection.flush();
    connection.send_raw_octets(Bytes::from_static(b"def"), CallSite(0));
    assert_eq!(runs(&mut connection, 100), [(b"abc".to_vec(), true), (b"def".to_vec(), false)]);
}

#[test]
fn partial_writes_keep_the_marks() {
    let mut connection = connection();
    connection.send_raw_octets(Bytes::from_static(b"abcde"), CallSite(0));
    connection.flush();
    connection.send_raw_octets(Bytes::from_static(b"fg"), CallSite(0));
    let runs = runs(&mut connection, 2);
    let octets: Vec<_> = runs.iter().map(|(octets, _)| octets.as_slice()).collect();
    assert_eq!(octets, [&b"ab"[..], b"cd", b"e", b"fg"]);
    assert!(runs[2].1 && !runs[3].1);
}

#[test]
fn write_size_bounds_every_run() {
    let mut connection = connection();
    connection.send_raw_octets(Bytes::from_static(b"before"), CallSite(0));
    connection.set_write_size(Some(3));
    connection.send_raw_octets(Bytes::from_static(b"abcdefgh"), CallSite(0));
    connection.set_write_size(None);
    connection.send_raw_octets(Bytes::from_static(b"after"), CallSite(0));
    let expected = [(&b"before"[..], false), (b"abc", true), (b"def", true), (b"gh", true), (b"after", false)];
    assert_eq!(runs(&mut connection, 100), expected.map(|(octets, flush)| (octets.to_vec(), flush)));
    connection.set_write_size(Some(0));
    connection.send_raw_octets(Bytes::from_static(b"ab"), CallSite(0));
    assert_eq!(runs(&mut connection, 100).len(), 2);
}

#[test]
fn more_than_offered_is_not_taken() {
    let mut connection = connection();
    connection.send_raw_octets(Bytes::from_static(b"abc"), CallSite(0));
    connection.flush();
    connection.send_raw_octets(Bytes::from_static(b"def"), CallSite(0));
    connection.poll_transmit();
    connection.transmitted(1_000);
    assert_eq!(connection.poll_transmit().map(|transmit| transmit.octets.to_vec()), Some(b"def".to_vec()));
}

#[test]
fn large_output_in_small_writes_arrives_whole() {
    let mut connection = connection();
    let octets: Vec<u8> = (0..1_000_000_u32).map(|index| index as u8 ^ (index >> 8) as u8).collect();
    connection.send_raw_octets(octets.clone().into(), CallSite(0));
    connection.flush();
    let mut written = Vec::new();
    for (run, _) in runs(&mut connection, 997) {
        written.extend(run);
    }
    assert_eq!(written, octets);
}
