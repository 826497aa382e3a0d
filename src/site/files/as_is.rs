//! `.asis` files: a response as its author wrote it, octet for octet.

use super::Files;
use super::content::{FilePieces, Segment};
use super::opened::Opened;
use super::select::other_method;
use crate::exchange::pace::Pace;
use crate::exchange::{CallSite, Close, Content, Exchange, Pieces, Prepared, Protocol, ResponseHead, SendError};
use crate::http::Fields;
use crate::http::latin1::octets_of_text;
use crate::http::status::reason_phrase;
use crate::site::deliver::send;
use crate::site::pages::{status_page, unreadable};
use crate::site::pipes::trickled;
use bytes::{Buf, Bytes, BytesMut};
use std::path::Path;

/// Octets within which the head of a file must end for HTTP/2.
const MAX_HEAD: usize = 64 * 1024;

/// Octets of a file whose content is to be taken out of its chunks for HTTP/2.
const MAX_CHUNKED: u64 = 1 << 20;

/// Answers with the `.asis` file at `path`. Over HTTP/1.1 its octets are all that is sent (to HEAD its head
/// alone, if it has one), and the connection ends.
/// Over HTTP/2 its status line and fields become those of the response, but for connection-specific ones. `common` is
/// for the server's own answers: another method, no such file. Of all pipes `pace` alone acts, that of trickle, as on
/// everything that is written as it is.
///
/// # Errors
/// The client is gone, or the exchange was answered before.
pub async fn send_as_is(
    exchange: &Exchange,
    path: &Path,
    files: &Files<'_>,
    common: Fields,
    pace: Option<Pace>,
) -> Result<(), SendError> {
    if !matches!(&exchange.request().method[..], b"GET" | b"HEAD") {
        return send(exchange, other_method(), common).await;
    }
    let opened = files.cache.open_files.open(path).and_then(|file| Ok((file.length()?, file)));
    let (length, file) = match opened {
        Ok(opened) => opened,
        Err(error) => return send(exchange, unreadable("file", &error), common).await,
    };
    match exchange.protocol() {
        Protocol::Http1 => {
            let count = if exchange.request().is_head() { head_length(&file).unwrap_or(length) } else { length };
            let pieces = FilePieces::new(file, [Segment::Span { first: 0, count }]);
            send_raw(exchange, trickled(Content::Pieces(Box::new(pieces)), pace)).await
        }
        Protocol::Http2 => match translated(file, length) {
            Ok(mut prepared) => {
                if pace.is_some() {
                    prepared.content = Content::Pieces(trickled(prepared.content, pace));
                }
                send(exchange, prepared, Fields::new()).await
            }
            Err(text) => send(exchange, status_page(500, &text), common).await,
        },
    }
}

/// Sends a response over HTTP/1.1 as it is written, with a status that no final response has (100 to 199): head and
/// content, as wptserve does. Then the connection ends, since a client waits for another head.
///
/// # Errors
/// The client is gone, or the exchange was answered before.
pub async fn send_as_written(exchange: &Exchange, prepared: Prepared) -> Result<(), SendError> {
    let ResponseHead { status, reason, fields } = prepared.head;
    exchange.check_head(&ResponseHead { status: 200, reason: reason.clone(), fields: fields.clone() })?;
    let reason = reason.map_or_else(|| reason_phrase(status).into(), |reason| octets_of_text(&reason));
    let mut head = BytesMut::from(format!("HTTP/1.1 {status} ").as_bytes());
    head.extend_from_slice(&reason);
    for field in &fields {
        [b"\r\n", &field.name[..], b": ", &field.value].iter().for_each(|part| head.extend_from_slice(part));
    }
    head.extend_from_slice(b"\r\n\r\n");
    exchange.send_raw(head.freeze(), CallSite::default())?;
    send_raw(exchange, trickled(prepared.content, None)).await
}

async fn send_raw(exchange: &Exchange, mut pieces: Box<dyn Pieces>) -> Result<(), SendError> {
    loop {
        match pieces.next().await {
            Ok(Some(piece)) => exchange.send_raw(piece, CallSite::default())?,
            Ok(None) => break,
            Err(error) => {
                tracing::warn!("{}: the response breaks off: {error}", exchange.request().target.escape_ascii());
                exchange.connection().close(Close::Abort);
                return Ok(());
            }
        }
        exchange.drained().await?;
    }
    // Where the response ends is written nowhere but in the file, if there.
    exchange.connection().close(Close::Graceful);
    Ok(())
}

/// The octets up to the content, if that can be told.
fn head_length(file: &Opened) -> Option<u64> {
    let begin = read_begin(file, MAX_HEAD as u64).ok()?;
    parse_head(&begin).ok().map(|(_, length)| length as u64)
}

fn translated(file: Opened, length: u64) -> Result<Prepared, String> {
    let begin = read_begin(&file, MAX_HEAD as u64)?;
    let because =
        |what| format!("Over HTTP/2, the status line and headers of an .asis file are translated, but {what}.");
    let (mut head, head_length) = parse_head(&begin).map_err(because)?;
    let chunked = head.fields.has_token("transfer-encoding", "chunked");
    head.fields.remove_connection_specific();
    if chunked && length > MAX_CHUNKED {
        return Err(because(format!("it is chunked, and longer than {MAX_CHUNKED} bytes")));
    }
    let content = if chunked {
        let all = read_begin(&file, MAX_CHUNKED)?;
        decoded(all.slice(head_length.min(all.len())..)).into()
    } else {
        let first = head_length as u64;
        let span = Segment::Span { first, count: length.saturating_sub(first) };
        Content::Pieces(Box::new(FilePieces::new(file, [span])))
    };
    Ok(Prepared { head, content, ..Prepared::default() })
}

