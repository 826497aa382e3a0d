//! `wpt.toml` as it is written.

mod names;

use std::net::IpAddr;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Source};
use super::section::{self, Item, Read, Reader, Section, text, whole, wrong, wrong_with};
use super::values::{LogLevel, Port, Value};
use super::{Config, OwnCertificate};

/// More threads than any machine has cores.
const MAX_WORKERS: u64 = 1024;

/// Sets what the file sets; what is wrong with it goes to `errors`, in the order of the file.
pub(super) fn read(source: &Source, config: &mut Config, errors: &mut Vec<ConfigError>) {
    errors.extend(read_into(source, config).errors);
}

/// As [`read`]; also says which keys are absent.
pub(super) fn read_into<'s>(source: &'s Source, config: &mut Config) -> Reader<'s> {
    let (document, syntax) = DeTable::parse_recoverable(source.text());
    let mut reader = Reader { source, errors: Vec::new(), absent: Vec::new() };
    config.file = Some(source.path().to_owned());
    let mut top = Section::top(document.get_ref());
    read_top(&mut reader, &mut top, config);
    top.finish(&mut reader);
    for error in syntax {
        let error = source.error(error.span().unwrap_or_default(), error.message(), None);
        // What could be read of a broken line says nothing about its author's intent.
        reader.errors.retain(|other| other.line() != error.line());
        reader.errors.push(error);
    }
    reader.errors.sort_by_key(|error| (error.line(), error.column()));
    reader
}

fn read_top(reader: &mut Reader<'_>, top: &mut Section<'_, '_>, config: &mut Config) {
    let source = reader.source;
    names::read(reader, top, config);
    top.read(reader, "bind_address", &mut config.bind_address, address);
    top.read(reader, "doc_root", &mut config.doc_root, section::folder(source));
    top.read(reader, "workers", &mut config.workers, workers);

    let mut ports = top.section(reader, "ports", "ports");
    ports.read(reader, "http", &mut config.ports.http, port);
    ports.read(reader, "https", &mut config.ports.https, port);
    for (key, value) in [("h2", &mut config.ports.h2), ("h2c", &mut config.ports.h2c)] {
        if let Some(value) = value {
            ports.read(reader, key, value, port);
        }
    }
    ports.finish(reader);

    let ssl = top.section(reader, "ssl", "ssl");
    read_ssl(reader, ssl, config);

    let mut handlers = top.section(reader, "handlers", "handlers");
    handlers
        .read(reader, "roots", &mut config.handler_roots, |item| section::list(item, section::future_folder(source)));
    handlers.finish(reader);

    let limits = top.section(reader, "limits", "limits");
    config.limits.read(reader, limits);

    let mut log = top.section(reader, "log", "log");
    log.read(reader, "level", &mut config.log, level);
    log.finish(reader);
}

fn read_ssl(reader: &mut Reader<'_>, mut ssl: Section<'_, '_>, config: &mut Config) {
    let source = reader.source;
    ssl.read(reader, "folder", &mut config.ssl.folder, section::path(source));
    let certificate = ssl.optional(reader, "certificate", |item| Ok((section::path(source)(item)?, item.span())));
    let key = ssl.optional(reader, "key", |item| Ok((section::path(source)(item)?, item.span())));
    ssl.finish(reader);
    config.ssl.own = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(OwnCertificate {
            certificate: Value { value: certificate.value.0, origin: certificate.origin },
            key: Value { value: key.value.0, origin: key.origin },
        }),
        (Some(Value { value: (_, span), .. }), None) => {
            reader.errors.push(source.error(span, "`ssl.certificate` needs `ssl.key` beside it", None));
            None
        }
        (None, Some(Value { value: (_, span), .. })) => {
            reader.errors.push(source.error(span, "`ssl.key` needs `ssl.certificate` beside it", None));
            None
        }
        (None, None) => None,
    };
}

fn address(item: Item<'_, '_>) -> Read<IpAddr> {
    text(item)?.parse().or_else(|_| {
        wrong_with(item, "is no IP address", "\"127.0.0.1\" is this machine alone, \"0.0.0.0\" opens it to everybody")
    })
}

fn workers(item: Item<'_, '_>) -> Read<usize> {
    match item.get_ref() {
        DeValue::String(text) if text == "auto" => Ok(super::cores()),
        DeValue::String(_) => wrong(item, "is a whole number, or \"auto\" for one for each core"),
        _ => whole(1..=MAX_WORKERS)(item),
    }
}

/// A port, or, as in the configuration of wptserve, a list of one.
fn port(item: Item<'_, '_>) -> Read<Port> {
    let one = |item: Item<'_, '_>| match item.get_ref() {
        DeValue::String(text) => text.parse().or_else(|why: &str| wrong(item, format!("is no port: {why}"))),
        DeValue::Integer(number) if number.radix() == 10 => {
            number.as_str().parse().or_else(|why: &str| wrong(item, format!("is no port: {why}")))
        }
        other => wrong(item, format!("is a number or \"auto\", not {}", section::kind(other))),
    };
    match section::list(item, one)?.as_slice() {
        [port] => Ok(*port),
        ports => wrong(item, format!("is one port, not {}", ports.len())),
    }
}

fn level(item: Item<'_, '_>) -> Read<LogLevel> {
    let name = text(item)?;
    if let Some(level) = LogLevel::ALL.into_iter().find(|level| level.name() == name) {
        return Ok(level);
    }
    let names = LogLevel::ALL.map(LogLevel::name);
    match section::nearest(&name, names.into_iter()) {
        Some(near) => wrong_with(item, "is no log level", format!("did you mean \"{near}\"?")),
        None => wrong_with(item, "is no log level", format!("one of {}", names.join(", "))),
    }
}
