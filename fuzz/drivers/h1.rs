//! Drives `wireserve::h1` by octets, through its public API only.

use std::time::{Duration, Instant};

use bytes::Bytes;
use wireserve::h1::{BodyLength, Config, Connection, Event, Limits, Misuse, RequestId, Timeouts, Track};
use wireserve::http::Fields;
use wireserve::http::transport::{PeerClosed, Transmit};

/// The first octet chooses: even ones have the rest received in two ways of cutting, which must tell the same; odd
/// ones take the rest as a list of operations.
pub fn h1(octets: &[u8]) {
    match octets.split_first() {
        Some((choice, rest)) if choice % 2 == 0 => {
            let size = usize::from(choice / 2) + 1;
            let whole = story(&[rest]);
            let cut: Vec<&[u8]> = rest.chunks(size).collect();
            assert_eq!(story(&cut), whole, "cut into runs of {size} octets");
        }
        Some((_, rest)) => operations(rest),
        None => {}
    }
}

fn config() -> Config {
    Config {
        limits: Limits {
            request_line: 200,
            head: 1_000,
            field_lines: 10,
            chunk_line: 40,
            unconsumed_body: 100,
            pipelined: 100,
            queued_output: 300,
            drained_body: 100,
        },
        timeouts: Timeouts { head: Duration::from_secs(2), idle: Duration::from_secs(10) },
        record_octets: None,
    }
}

#[allow(clippy::disallowed_methods)]
fn beginning() -> Instant {
    Instant::now()
}

/// What the connection tells when each complete request is answered: events as text, the pieces of a body together.
fn story(pieces: &[&[u8]]) -> Vec<String> {
    let now = beginning();
    let mut connection = Connection::server(config(), now);
    let mut told = Vec::new();
    let mut body = (Vec::new(), Vec::new());
    for piece in pieces {
        connection.receive(now, piece);
        listen(&mut connection, &mut body, &mut told);
    }
    connection.peer_closed(now, PeerClosed::Clean);
    listen(&mut connection, &mut body, &mut told);
    assert!(connection.is_finished(), "a connection whose peer has left goes on");
    told
}

fn listen(connection: &mut Connection, body: &mut (Vec<u8>, Vec<u8>), told: &mut Vec<String>) {
    loop {
        drain(connection);
        match connection.poll_event() {
            None => return,
            Some(Event::PeerClosed { .. }) => {}
            Some(Event::Body { id, data, octets }) => {
                connection.consume(id, data.len());
                body.0.extend_from_slice(&data);
                body.1.extend_from_slice(&octets);
            }
            Some(event) => {
                if !body.1.is_empty() {
                    told.push(format!("{:?}", std::mem::take(body)));
                }
                told.push(format!("{event:?}"));
                if let Event::RequestEnd { id, .. } = event {
                    answer(connection, id).expect("a complete request can be answered");
                }
            }
        }
    }
}

fn answer(connection: &mut Connection, id: RequestId) -> Result<(), Misuse> {
    connection.send_head(id, 200, None, &Fields::new(), BodyLength::Known(2))?;
    connection.send_body(id, Bytes::from_static(b"ok"))?;
    connection.end(id)
}

fn drain(connection: &mut Connection) {
    while let Some(Transmit { octets, .. }) = connection.poll_transmit() {
        let count = octets.len();
        assert!(count > 0, "an empty run");
        connection.transmitted(count);
    }
}

/// Operation, then its operand: an octet as a number, and for octets to receive or send, that many more.
fn operations(mut rest: &[u8]) {
    let mut now = beginning();
    let mut connection = Connection::server(Config { record_octets: Some(16), ..config() }, now);
    let (mut active, mut closed) = (RequestId(0), 0);
    while let [operation, operand, after @ ..] = rest {
        let amount = usize::from(*operand);
        let (octets, after) = after.split_at(match operation % 20 {
            0..=5 | 8 | 9 | 11 => amount.min(after.len()),
            _ => 0,
        });
        rest = after;
        let data = || Bytes::copy_from_slice(octets);
        let fields = Fields::from([("a", "b"), ("connection", if amount == 1 { "close" } else { "x" })]);
        match operation % 20 {
            0..=5 => connection.receive(now, octets),
            6 => drop(connection.send_head(active, 200, None, &fields, body_length(*operand))),
            7 => drop(connection.send_informational(active, 100 + u16::from(*operand), None, &fields)),
            8 => drop(connection.send_body(active, data())),
            9 => drop(connection.send_body(active, data())),
            10 => drop(connection.send_trailers(active, &fields)),
            11 => connection.send_raw(data(), if operation % 40 < 20 { Track::Yes } else { Track::No }),
            12 => drop(connection.end(active)),
            13 => drop(connection.send_continue(active)),
            14 => connection.transmitted(amount),
            15 => connection.consume(active, amount),
            16 => connection.set_write_size(Some(amount)),
            17 => connection.flush(),
            18 => {
                now += Duration::from_millis(u64::from(*operand) * 50);
                connection.handle_timeout(now);
            }
            _ => ending(&mut connection, now, *operand),
        }
        while let Some(event) = connection.poll_event() {
            assert_eq!(closed, 0, "{event:?} after the last event");
            match event {
                Event::Request { id, .. } => active = id,
                Event::Closed { .. } => closed += 1,
                Event::Sent { octets, length, .. } => assert_eq!(octets.len(), length.min(16)),
                _ => {}
            }
        }
        assert_eq!(connection.is_finished(), closed == 1);
        assert_eq!(connection.poll_transmit().is_some(), connection.queued() > 0);
    }
}

fn body_length(operand: u8) -> BodyLength {
    match operand % 6 {
        0 | 1 => BodyLength::Chunked,
        2 => BodyLength::None,
        3 => BodyLength::AsGiven,
        _ => BodyLength::Known(u64::from(operand)),
    }
}

fn ending(connection: &mut Connection, now: Instant, operand: u8) {
    match operand % 4 {
        0 => connection.close_after(),
        1 => connection.close(),
        2 => connection.peer_closed(now, PeerClosed::Clean),
        _ => connection.peer_closed(now, PeerClosed::Reset),
    }
}
