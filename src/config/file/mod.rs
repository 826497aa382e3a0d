//! Reading a configuration file by the table of keys.

pub(super) mod names;
pub(super) mod ports;
pub(super) mod ssl;
pub(super) mod urls;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::keys::{keys, keys_of, tables};
use super::section::{self, Item, Read, Reader, Section, Wrong, text, whole, wrong, wrong_with};
use super::source::Source;
use super::tree::Kind;
use super::values::{LogLevel, MAX_WORKERS};
use super::{Config, ConfigError};

/// Keys by which a configuration of wptserve is known.
const THEIRS: [&str; 14] = [
    "browser_host",
    "alternate_hosts",
    "doc_root",
    "ws_doc_root",
    "server_host",
    "ports",
    "check_subdomains",
    "bind_address",
    "ssl",
    "aliases",
    "logging",
    "external_host",
    "host_ip",
    "bind_hostname",
];

/// Whether a file that was found, not named, is about this server: one of its keys is wptserve's, or it cannot be read.
pub(super) fn is_of_wptserve(source: &Source) -> bool {
    let (document, syntax) = source.parse();
    let Kind::Table(entries) = &document.kind else { return false };
    !syntax.is_empty() || entries.iter().any(|entry| THEIRS.contains(&entry.key.as_str()))
}

/// Old names of keys, by their table, and what they are called now.
const OLD_NAMES: [(&str, &str, &str); 5] = [
    ("", "host", "browser_host"),
    ("", "external_host", "server_host"),
    ("", "host_ip", "server_host"),
    ("", "bind_hostname", "bind_address"),
    ("", "log", "logging"),
];

/// Sets what the file sets; what is wrong with it goes to `errors`, in the order of the file.
pub(super) fn read(source: &Source, config: &mut Config, errors: &mut Vec<ConfigError>) {
    let (document, syntax) = source.parse();
    let mut reader = Reader::new(source);
    config.file = Some(source.path().to_owned());
    // What could be read of a broken line says nothing about its author's intent.
    let broken: HashSet<usize> = syntax.iter().map(|error| source.line(error.span.start)).collect();
    read_table(&mut reader, Section::top(&document, source), "", config);
    reader.errors.retain(|error| error.line().is_none_or(|line| !broken.contains(&line)));
    for error in syntax {
        reader.fail(error.span, error.what, None);
    }
    reader.errors.sort_by_key(|error| (error.line().unwrap_or(usize::MAX), error.column()));
    errors.extend(reader.errors);
    config.hints.extend(reader.hints);
}

/// Reads a table, and those in it.
fn read_table(reader: &mut Reader<'_>, mut section: Section<'_>, table: &'static str, config: &mut Config) {
    for (_, old, new) in OLD_NAMES.into_iter().filter(|(of, ..)| *of == table) {
        section.rename(reader, old, new);
    }
    keys_of(table).for_each(|key| key.read(config, reader, &mut section));
    for inner in tables() {
        let name = match table {
            "" => Some(inner).filter(|inner| !inner.is_empty() && !inner.contains('.')),
            table => inner.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')),
        };
        if let Some(name) = name {
            let section = section.section(reader, name, inner);
            read_table(reader, section, inner, config);
        }
    }
    match table {
        "" => finish_top(reader, &mut section, config),
        "ssl" => ssl::finish(reader, &mut section, config),
        _ => {}
    }
    section.finish(reader);
}

/// What is at the top of the file besides keys of their own.
fn finish_top(reader: &mut Reader<'_>, top: &mut Section<'_>, config: &mut Config) {
    keys().filter(|key| key.is_list()).for_each(|key| key.read(config, reader, top));
    names::check_distinct(reader, top, config);
    // wptserve's true: the address of `server_host`, which may come later in the file.
    if top.given("bind_address").is_some_and(|item| matches!(item.kind, Kind::Boolean(true))) {
        config.bind_address.value = super::address_of(config.server_host());
    }
    if let Some(item) = top.given("log_level") {
        reader.hint(item.span.clone(), "`log_level` is an old name", Some("write `level` in [logging]".to_owned()));
        if let Some(found) = top.optional(reader, "log_level", level) {
            config.log = found;
        }
    }
}

/// An address, or wptserve's true (that of `server_host`, put in when all is read) and false (every address).
pub(super) fn address(item: Item<'_>) -> Read<IpAddr> {
    match &item.kind {
        Kind::Boolean(true) => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Kind::Boolean(false) => Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        _ => text(item)?.parse().or_else(|_| {
            let advice = "\"127.0.0.1\" is this machine only, \"0.0.0.0\" lets other machines connect";
            wrong_with(item, "is not an IP address", advice)
        }),
    }
}

/// Files, each once: a hook that is listed twice would be called twice.
pub(super) fn scripts(item: Item<'_>) -> Read<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for (span, file) in section::list(item, |item| Ok((item.span.clone(), section::file(item)?)))? {
        if files.contains(&file) {
            return Err(Wrong { span, what: "names this script twice".to_owned(), advice: None });
        }
        files.push(file);
    }
    Ok(files)
}

pub(super) fn workers(item: Item<'_>) -> Read<usize> {
    match &item.kind {
        Kind::Text(text) if text == "auto" => Ok(super::cores()),
        Kind::Text(_) => wrong(item, "must be a whole number, or \"auto\" for one per core"),
        _ => whole(1..=MAX_WORKERS)(item),
    }
}

pub(super) fn level(item: Item<'_>) -> Read<LogLevel> {
    let name = text(item)?;
    if let Some(level) = LogLevel::named(&name) {
        return Ok(level);
    }
    let names = LogLevel::ALL.map(LogLevel::name);
    match section::nearest(&name, names.into_iter()) {
        Some(near) => wrong_with(item, "is not a log level", format!("a similar level exists: \"{near}\"")),
        None => wrong_with(item, "is not a log level", format!("one of {}", names.join(", "))),
    }
}
