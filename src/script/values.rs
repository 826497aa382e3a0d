//! `server.context`: values of the whole server, whichever worker asks. They are kept as octets, so that workers share
//! nothing that a script holds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Values at once.
const MAX_ENTRIES: usize = 10_000;

/// Octets of one value, as JSON.
pub const MAX_VALUE: usize = 16 << 20;

/// Octets of all values, as JSON, and of their names.
const MAX_OCTETS: usize = 64 << 20;

/// Why a value is not kept, which is the script's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// `MAX_ENTRIES` are there.
    Entries,
    /// There would be more than `MAX_OCTETS`.
    Octets,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries => write!(f, "server.context is full: it has {MAX_ENTRIES} entries, which is the limit"),
            Self::Octets => write!(f, "server.context is full: it holds at most {MAX_OCTETS} bytes of JSON"),
        }
    }
}

impl std::error::Error for Full {}

/// The values of a server. The mutex is held for look-ups only.
#[derive(Default)]
pub struct Values(Mutex<State>);

#[derive(Default)]
struct State {
    entries: BTreeMap<Box<str>, Bytes>,
    octets: usize,
}

impl Values {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<Bytes> {
        self.state().entries.get(name).cloned()
    }

    /// Puts a value in the place of another, if there is one.
    ///
    /// # Errors
    /// [`Full`]; the other is still there then.
    pub fn set(&self, name: &str, value: Bytes) -> Result<(), Full> {
        self.state().set(name, value)
    }

    /// Removes a value.
    pub fn remove(&self, name: &str) -> Option<Bytes> {
        self.state().remove(name)
    }

    /// Replaces `old`, as [`Values::get`] gave it, by `new`, unless another was faster: then it says false.
    ///
    /// # Errors
    /// [`Full`]; `old` is still there then.
    pub fn swap(&self, name: &str, old: Option<&Bytes>, new: Option<Bytes>) -> Result<bool, Full> {
        let mut state = self.state();
        let same = match (state.entries.get(name), old) {
            (None, None) => true,
            // `old` is held here, so that no other value can be at its address.
            (Some(found), Some(old)) => found.as_ptr() == old.as_ptr() && found.len() == old.len(),
            _ => false,
        };
        if !same {
            return Ok(false);
        }
        match new {
            Some(new) => state.set(name, new)?,
            None => drop(state.remove(name)),
        }
        Ok(true)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.state().entries.keys().map(|name| name.to_string()).collect()
    }

    /// Removes all values.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&mut self, name: &str, value: Bytes) -> Result<(), Full> {
        let size = name.len() + value.len();
        let (entries, octets) = match self.entries.get(name) {
            Some(old) => (self.entries.len() - 1, self.octets - name.len() - old.len()),
            None => (self.entries.len(), self.octets),
        };
        if entries >= MAX_ENTRIES {
            return Err(Full::Entries);
        }
        if octets + size > MAX_OCTETS {
            return Err(Full::Octets);
        }
        self.octets = octets + size;
        self.entries.insert(name.into(), value);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Option<Bytes> {
        let value = self.entries.remove(name)?;
        self.octets -= name.len() + value.len();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    #[test]
    fn a_value_takes_the_place_of_another() {
        let values = Values::default();
        values.set("b", octets(1)).unwrap();
        values.set("a", octets(2)).unwrap();
        values.set("b", octets(3)).unwrap();
        assert_eq!((values.get("b"), values.get("c")), (Some(octets(3)), None));
        assert_eq!((values.names(), values.state().octets), (vec!["a".to_owned(), "b".to_owned()], 7));
        assert_eq!((values.remove("b"), values.remove("b")), (Some(octets(3)), None));
        assert_eq!(values.state().octets, 3);
        values.clear();
        assert_eq!((values.names().len(), values.state().octets), (0, 0));
    }

    #[test]
    fn a_swap_needs_the_very_value_that_was_seen() {
        let values = Values::default();
        assert_eq!(values.swap("a", Some(&octets(1)), None), Ok(false));
        assert_eq!(values.swap("a", None, Some(octets(1))), Ok(true));
        let seen = values.get("a").unwrap();
        // An equal value put meanwhile is another one.
        values.set("a", octets(1)).unwrap();
        assert_eq!(values.swap("a", Some(&seen), Some(octets(2))), Ok(false));
        let seen = values.get("a").unwrap();
        assert_eq!(values.swap("a", Some(&seen), None), Ok(true));
        assert_eq!(values.get("a"), None);
    }

    #[test]
    fn there_are_limits() {
        let values = Values::default();
        values.set("a", octets(MAX_OCTETS - 2)).unwrap();
        assert_eq!(values.set("b", octets(1)), Err(Full::Octets));
        assert_eq!(values.set("a", octets(MAX_OCTETS)), Err(Full::Octets));
        values.set("a", octets(MAX_OCTETS - 1)).unwrap();
        values.clear();
        (0..MAX_ENTRIES).for_each(|number| values.set(&number.to_string(), octets(1)).unwrap());
        assert_eq!(values.set("more", octets(1)), Err(Full::Entries));
        values.set("0", octets(2)).unwrap();
    }
}
