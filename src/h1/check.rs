//! What the checked commands accept.

use crate::http::latin1::latin1;
use crate::http::status::reason_phrase;
use crate::http::{ContentRule, Fields, is_token_octet};

use super::event::BodyLength;
use super::misuse::Misuse;

/// Looks whether a final response's status line and fields can be sent; what they say of the content's length is looked
/// at when they are.
///
/// # Errors
/// [`Misuse::Status`], [`Misuse::Reason`], [`Misuse::FieldName`], [`Misuse::FieldValue`]
pub fn check_head(status: u16, reason: Option<&[u8]>, fields: &Fields) -> Result<(), Misuse> {
    checked_head(status, reason, fields).map(drop)
}

/// As [`check_head`]; gives the reason phrase to send.
pub(super) fn checked_head<'a>(status: u16, reason: Option<&'a [u8]>, fields: &Fields) -> Result<&'a [u8], Misuse> {
    if !(200..=999).contains(&status) {
        return Err(Misuse::Status(status));
    }
    let reason = checked_reason(status, reason)?;
    check_fields(fields).map(|()| reason)
}

/// The reason phrase to send.
pub(super) fn checked_reason(status: u16, reason: Option<&[u8]>) -> Result<&[u8], Misuse> {
    match reason {
        None => Ok(reason_phrase(status).as_bytes()),
        Some(reason) if has_line_end_or_nul(reason) => Err(Misuse::Reason),
        Some(reason) => Ok(reason),
    }
}

/// Names are tokens, values hold no CR, LF or NUL.
pub(super) fn check_fields(fields: &Fields) -> Result<(), Misuse> {
    for field in fields {
        if field.name.is_empty() || !field.name.iter().all(|octet| is_token_octet(*octet)) {
            return Err(Misuse::FieldName(text(&field.name)));
        }
        if has_line_end_or_nul(&field.value) {
            return Err(Misuse::FieldValue(text(&field.name)));
        }
    }
    Ok(())
}

/// The fields say nothing about the body's length but what the command says.
pub(super) fn check_framing(fields: &Fields, body: BodyLength, rule: ContentRule) -> Result<(), Misuse> {
    let has_neither = matches!(rule, ContentRule::Nothing | ContentRule::Tunnel);
    let length_may_be = |value: &[u8]| match body {
        // In answer to HEAD and with 304 it is what GET would have had.
        _ if has_neither => false,
        _ if rule == ContentRule::Reset => value.trim_ascii() == b"0",
        BodyLength::Known(length) => value.trim_ascii() == length.to_string().as_bytes(),
        BodyLength::None if rule.allows_content() => value.trim_ascii() == b"0",
        BodyLength::None => true,
        _ => false,
    };
    if body == BodyLength::AsGiven {
        return Ok(());
    }
    if !fields.get_all("content-length").all(|value| length_may_be(value)) {
        return Err(Misuse::Framing("content-length".into()));
    }
    let encoding_may_be = body == BodyLength::Chunked && !has_neither;
    let is_chunked = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"chunked");
    let mut encodings = fields.get_all("transfer-encoding");
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(()),
        (Some(value), None) if encoding_may_be && is_chunked(value) => Ok(()),
        _ => Err(Misuse::Framing("transfer-encoding".into())),
    }
}

fn has_line_end_or_nul(octets: &[u8]) -> bool {
    octets.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0))
}

/// A name as text for people.
pub(super) fn text(name: &[u8]) -> String {
    latin1(name).escape_debug().to_string()
}
