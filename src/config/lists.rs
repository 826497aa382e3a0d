//! The lists of tables: `[[profile_ports]]`, `[[aliases]]`, `[[routes]]`, `[[rewrites]]`.

use super::file::{ports, urls};
use super::section::{Item, Reader, Section};
use super::show::Printer;
use super::table::{Key, When};
use super::values::Value;
use super::{Config, ServeArguments};
use crate::site::{Route, Target};

/// A key whose value is a list of tables.
struct List<T: 'static> {
    name: &'static str,
    doc: &'static [&'static str],
    when: When,
    get: fn(&Config) -> &Vec<Value<T>>,
    get_mut: fn(&mut Config) -> &mut Vec<Value<T>>,
    read: fn(&mut Reader<'_>, Section<'_>, Item<'_>) -> Option<T>,
    print: fn(&T, &mut Printer),
}

pub(super) const KEYS: &[&dyn Key] = &[
    &List {
        name: "profile_ports",
        doc: &[
            " Ports on which a [profile](profiles.md) controls every connection: tables with `port` (or `\"auto\"`), `kind`",
            " (`\"h2\"` or `\"h2c\"`) and `profile` (its name). They open without `--h2`; the ready line has them in `profiles`.",
        ],
        when: When::Start,
        get: |config| &config.profile_ports,
        get_mut: |config| &mut config.profile_ports,
        read: ports::profile_port,
        print: |port, printer| {
            printer.plain("port", &port.port);
            printer.plain("kind", port.kind.name());
            printer.plain("profile", &port.profile);
        },
    },
    &List {
        name: "aliases",
        doc: &[" Another directory at a URL: tables with `url-path` and `local-dir` (`--alias-file` adds more)."],
        when: When::Reload,
        get: |config| &config.aliases,
        get_mut: |config| &mut config.aliases,
        read: urls::alias,
        print: |alias, printer| {
            printer.plain("url-path", &alias.url_path);
            printer.plain("local-dir", &alias.local_dir);
        },
    },
    &List {
        name: "routes",
        doc: &[" What a path means: see [urls.md](urls.md)."],
        when: When::Reload,
        get: |config| &config.routes,
        get_mut: |config| &mut config.routes,
        read: urls::route,
        print: |Route { methods, path, target }, printer| {
            print_methods(methods, printer);
            printer.plain("path", path);
            match target {
                Target::Script(path) => printer.plain("script", path),
                Target::File(path) => printer.plain("file", path),
                Target::Directory(path) => printer.plain("directory", path),
                Target::Status(code) => printer.plain("status", code),
            }
        },
    },
    &List {
        name: "rewrites",
        doc: &[" Serve one path as if it were another: see [urls.md](urls.md)."],
        when: When::Reload,
        get: |config| &config.rewrites,
        get_mut: |config| &mut config.rewrites,
        read: urls::rewrite,
        print: |rewrite, printer| {
            print_methods(&rewrite.methods, printer);
            printer.plain("from", &rewrite.from);
            printer.plain("to", &rewrite.to);
        },
    },
];

fn print_methods(methods: &Vec<String>, printer: &mut Printer) {
    if !methods.is_empty() {
        printer.plain("methods", methods);
    }
}

impl<T: Clone + PartialEq> Key for List<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static [&'static str] {
        self.doc
    }

    fn when(&self) -> When {
        self.when
    }

    fn flag(&self) -> Option<&'static str> {
        None
    }

    fn read(&self, config: &mut Config, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        if let Some(list) = section.tables(reader, self.name, self.read) {
            *(self.get_mut)(config) = list;
        }
    }

    fn apply_flag(&self, _config: &mut Config, _arguments: &ServeArguments) {}

    fn print(&self, config: &Config, printer: &mut Printer) {
        for Value { value, origin } in (self.get)(config) {
            printer.element(self.name, origin);
            (self.print)(value, printer);
        }
    }

    fn differs(&self, config: &Config, other: &Config) -> bool {
        (self.get)(config) != (self.get)(other)
    }

    fn keep(&self, config: &mut Config, other: &Config) {
        (self.get_mut)(config).clone_from((self.get)(other));
    }

    fn show(&self, _config: &Config) -> Option<String> {
        None
    }

    #[cfg(test)]
    fn is_set(&self, config: &Config) -> bool {
        !(self.get)(config).is_empty()
    }

    fn is_list(&self) -> bool {
        true
    }
}
