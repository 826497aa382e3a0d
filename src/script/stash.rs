//! The stash: values that scripts leave for later requests, shared by all workers and ports.

use std::time::Duration;

/// Where values are kept, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where they are kept.
    pub backend: Backend,
    /// Allow keys that are no UUID.
    pub any_key: bool,
    /// Values at once.
    pub max_entries: usize,
    /// Octets of one value, as JSON.
    pub max_value: usize,
    /// Octets of all values, as JSON.
    pub max_octets: usize,
    /// How long a value that nobody takes is kept.
    pub max_age: Duration,
}

/// Where a stash keeps its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// In this process.
    Memory,
    /// In a Redis server: a URL such as `redis://127.0.0.1:6379/0`.
    Redis(String),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backend: Backend::Memory,
            any_key: false,
            max_entries: 100_000,
            max_value: 16 << 20,
            max_octets: 256 << 20,
            max_age: Duration::from_secs(3600),
        }
    }
}
