//! A configuration file as it is written.

mod names;
mod ports;
mod ssl;
mod urls;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::section::{self, Item, Read, Reader, Section, boolean, text, whole, wrong, wrong_with};
use super::source::Source;
use super::tree::Kind;
use super::values::{LogLevel, MAX_LATENCY, MAX_WORKERS, Value};
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

/// Whether a file that nobody named is about this server: one of its keys is wptserve's, or it cannot be read.
pub(super) fn is_of_wptserve(source: &Source) -> bool {
    let (document, syntax) = source.parse();
    let Kind::Table(entries) = &document.kind else { return false };
    !syntax.is_empty() || entries.iter().any(|entry| THEIRS.contains(&entry.key.as_str()))
}

/// Sets what the file sets; what is wrong with it goes to `errors`, in the order of the file.
pub(super) fn read(source: &Source, config: &mut Config, errors: &mut Vec<ConfigError>) {
    let reader = read_into(source, config);
    errors.extend(reader.errors);
    config.hints.extend(reader.hints);
}

/// As [`read`]; also says which keys are absent.
pub(super) fn read_into<'s>(source: &'s Source, config: &mut Config) -> Reader<'s> {
    let (document, syntax) = source.parse();
    let mut reader = Reader::new(source);
    config.file = Some(source.path().to_owned());
    // What could be read of a broken line says nothing about its author's intent.
    let broken: HashSet<usize> = syntax.iter().map(|error| source.line(error.span.start)).collect();
    let mut top = Section::top(&document);
    read_top(&mut reader, &mut top, config);
    top.finish(&mut reader);
    reader.errors.retain(|error| error.line().is_none_or(|line| !broken.contains(&line)));
    for error in syntax {
        reader.fail(error.span, error.what, None);
    }
    reader.errors.sort_by_key(|error| (error.line().unwrap_or(usize::MAX), error.column()));
    reader
}

fn read_top(reader: &mut Reader<'_>, top: &mut Section<'_>, config: &mut Config) {
    let source = reader.source;
    for (old, new) in [
        ("host", "browser_host"),
        ("external_host", "server_host"),
        ("host_ip", "server_host"),
        ("bind_hostname", "bind_address"),
        ("log", "logging"),
    ] {
        top.rename(reader, old, new);
    }
    names::read(reader, top, config);
    if let Some(Value { value, origin }) = top.optional(reader, "bind_address", address) {
        let value = value.unwrap_or_else(|| super::address_of(config.server_host()));
        config.bind_address = Value { value, origin };
    }
    top.read(reader, "doc_root", &mut config.doc_root, section::folder(source));
    top.read(reader, "ws_doc_root", &mut config.ws_doc_root, section::future_folder(source));
    top.read(reader, "workers", &mut config.workers, workers);
    top.read(reader, "latency", &mut config.latency, section::milliseconds(0..=MAX_LATENCY));
    top.read(reader, "h2c_profile_wait", &mut config.h2c_profile_wait, section::milliseconds(0..=MAX_LATENCY));
    urls::read(reader, top, config);

    let ports = top.section(reader, "ports", "ports");
    ports::read(reader, ports, config);
    ports::read_profile_ports(reader, top, config);
    let ssl = top.section(reader, "ssl", "ssl");
    ssl::read(reader, ssl, config);

    let mut handlers = top.section(reader, "handlers", "handlers");
    handlers
        .read(reader, "roots", &mut config.handler_roots, |item| section::list(item, section::future_folder(source)));
    handlers.finish(reader);

    let mut hooks = top.section(reader, "hooks", "hooks");
    hooks.read(reader, "scripts", &mut config.hooks, |item| scripts(item, source));
    hooks.finish(reader);

    let mut inspector = top.section(reader, "inspector", "inspector");
    inspector.read(reader, "allowed_hosts", &mut config.allowed_hosts, |item| section::list(item, names::host));
    inspector.finish(reader);

    let mut stash = top.section(reader, "stash", "stash");
    config.stash.read(reader, &mut stash);
    stash.finish(reader);

    let mut transcript = top.section(reader, "transcript", "transcript");
    config.transcript.read(reader, &mut transcript);
    transcript.finish(reader);

    let limits = top.section(reader, "limits", "limits");
    config.limits.read_all(reader, limits);

    let mut logging = top.section(reader, "logging", "logging");
    logging.read(reader, "level", &mut config.log, level);
    logging.read(reader, "suppress_handler_traceback", &mut config.suppress_handler_traceback, boolean);
    logging.finish(reader);
    if let Some(item) = top.given("log_level") {
        reader.hint(item.span.clone(), "`log_level` is an old name", Some("write `level` in [logging]".to_owned()));
        if let Some(found) = top.accepted(reader, "log_level", level) {
            config.log = found;
        }
    }
}

/// An address, or wptserve's true (that of `server_host`) and false (every address).
fn address(item: Item<'_>) -> Read<Option<IpAddr>> {
    match &item.kind {
        Kind::Boolean(true) => Ok(None),
        Kind::Boolean(false) => Ok(Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
        _ => text(item)?.parse().map(Some).or_else(|_| {
            wrong_with(
                item,
                "is no IP address",
                "\"127.0.0.1\" is this machine alone, \"0.0.0.0\" opens it to everybody",
            )
        }),
    }
}

/// Files, each once: a hook that is listed twice would be called twice.
fn scripts(item: Item<'_>, source: &Source) -> Read<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for (item, file) in section::list(item, |item| Ok((item.clone(), section::file(source)(item)?)))? {
        if files.contains(&file) {
            return wrong(&item, "names this script twice");
        }
        files.push(file);
    }
    Ok(files)
}

fn workers(item: Item<'_>) -> Read<usize> {
    match &item.kind {
        Kind::Text(text) if text == "auto" => Ok(super::cores()),
        Kind::Text(_) => wrong(item, "is a whole number, or \"auto\" for one for each core"),
        _ => whole(1..=MAX_WORKERS)(item),
    }
}

fn level(item: Item<'_>) -> Read<LogLevel> {
    let name = text(item)?;
    if let Some(level) = LogLevel::named(&name) {
        return Ok(level);
    }
    let names = LogLevel::ALL.map(LogLevel::name);
    match section::nearest(&name, names.into_iter()) {
        Some(near) => wrong_with(item, "is no log level", format!("did you mean \"{near}\"?")),
        None => wrong_with(item, "is no log level", format!("one of {}", names.join(", "))),
    }
}
