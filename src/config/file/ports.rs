//! `[ports]`.

use super::super::Config;
use super::super::ports::PortKind;
use super::super::section::{self, Item, Read, Reader, Section, wrong};
use super::super::tree::Kind;
use super::super::values::Port;

/// Reads `[ports]`: each key a list of ports, or one.
pub(super) fn read(reader: &mut Reader<'_>, mut ports: Section<'_>, config: &mut Config) {
    for kind in PortKind::ALL {
        if let Some(list) = ports.optional(reader, kind.name(), |item| section::list(item, port)) {
            config.ports.set(kind, list);
        }
    }
    if let Some(item) = ports.given("webtransport-h3") {
        let advice = "the key has no effect".to_owned();
        reader.hint(item.span.clone(), "HTTP/3 and WebTransport are not served", Some(advice));
    }
    ports.finish(reader);
}

fn port(item: Item<'_>) -> Read<Port> {
    match &item.kind {
        Kind::Text(text) => text.parse().or_else(|why: &str| wrong(item, format!("is no port: {why}"))),
        Kind::Integer { digits, radix: 10 } => {
            digits.parse().or_else(|why: &str| wrong(item, format!("is no port: {why}")))
        }
        other => wrong(item, format!("is a number or \"auto\", not {}", other.name())),
    }
}
