//! Captures: the TCP connections in a pcap or pcapng file, put together.

use super::super::exit::Failure;
use bytes::Bytes;
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Bytes of the longest block that a capture may have.
const MAX_BLOCK: usize = 1 << 24;
/// A segment that is further away than this is not of the same connection.
const MAX_AHEAD: u32 = 1 << 30;

/// The bytes that one end of a TCP connection sent.
#[derive(Clone, Debug, Default)]
pub struct Direction {
    /// All of them, as far as nothing is missing.
    pub octets: Bytes,
    /// Offset and time of the segments.
    pub times: Vec<(usize, Duration)>,
    /// Bytes are missing after these.
    pub has_gap: bool,
}

impl Direction {
    /// When the byte at an offset was sent.
    pub fn time(&self, offset: usize) -> Duration {
        let position = self.times.partition_point(|(begin, _)| *begin <= offset);
        self.times.get(position.saturating_sub(1)).map(|(_, time)| *time).unwrap_or_default()
    }
}

/// A TCP connection in a capture.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The end that sent SYN, or else the first byte.
    pub client: SocketAddr,
    /// The other end.
    pub server: SocketAddr,
    /// What the client sent.
    pub sent: Direction,
    /// What the server sent.
    pub received: Direction,
}

/// Segments of one direction, by their place behind the first.
#[derive(Default)]
struct Segments {
    first: Option<u32>,
    parts: BTreeMap<u32, (Duration, Vec<u8>)>,
}

impl Segments {
    fn add(&mut self, sequence: u32, is_syn: bool, time: Duration, octets: &[u8]) {
        let begin = if is_syn { sequence.wrapping_add(1) } else { sequence };
        let first = *self.first.get_or_insert(begin);
        let at = begin.wrapping_sub(first);
        if octets.is_empty() || at > MAX_AHEAD {
            return;
        }
        let part = self.parts.entry(at).or_default();
        if part.1.len() < octets.len() {
            *part = (time, octets.to_vec());
        }
    }

    /// The bytes in order, without those that were sent twice.
    fn join(self) -> Direction {
        let (mut octets, mut times) = (Vec::new(), Vec::new());
        for (at, (time, part)) in self.parts {
            let at = at as usize;
            if at > octets.len() {
                return Direction { octets: octets.into(), times, has_gap: true };
            }
            if let Some(fresh) = part.get(octets.len() - at..).filter(|fresh| !fresh.is_empty()) {
                times.push((octets.len(), time));
                octets.extend_from_slice(fresh);
            }
        }
        Direction { octets: octets.into(), times, has_gap: false }
    }
}

