//! The names of the server: hosts and their subdomains.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use super::super::hosts::{label_to_ascii, to_ascii};
use super::super::section::{self, Item, Read, Reader, Section, boolean, text, wrong_with};
use super::super::{Config, Value};

/// A value, and where it stands.
type Placed<T> = (T, Range<usize>);

/// Reads the keys about names, at the top of the file.
pub(super) fn read(reader: &mut Reader<'_>, top: &mut Section<'_>, config: &mut Config) {
    let browser_host = top.optional(reader, "browser_host", |item| Ok((host(item)?, item.span.clone())));
    let alternate_hosts = top.optional(reader, "alternate_hosts", alternate_hosts);
    top.read(reader, "subdomains", &mut config.subdomains, labels);
    top.read(reader, "not_subdomains", &mut config.not_subdomains, labels);
    top.read(reader, "server_host", &mut config.server_host, host);
    top.read(reader, "check_subdomains", &mut config.check_subdomains, boolean);
    if let Some(Value { value: (host, _), origin }) = browser_host {
        config.browser_host = Value { value: host, origin };
    }
    let Some(Value { value: hosts, origin }) = alternate_hosts else { return };
    check_distinct(reader, &hosts, &config.browser_host.value);
    let hosts = hosts.into_iter().map(|(name, (host, _))| (name, host)).collect();
    config.alternate_hosts = Value { value: hosts, origin };
}

/// Tests take an alternate host for another site. Hosts below localhost are each their own.
fn check_distinct(reader: &mut Reader<'_>, hosts: &BTreeMap<String, Placed<String>>, browser_host: &str) {
    for (name, (host, span)) in hosts {
        if is_distinct(host, browser_host) {
            continue;
        }
        let what = format!("`alternate_hosts.{name}` is no other site than browser_host, {browser_host}");
        let advice = format!("such as \"not-{browser_host}\"");
        reader.fail(span.clone(), what, Some(advice));
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

fn alternate_hosts(item: Item<'_>) -> Read<BTreeMap<String, Placed<String>>> {
    let hosts = section::map(item, |key, item| {
        if key.is_empty() {
            return wrong_with(item, "has a name that is empty", "the empty name stands for browser_host");
        }
        Ok((host(item)?, item.span.clone()))
    })?;
    if hosts.len() > MOST {
        return wrong_with(item, format!("has more than {MOST} hosts"), "every subdomain makes a name of each");
    }
    Ok(hosts)
}

pub(super) fn host(item: Item<'_>) -> Read<String> {
    let host = text(item)?;
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host);
    }
    match to_ascii(&host) {
        Some(host) => Ok(host),
        None => wrong_with(item, "is no host name", "letters of any script, digits, hyphens and dots"),
    }
}

/// Labels of one list, and alternate hosts: each two labels make a name with each host, all of them in one certificate.
const MOST: usize = 50;

fn labels(item: Item<'_>) -> Read<Vec<String>> {
    let labels = section::list(item, label)?;
    if labels.len() > MOST {
        return wrong_with(item, format!("has more than {MOST} labels"), "each two of them make a name of every host");
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
    wrong_with(item, "is no label of a host name", "lower-case letters of any script, digits and hyphens, without dots")
}
