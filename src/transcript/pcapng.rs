//! A transcript as a capture file for Wireshark: the bytes of the connection without TLS, behind IP and TCP headers that
//! are made up (draft-ietf-opsawg-pcapng).
//!
//! Lengths, sequence numbers and checksums are right. Bytes that the transcript did not keep are zeros, and a comment on
//! the packet says so. What is not on the wire (broken rules, expectations) is a comment on the next packet.

use super::facts::Facts;
use super::record::{Record, RecordKind, Side};
use super::text::Line;
use crate::http::peer::Protocol;
use etherparse::{PacketBuilder, TcpHeader};
use std::iter::once;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Bytes of a packet behind its headers: a whole frame of the usual size, and less than IP can carry.
const SEGMENT: usize = 32 * 1024;
/// How far packets may travel.
const HOPS: u8 = 64;
/// Packets begin with their IP header.
const LINKTYPE_RAW: u16 = 101;

const COMMENT: u16 = 1;
const FLAGS: u16 = 2;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// The file, in pieces: its head, the opening of the connection, then some packets for each record.
pub fn pieces<I: Iterator<Item = Record>>(facts: &Facts, records: I) -> impl Iterator<Item = Vec<u8>> + use<I> {
    let mut wire = Wire::of(facts);
    let mut head = head(facts);
    wire.open(&mut head);
    // Notes behind the last packet have one of their own.
    once(head).chain(records.map(Some).chain(once(None)).map(move |record| {
        let mut packets = Vec::new();
        match record {
            Some(record) => wire.take(&record, &mut packets),
            None => wire.finish(&mut packets),
        }
        packets
    }))
}

/// Section header and interface.
fn head(facts: &Facts) -> Vec<u8> {
    let Facts { id, protocol, server_port, records_dropped, .. } = facts;
    let dissector = if *protocol == Protocol::Http2 { "http2" } else { "http" };
    let mut comment = format!(
        "Connection {id}, {protocol}, as wireserve recorded it, without TLS. IP and TCP headers are made up. \
         If the protocol is not shown: tshark -d tcp.port=={server_port},{dissector}, or in Wireshark Decode As…, TCP port \
         {server_port}, {dissector}."
    );
    if *records_dropped > 0 {
        comment.push_str(&format!(
            " The first {records_dropped} records are missing: headers that refer to them cannot be decoded."
        ));
    }
    let mut section = Vec::new();
    section.extend(0x1a2b_3c4d_u32.to_le_bytes());
    section.extend([1, 0, 0, 0]);
    section.extend(u64::MAX.to_le_bytes());
    option(&mut section, COMMENT, comment.as_bytes());
    option(&mut section, 4, concat!("wireserve ", env!("CARGO_PKG_VERSION")).as_bytes());
    section.extend([0; 4]);
    let mut interface = Vec::new();
    interface.extend(LINKTYPE_RAW.to_le_bytes());
    interface.extend([0; 6]);
    option(&mut interface, 2, format!("wireserve connection {id}").as_bytes());
    // Microseconds.
    option(&mut interface, 9, &[6]);
    interface.extend([0; 4]);
    let mut head = Vec::new();
    block(&mut head, 0x0a0d_0d0a, &section);
    block(&mut head, 1, &interface);
    head
}

/// Adds a block, whose body is a multiple of four bytes.
fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.extend(kind.to_le_bytes());
    out.extend(length);
    out.extend(body);
    out.extend(length);
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
    pad(out, value.len());
}

fn pad(out: &mut Vec<u8>, length: usize) {
    out.extend(&[0; 3][..length.next_multiple_of(4) - length]);
}

/// The made-up TCP connection.
struct Wire {
    /// Client and server.
    ends: [SocketAddr; 2],
    /// The next sequence number of each.
    next: [u32; 2],
    recorded_by: Side,
    /// When the connection began, since 1970.
    opened: Duration,
    closed: bool,
    /// Comments for the next packet.
    notes: Vec<String>,
    /// The time of the newest record.
    newest: Duration,
}

