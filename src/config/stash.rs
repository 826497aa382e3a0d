//! `[stash]`.

use std::time::Duration;

use super::section::{Item, Read, boolean, seconds, text, whole, wrong_with};
use super::table::keys;
use crate::script::stash::{Backend, Options};

const GIB: u64 = 1 << 30;
/// A month: longer is "never", and a timer that far away is a mistake.
const MAX_AGE: f64 = 31.0 * 86_400.0;

keys! {
    /// Where values of scripts are kept, and how many: `[stash]`.
    Stash for options: Options, in "stash." {
        /// Where scripts keep values: `"memory"`, or `"redis://HOST:PORT/DB"` to share them between servers.
        backend: Backend => options.backend, backend, Start;
        /// Allow keys that are not UUIDs.
        any_key: bool => options.any_key, boolean, Start;
        /// Values at once.
        max_entries: usize => options.max_entries, whole(1..=u64::from(u32::MAX)), Start;
        /// Bytes of one value, as JSON.
        max_value: usize => options.max_value, whole(1..=16 * GIB), Start;
        /// Bytes of all values, as JSON.
        max_octets: usize => options.max_octets, whole(1..=1024 * GIB), Start;
        /// Seconds before an unclaimed value is dropped.
        max_age: Duration => options.max_age, seconds(0.001..=MAX_AGE), Start;
    }
}

impl Stash {
    /// As the stash takes them.
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        self.apply(&mut options);
        options
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
        _ => wrong_with(item, "is not a place to keep values", "\"memory\" or \"redis://127.0.0.1:6379/0\""),
    }
}
