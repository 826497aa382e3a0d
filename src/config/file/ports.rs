//! A table of `[[profile_ports]]`.

use super::super::ports::{PortKind, ProfilePort, port};
use super::super::section::{Item, Reader, Section, text, wrong, wrong_with};
use crate::script::handshake::is_name;

/// Reads a table of `[[profile_ports]]`.
pub(in crate::config) fn profile_port(
    reader: &mut Reader<'_>,
    mut table: Section<'_>,
    _item: Item<'_>,
) -> Option<ProfilePort> {
    let port = table.required(reader, "port", port);
    let kind = table.required(reader, "kind", |item| match text(item)?.as_str() {
        "h2" => Ok(PortKind::H2),
        "h2c" => Ok(PortKind::H2c),
        _ => wrong(item, "must be \"h2\" or \"h2c\": profiles control HTTP/2"),
    });
    let profile = table.required(reader, "profile", |item| {
        let name = text(item)?;
        if is_name(&name) {
            return Ok(name);
        }
        wrong_with(item, "is not a profile's name", "lower-case letters, digits and hyphens, without .rhai")
    });
    table.finish(reader);
    Some(ProfilePort { kind: kind?, port: port?, profile: profile? })
}