/// The first octets of a file.
fn read_begin(file: &Opened, octets: u64) -> Result<Bytes, String> {
    file.begin(octets).map_err(|error| format!("The file exists but cannot be read: {error}."))
}

/// Status and fields, and how many octets they take. An error says what is wrong.
fn parse_head(octets: &Bytes) -> Result<(ResponseHead, usize), String> {
    let mut rest = octets.clone();
    let status_line = take_line(&mut rest).unwrap_or_else(|| std::mem::take(&mut rest));
    let mut head = ResponseHead { status: parse_status(&status_line)?, ..ResponseHead::default() };
    for number in 2.. {
        let Some(line) = take_line(&mut rest) else {
            return Err(format!("there is no empty line after its headers, within its first {MAX_HEAD} bytes"));
        };
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|octet| *octet == b':') else {
            return Err(format!("line {number} is not a name, a colon and a value"));
        };
        let (name, value) = (line.slice(..colon), line.slice(colon + 1..));
        head.fields.append(name.slice_ref(name.trim_ascii()), value.slice_ref(value.trim_ascii()));
    }
    Ok((head, octets.len() - rest.len()))
}

/// `HTTP/1.1 200 OK`: the code counts alone.
fn parse_status(line: &[u8]) -> Result<u16, String> {
    let mut words = line.split(|octet| *octet == b' ');
    let version = words.next().unwrap_or_default();
    let code = words.next().and_then(|code| std::str::from_utf8(code).ok()).and_then(|code| code.parse().ok());
    code.filter(|_| version.starts_with(b"HTTP/")).ok_or_else(|| {
        let shown = line.get(..80).unwrap_or(line).escape_ascii();
        format!("its first line is `{shown}`, not `HTTP/1.1 200 OK` or the like")
    })
}

/// A line without its end, which is LF or CRLF.
fn take_line(octets: &mut Bytes) -> Option<Bytes> {
    let end = memchr::memchr(b'\n', octets)?;
    let line = octets.split_to(end);
    octets.advance(1);
    Some(line.slice_ref(line.strip_suffix(b"\r").unwrap_or(&line)))
}

/// Content out of its chunks (RFC 9112 §7.1), which HTTP/2 does not have. What is no chunk stays as it is.
fn decoded(mut octets: Bytes) -> Bytes {
    let mut content = BytesMut::new();
    loop {
        let mut rest = octets.clone();
        let size = take_line(&mut rest).and_then(|line| {
            let size = line.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
            usize::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()
        });
        match size {
            Some(0) => return content.freeze(),
            Some(size) if size <= rest.len() => {
                content.extend_from_slice(&rest.split_to(size));
                let _line_end = take_line(&mut rest);
                octets = rest;
            }
            _ => {
                content.extend_from_slice(&octets);
                return content.freeze();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn head(text: &'static str) -> Result<(u16, Vec<String>, usize), String> {
        let (head, length) = parse_head(&Bytes::from_static(text.as_bytes()))?;
        let show = |f: &crate::http::Field| format!("{}: {}", f.name.escape_ascii(), f.value.escape_ascii());
        Ok((head.status, head.fields.iter().map(show).collect(), length))
    }

    #[test]
    fn a_head_with_either_line_end() {
        let fields = vec!["X-TEST: PASS".to_owned(), "a: ".to_owned()];
        assert_eq!(head("HTTP/1.1 202 Giraffe\nX-TEST: PASS\na:\n\nContent"), Ok((202, fields.clone(), 38)));
        assert_eq!(head("HTTP/1.0 202\r\nX-TEST:PASS\r\na: \r\n\r\n"), Ok((202, fields, 34)));
    }

    #[test]
    fn what_is_no_head_is_named() {
        for (text, said) in [
            ("", "its first line is ``"),
            ("hello", "its first line is `hello`"),
            ("HTTP/1.1 200 OK", "there is no empty line"),
            ("HTTP/1.1 abc\n\n", "its first line is `HTTP/1.1 abc`"),
            ("HTTP/1.1 200 OK\nnonsense\n\n", "line 2 is not"),
            ("HTTP/1.1 200 OK\na: b\n", "there is no empty line"),
        ] {
            let error = head(text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn chunks_are_taken_out() {
        let decoded = |text: &'static str| String::from_utf8(decoded(Bytes::from_static(text.as_bytes())).to_vec());
        assert_eq!(decoded("3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n").as_deref(), Ok("abc0123456789"));
        assert_eq!(decoded("3\nabc\nff\nrest").as_deref(), Ok("abcff\nrest"));
        assert_eq!(decoded("no chunks").as_deref(), Ok("no chunks"));
    }

    proptest! {
        #![proptest_config(crate::properties::config(256))]

        #[test]
        fn anything_can_be_read(octets in vec(any::<u8>(), 0..200), chunks in "([0-9a-f]{1,3};?\r?\n.{0,20}\r?\n)*") {
            let _ = parse_head(&Bytes::from([b"HTTP/1.1 200\n", &octets[..]].concat()));
            let _ = parse_head(&Bytes::from(octets.clone()));
            prop_assert!(decoded(Bytes::from(octets.clone())).len() <= octets.len());
            prop_assert!(decoded(Bytes::from(chunks.clone())).len() <= chunks.len());
        }
    }
}
