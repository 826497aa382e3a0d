//! Messages that are to be sent.

use super::octets::{in_name, octets_of_name, text, value_fault};
use super::received::{Pseudo, check_host};
use crate::h2::fields::FieldList;
use crate::h2::misuse::Misuse;
use crate::h2::stream::Method;
use crate::http::fields::is_connection_specific;

/// Which status codes a command is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::h2) enum Status {
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
pub(in crate::h2) fn check_response<'a>(mut fields: impl FieldList<'a>, wanted: Status) -> Result<(), Misuse> {
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

/// Checks a request that is to be sent, by the rules for received ones. Gives what matters of its method.
pub(in crate::h2) fn check_request<'a>(fields: impl FieldList<'a>, connect_announced: bool) -> Result<Method, Misuse> {
    let is_pseudo = |name: &[u8]| name.first() == Some(&b':');
    let mut pseudo = Pseudo::default();
    for (name, value) in fields.clone().take_while(|(name, _)| is_pseudo(name)) {
        if let Some(rule) = pseudo.take(name, value) {
            return Err(Misuse::Malformed { rule, detail: text(name) });
        }
    }
    let host = fields.clone().find(|(name, _)| *name == b"host").map(|(_, host)| host);
    let mut faults = Vec::new();
    pseudo.check(connect_announced, &mut faults);
    check_host(&pseudo, host, &mut faults);
    if let Some((rule, detail)) = faults.into_iter().next() {
        return Err(Misuse::Malformed { rule, detail });
    }
    check_trailers(fields.skip_while(|(name, _)| is_pseudo(name)))?;
    Ok(pseudo.method.map(Method::of).unwrap_or_default())
}

/// Checks the request of a PUSH_PROMISE that is to be sent (RFC 9113 §8.4.1).
pub(in crate::h2) fn check_promise<'a>(fields: impl FieldList<'a>) -> Result<(), Misuse> {
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
pub(in crate::h2) fn check_trailers<'a>(fields: impl FieldList<'a>) -> Result<(), Misuse> {
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
