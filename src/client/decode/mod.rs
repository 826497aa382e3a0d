//! `wireserve decode`: captured bytes as the lines that `fetch` prints.
//!
//! | file | what |
//! |---|---|
//! | `input` | what the bytes of a file are |
//! | [`stream`] | the bytes of one direction as frames, and what makes no sense in them |
//! | `show` | a caret below the first byte that makes no sense |
//! | `hpack` | field blocks by themselves |
//! | `capture` | the TCP connections in a pcap or pcapng file |
//! | `tshark` | the same of an encrypted one, by tshark and a key log |

mod capture;
mod hpack;
mod input;
mod show;
pub mod stream;
#[cfg(test)]
mod tests;
mod tshark;

use self::input::Input;
use self::show::show_problem;
use self::stream::Piece;
use super::arguments::{DecodeArguments, Sender};
use super::exit::{Exit, Failure};
use super::print::Printer;
use crate::transcript::{Record, RecordKind, Side, Snapshot, lines_begin, title};
use bytes::Bytes;
use std::time::Duration;

/// Decodes a file or standard input.
pub fn decode(arguments: &DecodeArguments) -> Exit {
    run(arguments).unwrap_or_else(Failure::tell)
}

fn run(arguments: &DecodeArguments) -> Result<Exit, Failure> {
    let mut printer = Printer::new(&arguments.print, false, Side::Client)?;
    let octets = input::read(&arguments.file)?;
    if arguments.hpack {
        return hpack::decode(octets, &mut printer);
    }
    let input = Input::of(octets);
    let ignored = match &input {
        Input::Octets(_) => arguments.keylog.is_some().then_some("--keylog is for captures (pcap, pcapng)"),
        Input::Capture(_) => arguments.from.is_some().then_some("a capture says which end sent what: leave --from out"),
        Input::HpackCases(_) | Input::Transcript(_) if arguments.keylog.is_some() || arguments.from.is_some() => {
            Some("--from and --keylog mean nothing to this kind of file: leave them out")
        }
        Input::HpackCases(_) | Input::Transcript(_) => None,
    };
    if let Some(why) = ignored {
        return Err(Failure::usage(why.to_owned()));
    }
    match input {
        Input::HpackCases(text) => hpack::decode(text.into_bytes(), &mut printer),
        Input::Transcript(text) => transcript(&text, &mut printer),
        Input::Octets(octets) => bytes(octets.into(), arguments.from, &mut printer),
        Input::Capture(octets) => match &arguments.keylog {
            Some(keylog) => captured(tshark::connections(&arguments.file, keylog)?, &mut printer),
            None => {
                let (connections, cut) = capture::connections(octets)?;
                let exit = captured(connections, &mut printer)?;
                let Some(cut) = cut else { return Ok(exit) };
                printer.note(&format!("✗ {cut}\n"));
                Ok(exit.max(Exit::Faulty))
            }
        },
    }
}

fn transcript(text: &str, printer: &mut Printer) -> Result<Exit, Failure> {
    let Snapshot { facts, records } =
        Snapshot::read(text).map_err(|error| Failure::usage(format!("this is not a transcript: {error}")))?;
    printer.set_side(facts.recorded_by);
    printer.begin(&if printer.is_json() { lines_begin(&facts) } else { title(&facts) + "\n" });
    records.iter().for_each(|record| printer.record(record, None));
    let is_faulty = |record: &Record| matches!(&record.kind, RecordKind::Frame(frame) if frame.is_faulty());
    Ok(if records.iter().any(is_faulty) { Exit::Faulty } else { Exit::Success })
}

