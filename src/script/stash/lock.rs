//! The lock of a path: a lease, given to one script at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::error::StashError;
use super::key::Key;
use super::limits::after;
use super::{Stash, Store};

/// A lock that is held; dropping it gives it back. It is over by itself after some seconds.
pub struct Lock {
    stash: Arc<Stash>,
    path: String,
    token: Uuid,
    until: Instant,
}

impl Lock {
    /// Waits for the lock of a path. Those who wait get it in the order in which they came (with Redis, those of one
    /// server). If this is dropped before it is ready, the lock is not kept.
    ///
    /// # Errors
    /// Those of Redis.
    pub async fn acquire(stash: Arc<Stash>, path: &str) -> Result<Self, StashError> {
        let ticket = stash.waiters.join(&Key::of_lock(path));
        loop {
            let mut look_again = None;
            if ticket.is_first() {
                match Self::attempt(&stash, path).await? {
                    Ok(lock) => return Ok(lock),
                    Err(held_for) => look_again = Some(after(Instant::now(), held_for)),
                }
            }
            match look_again {
                // Either way it is time to look again.
                Some(end) => drop(timeout_at(end, ticket.changed()).await),
                None => ticket.changed().await,
            }
        }
    }

    /// The lock, or how long another has it at most.
    async fn attempt(stash: &Arc<Stash>, path: &str) -> Result<Result<Self, Duration>, StashError> {
        // The lease counts from before it is asked for: the holder thinks it over sooner than everybody else.
        let (now, token) = (Instant::now(), Uuid::new_v4());
        let until = after(now, stash.lease);
        let (held, held_path) = (Arc::clone(stash), path.to_owned());
        let acquired = move || Self { stash: held, path: held_path, token, until };
        match &stash.store {
            Store::Memory(memory) => Ok(match memory.lock(now, path, token, until) {
                None => Ok(acquired()),
                Some(held_for) => Err(held_for),
            }),
            Store::Redis(redis) => redis.lock(path, token, stash.lease, acquired).await,
        }
    }

    /// The path it is for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is still the holder's.
    ///
    /// # Errors
    /// [`StashError::Overdue`]
    pub fn check(&self) -> Result<(), StashError> {
        if Instant::now() < self.until { Ok(()) } else { Err(StashError::Overdue(self.stash.lease)) }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        match &self.stash.store {
            Store::Memory(memory) => {
                memory.unlock(&self.path, self.token);
                self.stash.waiters.changed(&Key::of_lock(&self.path));
            }
            Store::Redis(redis) => redis.unlock(&self.path, self.token),
        }
    }
}
