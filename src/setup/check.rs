//! `wireserve check`: everything that is wrong with a configuration and its scripts.

use super::{certificates, profiles};
use crate::config::{self, CheckArguments, ConfigError, ServeArguments};
use crate::net::certificates::CertificateError;
use crate::script;
use crate::script::error::{Fault, ScriptError};
use crate::site;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;

const LINK_OUTSIDE: &str = "leads out of its directory, so the server does not serve it";
const LINK_HELP: &str = "copy it, or add its directory to roots in [handlers]";

/// What was found.
pub struct Report {
    hints: Vec<ConfigError>,
    errors: Vec<ConfigError>,
    unknown_profiles: Vec<String>,
    /// What is wrong with the user's own certificate.
    certificate: Option<CertificateError>,
    scripts: script::check::Report,
}

/// The directories whose files decide what [`check`] finds, each with whether those in it do, too.
pub fn watched(arguments: &CheckArguments) -> Vec<(PathBuf, bool)> {
    let serve = ServeArguments { config: arguments.config.clone(), ..ServeArguments::default() };
    let (config, _) = config::resolve_all(&serve);
    let folder = |file: &PathBuf| match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let files = config.candidates().into_iter().chain(config.hooks.value.clone());
    let mut all: Vec<(PathBuf, bool)> = files.map(|file| (folder(&file), false)).collect();
    let paths = arguments.paths.iter();
    all.extend(paths.map(|path| if path.is_dir() { (path.clone(), true) } else { (folder(path), false) }));
    if arguments.paths.is_empty() {
        all.push((config.doc_root.value.clone(), true));
    }
    all.extend(config.handler_roots.value.into_iter().map(|root| (root, true)));
    all.retain(|(folder, _)| folder.is_dir());
    all.sort_unstable();
    all.dedup();
    all
}

/// Reads the configuration as `wireserve serve` would, and compiles every script.
pub fn check(arguments: &CheckArguments) -> Report {
    // What only a server that starts would notice is wrong too: ports that are asked for twice.
    let serve = ServeArguments { config: arguments.config.clone(), ..ServeArguments::default() };
    let (config, errors) = config::resolve_all(&serve);
    let places = script::check::Places {
        handlers: config.handler_roots.value.iter().filter(|folder| folder.exists()).cloned().collect(),
        pages: config.doc_root.value.clone(),
        hooks: config.hooks.value.clone(),
    };
    let shipped = |name: &str| site::shipped_handler(name.strip_prefix("handlers/")?);
    Report {
        unknown_profiles: profiles::unknown(&config),
        // Those of our own authority are made at the start.
        certificate: config.ssl.own().and_then(|_| certificates::of(&config).err()),
        scripts: script::check::check(&arguments.paths, &places, &config.limits.script.options(), shipped),
        hints: config.hints,
        errors,
    }
}

/// One mistake, or something that could be said better, for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `error` or `warning`.
    pub severity: &'static str,
    pub message: String,
    pub file: Option<PathBuf>,
    /// From 1.
    pub line: Option<usize>,
    /// In characters, from 1.
    pub column: Option<usize>,
    /// The line itself.
    pub source: Option<String>,
    pub help: Option<String>,
}

impl Finding {
    fn of_config(severity: &'static str, error: &ConfigError) -> Self {
        Self {
            severity,
            message: error.message().to_owned(),
            file: error.source().map(|(file, _)| file.to_owned()),
            line: error.line(),
            column: error.column(),
            source: error.source().map(|(_, line)| line.to_owned()),
            help: error.help().map(str::to_owned),
        }
    }

    fn of_script(error: &ScriptError) -> Self {
        let fault = error.fault().cloned();
        let Some(Fault { message, file, place, line, help, .. }) = fault else {
            let (file, message) = error.unreadable().map_or((None, error.to_string()), |(file, why)| {
                (Some(file.to_owned()), format!("cannot read it: {why}"))
            });
            return Self { severity: "error", message, file, ..Self::default() };
        };
        let column = place.map(|(_, column)| column).filter(|column| *column > 0);
        let line_number = place.map(|(line, _)| line);
        Self { severity: "error", message, file: Some(file), line: line_number, column, source: line, help }
    }

    fn plain(severity: &'static str, text: &str) -> Self {
        let (message, help) = text.split_once("\nhelp: ").map_or((text, None), |(message, help)| (message, Some(help)));
        Self { severity, message: message.to_owned(), help: help.map(str::to_owned), ..Self::default() }
    }
}

/// In one line: `file:line:column: message`, as editors and CI read it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:{}:{}: ", file.display(), self.line.unwrap_or(1), self.column.unwrap_or(1))?;
        }
        if self.severity != "error" {
            write!(f, "{}: ", self.severity)?;
        }
        f.write_str(&self.message.replace('\n', " "))?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({})", help.replace('\n', " ")))
    }
}

impl Report {
    /// Everything that is wrong, and what could be said better, one message each.
    pub fn messages(&self) -> impl Iterator<Item = String> {
        let hints = self.hints.iter().map(|hint| format!("warning: {hint}\n"));
        let config = hints.chain(self.errors.iter().map(|error| format!("error: {error}\n")));
        let profiles = self.unknown_profiles.iter().map(|error| format!("error: {error}\n"));
        let links = self.scripts.links_outside.iter().map(|link| {
            let link = link.display();
            format!("warning: {link} {LINK_OUTSIDE}\nhelp: {LINK_HELP}\n")
        });
        let certificate = self.certificate.iter().map(|error| format!("error: {error}\n"));
        config
            .chain(profiles)
            .chain(certificate)
            .chain(links)
            .chain(self.scripts.errors.iter().map(|error| format!("{error}\n")))
    }

    /// The same for programs.
    pub fn findings(&self) -> Vec<Finding> {
        let hints = self.hints.iter().map(|hint| Finding::of_config("warning", hint));
        let config = hints.chain(self.errors.iter().map(|error| Finding::of_config("error", error)));
        let profiles = self.unknown_profiles.iter().map(|error| Finding::plain("error", error));
        let certificate = self.certificate.iter().map(|error| Finding::plain("error", &error.to_string()));
        let links = self.scripts.links_outside.iter().map(|link| Finding {
            severity: "warning",
            message: LINK_OUTSIDE.to_owned(),
            file: Some(link.clone()),
            help: Some(LINK_HELP.to_owned()),
            ..Finding::default()
        });
        let scripts = self.scripts.errors.iter().map(Finding::of_script);
        config.chain(profiles).chain(certificate).chain(links).chain(scripts).collect()
    }

    /// All of it as one JSON value.
    pub fn to_json(&self) -> Value {
        json!({ "ok": self.is_ok(), "scripts": self.scripts.good.len(), "findings": self.findings() })
    }

    /// Whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.num_errors() == 0
    }

    fn num_errors(&self) -> usize {
        let certificate = usize::from(self.certificate.is_some());
        self.errors.len() + self.unknown_profiles.len() + certificate + self.scripts.errors.len()
    }
}

/// The result in one line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let good = counted(self.scripts.good.len(), "script");
        match self.num_errors() {
            0 => write!(f, "{good} and the configuration: OK"),
            wrong => write!(f, "{}; {good} OK", counted(wrong, "error")),
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