/// One direction, of which nothing else is known.
fn bytes(octets: Bytes, from: Option<Sender>, printer: &mut Printer) -> Result<Exit, Failure> {
    let side = match from {
        Some(Sender::Client) => Side::Client,
        Some(Sender::Server) => Side::Server,
        None if stream::is_client(&octets) => Side::Client,
        None => Side::Server,
    };
    let pieces = stream::read(&octets);
    let is_http2 = pieces.iter().any(|piece| !matches!(piece.kind, RecordKind::Octets(_)));
    if !is_http2 {
        let why = stream::other_protocol(&octets).unwrap_or("no frame of HTTP/2 can be found in it");
        let help = "give the bytes of one direction, from the first frame header on; use --hpack for a header block";
        let text = format!("{why}\nhelp: {help}");
        if let Some(problem) = pieces.iter().find_map(|piece| piece.problems.first()) {
            show_problem(&octets, problem, printer);
        }
        return Err(Failure { exit: Exit::NotHttp2, text });
    }
    let mut exit = Exit::Success;
    for (number, piece) in pieces.into_iter().enumerate() {
        exit = exit.max(show(number, (side, Duration::ZERO), piece, (&octets, true), printer));
    }
    Ok(exit)
}

/// Prints a piece, and what makes no sense in it.
fn show(
    number: usize,
    (side, time): (Side, Duration),
    piece: Piece,
    (octets, has_offsets): (&[u8], bool),
    printer: &mut Printer,
) -> Exit {
    let Piece { offset, kind, problems, .. } = piece;
    let record =
        Record { seq: number as u64 + 1, time, from: Some(side), cause: None, script: None, breaks: None, kind };
    printer.record(&record, has_offsets.then_some(offset));
    problems.iter().for_each(|problem| show_problem(octets, problem, printer));
    if problems.is_empty() { Exit::Success } else { Exit::Faulty }
}

/// The connections of a capture, each direction's frames in the order of time.
fn captured(connections: Vec<capture::Connection>, printer: &mut Printer) -> Result<Exit, Failure> {
    let (mut exit, mut num_http2, mut is_tls) = (Exit::Success, 0, false);
    for connection in connections {
        let capture::Connection { client, server, sent, received } = connection;
        is_tls |= stream::other_protocol(&sent.octets).is_some_and(|why| why.contains("TLS"));
        // A capture may have begun in the middle of a connection; other protocols are passed over.
        let pieces = |direction: &capture::Direction| stream::read(&direction.octets);
        let (from_client, from_server) = (pieces(&sent), pieces(&received));
        let is_frame = |piece: &Piece| matches!(piece.kind, RecordKind::Frame(_) | RecordKind::Preface);
        let begins = |pieces: &[Piece]| pieces.first().is_some_and(is_frame);
        let is_http2 = stream::is_client(&sent.octets) || begins(&from_client) && begins(&from_server);
        if !is_http2 {
            continue;
        }
        num_http2 += 1;
        printer.note(&format!("connection {num_http2}  HTTP/2  {client} → {server}\n"));
        let timed = |direction: &capture::Direction, side, pieces: Vec<Piece>| {
            let times: Vec<_> =
                pieces.iter().map(|piece| direction.time(piece.offset + piece.length.saturating_sub(1))).collect();
            times.into_iter().zip(pieces).map(move |(time, piece)| (time, side, piece)).collect::<Vec<_>>()
        };
        let mut all = timed(&sent, Side::Client, from_client);
        all.extend(timed(&received, Side::Server, from_server));
        all.sort_by_key(|(time, ..)| *time);
        for (number, (time, side, piece)) in all.into_iter().enumerate() {
            let octets = if side == Side::Client { &sent.octets } else { &received.octets };
            exit = exit.max(show(number, (side, time), piece, (octets, false), printer));
        }
        for (direction, name) in [(&sent, "client"), (&received, "server")] {
            if direction.has_gap {
                printer.note(&format!("✗ the capture misses bytes of the {name} after these\n"));
                exit = exit.max(Exit::Faulty);
            }
        }
    }
    if num_http2 > 0 {
        return Ok(exit);
    }
    let text = if is_tls {
        "the capture has TLS only\nhelp: name the keys with --keylog FILE (what SSLKEYLOGFILE wrote); that needs tshark"
    } else {
        "the capture has no connection of HTTP/2"
    };
    Err(Failure { exit: Exit::NotHttp2, text: text.to_owned() })
}
