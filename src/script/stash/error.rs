//! Why the stash refuses, as text for people.

use std::fmt;
use std::time::Duration;

use super::key::Key;

/// What a stash can refuse, by who is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StashError {
    /// The script's: the key is no UUID.
    NotUuid(String),
    /// The script's: this is no key at all, and why.
    NoKey(String),
    /// The script's: there is a value already.
    Exists(Key),
    /// The script's: `()` means that there is no value.
    Unit,
    /// The script's: a value of a type that has no copy; where it is inside the value, and its type.
    Type { place: String, type_name: String },
    /// The script's: values inside each other, deeper than this.
    Depth(usize),
    /// The script's: it has this lock already.
    Held(String),
    /// The script's: it kept a lock for longer than this, so that others may have it now.
    Overdue(Duration),
    /// The script's or the configuration's: a value of more octets than `max_value`.
    ValueTooLarge(usize),
    /// The configuration's, or that of scripts that leave values behind: `max_entries` values are there.
    TooMany(usize),
    /// As before: with this value there would be more than `max_octets` octets.
    Full(usize),
    /// The configuration's: this is not the address of a Redis server, and why.
    Url { url: String, why: String },
    /// The Redis server's: it cannot be reached, or the answer did not come.
    Lost { url: String, why: String },
    /// The Redis server's: it answered with an error.
    Refused { url: String, why: String },
    /// Somebody else's: what Redis has under this key was not written by a stash.
    NotAStashValue(Key),
}

impl std::error::Error for StashError {}

impl fmt::Display for StashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUuid(key) => write!(
                f,
                "the stash key {key:?} is not a UUID\nhelp: use one from uuid() or from the page, or allow other \
                 keys with any_key = true under [stash] in wpt.toml"
            ),
            Self::NoKey(why) => write!(f, "invalid stash key: {why}"),
            Self::Exists(key) => {
                write!(f, "the stash already has a value for {key}\nhelp: take it first, or change it with update")
            }
            Self::Unit => f.write_str("() cannot be put into the stash: it means that there is no value"),
            Self::Type { place, type_name } => write!(
                f,
                "cannot store a {type_name} in the stash (at {place})\nhelp: it stores numbers, strings, \
                 characters, bytes, booleans, (), and arrays and maps of them"
            ),
            Self::Depth(most) => write!(f, "the stash stores values at most {most} levels deep"),
            Self::Held(path) => write!(f, "this handler already has the stash lock for {path:?}"),
            Self::Overdue(most) => write!(
                f,
                "the stash lock expired: the script held it for more than {} s\nhelp: do slow work before or \
                 after with_lock",
                most.as_secs_f64()
            ),
            Self::ValueTooLarge(most) => {
                write!(f, "a stash value has at most {most} bytes as JSON: max_value {IN_CONFIG}")
            }
            Self::TooMany(most) => write!(
                f,
                "the stash is full: it has {most} unclaimed values, which is the limit: max_entries {IN_CONFIG}"
            ),
            Self::Full(most) => write!(
                f,
                "the stash is full: with this value it would have more than {most} bytes of JSON: max_octets \
                 {IN_CONFIG}"
            ),
            Self::Url { url, why } => write!(f, "{url:?} is not the address of a Redis server: {why}"),
            Self::Lost { url, why } => write!(f, "the stash at {url} cannot be reached: {why}"),
            Self::Refused { url, why } => write!(f, "the stash at {url} refuses this: {why}"),
            Self::NotAStashValue(key) => write!(f, "what Redis has for {key} is not a stash value"),
        }
    }
}

const IN_CONFIG: &str = "under [stash] in wpt.toml";
