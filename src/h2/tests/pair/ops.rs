//! What the two ends of a connection do.

use super::super::client::{REQUEST, block};
use crate::h2::{Role, Track};
use crate::wire::frame::*;
use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;

/// One thing that one end does, or that happens between them.
#[derive(Clone, Debug)]
pub enum Op {
    /// A request with this method, ended or not.
    Open(&'static str, bool),
    /// An upload whose length is announced.
    Upload(usize),
    /// A response with this status.
    Respond(u32, &'static str, bool),
    Push(u32),
    Data(Role, u32, usize, bool),
    Trailers(Role, u32),
    Reset(Role, u32),
    Settings(Role, Vec<(u16, u32)>),
    WindowUpdate(Role, u32, u32),
    Ping(Role),
    GoAway(Role),
    ShutDown(Role),
    /// The number of bytes of this end that arrive.
    Deliver(Role, usize),
    Later,
    Raw(Role, RawFrame, Track),
}

fn role() -> impl Strategy<Value = Role> {
    select(&[Role::Client, Role::Server][..])
}

fn stream() -> impl Strategy<Value = u32> {
    select(&[1, 1, 1, 3, 3, 5, 7, 2, 2, 4][..])
}

pub fn op() -> impl Strategy<Value = Op> {
    let settings = select(
        &[
            (Role::Client, (2, 0)),
            (Role::Client, (2, 1)),
            (Role::Client, (3, 1)),
            (Role::Server, (3, 2)),
            (Role::Server, (3, 100)),
            (Role::Client, (1, 0)),
            (Role::Server, (1, 100)),
            (Role::Client, (1, 4_096)),
            (Role::Server, (4, 0)),
            (Role::Client, (4, 10)),
            (Role::Server, (4, 1_000)),
            (Role::Client, (4, 70_000)),
            (Role::Server, (5, 20_000)),
        ][..],
    );
    let length = || select(&[0, 1, 10, 1_000, 20_000][..]);
    prop_oneof![
        5 => (select(&["GET", "POST", "HEAD"][..]), any::<bool>()).prop_map(|(method, end)| Op::Open(method, end)),
        2 => length().prop_map(Op::Upload),
        6 => (stream(), select(&["103", "200", "200", "404"][..]), any::<bool>())
            .prop_map(|(stream, status, end)| Op::Respond(stream, status, end)),
        4 => stream().prop_map(Op::Push),
        6 => (role(), stream(), length(), any::<bool>())
            .prop_map(|(role, stream, length, end)| Op::Data(role, stream, length, end)),
        2 => (role(), stream()).prop_map(|(role, stream)| Op::Trailers(role, stream)),
        2 => (role(), stream()).prop_map(|(role, stream)| Op::Reset(role, stream)),
        2 => settings.prop_map(|(role, entry)| Op::Settings(role, vec![entry, (0xabcd, 1)])),
        1 => (role(), prop_oneof![Just(0), stream()], select(&[1, 500][..]))
            .prop_map(|(role, stream, increment)| Op::WindowUpdate(role, stream, increment)),
        1 => role().prop_map(Op::Ping),
        1 => prop_oneof![9 => Just(None), 1 => role().prop_map(|role| Some(Op::GoAway(role))), 1 => role().prop_map(|role| Some(Op::ShutDown(role)))]
            .prop_map(|op| op.unwrap_or(Op::Later)),
        12 => (role(), select(&[1, 9, 40, 300, 100_000, 100_000, 100_000][..])).prop_map(|(role, octets)| Op::Deliver(role, octets)),
    ]
}

/// Frames of every kind, right and wrong.
pub fn raw(role: Role) -> impl Strategy<Value = Op> {
    let lie = prop_oneof![15 => Just(0_i32), 1 => Just(1), 1 => Just(-1), 1 => Just(50_000)];
    let track = select(&[Track::No, Track::Yes][..]);
    (payload(role), stream(), lie, track).prop_map(move |((frame_type, flags, payload), stream, lie, track)| {
        let zero = matches!(frame_type, FrameType::SETTINGS | FrameType::PING | FrameType::GOAWAY);
        let stream = if zero && stream != 9 { 0 } else { stream };
        let mut frame = RawFrame::new(frame_type, flags, stream, payload);
        frame.header.length = frame.header.length.saturating_add_signed(lie);
        Op::Raw(role, frame, track)
    })
}

fn payload(role: Role) -> impl Strategy<Value = (FrameType, u8, Bytes)> {
    let flags = || select(&[flag::END_HEADERS, flag::END_HEADERS | flag::END_STREAM, 0, flag::END_STREAM][..]);
    let sections: &[&str] = match role {
        Role::Client => &[REQUEST, REQUEST, "x=y", ":method=GET", "Aa=b"],
        Role::Server => &[":status=200", ":status=200 content-length=10", ":status=103", "x=y", "Aa=b"],
    };
    let section = move || select(sections).prop_map(block);
    let promised = select(&[2_u32, 4, 6, 3][..]);
    let entries = select(&[(1, 0), (4, 10), (4, 500), (5, 20_000), (2, 0), (200, 1), (5, 1)][..]);
    let word = |frame_type, values: &'static [u32]| {
        select(values).prop_map(move |value| (frame_type, 0, Bytes::copy_from_slice(&value.to_be_bytes())))
    };
    prop_oneof![
        4 => (flags(), section()).prop_map(|(flags, block)| (FrameType::HEADERS, flags, block)),
        1 => (flags(), section()).prop_map(|(flags, block)| (FrameType::CONTINUATION, flags & flag::END_HEADERS, block)),
        4 => (flags(), select(&[0, 5, 10, 70_000][..]))
            .prop_map(|(flags, length)| (FrameType::DATA, flags & flag::END_STREAM, vec![b'r'; length].into())),
        1 => (promised, Just(block(REQUEST))).prop_map(|(promised, block)| {
            (FrameType::PUSH_PROMISE, flag::END_HEADERS, [&promised.to_be_bytes()[..], &block].concat().into())
        }),
        1 => entries.prop_map(|entry| (FrameType::SETTINGS, 0, Settings { entries: vec![entry] }.to_raw(0, 0).payload)),
        2 => word(FrameType::RST_STREAM, &[0, 8]),
        2 => word(FrameType::WINDOW_UPDATE, &[0, 1, 60, 0x7fff_ffff]),
        1 => select(&[0_u32, 1, 0x7fff_ffff][..])
            .prop_map(|last| (FrameType::GOAWAY, 0, [&last.to_be_bytes()[..], &[0; 4]].concat().into())),
        1 => Just((FrameType::PING, 0, Bytes::from_static(&[0; 8]))),
        1 => Just((FrameType(190), 0xff, Bytes::from_static(b"unknown"))),
    ]
}