impl Wire {
    fn of(facts: &Facts) -> Self {
        let address = |text: &str, port| text.parse().unwrap_or(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        let mut ends = [address(&facts.client_address, 1), address(&facts.server_address, facts.server_port)];
        if ends[0].is_ipv4() != ends[1].is_ipv4() {
            for end in &mut ends {
                if let IpAddr::V4(address) = end.ip() {
                    end.set_ip(address.to_ipv6_mapped().into());
                }
            }
        }
        let (recorded_by, opened) = (facts.recorded_by, facts.opened);
        Self { ends, next: [0; 2], recorded_by, opened, closed: false, notes: Vec::new(), newest: Duration::ZERO }
    }

    fn open(&mut self, out: &mut Vec<u8>) {
        self.packet(out, Duration::ZERO, Side::Client, SYN, &[], "");
        self.packet(out, Duration::ZERO, Side::Server, SYN | ACK, &[], "");
        self.packet(out, Duration::ZERO, Side::Client, ACK, &[], "");
    }

    fn take(&mut self, record: &Record, out: &mut Vec<u8>) {
        self.newest = record.time;
        let Some((octets, length)) = record.wire() else { return self.note(record, out) };
        let from = record.from.unwrap_or(self.recorded_by);
        let mut comment = String::new();
        if let Some(cause) = record.cause {
            comment.push_str(cause.name());
        }
        if let Some(place) = &record.script {
            comment.push_str(&format!(": {place}"));
        }
        let kept = octets.len() as u64;
        if kept < length {
            let separator = if comment.is_empty() { "" } else { ". " };
            comment.push_str(&format!("{separator}{kept} of {length} bytes were kept; the rest are zeros here"));
        }
        let mut rest = length;
        let mut octets = &octets[..];
        while rest > 0 {
            let size = usize::try_from(rest).unwrap_or(SEGMENT).min(SEGMENT);
            let (known, behind) = octets.split_at(size.min(octets.len()));
            let mut segment = known.to_vec();
            segment.resize(size, 0);
            self.packet(out, record.time, from, PSH | ACK, &segment, &comment);
            (octets, rest) = (behind, rest - size as u64);
        }
    }

    fn note(&mut self, record: &Record, out: &mut Vec<u8>) {
        let line = Line::new(record, self.recorded_by).to_string();
        self.notes.push(line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "));
        let RecordKind::Ended(ended) = &record.kind else { return };
        let time = record.time;
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let by = match () {
            () if ended.why.starts_with("client-") => Side::Client,
            () if ended.why.starts_with("server-") => Side::Server,
            () => self.recorded_by,
        };
        if ended.why.ends_with("-reset") || ended.why == "aborted" {
            return self.packet(out, time, by, RST | ACK, &[], "");
        }
        self.packet(out, time, by, FIN | ACK, &[], "");
        self.packet(out, time, by.other(), FIN | ACK, &[], "");
        self.packet(out, time, by, ACK, &[], "");
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.notes.is_empty() {
            self.packet(out, self.newest, self.recorded_by, ACK, &[], "");
        }
    }

    /// Adds a packet, and counts what it takes of the sequence.
    fn packet(&mut self, out: &mut Vec<u8>, time: Duration, from: Side, flags: u8, content: &[u8], comment: &str) {
        let packet = self.headed(from, flags, content);
        let micros = u64::try_from((self.opened + time).as_micros()).unwrap_or(u64::MAX);
        let length = packet.len() as u32;
        let mut body = vec![0; 4];
        body.extend(((micros >> 32) as u32).to_le_bytes());
        body.extend((micros as u32).to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(&packet);
        pad(&mut body, packet.len());
        let outbound = from == self.recorded_by;
        option(&mut body, FLAGS, &(if outbound { 2_u32 } else { 1 }).to_le_bytes());
        for comment in self.notes.drain(..).chain((!comment.is_empty()).then(|| comment.to_owned())) {
            option(&mut body, COMMENT, comment.as_bytes());
        }
        body.extend([0; 4]);
        block(out, 6, &body);
        let taken = content.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        let next = &mut self.next[index(from)];
        *next = next.wrapping_add(taken);
    }

    /// A packet of the made-up connection.
    fn headed(&self, from: Side, flags: u8, content: &[u8]) -> Vec<u8> {
        let (source, destination) = (self.ends[index(from)], self.ends[index(from.other())]);
        let ip = match (source.ip(), destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                PacketBuilder::ipv4(source.octets(), destination.octets(), HOPS)
            }
            (source, destination) => PacketBuilder::ipv6(v6(source), v6(destination), HOPS),
        };
        let mut tcp = TcpHeader::new(source.port(), destination.port(), self.next[index(from)], u16::MAX);
        let has = |flag: u8| flags & flag != 0;
        (tcp.fin, tcp.syn, tcp.rst, tcp.psh, tcp.ack) = (has(FIN), has(SYN), has(RST), has(PSH), has(ACK));
        if tcp.ack {
            tcp.acknowledgment_number = self.next[index(from.other())];
        }
        let mut packet = Vec::new();
        // A segment is short enough for IP.
        let _ = ip.tcp_header(tcp).write_to_vec(&mut packet, content);
        packet
    }
}

const fn index(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}
