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
    /// The configuration's: this is no address of a Redis server, and why.
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
                "the stash's key {key:?} is no UUID: take one from uuid() or from the page, or allow other keys by \
                 any_key = true below [stash] in wpt.toml"
            ),
            Self::NoKey(why) => write!(f, "this is no key of the stash: {why}"),
            Self::Exists(key) => {
                write!(f, "the stash has a value for {key} already: take it first, or change it by update")
            }
            Self::Unit => f.write_str("() cannot be put into the stash: it stands for no value"),
            Self::Type { place, type_name } => write!(
                f,
                "the stash keeps no {type_name} ({place}), but numbers, strings, characters, octets, booleans, (), and \
                 arrays and maps of them"
            ),
            Self::Depth(most) => write!(f, "the stash keeps no values nested deeper than {most}"),
            Self::Held(path) => write!(f, "this handler has the stash's lock for {path:?} already"),
            Self::Overdue(most) => write!(
                f,
                "the stash's lock was held for more than {} s, after which others may have it: do what takes long \
                 before or after with_lock",
                most.as_secs_f64()
            ),
            Self::ValueTooLarge(most) => {
                write!(f, "a value of the stash has at most {most} octets as JSON: max_value {IN_CONFIG}")
            }
            Self::TooMany(most) => write!(
                f,
                "the stash is full: it has {most} values that nobody took, the most it may have: max_entries {IN_CONFIG}"
            ),
            Self::Full(most) => write!(
                f,
                "the stash is full: with this value it would have more than {most} octets of JSON: max_octets \
                 {IN_CONFIG}"
            ),
            Self::Url { url, why } => write!(f, "{url:?} is no address of a Redis server: {why}"),
            Self::Lost { url, why } => write!(f, "the stash at {url} cannot be reached: {why}"),
            Self::Refused { url, why } => write!(f, "the stash at {url} refuses this: {why}"),
            Self::NotAStashValue(key) => write!(f, "what Redis has for {key} is no value of a stash"),
        }
    }
}

const IN_CONFIG: &str = "below [stash] in wpt.toml";
