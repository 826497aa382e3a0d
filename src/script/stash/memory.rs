//! Values in this process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use uuid::Uuid;

use super::error::StashError;
use super::key::Key;
use super::limits::{Limits, after};

/// All values and locks. The mutex is held for look-ups only: nothing is converted, called or waited for meanwhile.
#[derive(Default)]
pub struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    entries: HashMap<Key, Entry>,
    /// When which entry is too old; what is older than the most recent insertion is gone.
    ages: BTreeMap<(Instant, u64), Key>,
    /// Octets of all entries.
    octets: usize,
    next: u64,
    locks: HashMap<Box<str>, Lock>,
}

struct Entry {
    value: Bytes,
    age: (Instant, u64),
}

struct Lock {
    token: Uuid,
    until: Instant,
}

impl Memory {
    /// Puts a value where none is.
    ///
    /// # Errors
    /// [`StashError::Exists`], and those of a full stash.
    pub fn put(&self, now: Instant, key: &Key, value: Bytes, limits: &Limits) -> Result<(), StashError> {
        let mut state = self.state();
        if state.get(now, key).is_some() {
            return Err(StashError::Exists(key.clone()));
        }
        state.insert(now, key, value, limits)
    }

    /// Removes a value.
    pub fn take(&self, now: Instant, key: &Key) -> Option<Bytes> {
        let mut state = self.state();
        state.forget_old(now);
        state.remove(key)
    }

    /// Looks at a value.
    pub fn peek(&self, now: Instant, key: &Key) -> Option<Bytes> {
        self.state().get(now, key).cloned()
    }

    /// Removes all values; locks stay.
    pub fn clear(&self) {
        let mut state = self.state();
        let locks = std::mem::take(&mut state.locks);
        // Ages stay unique.
        *state = State { locks, next: state.next, ..State::default() };
    }

    /// Replaces `old`, as [`Memory::peek`] gave it, by `new`; says whether `old` was still there.
    ///
    /// # Errors
    /// Those of a full stash; `old` is still there then.
    pub fn swap(
        &self,
        now: Instant,
        key: &Key,
        old: Option<&Bytes>,
        new: Option<Bytes>,
        limits: &Limits,
    ) -> Result<bool, StashError> {
        let mut state = self.state();
        let same = match (state.get(now, key), old) {
            (None, None) => true,
            // `old` is held here, so that no other value can be at its address.
            (Some(found), Some(old)) => found.as_ptr() == old.as_ptr() && found.len() == old.len(),
            _ => false,
        };
        if !same {
            return Ok(false);
        }
        let removed = state.remove(key);
        let Some(new) = new else { return Ok(true) };
        let inserted = state.insert(now, key, new, limits);
        if let (Err(_), Some(old)) = (&inserted, removed) {
            // It has just made room for itself.
            state.insert_unchecked(now, key, old, limits);
        }
        inserted.map(|()| true)
    }

    /// Takes the lock of a path until a time; if another has it, says how long at most.
    pub fn lock(&self, now: Instant, path: &str, token: Uuid, until: Instant) -> Option<Duration> {
        let mut state = self.state();
        if let Some(lock) = state.locks.get(path).filter(|lock| lock.until > now) {
            return Some(lock.until - now);
        }
        state.locks.insert(path.into(), Lock { token, until });
        None
    }

