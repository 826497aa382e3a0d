//! What can happen on a connection, by whom.

use super::super::client::block;
use crate::h2::Track;
use crate::wire::frame::*;
use crate::wire::hpack::{BlockBuilder, Name};
use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[derive(Clone, Debug)]
pub enum Step {
    Checked(Checked),
    Raw(RawFrame, Track),
    /// The front of a frame; [`Step::RawRest`] sends what is left.
    RawOctets(RawFrame, Index),
    RawRest,
    /// HEADERS with the front of a block; [`Step::RawClose`] sends the rest as CONTINUATION.
    RawOpen(u32, u8, Bytes, Index, Track),
    RawClose(Track),
    /// HEADERS with a block of `Connection::encode`.
    Encoded(u32, bool, Track),
    Settle(u32),
    Transmit,
    Client(FromClient),
}

#[derive(Clone, Debug)]
pub enum Checked {
    Informational(u32),
    Headers(u32, bool),
    Data(u32, usize, bool),
    Trailers(u32),
    Reset(u32),
    Push(u32),
    WindowUpdate(u32, u32),
    Ping,
    Settings(u32),
    GoAway(u32),
}

#[derive(Clone, Debug)]
pub enum FromClient {
    Ping,
    Settings(Vec<(u16, u32)>),
    Ack,
    Grant(u32, u32),
    Reset(u32),
    Open(&'static str),
    /// What was opened arrives.
    Deliver,
    Data(u32, usize, bool),
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => checked().prop_map(Step::Checked),
        3 => (raw_frame(), track()).prop_map(|(frame, track)| Step::Raw(frame, track)),
        1 => (raw_frame(), any::<Index>()).prop_map(|(frame, cut)| Step::RawOctets(frame, cut)),
        1 => Just(Step::RawRest),
        1 => (stream(), select(&[0, flag::END_STREAM][..]), raw_block(), any::<Index>(), track())
            .prop_map(|(stream, flags, block, cut, track)| Step::RawOpen(stream, flags, block, cut, track)),
        1 => track().prop_map(Step::RawClose),
        1 => (stream(), any::<bool>(), track()).prop_map(|(stream, end, track)| Step::Encoded(stream, end, track)),
        1 => stream().prop_map(Step::Settle),
        2 => Just(Step::Transmit),
        4 => from_client().prop_map(Step::Client),
    ]
}

pub fn lawful_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => checked().prop_map(Step::Checked),
        2 => Just(Step::Transmit),
        4 => from_client().prop_map(Step::Client),
    ]
}

fn stream() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(1_u32), 4 => Just(3), 2 => Just(5), 2 => Just(2), 1 => Just(7), 1 => Just(0), 1 => Just(4)]
}

fn track() -> impl Strategy<Value = Track> {
    select(&[Track::No, Track::Yes][..])
}

fn length() -> impl Strategy<Value = usize> {
    select(&[0, 5, 10, 40, 1_000, 17_000, 70_000][..])
}

fn checked() -> impl Strategy<Value = Checked> {
    prop_oneof![
        1 => stream().prop_map(Checked::Informational),
        4 => (stream(), any::<bool>()).prop_map(|(stream, end)| Checked::Headers(stream, end)),
        4 => (stream(), length(), any::<bool>()).prop_map(|(stream, length, end)| Checked::Data(stream, length, end)),
        2 => stream().prop_map(Checked::Trailers),
        1 => stream().prop_map(Checked::Reset),
        2 => stream().prop_map(Checked::Push),
        1 => (stream(), select(&[1, 1_000, 0x7fff_ffff][..])).prop_map(|(stream, by)| Checked::WindowUpdate(stream, by)),
        1 => Just(Checked::Ping),
        1 => select(&[0, 50, 200][..]).prop_map(Checked::Settings),
        1 => select(&[0, 3, 0x7fff_ffff][..]).prop_map(Checked::GoAway),
    ]
}

fn from_client() -> impl Strategy<Value = FromClient> {
    let settings = select(&[(1, 0), (1, 100), (1, 4_096), (1, 8_192), (4, 0), (4, 10), (4, 100_000), (5, 20_000)][..]);
    prop_oneof![
        1 => Just(FromClient::Ping),
        3 => prop::collection::vec(settings, 1..3).prop_map(FromClient::Settings),
        3 => Just(FromClient::Ack),
        2 => (stream(), select(&[1, 20, 20_000][..])).prop_map(|(stream, by)| FromClient::Grant(stream, by)),
        1 => stream().prop_map(FromClient::Reset),
        2 => select(&["GET", "POST", "HEAD"][..]).prop_map(FromClient::Open),
        2 => Just(FromClient::Deliver),
        2 => (stream(), select(&[0, 1, 60, 150, 10_000][..]), any::<bool>())
            .prop_map(|(stream, length, end)| FromClient::Data(stream, length, end)),
    ]
}

