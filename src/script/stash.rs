//! The stash: values that scripts leave for later requests, shared by all workers and ports.
//!
//! | file | what |
//! |---|---|
//! | [`key`] | under what a value is kept |
//! | [`value`] | script values ⇄ the octets that are kept |
//! | `limits` | how much is kept, and for how long |
//! | `memory` | values in this process |
//! | `redis` | values in a Redis server, for several servers together |
//! | `waiters` | who waits for which key, first come first served |
//! | [`lock`] | the lock of a path, a lease |
//! | [`error`] | why the stash refuses |
//!
//! Values are kept as octets, so that workers share nothing that a script holds. No lock is held while a script
//! runs, but for the lease that `with_lock` asks for, which ends by itself.

pub mod error;
pub mod key;
mod limits;
pub mod lock;
mod memory;
mod redis;
pub mod value;
mod waiters;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use self::error::StashError;
use self::key::Key;
use self::limits::{Limits, after};
use self::memory::Memory;
use self::redis::Redis;
pub use self::redis::masked;
use self::waiters::Waiters;

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
    /// Octets of all values, as JSON, and of their keys and paths.
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

/// How long a script may keep the lock of a path, so that one that loops or dies elsewhere blocks nobody for long.
const LEASE: Duration = Duration::from_secs(10);

/// The stash of a server: one for all its workers, whatever their configuration becomes meanwhile.
pub struct Stash {
    options: Options,
    limits: Limits,
    store: Store,
    waiters: Arc<Waiters>,
    lease: Duration,
}

enum Store {
    Memory(Memory),
    Redis(Redis),
}

impl Stash {
    /// An empty stash, or one with what a Redis server has. Nothing is asked of that server yet, so that it may be
    /// away; it is looked for from now on. With Redis this is to be called inside a tokio runtime, which has to live
    /// as long as the stash is used.
    ///
    /// # Errors
    /// [`StashError::Url`] if the backend is no address.
    pub fn new(options: Options) -> Result<Arc<Self>, StashError> {
        Self::with_lease(options, LEASE)
    }

    fn with_lease(options: Options, lease: Duration) -> Result<Arc<Self>, StashError> {
        let limits =
            Limits { max_entries: options.max_entries, max_octets: options.max_octets, max_age: options.max_age };
        let waiters = Arc::<Waiters>::default();
        let store = match &options.backend {
            Backend::Memory => Store::Memory(Memory::default()),
            Backend::Redis(url) => Store::Redis(Redis::new(url, limits, Arc::clone(&waiters))?),
        };
        Ok(Arc::new(Self { options, limits, store, waiters, lease }))
    }

    /// How it was set up.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Puts a value where none is.
    ///
    /// # Errors
    /// [`StashError::Exists`], those of a full stash, and those of Redis.
    pub async fn put(&self, key: &Key, value: Bytes) -> Result<(), StashError> {
        match &self.store {
            Store::Memory(memory) => {
                memory.put(Instant::now(), key, value, &self.limits)?;
                self.waiters.changed(key);
                Ok(())
            }
            Store::Redis(redis) => redis.put(key, value).await,
        }
    }

    /// Removes a value.
    ///
    /// # Errors
    /// Those of Redis.
    pub async fn take(&self, key: &Key) -> Result<Option<Bytes>, StashError> {
        match &self.store {
            Store::Memory(memory) => Ok(memory.take(Instant::now(), key)),
            Store::Redis(redis) => redis.take(key).await,
        }
    }

    /// Looks at a value.
    ///
    /// # Errors
    /// Those of Redis.
    pub async fn peek(&self, key: &Key) -> Result<Option<Bytes>, StashError> {
        match &self.store {
            Store::Memory(memory) => Ok(memory.peek(Instant::now(), key)),
            Store::Redis(redis) => redis.peek(key).await,
        }
    }

    /// Removes all values; with Redis also those of other servers.
    ///
    /// # Errors
    /// Those of Redis.
    pub async fn clear(&self) -> Result<(), StashError> {
        match &self.store {
            Store::Memory(memory) => {
                memory.clear();
                Ok(())
            }
            Store::Redis(redis) => redis.clear().await,
        }
    }

    /// Replaces `old`, as [`Stash::peek`] gave it, by `new`, unless another was faster: then it says false.
    ///
    /// # Errors
    /// Those of a full stash, and those of Redis.
    pub async fn swap(&self, key: &Key, old: Option<Bytes>, new: Option<Bytes>) -> Result<bool, StashError> {
        match &self.store {
            Store::Memory(memory) => {
                let swapped = memory.swap(Instant::now(), key, old.as_ref(), new, &self.limits)?;
                self.waiters.changed(key);
                Ok(swapped)
            }
            Store::Redis(redis) => redis.swap(key, old, new).await,
        }
    }

    /// Removes a value, or waits for one; nothing if none came in time. Those who wait get values in the order in
    /// which they came (with Redis, those of one server). If it is dropped before it is ready, no value is lost.
    ///
    /// # Errors
    /// Those of Redis.
    pub async fn wait(&self, key: &Key, timeout: Duration) -> Result<Option<Bytes>, StashError> {
        let end = after(Instant::now(), timeout);
        let ticket = self.waiters.join(key);
        loop {
            if ticket.is_first() {
                let value = match &self.store {
                    Store::Memory(memory) => memory.take(Instant::now(), key),
                    Store::Redis(redis) => redis.take_or_put_back(key).await?,
                };
                if value.is_some() {
                    return Ok(value);
                }
            }
            if timeout_at(end, ticket.changed()).await.is_err() {
                return Ok(None);
            }
        }
    }
}
