//! What makes a message malformed (RFC 9113 §8), and what our own messages must not contain.

use super::fields::FieldList;
use super::misuse::Misuse;
use super::rules::Rule;
use crate::http::is_token_octet;
use crate::wire::hpack::Block;
use bytes::Bytes;

/// What is wrong with a received field section; empty if it is well-formed.
pub(super) type Faults = Vec<(Rule, String)>;

/// What the engine needs to know of a request.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub faults: Faults,
    /// What content-length announces.
    pub content_length: Option<u64>,
    /// The value of `:protocol`.
    pub protocol: Option<Bytes>,
    /// The method is HEAD.
    pub is_head: bool,
}

/// Octets that RFC 9113 §8.2.1 bans from names that are not a pseudo-field's; uppercase letters are treated apart.
const fn is_banned_in_name(octet: u8) -> bool {
    matches!(octet, 0x00..=0x20 | b':' | 0x7f..=0xff)
}

/// What an octet is in a name: one look at each octet of a name answers all questions.
mod in_name {
    pub const UPPERCASE: u8 = 1;
    pub const BANNED: u8 = 2;
    pub const NO_TOKEN: u8 = 4;
}

static IN_NAME: [u8; 256] = {
    let mut all = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let this = octet as u8;
        if this.is_ascii_uppercase() {
            all[octet] |= in_name::UPPERCASE;
        }
        if is_banned_in_name(this) {
            all[octet] |= in_name::BANNED;
        }
        if !is_token_octet(this) {
            all[octet] |= in_name::NO_TOKEN;
        }
        octet += 1;
    }
    all
};

/// Everything that the octets of a name are.
fn octets_of_name(name: &[u8]) -> u8 {
    name.iter().fold(0, |found, &octet| found | IN_NAME[usize::from(octet)])
}

const fn is_banned_in_value(octet: u8) -> bool {
    matches!(octet, 0x00 | b'\r' | b'\n')
}

fn has_outer_whitespace(value: &[u8]) -> bool {
    matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t'])
}

/// Fields that speak of an HTTP/1.1 connection (RFC 9113 §8.2.2).
fn is_connection_specific(name: &[u8]) -> bool {
    matches!(name, b"connection" | b"proxy-connection" | b"keep-alive" | b"transfer-encoding" | b"upgrade")
}

fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// Checks a name that is not a pseudo-field's (RFC 9113 §8.2.1).
fn name_fault(name: &[u8]) -> Option<Rule> {
    if name.is_empty() {
        return Some(Rule::FieldNameEmpty);
    }
    let found = octets_of_name(name);
    if found & in_name::BANNED != 0 {
        return Some(Rule::FieldNameForbidden);
    }
    (found & in_name::UPPERCASE != 0).then_some(Rule::FieldNameUppercase)
}

fn value_fault(value: &[u8]) -> Option<Rule> {
    // To the end in any case: so it takes many octets at a time.
    if value.iter().fold(false, |found, &octet| found | is_banned_in_value(octet)) {
        Some(Rule::FieldValueForbidden)
    } else if has_outer_whitespace(value) {
        Some(Rule::FieldValueWhitespace)
    } else {
        None
    }
}

/// The pseudo-fields of a request (RFC 9113 §8.3.1, RFC 8441 §4).
#[derive(Default)]
struct Pseudo<'a> {
    method: Option<&'a Bytes>,
    scheme: Option<&'a Bytes>,
    authority: Option<&'a Bytes>,
    path: Option<&'a Bytes>,
    protocol: Option<&'a Bytes>,
}

/// Reads a request's field section. With `validate` off, nothing is a fault.
pub(super) fn read_request(block: &Block, end_stream: bool, connect_announced: bool, validate: bool) -> Request {
    let mut request = Request::default();
    let mut pseudo = Pseudo::default();
    let mut host: Option<&Bytes> = None;
    let mut fields_seen = false;
    let faults = &mut request.faults;
    for field in block.fields() {
        if field.name.first() == Some(&b':') {
            if fields_seen {
                faults.push((Rule::PseudoAfterField, text(&field.name)));
            }
            if let Some(rule) = pseudo.take(&field.name, &field.value) {
                faults.push((rule, text(&field.name)));
            }
        } else {
            fields_seen = true;
            check_field(&field.name, &field.value, faults);
            match field.name.as_ref() {
                b"host" => host = host.or(Some(&field.value)),
                b"content-length" => read_content_length(&field.value, &mut request.content_length, faults),
                _ => {}
            }
        }
    }
    pseudo.check(connect_announced, host, faults);
    if end_stream && request.content_length.is_some_and(|length| length != 0) && !pseudo.is_connect() {
        faults.push((Rule::ContentLengthMismatch, "no content at all".into()));
    }
    if pseudo.is_connect() {
        // The octets of a tunnel are not content (RFC 9110 §9.3.6).
        request.content_length = None;
    }
    request.protocol = pseudo.protocol.cloned();
    request.is_head = pseudo.method.is_some_and(|method| method.as_ref() == b"HEAD");
    if !validate {
        request.faults.clear();
        request.content_length = None;
    }
    request
}

