//! Messages that have arrived.

use super::octets::{name_fault, text, value_fault};
use crate::h2::rules::Rule;
use crate::h2::stream::Method;
use crate::http::Authority;
use crate::http::fields::{is_connection_specific, is_token_octet};
use crate::wire::hpack::Block;
use bytes::Bytes;

/// What is wrong with a field section; empty if it is well-formed.
pub(in crate::h2) type Faults = Vec<(Rule, String)>;

/// What the engine needs to know of a request.
#[derive(Debug, Default)]
pub(in crate::h2) struct Request {
    pub faults: Faults,
    /// What content-length announces.
    pub content_length: Option<u64>,
    /// The value of `:protocol`.
    pub protocol: Option<Bytes>,
    pub method: Method,
}

/// What the engine needs to know of a response.
#[derive(Debug, Default)]
pub(in crate::h2) struct Response {
    pub faults: Faults,
    /// What content-length announces.
    pub content_length: Option<u64>,
    /// `None` if it is missing or not three digits.
    pub status: Option<u16>,
}

/// The pseudo-fields of a request (RFC 9113 §8.3.1, RFC 8441 §4).
#[derive(Default)]
pub(super) struct Pseudo<'a> {
    pub method: Option<&'a [u8]>,
    scheme: Option<&'a [u8]>,
    pub authority: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
}

/// Reads a field section: gives each pseudo-field to `take`, and `host` and content-length back.
fn read_fields<'a>(
    block: &'a Block,
    faults: &mut Faults,
    mut take: impl FnMut(&'a [u8], &'a Bytes) -> Option<Rule>,
) -> (Option<&'a Bytes>, Option<u64>) {
    let (mut host, mut content_length) = (None, None);
    let mut fields_seen = false;
    for field in block.fields() {
        if field.name.first() == Some(&b':') {
            if fields_seen {
                faults.push((Rule::PseudoAfterField, text(&field.name)));
            }
            if let Some(rule) = take(&field.name, &field.value) {
                faults.push((rule, text(&field.name)));
            }
        } else {
            fields_seen = true;
            check_field(&field.name, &field.value, faults);
            match field.name.as_ref() {
                b"host" => host = host.or(Some(&field.value)),
                b"content-length" => read_content_length(&field.value, &mut content_length, faults),
                _ => {}
            }
        }
    }
    (host, content_length)
}

/// Reads a request's field section. With `validate` off, nothing is a fault.
pub(in crate::h2) fn read_request(block: &Block, end_stream: bool, connect_announced: bool, validate: bool) -> Request {
    let mut faults = Faults::new();
    let mut pseudo = Pseudo::default();
    let (host, mut content_length) = read_fields(block, &mut faults, |name, value| pseudo.take(name, value));
    pseudo.check(connect_announced, &mut faults);
    check_host(&pseudo, host.map(AsRef::as_ref), &mut faults);
    let method = pseudo.method.map(Method::of).unwrap_or_default();
    if method == Method::Connect {
        // The octets of a tunnel are not content (RFC 9110 §9.3.6).
        content_length = None;
    } else if end_stream && content_length.is_some_and(|length| length != 0) {
        faults.push((Rule::ContentLengthMismatch, "no content at all".into()));
    }
    if !validate {
        faults.clear();
        content_length = None;
    }
    Request { faults, content_length, protocol: pseudo.protocol.map(Bytes::copy_from_slice), method }
}

/// Reads a promised request's field section (RFC 9113 §8.4).
pub(in crate::h2) fn read_promise(block: &Block, validate: bool) -> Request {
    let mut request = read_request(block, false, false, validate);
    if !validate {
        return request;
    }
    let find = |name: &[u8]| block.fields().find(|field| field.name == name).map(|field| &field.value);
    if let Some(method) = find(b":method")
        && !matches!(method.as_ref(), b"GET" | b"HEAD")
    {
        request.faults.push((Rule::PromiseMethod, text(method)));
    }
    if find(b":authority").is_none() {
        request.faults.push((Rule::PromiseAuthority, String::new()));
    }
    if request.content_length.is_some_and(|length| length != 0) {
        request.faults.push((Rule::PromiseContent, "content-length is not 0".into()));
    }
    request
}

/// Reads a response's field section, interim or final. With `validate` off, nothing is a fault.
pub(in crate::h2) fn read_response(block: &Block, end_stream: bool, validate: bool) -> Response {
    let mut faults = Faults::new();
    let mut status: Option<&Bytes> = None;
    let (_, mut content_length) = read_fields(block, &mut faults, |name, value| {
        if name != b":status" {
            return Some(Rule::PseudoUnknown);
        }
        let first = status.is_none();
        status = status.or(Some(value));
        (!first).then_some(Rule::PseudoDuplicate)
    });
    let number = status.and_then(|status| status_number(status));
    match (status, number) {
        (None, _) => faults.push((Rule::StatusMissing, String::new())),
        (Some(_), Some(101)) => faults.push((Rule::StatusSwitching, String::new())),
        (Some(_), Some(100..=199)) if end_stream => faults.push((Rule::ResponseInterimEnd, String::new())),
        (Some(_), Some(100..)) => {}
        (Some(status), _) => faults.push((Rule::StatusInvalid, text(status))),
    }
    if !validate {
        faults.clear();
        content_length = None;
    }
    Response { faults, content_length, status: number }
}

