//! `[ports]` and `[[profile_ports]]`.

use super::super::Config;
use super::super::ports::{PortKind, ProfilePort};
use super::super::section::{self, Item, Read, Reader, Section, text, wrong, wrong_with};
use super::super::tree::Kind;
use super::super::values::Port;
use crate::script::handshake::is_name;

/// Reads `[ports]`: each key a list of ports, or one.
pub(super) fn read(reader: &mut Reader<'_>, mut ports: Section<'_>, config: &mut Config) {
    for kind in PortKind::ALL {
        if let Some(list) = ports.optional(reader, kind.name(), |item| section::list(item, port)) {
            config.ports.set(kind, list);
        }
        if let Some(item) = ports.given(kind.name()).filter(|_| !kind.is_served()) {
            let what = format!("`ports.{}` opens no port: this protocol is not served", kind.name());
            let advice = format!("`{{{{ports[{}][0]}}}}` gives the number all the same", kind.name());
            reader.hint(item.span.clone(), what, Some(advice));
        }
    }
    ports.finish(reader);
}

/// Reads `[[profile_ports]]`.
pub(super) fn read_profile_ports(reader: &mut Reader<'_>, top: &mut Section<'_>, config: &mut Config) {
    config.profile_ports = top.tables(reader, "profile_ports", |reader, mut table, _| {
        let port = table.required(reader, "port", port);
        let kind = table.required(reader, "kind", |item| match text(item)?.as_str() {
            "h2" => Ok(PortKind::H2),
            "h2c" => Ok(PortKind::H2c),
            _ => wrong(item, "is \"h2\" or \"h2c\": profiles shape HTTP/2"),
        });
        let profile = table.required(reader, "profile", |item| {
            let name = text(item)?;
            if is_name(&name) {
                return Ok(name);
            }
            wrong_with(item, "is no profile's name", "letters in lower case, digits and hyphens, without .rhai")
        });
        table.finish(reader);
        Some(ProfilePort { kind: kind?, port: port?, profile: profile? })
    });
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
