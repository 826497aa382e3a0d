//! The lists of tables: `[[profile_ports]]`, `[[aliases]]`, `[[routes]]`, `[[rewrites]]`.

use super::file::{ports, urls};
use super::ports::ProfilePort;
use super::section::{Item, Reader, Section};
use super::show::Printer;
use super::table::{Head, Key, When};
use super::values::Value;
use crate::site::{Alias, Rewrite, Route, Target};

/// A key whose value is a list of tables.
struct List<T: 'static> {
    head: Head,
    read: fn(&mut Reader<'_>, Section<'_>, Item<'_>) -> Option<T>,
    print: fn(&T, &mut Printer),
}

/// The one key of a list.
type Only<T> = &'static [&'static dyn Key<Vec<Value<T>>>];

pub(super) const PROFILE_PORTS: Only<ProfilePort> = &[&List {
    head: Head {
        name: "profile_ports",
        doc: &[
            " Ports on which a [profile](profiles.md) controls every connection: tables with `port` (or `\"auto\"`), `kind`",
            " (`\"h2\"` or `\"h2c\"`) and `profile` (its name). They open without `--h2`; the ready line has them in `profiles`.",
        ],
        when: When::Start,
    },
    read: ports::profile_port,
    print: |port, printer| {
        printer.plain("port", &port.port);
        printer.plain("kind", port.kind.name());
        printer.plain("profile", &port.profile);
    },
}];

pub(super) const ALIASES: Only<Alias> = &[&List {
    head: Head {
        name: "aliases",
        doc: &[" Another directory at a URL: tables with `url-path` and `local-dir` (`--alias-file` adds more)."],
        when: When::Reload,
    },
    read: urls::alias,
    print: |alias, printer| {
        printer.plain("url-path", &alias.url_path);
        printer.plain("local-dir", &alias.local_dir);
    },
}];

pub(super) const ROUTES: Only<Route> = &[&List {
    head: Head {
        name: "routes",
        doc: &[" What a path means: see [routes](files-and-urls.md#routes)."],
        when: When::Reload,
    },
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
}];

pub(super) const REWRITES: Only<Rewrite> = &[&List {
    head: Head {
        name: "rewrites",
        doc: &[" Serve one path as if it were another: see [rewrites](files-and-urls.md#rewrites)."],
        when: When::Reload,
    },
    read: urls::rewrite,
    print: |rewrite, printer| {
        print_methods(&rewrite.methods, printer);
        printer.plain("from", &rewrite.from);
        printer.plain("to", &rewrite.to);
    },
}];

fn print_methods(methods: &Vec<String>, printer: &mut Printer) {
    if !methods.is_empty() {
        printer.plain("methods", methods);
    }
}

impl<T: Clone + PartialEq> Key<Vec<Value<T>>> for List<T> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, list: &mut Vec<Value<T>>, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        if let Some(read) = section.tables(reader, self.head.name, self.read) {
            *list = read;
        }
    }

    fn print(&self, list: &Vec<Value<T>>, printer: &mut Printer) {
        for Value { value, origin } in list {
            printer.element(self.head.name, origin);
            (self.print)(value, printer);
        }
    }

    fn differs(&self, list: &Vec<Value<T>>, other: &Vec<Value<T>>) -> bool {
        list != other
    }

    fn keep(&self, list: &mut Vec<Value<T>>, other: &Vec<Value<T>>) {
        list.clone_from(other);
    }

    fn show(&self, _: &Vec<Value<T>>) -> Option<String> {
        None
    }

    #[cfg(test)]
    fn is_set(&self, list: &Vec<Value<T>>) -> bool {
        !list.is_empty()
    }

    fn is_list(&self) -> bool {
        true
    }
}
