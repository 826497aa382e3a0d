//! Field sections that are to be sent.

use bytes::Bytes;

/// Names and values of a field section, in order; iterated more than once.
pub trait FieldList<'a>: Iterator<Item = (&'a [u8], &'a [u8])> + Clone {}

impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> FieldList<'a> for I {}

/// A copy of fields for later.
pub(super) type OwnedFields = Vec<(Bytes, Bytes)>;

/// Copies fields.
pub(super) fn to_owned<'a>(fields: impl FieldList<'a>) -> OwnedFields {
    fields.map(|(name, value)| (Bytes::copy_from_slice(name), Bytes::copy_from_slice(value))).collect()
}

/// Owned fields as a field list.
pub(super) fn borrowed(fields: &OwnedFields) -> impl FieldList<'_> {
    fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
}

/// Where a field section goes: HEADERS or PUSH_PROMISE, with as many CONTINUATION frames as it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    pub stream: u32,
    pub end_stream: bool,
    /// The stream of ours that the peer learns of by this section.
    pub begins: Option<u32>,
    /// PUSH_PROMISE instead of HEADERS.
    pub promise: bool,
}

impl Section {
    /// HEADERS on a stream that the peer knows.
    pub fn headers(stream: u32, end_stream: bool) -> Self {
        Self { stream, end_stream, begins: None, promise: false }
    }

    /// HEADERS that open a stream.
    pub fn opening(stream: u32, end_stream: bool) -> Self {
        Self { stream, end_stream, begins: Some(stream), promise: false }
    }

    /// PUSH_PROMISE.
    pub fn promise(parent: u32, promised: u32) -> Self {
        Self { stream: parent, end_stream: false, begins: Some(promised), promise: true }
    }
}
