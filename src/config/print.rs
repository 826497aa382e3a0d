//! `wireserve config`: the resolved whole as TOML, each value with its origin, in a fixed order. What is printed can
//! be read again and says the same.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::values::{LogLevel, Origin, Port, Value};
use super::{Config, Limits, SslType};
use crate::script::stash::{Backend, masked};
use crate::site::{Route, Target};

/// The configuration as TOML.
pub fn print(config: &Config) -> String {
    gather(config).text
}

/// Each key with its value as TOML; the tables of a list are under the list's name.
pub(super) fn values(config: &Config) -> BTreeMap<String, String> {
    gather(config).values
}

fn gather(config: &Config) -> Printer {
    let mut printer = Printer::default();
    top(&mut printer, config);
    printer.table("ports");
    for (kind, ports) in config.ports.lists() {
        printer.value(kind.name(), ports);
    }
    printer.table("ssl");
    printer.value("type", &config.ssl.kind);
    printer.value("folder", &config.ssl.folder);
    if let Some(own) = &config.ssl.own {
        printer.value("certificate", &own.certificate);
        printer.value("key", &own.key);
    }
    printer.table("handlers");
    printer.value("roots", &config.handler_roots);
    printer.table("hooks");
    printer.value("scripts", &config.hooks);
    printer.table("inspector");
    printer.value("allowed_hosts", &config.allowed_hosts);
    printer.table("stash");
    config.stash.print(&mut printer);
    printer.table("transcript");
    config.transcript.print(&mut printer);
    printer.table("logging");
    printer.value("level", &config.log);
    printer.value("suppress_handler_traceback", &config.suppress_handler_traceback);
    limits(&mut printer, &config.limits);
    urls(&mut printer, config);
    printer
}

fn top(printer: &mut Printer, config: &Config) {
    match &config.file {
        Some(file) => printer.comment(format_args!("Read from {}.", file.display())),
        None => printer.comment(format_args!("No file was read.")),
    }
    printer.value("browser_host", &config.browser_host);
    printer.value("alternate_hosts", &config.alternate_hosts);
    printer.value("subdomains", &config.subdomains);
    printer.value("not_subdomains", &config.not_subdomains);
    printer.value("server_host", &config.server_host);
    printer.value("check_subdomains", &config.check_subdomains);
    printer.value("bind_address", &config.bind_address);
    printer.value("doc_root", &config.doc_root);
    printer.value("ws_doc_root", &config.ws_doc_root);
    printer.value("workers", &config.workers);
    for (name, time) in [("latency", &config.latency), ("h2c_profile_wait", &config.h2c_profile_wait)] {
        printer.value(name, &Value { value: time.value.as_millis(), origin: time.origin.clone() });
    }
    let script = &config.inject_script;
    match &script.value {
        Some(path) => printer.line("inject_script", &path.show(), &script.origin),
        None => printer.comment(format_args!("inject_script is not set.")),
    }
    printer.value("refuse_h2_over_http1", &config.refuse_h2_over_http1);
}

fn limits(printer: &mut Printer, limits: &Limits) {
    printer.table("limits");
    limits.server.print(printer);
    printer.table("limits.script");
    limits.script.print(printer);
    printer.table("limits.http1");
    limits.http1.print(printer);
    printer.table("limits.http2");
    limits.http2.print(printer);
}

fn urls(printer: &mut Printer, config: &Config) {
    for Value { value: port, origin } in &config.profile_ports {
        printer.element("profile_ports", origin);
        printer.plain("port", &port.port);
        printer.plain("kind", &port.kind.name().to_owned());
        printer.plain("profile", &port.profile);
    }
    for Value { value: alias, origin } in &config.aliases {
        printer.element("aliases", origin);
        printer.plain("url-path", &alias.url_path);
        printer.plain("local-dir", &alias.local_dir);
    }
    for Value { value: Route { methods, path, target }, origin } in &config.routes {
        printer.element("routes", origin);
        printer.methods(methods);
        printer.plain("path", path);
        match target {
            Target::Script(path) => printer.plain("script", path),
            Target::File(path) => printer.plain("file", path),
            Target::Directory(path) => printer.plain("directory", path),
            Target::Status(code) => printer.plain("status", code),
        }
    }
    for Value { value: rewrite, origin } in &config.rewrites {
        printer.element("rewrites", origin);
        printer.methods(&rewrite.methods);
        printer.plain("from", &rewrite.from);
        printer.plain("to", &rewrite.to);
    }
}

