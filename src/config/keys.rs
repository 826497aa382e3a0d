//! All keys together, and the tables that they are in.

use super::limits::{Http1Limits, Http2Limits, ScriptLimits, ServerLimits};
use super::table::Key;
use super::{Config, Ssl, Stash, Transcript, lists, ports, rules};

/// Every key, by tables: those at the top of the file, then the others, lists of tables last.
pub(super) fn keys() -> impl Iterator<Item = &'static dyn Key> {
    let rows = [
        Config::KEYS,
        ports::KEYS,
        Ssl::KEYS,
        Stash::KEYS,
        Transcript::KEYS,
        ServerLimits::KEYS,
        ScriptLimits::KEYS,
        Http1Limits::KEYS,
        Http2Limits::KEYS,
        rules::KEYS,
        lists::KEYS,
    ];
    rows.into_iter().flatten().copied()
}

/// The tables of a file, in the order in which they are shown; the top is "".
pub(super) fn tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    for (table, _) in keys().filter(|key| !key.is_list()).map(Key::place) {
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

/// The keys of a table, lists of tables left out.
pub(super) fn keys_of(table: &str) -> impl Iterator<Item = &'static dyn Key> {
    keys().filter(move |key| !key.is_list() && key.place().0 == table)
}
