//! `[stash]`.

use std::time::Duration;

use super::section::{Item, Read, boolean, seconds, text, whole, wrong_with};
use super::table::table;
use crate::script::stash::{Backend, Options};

const GIB: u64 = 1 << 30;
/// A month: longer is "never", and a timer that far away is a mistake.
const MAX_AGE: f64 = 31.0 * 86_400.0;

table! {
    /// Where values of scripts are kept, and how many: `[stash]`.
    Stash {
        /// Where they are kept.
        backend: Backend = Options::default().backend, backend;
        /// Allow keys that are no UUID.
        any_key: bool = Options::default().any_key, boolean;
        /// Values at once.
        max_entries: usize = Options::default().max_entries, whole(1..=u64::from(u32::MAX));
        /// Octets of one value, as JSON.
        max_value: usize = Options::default().max_value, whole(1..=16 * GIB);
        /// Octets of all values, as JSON.
        max_octets: usize = Options::default().max_octets, whole(1..=1024 * GIB);
        /// Time for which a value that nobody takes is kept.
        max_age: Duration = Options::default().max_age, seconds(0.001..=MAX_AGE);
    }
}

impl Stash {
    /// As the stash takes them.
    pub fn options(&self) -> Options {
        Options {
            backend: self.backend.value.clone(),
            any_key: self.any_key.value,
            max_entries: self.max_entries.value,
            max_value: self.max_value.value,
            max_octets: self.max_octets.value,
            max_age: self.max_age.value,
        }
    }
}

fn backend(item: Item<'_>) -> Read<Backend> {
    let text = text(item)?;
    if text == "memory" {
        return Ok(Backend::Memory);
    }
    let host = text.strip_prefix("redis://").or_else(|| text.strip_prefix("redis+unix://"));
    match host {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(Backend::Redis(text)),
        _ => wrong_with(item, "is no place to keep values", "\"memory\" or \"redis://127.0.0.1:6379/0\""),
    }
}