/// Gathers the lines.
#[derive(Default)]
pub(super) struct Printer {
    text: String,
    values: BTreeMap<String, String>,
    /// The table, or the list of tables, that is being printed.
    table: String,
    /// Whether it is one of a list.
    element: bool,
}

impl Printer {
    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    fn comment(&mut self, text: impl Display) {
        self.push(format_args!("# {text}"));
    }

    fn table(&mut self, name: &str) {
        (self.table, self.element) = (name.to_owned(), false);
        self.push(format_args!("\n[{name}]"));
    }

    fn element(&mut self, name: &str, origin: &Origin) {
        (self.table, self.element) = (name.to_owned(), true);
        self.keep("", "");
        self.push(format_args!("\n[[{name}]]  # {}", Comment(origin)));
    }

    pub(super) fn value<T: Show>(&mut self, key: &str, value: &Value<T>) {
        self.line(key, &value.value.show(), &value.origin);
    }

    fn keep(&mut self, key: &str, value: &str) {
        if self.element {
            // Nothing but whether two of these are the same is ever asked.
            let _ = writeln!(self.values.entry(self.table.clone()).or_default(), "{key}={value}");
        } else {
            let dot = if self.table.is_empty() { "" } else { "." };
            self.values.insert(format!("{}{dot}{key}", self.table), value.to_owned());
        }
    }

    fn line(&mut self, key: &str, value: &str, origin: &Origin) {
        self.keep(key, value);
        self.push(format_args!("{key} = {value}  # {}", Comment(origin)));
    }

    fn plain(&mut self, key: &str, value: &impl Show) {
        self.keep(key, &value.show());
        self.push(format_args!("{key} = {}", value.show()));
    }

    fn methods(&mut self, methods: &[String]) {
        if !methods.is_empty() {
            self.plain("methods", &methods.to_vec());
        }
    }
}

/// An origin that ends with its line, whatever the file is called.
struct Comment<'o>(&'o Origin);

impl Display for Comment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        text.chars().filter(|character| !character.is_control()).try_for_each(|character| f.write_char(character))
    }
}

/// A value as TOML writes it.
pub(super) trait Show {
    fn show(&self) -> String;
}

macro_rules! show_as_number {
    ($($type:ty)*) => { $(impl Show for $type { fn show(&self) -> String { self.to_string() } })* };
}

show_as_number!(bool u16 u32 u64 u128 usize);

impl Show for String {
    fn show(&self) -> String {
        toml::Value::String(self.clone()).to_string()
    }
}

impl Show for PathBuf {
    fn show(&self) -> String {
        // As the file says it: relative to where the command runs.
        Path::to_string_lossy(self).into_owned().show()
    }
}

impl Show for IpAddr {
    fn show(&self) -> String {
        self.to_string().show()
    }
}

impl Show for LogLevel {
    fn show(&self) -> String {
        self.name().to_owned().show()
    }
}

impl Show for SslType {
    fn show(&self) -> String {
        self.name().to_owned().show()
    }
}

impl Show for Port {
    fn show(&self) -> String {
        match self {
            Port::Number(number) => number.to_string(),
            Port::Auto => "\"auto\"".to_owned(),
        }
    }
}

impl Show for Backend {
    /// Without the password of a URL.
    fn show(&self) -> String {
        match self {
            Backend::Memory => "\"memory\"".to_owned(),
            Backend::Redis(url) => masked(url).show(),
        }
    }
}

impl Show for Duration {
    /// Seconds.
    fn show(&self) -> String {
        self.as_secs_f64().to_string()
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Show::show).collect::<Vec<_>>().join(", "))
    }
}

impl<T: Show> Show for BTreeMap<String, T> {
    fn show(&self) -> String {
        if self.is_empty() {
            return "{}".to_owned();
        }
        let entries: Vec<_> = self.iter().map(|(key, value)| format!("{} = {}", key_of(key), value.show())).collect();
        format!("{{ {} }}", entries.join(", "))
    }
}

/// A key, in quotes only where TOML wants them.
fn key_of(key: &str) -> String {
    let bare = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { key.to_owned().show() }
}
