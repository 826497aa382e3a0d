//! What an edited configuration changes: at once, or with the next start.

use super::Config;
use super::print::values;

/// Keys and tables that are looked at when the server starts, and then no more.
const AT_START: [&str; 11] = [
    "browser_host",
    "server_host",
    "check_subdomains",
    "bind_address",
    "workers",
    "ports",
    "profile_ports",
    "ssl",
    "stash",
    "transcript",
    "limits.handshake_timeout",
];

/// The keys in which two configurations differ, in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that can change while the server runs.
    pub at_once: Vec<String>,
    /// Those that need a restart.
    pub at_start: Vec<String>,
}

impl Changes {
    fn between(running: &Config, read: &Config) -> Changes {
        let (old, new) = (values(running), values(read));
        let differs = |key: &&String| old.get(*key) != new.get(*key);
        let mut keys: Vec<&String> = old.keys().chain(new.keys()).filter(differs).collect();
        keys.sort_unstable();
        keys.dedup();
        let (at_start, at_once) = keys.into_iter().cloned().partition(|key| is_at_start(key));
        Changes { at_once, at_start }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.at_once.is_empty() && self.at_start.is_empty()
    }
}

impl Config {
    /// Takes over from the configuration that the server runs with what can't change while it runs, and says what
    /// differed.
    pub fn keep_from_start(&mut self, running: &Config) -> Changes {
        let Changes { at_start, .. } = Changes::between(running, self);
        self.browser_host.clone_from(&running.browser_host);
        self.server_host.clone_from(&running.server_host);
        self.check_subdomains.clone_from(&running.check_subdomains);
        self.bind_address.clone_from(&running.bind_address);
        self.workers.clone_from(&running.workers);
        self.ports.clone_from(&running.ports);
        self.profile_ports.clone_from(&running.profile_ports);
        self.ssl.clone_from(&running.ssl);
        self.stash.clone_from(&running.stash);
        self.transcript.clone_from(&running.transcript);
        self.limits.server.handshake_timeout.clone_from(&running.limits.server.handshake_timeout);
        super::derive(self);
        Changes { at_start, ..Changes::between(running, self) }
    }
}

fn is_at_start(key: &str) -> bool {
    AT_START.iter().any(|name| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