/// Checks a trailer section (RFC 9113 §8.1).
pub(super) fn trailer_faults(block: &Block) -> Faults {
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
    fn take(&mut self, name: &[u8], value: &'a Bytes) -> Option<Rule> {
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
        self.method.is_some_and(|method| method.as_ref() == b"CONNECT")
    }

    fn check(&self, connect_announced: bool, host: Option<&Bytes>, faults: &mut Faults) {
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
        self.check_authority(host, faults);
    }

    fn check_target(&self, faults: &mut Faults) {
        let scheme_octet = |&octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
        if let Some(scheme) = self.scheme
            && !(scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(scheme_octet))
        {
            faults.push((Rule::SchemeInvalid, text(scheme)));
        }
        let http = self.scheme.is_none_or(|scheme| matches!(scheme.as_ref(), b"http" | b"https"));
        let options = self.method.is_some_and(|method| method.as_ref() == b"OPTIONS");
        if let Some(path) = self.path
            && http
            && path.first() != Some(&b'/')
            && !(options && path.as_ref() == b"*")
        {
            faults.push((Rule::PathInvalid, text(path)));
        }
    }

    fn check_authority(&self, host: Option<&Bytes>, faults: &mut Faults) {
        let Some(authority) = self.authority else { return };
        if authority.contains(&b'@') || authority.is_empty() {
            faults.push((Rule::AuthorityInvalid, text(authority)));
        }
        if let Some(host) = host
            && !host.eq_ignore_ascii_case(authority)
        {
            faults.push((Rule::HostDiffers, format!("{} and {}", text(host), text(authority))));
        }
    }
}

/// Which status codes a command is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Informational,
    Final,
}

/// Looks whether the header section of a final response, `:status` first, can be sent.
///
/// # Errors
/// What of it is wrong, be it the status or a field.
pub fn check_head<'a>(fields: impl FieldList<'a>) -> Result<(), Misuse> {
    check_response(fields, Status::Final)
}

/// Checks a response that is to be sent.
pub(super) fn check_response<'a>(mut fields: impl FieldList<'a>, wanted: Status) -> Result<(), Misuse> {
    let status = match fields.next() {
        Some((b":status", value)) => value,
        _ => return Err(Misuse::PseudoMissing { name: ":status" }),
    };
    // 101 does not exist in HTTP/2 (RFC 9113 §8.6).
    let fits = match (status, wanted) {
        ([b'1', b'0', b'1'], _) => false,
        ([b'1', _, _], Status::Informational) | ([b'2'..=b'9', _, _], Status::Final) => {
            status.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    if !fits {
        return Err(Misuse::Status { value: text(status) });
    }
    check_trailers(fields)
}

/// Checks the request of a PUSH_PROMISE that is to be sent (RFC 9113 §8.4.1).
pub(super) fn check_promise<'a>(fields: impl FieldList<'a>) -> Result<(), Misuse> {
    const NEEDED: [&str; 4] = [":method", ":scheme", ":authority", ":path"];
    let is_pseudo = |name: &[u8]| name.first() == Some(&b':');
    let pseudo = fields.clone().take_while(|(name, _)| is_pseudo(name));
    for (index, (name, value)) in pseudo.clone().enumerate() {
        let repeated = pseudo.clone().take(index).any(|(earlier, _)| earlier == name);
        if repeated || !NEEDED.iter().any(|needed| needed.as_bytes() == name) {
            return Err(Misuse::PseudoField { name: text(name) });
        }
        if value.is_empty() || value_fault(value).is_some() {
            return Err(Misuse::FieldValue { name: text(name) });
        }
    }
    for needed in NEEDED {
        if !pseudo.clone().any(|(name, _)| name == needed.as_bytes()) {
            return Err(Misuse::PseudoMissing { name: needed });
        }
    }
    check_trailers(fields.skip_while(|(name, _)| is_pseudo(name)))
}

/// Checks fields without any pseudo-field that are to be sent.
pub(super) fn check_trailers<'a>(fields: impl FieldList<'a>) -> Result<(), Misuse> {
    for (name, value) in fields {
        if name.first() == Some(&b':') {
            return Err(Misuse::PseudoField { name: text(name) });
        }
        let found = octets_of_name(name);
        if name.is_empty() || found & in_name::NO_TOKEN != 0 {
            return Err(Misuse::FieldName { name: text(name) });
        }
        if found & in_name::UPPERCASE != 0 {
            return Err(Misuse::Uppercase { name: text(name) });
        }
        if value_fault(value).is_some() {
            return Err(Misuse::FieldValue { name: text(name) });
        }
        if is_connection_specific(name) || (name == b"te" && value != b"trailers") {
            return Err(Misuse::ConnectionSpecific { name: text(name) });
        }
    }
    Ok(())
}
