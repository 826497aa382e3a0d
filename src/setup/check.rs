//! `wireserve check`: everything that is wrong with a configuration and its scripts.

use super::{certificates, profiles};
use crate::config::{self, CheckArguments, ConfigError, ServeArguments};
use crate::net::certificates::CertificateError;
use crate::script;
use crate::site;
use std::fmt;

/// What was found.
pub struct Report {
    hints: Vec<ConfigError>,
    errors: Vec<ConfigError>,
    unknown_profiles: Vec<String>,
    /// What is wrong with the user's own certificate.
    certificate: Option<CertificateError>,
    scripts: script::check::Report,
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

impl Report {
    /// Everything that is wrong, and what could be said better, one message each.
    pub fn messages(&self) -> impl Iterator<Item = String> {
        let hints = self.hints.iter().map(|hint| format!("warning: {hint}\n"));
        let config = hints.chain(self.errors.iter().map(|error| format!("error: {error}\n")));
        let profiles = self.unknown_profiles.iter().map(|error| format!("error: {error}\n"));
        let links = self.scripts.links_outside.iter().map(|link| {
            let link = link.display();
            format!("warning: {link} leads out of its directory, so the server does not serve it\nhelp: copy it, or add its directory to roots in [handlers]\n")
        });
        let certificate = self.certificate.iter().map(|error| format!("error: {error}\n"));
        config
            .chain(profiles)
            .chain(certificate)
            .chain(links)
            .chain(self.scripts.errors.iter().map(|error| format!("{error}\n")))
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