/// The connections in a capture, in the order in which they begin.
///
/// # Errors
/// It is damaged from the beginning.
pub fn connections(capture: Vec<u8>) -> Result<(Vec<Connection>, Option<String>), Failure> {
    let mut all = Assembly::default();
    let damaged = |error: &str| Failure::usage(format!("this capture is damaged: {error}"));
    let mut reader = create_reader(MAX_BLOCK, Cursor::new(capture)).map_err(|error| damaged(&plain(&error)))?;
    let mut cut = None;
    loop {
        match reader.next() {
            Ok((length, block)) => {
                all.block(&block);
                reader.consume(length);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => {
                let is_over = reader.reader_exhausted();
                if is_over || reader.refill().is_err() {
                    cut = Some("the capture ends in the middle of a packet".to_owned());
                    break;
                }
            }
            Err(error) => {
                cut = Some(format!("the rest of the capture cannot be read: {}", plain(&error)));
                break;
            }
        }
    }
    Ok((all.join(), cut))
}

/// An error without the bytes that it is about.
fn plain<I>(error: &PcapError<I>) -> String
where
    I: Sized,
{
    match error {
        PcapError::Eof | PcapError::UnexpectedEof => "it ends in the middle of a packet".to_owned(),
        PcapError::HeaderNotRecognized => "it has no pcap or pcapng header".to_owned(),
        PcapError::BufferTooSmall => "a packet is longer than 16 MiB".to_owned(),
        _ => "a block is not as the format says".to_owned(),
    }
}

#[derive(Default)]
struct Assembly {
    /// Of each interface: what its packets begin with, units per second and offset of its times.
    interfaces: Vec<(Linktype, u64, i64)>,
    /// The same of a file in the older format: what packets begin with, and the nanoseconds of its small unit of time.
    legacy: Option<(Linktype, u32)>,
    began: Option<Duration>,
    connections: Vec<((SocketAddr, SocketAddr), Segments, Segments)>,
}

impl Assembly {
    fn block(&mut self, block: &PcapBlockOwned<'_>) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.legacy = Some((header.network, if header.is_nanosecond_precision() { 1 } else { 1_000 }));
            }
            PcapBlockOwned::Legacy(packet) => {
                let (link, unit) = self.legacy.unwrap_or((Linktype::ETHERNET, 1_000));
                let time = Duration::new(u64::from(packet.ts_sec), packet.ts_usec.saturating_mul(unit));
                self.packet(link, time, packet.data);
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.interfaces.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                let resolution = interface.ts_resolution().unwrap_or(1_000_000);
                self.interfaces.push((interface.linktype, resolution.max(1), interface.if_tsoffset));
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let interface = self.interfaces.get(packet.if_id as usize);
                let (link, resolution, offset) = interface.copied().unwrap_or((Linktype::ETHERNET, 1_000_000, 0));
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let seconds = (ticks / resolution).saturating_add_signed(offset);
                let nanos = u128::from(ticks % resolution) * 1_000_000_000 / u128::from(resolution);
                let time = Duration::new(seconds, u32::try_from(nanos).unwrap_or_default());
                let length = (packet.caplen as usize).min(packet.data.len());
                self.packet(link, time, packet.data.get(..length).unwrap_or_default());
            }
            PcapBlockOwned::NG(_) => {}
        }
    }

    fn packet(&mut self, link: Linktype, time: Duration, octets: &[u8]) {
        let sliced = match link {
            Linktype::ETHERNET => SlicedPacket::from_ethernet(octets),
            Linktype::LINUX_SLL => SlicedPacket::from_linux_sll(octets),
            // Four bytes of address family, or twenty of the newer Linux form, stand before IP.
            Linktype::NULL | Linktype(108) => SlicedPacket::from_ip(octets.get(4..).unwrap_or_default()),
            Linktype(276) => SlicedPacket::from_ip(octets.get(20..).unwrap_or_default()),
            _ => SlicedPacket::from_ip(octets),
        };
        let Ok(SlicedPacket { net: Some(net), transport: Some(TransportSlice::Tcp(tcp)), .. }) = sliced else { return };
        let (from, to) = match &net {
            NetSlice::Ipv4(ip) => {
                (IpAddr::from(ip.header().source_addr()), IpAddr::from(ip.header().destination_addr()))
            }
            NetSlice::Ipv6(ip) => {
                (IpAddr::from(ip.header().source_addr()), IpAddr::from(ip.header().destination_addr()))
            }
            NetSlice::Arp(_) => return,
        };
        let (from, to) = (SocketAddr::new(from, tcp.source_port()), SocketAddr::new(to, tcp.destination_port()));
        let since = time.saturating_sub(*self.began.get_or_insert(time));
        let is_new = tcp.syn() && !tcp.ack();
        let known = self.connections.iter_mut().rev().find(|(ends, ..)| *ends == (from, to) || *ends == (to, from));
        let connection = match known {
            Some(known)
                if !(is_new && known.1.first.is_some_and(|first| first != tcp.sequence_number().wrapping_add(1))) =>
            {
                known
            }
            _ => {
                // Who answers a SYN is the server.
                let ends = if tcp.syn() && tcp.ack() { (to, from) } else { (from, to) };
                self.connections.push((ends, Segments::default(), Segments::default()));
                let Some(connection) = self.connections.last_mut() else { return };
                connection
            }
        };
        let segments = if connection.0.0 == from { &mut connection.1 } else { &mut connection.2 };
        segments.add(tcp.sequence_number(), tcp.syn(), since, tcp.payload());
    }

    fn join(self) -> Vec<Connection> {
        let joined = self.connections.into_iter().map(|((client, server), sent, received)| Connection {
            client,
            server,
            sent: sent.join(),
            received: received.join(),
        });
        joined
            .filter(|connection| !connection.sent.octets.is_empty() || !connection.received.octets.is_empty())
            .collect()
    }
}
