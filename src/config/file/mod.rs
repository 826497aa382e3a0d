//! Reading a configuration file by the table of keys.

pub(super) mod names;
pub(super) mod ports;
pub(super) mod readers;
pub(super) mod urls;

use std::collections::HashSet;

use super::keys::{keys, keys_of, tables};
use super::section::{Reader, Section};
use super::source::Source;
use super::tree::Kind;
use super::{Config, ConfigError, ssl};

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
    config.files.push(source.path().to_owned());
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
        "ssl" => ssl::finish(reader, &mut section, &mut config.ssl),
        _ => {}
    }
    section.finish(reader);
}

/// What is at the top of the file besides keys of their own.
fn finish_top(reader: &mut Reader<'_>, top: &mut Section<'_>, config: &mut Config) {
    keys().filter(|key| key.is_list()).for_each(|key| key.read(config, reader, top));
    names::check_distinct(reader, top, &config.browser_host.value, &config.alternate_hosts.value);
    // wptserve's true: the address of `server_host`, which may come later in the file.
    if top.given("bind_address").is_some_and(|item| matches!(item.kind, Kind::Boolean(true))) {
        config.bind_address.value = config.server_address();
    }
    if let Some(item) = top.given("log_level") {
        reader.hint(item.span.clone(), "`log_level` is an old name", Some("write `level` in [logging]".to_owned()));
        if let Some(found) = top.optional(reader, "log_level", readers::level) {
            config.log = found;
        }
    }
}
