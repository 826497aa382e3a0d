//! The host names that certificates are for.

use std::net::IpAddr;

/// The hosts of the leaf that every client gets that asks for one of these, or for none. A wildcard right below a
/// top-level domain (`*.localhost`) must not be among them: for its sake Firefox uses no connection for several hosts.
pub(super) const USUAL_NAMES: [&str; 5] = ["localhost", "web-platform.test", "*.web-platform.test", "127.0.0.1", "::1"];

/// The usual names and those of a configuration. Names that differ in their first label alone become one wildcard, which
/// keeps the handshake small: 62 names of web-platform-tests become 14.
pub(super) fn names_of_leaf(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = USUAL_NAMES.iter().map(|name| (*name).to_owned()).collect();
    let names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    for name in &names {
        let is_address = name.parse::<IpAddr>().is_ok();
        if !is_address && !is_host_name(name) {
            continue;
        }
        let parent = name.split_once('.').filter(|(_, parent)| !is_address && parent.contains('.'));
        let siblings = |parent: &str| {
            let below = |name: &&String| name.split_once('.').is_some_and(|(_, other)| other == parent);
            names.iter().filter(below).count()
        };
        let name = match parent {
            Some((_, parent)) if siblings(parent) > 1 => format!("*.{parent}"),
            _ => name.clone(),
        };
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Whether `name` can be signed: at most 253 octets, labels of 1 to 63 lower-case letters, digits, `-`
/// and `_`, no hyphen at either end, and the last label not a number (that would be an IP address).
pub fn is_host_name(name: &str) -> bool {
    let label_is_valid = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    name.len() <= 253
        && name.split('.').all(label_is_valid)
        && !name.rsplit('.').next().is_some_and(|last| last.bytes().all(|octet| octet.is_ascii_digit()))
}
