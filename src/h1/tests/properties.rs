//! What holds for any octets, any cuts and any commands.

use proptest::prelude::*;

use super::*;

/// Answers each request once it is complete; events as text, the pieces of a body put together.
fn story(config: &Config, pieces: &[&[u8]]) -> Vec<String> {
    let now = beginning();
    let mut connection = Connection::server(config.clone(), now);
    let mut told: Vec<String> = Vec::new();
    let mut body: (Vec<u8>, Vec<u8>) = Default::default();
    let mut listen = |connection: &mut Connection| {
        loop {
            drain(connection);
            let Some(event) = connection.poll_event() else { break };
            if let Event::Body { id, data, octets } = event {
                connection.consume(id, data.len());
                body.0.extend_from_slice(&data);
                body.1.extend_from_slice(&octets);
                continue;
            }
            if !body.1.is_empty() {
                let (data, octets) = std::mem::take(&mut body);
                told.push(format!("body {} of {}", data.escape_ascii(), octets.escape_ascii()));
            }
            if let Event::RequestEnd { id, .. } = event {
                ok(connection, id.0).unwrap();
            }
            told.push(shown(event));
        }
    };
    for piece in pieces {
        connection.receive(now, piece);
        listen(&mut connection);
    }
    connection.peer_closed(now, PeerClosed::Clean);
    listen(&mut connection);
    assert!(connection.is_finished());
    told
}

/// How the stream ends only matters where it is incomplete; the peer's closing is told where it happens.
fn without_peer_closed(mut told: Vec<String>) -> Vec<String> {
    told.retain(|event| event != "peer closed Clean");
    told
}

fn fixtures() -> Vec<Vec<u8>> {
    let long_chunk = format!("4001;e\r\n{}\r\n", "x".repeat(0x4001));
    [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n\r\nPOST /b HTTP/1.1\nhost: h\r\ncontent-length: 5\r\n\r\nab\r\ncHEAD / HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0a\n0123456789\n00\r\nT: a\r\n b\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nab",
        "GET / HTTP/1.1\r\nhost: h\r\nfold: a\r\n\tb\r\nx\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\n\r\nGET /x",
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([
        [&b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"[..], long_chunk.as_bytes(), b"0\r\n\r\n"].concat(),
        b"\x16\x03\x01\x00\x05hello".to_vec(),
        // Two limits are passed; the nearer one decides.
        ["\r\n".repeat(40), "G".repeat(100)].concat().into_bytes(),
    ])
    .collect()
}

#[test]
fn every_split_in_two_and_octet_by_octet_tells_the_same() {
    for octets in fixtures() {
        for config in [Config::default(), small_limits()] {
            let whole = without_peer_closed(story(&config, &[&octets]));
            assert!(whole.len() > 1);
            let single: Vec<&[u8]> = octets.chunks(1).collect();
            assert_eq!(without_peer_closed(story(&config, &single)), whole);
            let step = if octets.len() > 1_000 { 97 } else { 1 };
            for at in (0..=octets.len()).step_by(step) {
                let (a, b) = octets.split_at(at);
                assert_eq!(without_peer_closed(story(&config, &[a, b])), whole, "cut at {at}");
            }
        }
    }
}

/// Octets that come near to meaning something.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        prop::sample::select(vec![
            "GET / HTTP/1.1\r\nhost: h\r\n",
            "POST /x HTTP/1.0\r\n",
            "\r\n",
            "\n",
            "\r",
            " ",
            "\t",
            ":",
            ";",
            ",",
            "content-length: 3\r\n",
            "transfer-encoding: chunked\r\n",
            "connection: keep-alive\r\n",
            "connection: close\r\n",
            "expect: 100-continue\r\n",
            "3\r\nabc\r\n",
            "0\r\n",
            "5;a\r\n",
            "fffffffffffffffff\r\n",
            "abc",
            "GET",
            "PRI * HTTP/2.0\r\n",
            "GET / HTTP/1.1\r\nhost: h\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n",
            "a: b\r\n",
            " folded\r\n",
            "content-length: 4\r\n\r\nwxyz",
            "\0",
            "\x16",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(fragment, 0..24).prop_map(|fragments| fragments.concat())
}

proptest! {
    #![proptest_config(crate::properties::config(400))]

    #[test]
    fn any_cuts_tell_the_same(octets in octets(), sizes in prop::collection::vec(1..40_usize, 1..8)) {
        let mut pieces = Vec::new();
        let mut rest = &octets[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        for config in [Config::default(), small_limits()] {
            let whole = without_peer_closed(story(&config, &[&octets]));
            prop_assert_eq!(without_peer_closed(story(&config, &pieces)), whole);
        }
    }

    #[test]
    fn any_commands_at_any_time_do_no_harm(
        octets in octets(),
        commands in prop::collection::vec((0..20_u8, 0..4_u64, 0..300_usize), 0..60),
    ) {
        let mut now = beginning();
        let mut connection = Connection::server(small_limits(), now);
        let mut rest = &octets[..];
        let mut closed = 0;
        for (command, id, amount) in commands {
            let id = RequestId(id);
            let data = Bytes::from(vec![b'x'; amount]);
            match command {
                0..=4 => {
                    let (piece, after) = rest.split_at(amount.min(rest.len()));
                    connection.receive(now, piece);
                    rest = after;
                }
                5 => drop(connection.send_head(id, 200, None, &Fields::new(), BodyLength::Chunked)),
                6 => drop(connection.send_head(id, 200, None, &Fields::new(), BodyLength::Known(amount as u64))),
                7 => drop(connection.send_body(id, data)),
                8 => drop(connection.end(id)),
                9 => drop(connection.send_trailers(id, &Fields::from([("a", "b")]))),
                10 => drop(connection.send_continue(id)),
                11 => connection.send_raw(data, if amount % 2 == 0 { Track::Yes } else { Track::No }),
                12 => connection.transmitted(amount),
                13 => connection.consume(id, amount),
                14 => connection.set_write_size(Some(amount)),
                15 => connection.flush(),
                16 if amount < 30 => connection.close_after(),
                17 if amount < 30 => connection.peer_closed(now, PeerClosed::Clean),
                _ => {
                    now += Duration::from_secs(amount as u64 / 100);
                    connection.handle_timeout(now);
                }
            }
            closed += std::iter::from_fn(|| connection.poll_event()).filter(|e| matches!(e, Event::Closed { .. })).count();
            prop_assert_eq!(closed > 0, connection.is_finished());
            prop_assert_eq!(connection.queued() > 0, connection.poll_transmit().is_some());
        }
        connection.peer_closed(now, PeerClosed::Reset);
        closed += std::iter::from_fn(|| connection.poll_event()).filter(|e| matches!(e, Event::Closed { .. })).count();
        prop_assert_eq!(closed, 1);
        prop_assert_eq!(connection.poll_timeout(), None);
    }
}
