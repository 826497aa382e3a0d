//! Which octets names and values may have (RFC 9113 §8.2.1).

use crate::h2::rules::Rule;
use crate::http::is_token_octet;

/// Octets that RFC 9113 §8.2.1 bans from names that are not a pseudo-field's; uppercase letters are treated apart.
const fn is_banned_in_name(octet: u8) -> bool {
    matches!(octet, 0x00..=0x20 | b':' | 0x7f..=0xff)
}

/// What an octet is in a name: one look at each octet of a name answers all questions.
pub(super) mod in_name {
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
pub(super) fn octets_of_name(name: &[u8]) -> u8 {
    name.iter().fold(0, |found, &octet| found | IN_NAME[usize::from(octet)])
}

const fn is_banned_in_value(octet: u8) -> bool {
    matches!(octet, 0x00 | b'\r' | b'\n')
}

fn has_outer_whitespace(value: &[u8]) -> bool {
    matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t'])
}

pub(super) fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// Checks a name that is not a pseudo-field's (RFC 9113 §8.2.1).
pub(super) fn name_fault(name: &[u8]) -> Option<Rule> {
    if name.is_empty() {
        return Some(Rule::FieldNameEmpty);
    }
    let found = octets_of_name(name);
    if found & in_name::BANNED != 0 {
        return Some(Rule::FieldNameForbidden);
    }
    (found & in_name::UPPERCASE != 0).then_some(Rule::FieldNameUppercase)
}

pub(super) fn value_fault(value: &[u8]) -> Option<Rule> {
    // To the end in any case: so it takes many octets at a time.
    if value.iter().fold(false, |found, &octet| found | is_banned_in_value(octet)) {
        Some(Rule::FieldValueForbidden)
    } else if has_outer_whitespace(value) {
        Some(Rule::FieldValueWhitespace)
    } else {
        None
    }
}
