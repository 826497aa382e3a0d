//! What an edited configuration changes: at once, or with the next start.

use super::Config;
use super::keys::keys;
use super::table::{Key, When};

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
        let mut differing: Vec<&dyn Key<Config>> = keys().filter(|key| key.differs(running, read)).collect();
        differing.sort_unstable_by_key(|key| key.name());
        let of = |when| differing.iter().filter(|key| key.when() == when).map(|key| key.name().to_owned()).collect();
        Changes { at_once: of(When::Reload), at_start: of(When::Start) }
    }
}

impl Config {
    /// Takes over from the configuration that the server runs with what can't change while it runs, and says what
    /// differed.
    pub fn keep_from_start(&mut self, running: &Config) -> Changes {
        let Changes { at_start, .. } = Changes::between(running, self);
        keys().filter(|key| key.when() == When::Start).for_each(|key| key.keep(self, running));
        self.derive();
        Changes { at_start, ..Changes::between(running, self) }
    }
}
