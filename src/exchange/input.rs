//! What arrives on an exchange after its request head, and what it costs to keep it.

use crate::http::Fields;
use crate::wire::frame::{Data, RawFrame};
use bytes::Bytes;

/// Payloads up to this many bytes are copied when they are kept, so that they keep nothing else of what arrived with
/// them.
const COPIED: usize = 1024;

/// What a field costs besides its name and value.
const FIELD: usize = 64;

/// What a payload in memory of its own costs besides its bytes: its counter, and what the allocator rounds up to.
const ALLOCATION: usize = 64;

/// What arrives on an exchange after its request head.
#[derive(Clone, Debug)]
pub enum Input {
    /// Request content: a DATA frame, or a chunk of an HTTP/1.1 body.
    Data {
        /// The content without padding or chunk framing.
        data: Bytes,
        /// The DATA frame (HTTP/2).
        frame: Option<RawFrame>,
        /// Nothing follows.
        end: bool,
    },
    /// The trailer section; over HTTP/2 with its HEADERS frame.
    Trailers {
        /// The trailer fields in wire order.
        fields: Fields,
        /// The HEADERS frame (HTTP/2).
        frame: Option<RawFrame>,
    },
    /// Any other frame on the stream.
    Frame(RawFrame),
    /// The request is complete.
    End,
}

/// What the owner of an exchange wants to be told; all else is not kept.
#[derive(Clone, Copy, Debug)]
pub struct Interest {
    /// Queue [`Input::Data`] and [`Input::Trailers`] for [`Exchange::next_input`](super::Exchange::next_input).
    pub data: bool,
    /// Queue [`Input::Frame`].
    pub frames: bool,
    /// Keep the whole body for [`Exchange::body`](super::Exchange::body).
    pub body: bool,
}

impl Input {
    /// What it costs to keep it, in bytes.
    pub(super) fn cost(&self) -> u64 {
        let payload = match self {
            Self::Data { frame: Some(frame), .. } | Self::Frame(frame) => frame.payload.len(),
            Self::Data { data, frame: None, .. } => data.len(),
            Self::Trailers { fields, frame } => {
                let fields: usize = fields.iter().map(|field| field.name.len() + field.value.len() + FIELD).sum();
                fields + frame.as_ref().map_or(0, |frame| frame.payload.len())
            }
            Self::End => 0,
        };
        cost::<Self>(payload)
    }

    /// The same in memory of its own, if it is small.
    pub(super) fn detached(self) -> Self {
        match self {
            Self::Data { frame: Some(frame), end, .. } if frame.payload.len() <= COPIED => {
                let frame = detached(&frame);
                // It was read before, so it can be read.
                let data = Data::parse(&frame).map(|data| data.data).unwrap_or_default();
                Self::Data { data, frame: Some(frame), end }
            }
            Self::Data { data, frame: None, end } if data.len() <= COPIED => {
                Self::Data { data: Bytes::copy_from_slice(&data), frame: None, end }
            }
            Self::Frame(frame) => Self::Frame(detached(&frame)),
            other => other,
        }
    }
}

/// A frame in memory of its own, if it is small.
pub(super) fn detached(frame: &RawFrame) -> RawFrame {
    let payload = match frame.payload.len() {
        0 => Bytes::new(),
        length if length <= COPIED => Bytes::copy_from_slice(&frame.payload),
        _ => frame.payload.clone(),
    };
    RawFrame { header: frame.header, payload }
}

/// What it costs to keep a frame, in bytes.
pub(super) fn frame_cost(frame: &RawFrame) -> u64 {
    cost::<RawFrame>(frame.payload.len())
}

/// What it costs to keep a `T` with a payload, in bytes: a queue that has grown has room for twice what it holds.
fn cost<T>(payload: usize) -> u64 {
    let payload = if payload == 0 { 0 } else { payload + ALLOCATION };
    (2 * size_of::<T>() + payload) as u64
}
