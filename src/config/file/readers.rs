//! Reading the values of keys at the top of the file.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::super::section::{self, Item, Read, Wrong, text, whole, wrong, wrong_with};
use super::super::tree::Kind;
use super::super::values::{LogFormat, LogLevel, MAX_WORKERS};

/// One worker per core.
pub(in crate::config) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// An address, or wptserve's true (that of `server_host`, put in when all is read) and false (every address).
pub(in crate::config) fn address(item: Item<'_>) -> Read<IpAddr> {
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
pub(in crate::config) fn scripts(item: Item<'_>) -> Read<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for (span, file) in section::list(item, |item| Ok((item.span.clone(), section::file(item)?)))? {
        if files.contains(&file) {
            return Err(Wrong { span, what: "names this script twice".to_owned(), advice: None });
        }
        files.push(file);
    }
    Ok(files)
}

/// A number, or `"auto"`.
pub(in crate::config) fn workers(item: Item<'_>) -> Read<usize> {
    match &item.kind {
        Kind::Text(text) if text == "auto" => Ok(cores()),
        Kind::Text(_) => wrong(item, "must be a whole number, or \"auto\" for one per core"),
        _ => whole(1..=MAX_WORKERS)(item),
    }
}

/// How the log is written, by its name.
pub(in crate::config) fn log_format(item: Item<'_>) -> Read<LogFormat> {
    match text(item)?.as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => wrong(item, "must be \"text\" or \"json\""),
    }
}

/// A log level by its name, or Python's.
pub(in crate::config) fn level(item: Item<'_>) -> Read<LogLevel> {
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
