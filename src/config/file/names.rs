//! The names of the server: hosts and their subdomains.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::ascii::{label_to_ascii, to_ascii};
use super::super::section::{self, Item, Read, Reader, Section, text, wrong_with};
use super::super::tree::Kind;

/// Checks that each alternate host of the file is another site, as tests expect. Hosts below localhost are each their own.
pub(super) fn check_distinct(
    reader: &mut Reader<'_>,
    top: &mut Section<'_>,
    browser_host: &str,
    alternate_hosts: &BTreeMap<String, String>,
) {
    let Some(item) = top.given("alternate_hosts") else { return };
    let Kind::Table(entries) = &item.node.kind else { return };
    let same = alternate_hosts.iter().filter(|(_, host)| !is_distinct(host, browser_host));
    for (name, _) in same {
        let Some(entry) = entries.iter().find(|entry| entry.key == *name) else { continue };
        let what = format!("`alternate_hosts.{name}` is the same site as browser_host, {browser_host}");
        let advice = format!("such as \"not-{browser_host}\"");
        reader.fail(entry.value.span.clone(), what, Some(advice));
    }
}

/// Whether neither host is below the other, nor the same.
fn is_distinct(host: &str, other: &str) -> bool {
    let is_below = |a: &str, b: &str| a.strip_suffix(b).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if host != other && host.ends_with(".localhost") && is_below(other, "localhost") {
        return true;
    }
    !is_below(host, other) && !is_below(other, host)
}

pub(in crate::config) fn alternate_hosts(item: Item<'_>) -> Read<BTreeMap<String, String>> {
    let hosts = section::map(item, |key, item| {
        if key.is_empty() {
            return wrong_with(item, "has a name that is empty", "the empty name means browser_host");
        }
        host(item)
    })?;
    if hosts.len() > MAX_NAMES {
        let advice = "each subdomain makes another name of every host";
        return wrong_with(item, format!("has more than {MAX_NAMES} hosts"), advice);
    }
    Ok(hosts)
}

/// A host name in ASCII, or an IP address.
pub(in crate::config) fn host(item: Item<'_>) -> Read<String> {
    let host = text(item)?;
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host);
    }
    match to_ascii(&host) {
        Some(host) => Ok(host),
        None => wrong_with(item, "is not a host name", "letters of any script, digits, hyphens and dots"),
    }
}

/// Labels of one list, and alternate hosts: each pair of labels makes a name of each host, all in one certificate.
const MAX_NAMES: usize = 50;

pub(in crate::config) fn labels(item: Item<'_>) -> Read<Vec<String>> {
    let labels = section::list(item, label)?;
    if labels.len() > MAX_NAMES {
        return wrong_with(
            item,
            format!("has more than {MAX_NAMES} labels"),
            "each pair of them makes another name of every host",
        );
    }
    Ok(labels)
}

/// One label of a name, in any script.
fn label(item: Item<'_>) -> Read<String> {
    let label = text(item)?;
    let good = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-' || !character.is_ascii()
    };
    let is_label = label.chars().all(|character| good(character) && !character.is_whitespace());
    if is_label && label_to_ascii(&label).is_some() {
        return Ok(label);
    }
    wrong_with(
        item,
        "is not a label of a host name",
        "lower-case letters of any script, digits and hyphens, without dots",
    )
}
