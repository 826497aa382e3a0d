//! The newest request of a connection, found without reading all of its records.

use super::facts::LastRequest;
use super::fields::FieldSection;
use super::reading::{Note, Records};
use super::record::{RecordKind, Side};
use super::ring::{Entry, Kind, Origin};
use crate::http::latin1::latin1;
use crate::http::peer::Protocol;
use crate::http::status::is_interim;
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH};
use bytes::Bytes;

impl Records {
    /// The newest request, and the status of the response to it.
    pub(super) fn last_request(mut self, protocol: Protocol) -> Option<LastRequest> {
        match protocol {
            Protocol::Http1 => self.last_http1(),
            Protocol::Http2 => {
                let stream = self.newest_stream()?;
                self.of_stream(stream)
            }
        }
    }

    /// Whether bytes of this origin are the client's.
    fn is_client(&self, origin: Origin) -> bool {
        (origin == Origin::Peer) == (self.side == Side::Server)
    }

    /// The highest stream on which the client sent HEADERS.
    fn newest_stream(&self) -> Option<u32> {
        let opened = self.ring.iter().filter_map(|(entry, parts)| {
            let (origin, header) = header_of(entry, parts)?;
            let opens = header.frame_type == FrameType::HEADERS && self.is_client(origin);
            opens.then_some(header.stream_id)
        });
        opened.max()
    }

    /// Request and status of a stream.
    fn of_stream(&mut self, stream: u32) -> Option<LastRequest> {
        let mut found: Option<LastRequest> = None;
        while let Some((entry, parts)) = self.ring.oldest() {
            let header = header_of(entry, parts).filter(|(_, header)| header.stream_id == stream);
            let Some((origin, header)) = header else {
                self.pass();
                continue;
            };
            let octets: Bytes = parts.concat().into();
            self.ring.drop_oldest();
            let Some(Ok(section)) = self.tables.take(origin, header, &octets) else { continue };
            match &mut found {
                None if self.is_client(origin) => found = request(stream, &section),
                Some(request) if !self.is_client(origin) && request.status.is_none() => {
                    request.status = status(&section).filter(|status| !is_interim(*status));
                }
                _ => {}
            }
        }
        found
    }

    fn last_http1(&mut self) -> Option<LastRequest> {
        let mut found: Option<LastRequest> = None;
        while let Some((_, entry, octets)) = self.ring.pop() {
            match entry.kind {
                Kind::Note => {
                    if let Ok(Note { kind: RecordKind::Request(head), .. }) = serde_json::from_slice(&octets) {
                        let (method, path) = (latin1(&head.method), latin1(&head.target));
                        found = Some(LastRequest { stream: head.number, method, path, status: None });
                    }
                }
                Kind::Http1(origin) if !self.is_client(origin) => {
                    if let Some(request) = found.as_mut().filter(|request| request.status.is_none()) {
                        request.status = status_line(&octets).filter(|status| !is_interim(*status));
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// The header of a whole frame.
fn header_of(entry: Entry, [front, back]: [&[u8]; 2]) -> Option<(Origin, FrameHeader)> {
    let Kind::Frame(origin) = entry.kind else { return None };
    let mut start = [0; HEADER_LENGTH];
    let count = front.iter().chain(back).zip(&mut start).map(|(octet, slot)| *slot = *octet).count();
    (count == HEADER_LENGTH).then(|| (origin, FrameHeader::parse(&start)))
}

fn request(stream: u32, section: &FieldSection) -> Option<LastRequest> {
    let method = latin1(section.get(b":method")?);
    let path = section.get(b":path").or_else(|| section.get(b":authority"));
    let path = path.map(|path| latin1(path)).unwrap_or_default();
    Some(LastRequest { stream: u64::from(stream), method, path, status: None })
}

fn status(section: &FieldSection) -> Option<u16> {
    std::str::from_utf8(section.get(b":status")?).ok()?.parse().ok()
}

/// The status in a status line (RFC 9112 §4).
fn status_line(octets: &[u8]) -> Option<u16> {
    let rest = octets.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}