/// Three digits.
fn status_number(status: &[u8]) -> Option<u16> {
    let digits = status.len() == 3 && status.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(status).ok().filter(|_| digits)?.parse().ok()
}

/// Checks a trailer section (RFC 9113 §8.1).
pub(in crate::h2) fn trailer_faults(block: &Block) -> Faults {
    let mut faults = Faults::new();
    for field in block.fields() {
        if field.name.first() == Some(&b':') {
            faults.push((Rule::PseudoInTrailers, text(&field.name)));
        } else {
            check_field(&field.name, &field.value, &mut faults);
        }
    }
    faults
}

fn check_field(name: &Bytes, value: &Bytes, faults: &mut Faults) {
    if let Some(rule) = name_fault(name) {
        faults.push((rule, text(name)));
    }
    if let Some(rule) = value_fault(value) {
        faults.push((rule, format!("{}: {}", text(name), text(value))));
    }
    if is_connection_specific(name) {
        faults.push((Rule::ConnectionSpecific, text(name)));
    }
    if name.as_ref() == b"te" && !value.eq_ignore_ascii_case(b"trailers") {
        faults.push((Rule::TeNotTrailers, text(value)));
    }
}

/// content-length may repeat one value, in one field or several (RFC 9110 §8.6).
fn read_content_length(value: &Bytes, known: &mut Option<u64>, faults: &mut Faults) {
    for member in value.split(|&octet| octet == b',') {
        let member = member.trim_ascii();
        let digits = !member.is_empty() && member.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(member).ok().filter(|_| digits).and_then(|text| text.parse().ok());
        match number {
            Some(number) if known.is_none_or(|known| known == number) => *known = Some(number),
            _ => {
                faults.push((Rule::ContentLengthInvalid, text(value)));
                return;
            }
        }
    }
}

impl<'a> Pseudo<'a> {
    pub fn take(&mut self, name: &[u8], value: &'a [u8]) -> Option<Rule> {
        let slot = match name {
            b":method" => &mut self.method,
            b":scheme" => &mut self.scheme,
            b":authority" => &mut self.authority,
            b":path" => &mut self.path,
            b":protocol" => &mut self.protocol,
            _ => return Some(Rule::PseudoUnknown),
        };
        if slot.is_some() {
            return Some(Rule::PseudoDuplicate);
        }
        *slot = Some(value);
        value_fault(value)
    }

    fn is_connect(&self) -> bool {
        self.method.is_some_and(|method| method == b"CONNECT")
    }

    pub fn check(&self, connect_announced: bool, faults: &mut Faults) {
        if self.protocol.is_some() && !connect_announced {
            faults.push((Rule::ProtocolNotAnnounced, String::new()));
        }
        match self.method {
            None => faults.push((Rule::PseudoMissing, ":method".into())),
            Some(method) if method.is_empty() || !method.iter().all(|&octet| is_token_octet(octet)) => {
                faults.push((Rule::MethodInvalid, text(method)));
            }
            Some(_) => {}
        }
        if self.protocol.is_some() {
            let complete = self.scheme.is_some() && self.path.is_some() && self.authority.is_some();
            if !self.is_connect() || !complete {
                faults.push((Rule::ProtocolForm, String::new()));
            }
            self.check_target(faults);
        } else if self.is_connect() {
            if self.scheme.is_some() || self.path.is_some() || self.authority.is_none() {
                faults.push((Rule::ConnectForm, String::new()));
            }
        } else {
            if self.scheme.is_none() {
                faults.push((Rule::PseudoMissing, ":scheme".into()));
            }
            if self.path.is_none() {
                faults.push((Rule::PseudoMissing, ":path".into()));
            }
            self.check_target(faults);
        }
    }

    fn check_target(&self, faults: &mut Faults) {
        let scheme_octet = |&octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
        if let Some(scheme) = self.scheme
            && !(scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(scheme_octet))
        {
            faults.push((Rule::SchemeInvalid, text(scheme)));
        }
        let http = self.scheme.is_none_or(|scheme| matches!(scheme, b"http" | b"https"));
        let options = self.method.is_some_and(|method| method == b"OPTIONS");
        if let Some(path) = self.path
            && http
            && path.first() != Some(&b'/')
            && !(options && path == b"*")
        {
            faults.push((Rule::PathInvalid, text(path)));
        }
    }
}

/// Checks :authority, and that host identifies the same (RFC 9113 §8.3.1).
pub(super) fn check_host(pseudo: &Pseudo<'_>, host: Option<&[u8]>, faults: &mut Faults) {
    let Some(authority) = pseudo.authority else { return };
    if !Authority::is_host(authority) {
        faults.push((Rule::AuthorityInvalid, text(authority)));
    }
    if let Some(host) = host
        && !Authority::is_same(pseudo.scheme.unwrap_or_default(), host, authority)
    {
        faults.push((Rule::HostDiffers, format!("{} and {}", text(host), text(authority))));
    }
}