/// Blocks of every kind: right and wrong, with and without traces in the table.
fn raw_block() -> impl Strategy<Value = Bytes> {
    (0..16_u8).prop_map(|kind| {
        let mut builder = BlockBuilder::new();
        match kind {
            0 => return block(":status=200 content-length=10"),
            1 => return block(":status=103 link=a"),
            2 => return block("x-trailer=1"),
            3 => return Bytes::from_static(&[0xff, 0xff]),
            4 => return Bytes::new(),
            5 => return block(":status=101"),
            6 => return block(":status=304 content-length=10"),
            7 => return block("no-status=1"),
            8 | 9 => _ = builder.indexed(8).incremental(Name::Literal(b"x-both"), b"2"),
            10 => _ = builder.indexed(8).indexed(62),
            11 => _ = builder.size_update(0).indexed(8).incremental(Name::Literal(b"x-raw"), b"1"),
            12 => _ = builder.size_update(0).size_update(4_096).indexed(8),
            13 => _ = builder.indexed(8).size_update(100),
            14 => _ = builder.size_update(100_000).indexed(8),
            _ => _ = builder.indexed(8),
        }
        builder.finish()
    })
}

fn raw_frame() -> impl Strategy<Value = RawFrame> {
    let lie = prop_oneof![12 => Just(0_i32), 1 => Just(1), 1 => Just(30), 1 => Just(-1), 1 => Just(100_000)];
    (raw_parts(), stream(), lie).prop_map(|((frame_type, flags, payload), stream, lie)| {
        let zero = matches!(frame_type, FrameType::SETTINGS | FrameType::PING | FrameType::GOAWAY);
        // Mostly where it belongs.
        let stream = if zero && stream != 7 { 0 } else { stream };
        let mut frame = RawFrame::new(frame_type, flags, stream, payload);
        frame.header.length = frame.header.length.saturating_add_signed(lie);
        frame
    })
}

fn raw_parts() -> impl Strategy<Value = (FrameType, u8, Bytes)> {
    let flags = || select(&[0, flag::END_STREAM, flag::END_HEADERS, flag::END_STREAM | flag::END_HEADERS][..]);
    let data = (flags(), length(), any::<bool>()).prop_map(|(flags, length, padded)| {
        let flags = flags & flag::END_STREAM | if padded { flag::PADDED } else { 0 };
        (FrameType::DATA, flags, vec![3; length].into())
    });
    let headers = (flags(), raw_block()).prop_map(|(flags, block)| (FrameType::HEADERS, flags, block));
    let continuation = (flags(), raw_block()).prop_map(|(flags, block)| (FrameType::CONTINUATION, flags, block));
    let promise = (flags(), select(&[2, 4, 6, 3, 0][..])).prop_map(|(flags, promised): (u8, u32)| {
        let fields = block(":method=GET :scheme=https :path=/ :authority=example.org");
        (FrameType::PUSH_PROMISE, flags, [&promised.to_be_bytes()[..], &fields].concat().into())
    });
    let entries = [(1, 0), (1, 100), (1, 10_000), (4, 0), (4, 10), (4, 500), (5, 20_000), (2, 0), (200, 1)];
    let settings = (flags(), prop::collection::vec(select(entries.to_vec()), 0..3)).prop_map(|(flags, entries)| {
        let ack = flags == flag::END_STREAM;
        let frame = Settings { entries: if ack { Vec::new() } else { entries } }.to_raw(0, 0);
        (FrameType::SETTINGS, u8::from(ack), frame.payload)
    });
    let word = |frame_type, values: &'static [u32]| {
        select(values).prop_map(move |value| (frame_type, 0, Bytes::copy_from_slice(&value.to_be_bytes())))
    };
    let goaway = select(&[0_u32, 2, 0x7fff_ffff][..])
        .prop_map(|last| (FrameType::GOAWAY, 0, [&last.to_be_bytes()[..], &[0; 4]].concat().into()));
    prop_oneof![
        4 => data,
        4 => headers,
        1 => continuation,
        1 => promise,
        2 => settings,
        2 => word(FrameType::RST_STREAM, &[0, 8]),
        2 => word(FrameType::WINDOW_UPDATE, &[0, 1, 60, 0x7fff_ffff]),
        1 => goaway,
        1 => Just((FrameType::PING, 0, Bytes::from_static(&[0; 8]))),
        1 => Just((FrameType(190), 0xff, Bytes::from_static(b"unknown"))),
    ]
}
