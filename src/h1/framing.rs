//! What a head says about its body and its connection (RFC 9112 §6, §9.3).

use crate::http::{Authority, Field, Fields, Target, TargetForm};

use super::event::{BodyFraming, RequestHead, Version};
use super::rejection::Rejection;

/// What follows from a head.
pub(super) struct Meaning {
    pub(super) body: BodyFraming,
    /// Whether the client wants the connection to persist after the response.
    pub(super) persist: bool,
    pub(super) expects_continue: bool,
}

impl RequestHead {
    /// The values of all field lines of this name, letter case aside, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a bytes::Bytes> {
        self.lines.iter().filter(move |line| line.name.eq_ignore_ascii_case(name.as_bytes())).map(|line| &line.value)
    }

    /// The fields as a list, in order; no octets are copied.
    pub fn fields(&self) -> Fields {
        self.lines.iter().map(|line| Field { name: line.name.clone(), value: line.value.clone() }).collect()
    }

    fn has_member(&self, name: &str, member: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(|octet| *octet == b','))
            .any(|found| found.trim_ascii().eq_ignore_ascii_case(member.as_bytes()))
    }
}

pub(super) fn interpret(head: &RequestHead) -> Result<Meaning, Rejection> {
    check_target(head)?;
    check_host(head)?;
    let body = body_framing(head)?;
    let close = head.has_member("connection", "close");
    let persist = match head.version {
        Version::Http11 => !close,
        Version::Http10 => !close && head.has_member("connection", "keep-alive"),
    };
    // RFC 9110 §10.1.1: ignored in HTTP/1.0, and pointless without a body.
    let expects_continue =
        head.version == Version::Http11 && body != BodyFraming::None && head.has_member("expect", "100-continue");
    Ok(Meaning { body, persist, expects_continue })
}

/// Each form of a target belongs to some methods (RFC 9112 §3.2).
fn check_target(head: &RequestHead) -> Result<(), Rejection> {
    let is_connect = &head.method[..] == b"CONNECT";
    if !is_connect && head.target.starts_with(b"/") {
        return Ok(());
    }
    let target = Target::parse(&head.method, &head.target).map_err(|_| Rejection::TargetForm)?;
    let fits = match target.form {
        // RFC 9110 §4.2.4: no userinfo.
        TargetForm::Absolute => !is_connect && target.authority.is_none_or(|authority| authority.userinfo.is_none()),
        TargetForm::Origin => !is_connect,
        // RFC 9110 §9.3.6: the port has no default.
        TargetForm::Authority => {
            is_connect
                && target.authority.is_some_and(|authority| authority.port.is_some() && authority.userinfo.is_none())
        }
        TargetForm::Asterisk => &head.method[..] == b"OPTIONS",
    };
    fits.then_some(()).ok_or(Rejection::TargetForm)
}

/// RFC 9112 §3.2.
fn check_host(head: &RequestHead) -> Result<(), Rejection> {
    let mut hosts = head.values("host");
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Err(Rejection::RepeatedHost),
        (None, _) if head.version == Version::Http11 => Err(Rejection::NoHost),
        // An empty host is right where the target has no authority.
        (Some(host), None) if !host.is_empty() && !Authority::is_host(host) => Err(Rejection::InvalidHost),
        _ => Ok(()),
    }
}

/// RFC 9112 §6.3.
fn body_framing(head: &RequestHead) -> Result<BodyFraming, Rejection> {
    let mut encodings = head.values("transfer-encoding").peekable();
    if encodings.peek().is_none() {
        return Ok(match content_length(head)? {
            None | Some(0) => BodyFraming::None,
            Some(length) => BodyFraming::Length(length),
        });
    }
    if head.version == Version::Http10 {
        return Err(Rejection::EncodingInHttp10);
    }
    if head.values("content-length").next().is_some() {
        return Err(Rejection::LengthAndEncoding);
    }
    let codings: Vec<&[u8]> = encodings
        .flat_map(|value| value.split(|octet| *octet == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty())
        .collect();
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    match codings.split_last() {
        Some((last, others)) if is_chunked(last) && !others.iter().any(is_chunked) => {
            if others.is_empty() {
                Ok(BodyFraming::Chunked)
            } else {
                Err(Rejection::TransferCoding)
            }
        }
        _ => Err(Rejection::NotFinallyChunked),
    }
}

/// One number, in however many lines and list members it is repeated (RFC 9110 §8.6).
fn content_length(head: &RequestHead) -> Result<Option<u64>, Rejection> {
    let mut length = None;
    for member in head.values("content-length").flat_map(|value| value.split(|octet| *octet == b',')) {
        let member = member.trim_ascii();
        if member.is_empty() || !member.iter().all(u8::is_ascii_digit) {
            return Err(Rejection::ContentLength);
        }
        let number = member
            .iter()
            .try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
            .ok_or(Rejection::ContentLengthTooLarge)?;
        if length.is_some_and(|length| length != number) {
            return Err(Rejection::ContentLength);
        }
        length = Some(number);
    }
    Ok(length)
}