    /// Gives the lock back, if it is still its holder's.
    pub fn unlock(&self, path: &str, token: Uuid) {
        let mut state = self.state();
        if state.locks.get(path).is_some_and(|lock| lock.token == token) {
            state.locks.remove(path);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn get(&self, now: Instant, key: &Key) -> Option<&Bytes> {
        self.entries.get(key).filter(|entry| entry.age.0 > now).map(|entry| &entry.value)
    }

    fn insert(&mut self, now: Instant, key: &Key, value: Bytes, limits: &Limits) -> Result<(), StashError> {
        self.forget_old(now);
        if self.entries.len() >= limits.max_entries {
            return Err(StashError::TooMany(limits.max_entries));
        }
        if self.octets.saturating_add(key.octets()).saturating_add(value.len()) > limits.max_octets {
            return Err(StashError::Full(limits.max_octets));
        }
        self.insert_unchecked(now, key, value, limits);
        Ok(())
    }

    fn insert_unchecked(&mut self, now: Instant, key: &Key, value: Bytes, limits: &Limits) {
        let age = (after(now, limits.max_age), self.next);
        self.next += 1;
        self.octets += key.octets() + value.len();
        self.ages.insert(age, key.clone());
        self.entries.insert(key.clone(), Entry { value, age });
    }

    fn remove(&mut self, key: &Key) -> Option<Bytes> {
        let entry = self.entries.remove(key)?;
        self.ages.remove(&entry.age);
        self.octets -= key.octets() + entry.value.len();
        Some(entry.value)
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some(first) = self.ages.first_entry().filter(|first| first.key().0 <= now) {
            let key = first.get().clone();
            self.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_entries: 3, max_octets: 100, max_age: Duration::from_secs(10) };

    fn key(name: &str) -> Key {
        Key::new("/a", name, true).unwrap()
    }

    fn octets(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    #[test]
    fn a_value_is_put_once_seen_often_and_taken_once() {
        let (memory, now) = (Memory::default(), Instant::now());
        memory.put(now, &key("k"), octets(1), &LIMITS).unwrap();
        assert_eq!(memory.put(now, &key("k"), octets(2), &LIMITS), Err(StashError::Exists(key("k"))));
        assert_eq!(memory.peek(now, &key("k")), Some(octets(1)));
        assert_eq!(memory.take(now, &key("k")), Some(octets(1)));
        assert_eq!(memory.take(now, &key("k")), None);
        assert_eq!(memory.peek(now, &key("k")), None);
    }

    #[test]
    fn what_is_old_is_gone_and_makes_room() {
        let (memory, now) = (Memory::default(), Instant::now());
        for name in ["k", "l", "m"] {
            memory.put(now, &key(name), octets(20), &LIMITS).unwrap();
        }
        let late = now + LIMITS.max_age;
        assert_eq!(
            memory.put(late - Duration::from_nanos(1), &key("n"), octets(1), &LIMITS),
            Err(StashError::TooMany(3))
        );
        assert_eq!(memory.peek(late, &key("k")), None);
        memory.put(late, &key("k"), octets(90), &LIMITS).unwrap();
        assert_eq!(memory.take(late, &key("l")), None);
        assert_eq!(memory.take(late, &key("k")), Some(octets(90)));
        let state = memory.state();
        assert_eq!((state.entries.len(), state.ages.len(), state.octets), (0, 0, 0));
    }

    #[test]
    fn octets_are_counted_with_their_keys() {
        let (memory, now) = (Memory::default(), Instant::now());
        memory.put(now, &key("k"), octets(94), &LIMITS).unwrap();
        assert_eq!(memory.put(now, &key("l"), octets(1), &LIMITS), Err(StashError::Full(100)));
        memory.take(now, &key("k")).unwrap();
        assert_eq!(memory.put(now, &key("k"), octets(98), &LIMITS), Err(StashError::Full(100)));
        memory.put(now, &key("k"), octets(97), &LIMITS).unwrap();
    }

    #[test]
    fn a_swap_needs_the_very_value_that_was_seen() {
        let (memory, now) = (Memory::default(), Instant::now());
        assert_eq!(memory.swap(now, &key("k"), Some(&octets(1)), Some(octets(2)), &LIMITS), Ok(false));
        assert_eq!(memory.swap(now, &key("k"), None, Some(octets(1)), &LIMITS), Ok(true));
        assert_eq!(memory.swap(now, &key("k"), None, Some(octets(1)), &LIMITS), Ok(false));
        let seen = memory.peek(now, &key("k")).unwrap();
        // An equal value put meanwhile is another one.
        memory.take(now, &key("k")).unwrap();
        memory.put(now, &key("k"), octets(1), &LIMITS).unwrap();
        assert_eq!(memory.swap(now, &key("k"), Some(&seen), Some(octets(3)), &LIMITS), Ok(false));
        let seen = memory.peek(now, &key("k")).unwrap();
        assert_eq!(memory.swap(now, &key("k"), Some(&seen), Some(octets(99)), &LIMITS), Err(StashError::Full(100)));
        assert_eq!(memory.peek(now, &key("k")), Some(octets(1)), "nothing is lost when there is no room");
        let seen = memory.peek(now, &key("k")).unwrap();
        assert_eq!(memory.swap(now, &key("k"), Some(&seen), None, &LIMITS), Ok(true));
        assert_eq!(memory.peek(now, &key("k")), None);
    }

    #[test]
    fn a_lock_is_one_holders_until_it_is_given_back_or_over() {
        let (memory, now) = (Memory::default(), Instant::now());
        let [one, other] = [Uuid::new_v4(), Uuid::new_v4()];
        let (second, end) = (Duration::from_secs(1), now + Duration::from_secs(5));
        assert_eq!(memory.lock(now, "/a", one, end), None);
        assert_eq!(memory.lock(now, "/b", other, end), None);
        assert_eq!(memory.lock(now + second, "/a", other, end), Some(4 * second));
        memory.unlock("/a", other);
        assert_eq!(memory.lock(now + second, "/a", other, end), Some(4 * second), "that was not its holder");
        memory.unlock("/a", one);
        assert_eq!(memory.lock(now + second, "/a", other, end), None);
        assert_eq!(memory.lock(end, "/a", one, end + second), None, "over");
        memory.unlock("/a", other);
        assert_eq!(memory.lock(end, "/a", other, end), Some(second), "it is another's by now");
    }
}
