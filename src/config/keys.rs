//! All keys together, and the tables that they are in.

use super::arguments::ServeArguments;
use super::limits::{Http1Limits, Http2Limits, ScriptLimits, ServerLimits};
use super::section::{Reader, Section};
use super::show::Printer;
use super::table::{Head, Key};
use super::{Config, Ssl, Stash, Transcript, lists, ports, rules};
use std::sync::LazyLock;

/// A key of a part of the configuration, as a key of the whole.
struct Part<S: 'static> {
    key: &'static dyn Key<S>,
    of: fn(&Config) -> &S,
    of_mut: fn(&mut Config) -> &mut S,
}

impl<S> Key<Config> for Part<S> {
    fn head(&self) -> &Head {
        self.key.head()
    }

    fn flag(&self) -> Option<&'static str> {
        self.key.flag()
    }

    fn read(&self, config: &mut Config, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        self.key.read((self.of_mut)(config), reader, section);
    }

    fn apply_flag(&self, config: &mut Config, arguments: &ServeArguments) {
        self.key.apply_flag((self.of_mut)(config), arguments);
    }

    fn print(&self, config: &Config, printer: &mut Printer) {
        self.key.print((self.of)(config), printer);
    }

    fn differs(&self, config: &Config, other: &Config) -> bool {
        self.key.differs((self.of)(config), (self.of)(other))
    }

    fn keep(&self, config: &mut Config, other: &Config) {
        self.key.keep((self.of_mut)(config), (self.of)(other));
    }

    fn show(&self, config: &Config) -> Option<String> {
        self.key.show((self.of)(config))
    }

    #[cfg(test)]
    fn is_set(&self, config: &Config) -> bool {
        self.key.is_set((self.of)(config))
    }

    fn place(&self) -> (&'static str, &'static str) {
        self.key.place()
    }

    fn is_list(&self) -> bool {
        self.key.is_list()
    }
}

type Keys = Vec<Box<dyn Key<Config>>>;

fn add<S>(all: &mut Keys, keys: &[&'static dyn Key<S>], of: fn(&Config) -> &S, of_mut: fn(&mut Config) -> &mut S) {
    for key in keys {
        all.push(Box::new(Part { key: *key, of, of_mut }));
    }
}

macro_rules! parts {
    ($($keys:expr, |$config:ident| $place:expr;)*) => {
        LazyLock::new(|| {
            let mut all = Keys::new();
            $(add(&mut all, $keys, |$config| &$place, |$config| &mut $place);)*
            all
        })
    };
}

/// By tables: those at the top of the file, then the others, lists of tables last.
static ALL: LazyLock<Keys> = parts! {
    Config::KEYS, |config| *config;
    ports::KEYS, |config| config.ports;
    Ssl::KEYS, |config| config.ssl;
    Stash::KEYS, |config| config.stash;
    Transcript::KEYS, |config| config.transcript;
    ServerLimits::KEYS, |config| config.limits.server;
    ScriptLimits::KEYS, |config| config.limits.script;
    Http1Limits::KEYS, |config| config.limits.http1;
    Http2Limits::KEYS, |config| config.limits.http2;
    rules::KEYS, |config| config.rules;
    lists::PROFILE_PORTS, |config| config.profile_ports;
    lists::ALIASES, |config| config.aliases;
    lists::ROUTES, |config| config.routes;
    lists::REWRITES, |config| config.rewrites;
};

/// Every key, in the order in which they are shown.
pub(super) fn keys() -> impl Iterator<Item = &'static dyn Key<Config>> {
    ALL.iter().map(|key| &**key)
}

/// The tables of a file, in the order in which they are shown; the top is "".
pub(super) fn tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    for (table, _) in keys().filter(|key| !key.is_list()).map(|key| key.place()) {
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

/// The keys of a table, lists of tables left out.
pub(super) fn keys_of(table: &str) -> impl Iterator<Item = &'static dyn Key<Config>> {
    keys().filter(move |key| !key.is_list() && key.place().0 == table)
}
