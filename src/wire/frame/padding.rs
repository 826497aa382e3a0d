//! The pad length in front and the padding behind (RFC 9113 §6.1), shared by three frame types.

use super::{PayloadError, RawFrame, flag};
use bytes::{BufMut, Bytes, BytesMut};

/// Splits a payload into what lies between pad length and padding, and the padding.
///
/// `fixed` octets after the pad length must remain whatever the padding is.
pub(super) fn split(frame: &RawFrame, fixed: usize) -> Result<(Bytes, Option<Bytes>), PayloadError> {
    let payload = &frame.payload;
    let minimum = fixed + usize::from(frame.header.has(flag::PADDED));
    if payload.len() < minimum {
        return Err(PayloadError::TooShort { length: payload.len(), minimum });
    }
    if !frame.header.has(flag::PADDED) {
        return Ok((payload.clone(), None));
    }
    let Some(&pad_length) = payload.first() else {
        return Err(PayloadError::TooShort { length: 0, minimum });
    };
    let available = payload.len() - minimum;
    if usize::from(pad_length) > available {
        return Err(PayloadError::Padding { pad_length, available });
    }
    let end = payload.len() - usize::from(pad_length);
    Ok((payload.slice(1..end), Some(payload.slice(end..))))
}

/// PADDED when there is padding, be it empty.
pub(super) fn flags(padding: &Option<Bytes>) -> u8 {
    if padding.is_some() { flag::PADDED } else { 0 }
}

/// Writes the pad length; beyond 255 octets of padding it says 255.
pub(super) fn write_length(padding: &Option<Bytes>, out: &mut BytesMut) {
    if let Some(padding) = padding {
        out.put_u8(u8::try_from(padding.len()).unwrap_or(u8::MAX));
    }
}

/// Writes the padding.
pub(super) fn write_octets(padding: &Option<Bytes>, out: &mut BytesMut) {
    if let Some(padding) = padding {
        out.extend_from_slice(padding);
    }
}
