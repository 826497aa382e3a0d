//! Values in a Redis server, which several servers may share.
//!
//! Each value has a key of its own, which ends by itself; two more keys count what is there. Whatever has to be one
//! step is a script inside Redis. Who puts a value tells so on a channel, so that nobody asks again and again.

mod link;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, FromRedisValue};
use tokio::runtime::Handle;
use uuid::Uuid;

use self::link::Link;
pub use self::link::masked;
use super::error::StashError;
use super::key::Key;
use super::limits::Limits;
use super::waiters::Waiters;

const CLEAR: &str = include_str!("redis/clear.lua");
const STORE: &str = include_str!("redis/store.lua");
const TAKE: &str = include_str!("redis/take.lua");
const UNLOCK: &str = include_str!("redis/unlock.lua");

/// The keys of values begin so; the rest is [`Key::to_text`].
const VALUE: &str = "wireserve:stash:value:";
/// The keys of locks begin so; the rest is their path.
const LOCK: &str = "wireserve:stash:lock:";
/// Which value ends when.
const AGES: &str = "wireserve:stash:ages";
/// How large each value is, and all of them.
const SIZES: &str = "wireserve:stash:sizes";
/// Where changes are told.
const CHANGED: &str = "wireserve:stash:changed";

/// The stash in a Redis server.
pub struct Redis {
    inner: Arc<Inner>,
    /// Where runs what must come to its end though its caller does not wait any more.
    runtime: Handle,
}

struct Inner {
    link: Link,
    limits: Limits,
}

impl Redis {
    /// The stash at a URL; to be called inside a runtime.
    ///
    /// # Errors
    /// [`StashError::Url`]
    pub fn new(url: &str, limits: Limits, waiters: Arc<Waiters>) -> Result<Self, StashError> {
        let runtime = Handle::try_current()
            .map_err(|error| StashError::Lost { url: link::masked(url), why: error.to_string() })?;
        let link = Link::new(url, CHANGED.to_owned(), waiters, &runtime)?;
        Ok(Self { inner: Arc::new(Inner { link, limits }), runtime })
    }

    /// As `Stash::put`.
    pub async fn put(&self, key: &Key, value: Bytes) -> Result<(), StashError> {
        if self.inner.store(key, None, Some(value)).await? { Ok(()) } else { Err(StashError::Exists(key.clone())) }
    }

    /// As `Stash::swap`.
    pub async fn swap(&self, key: &Key, old: Option<Bytes>, new: Option<Bytes>) -> Result<bool, StashError> {
        self.inner.store(key, old, new).await
    }

    /// As `Stash::take`.
    pub async fn take(&self, key: &Key) -> Result<Option<Bytes>, StashError> {
        self.inner.take(key).await
    }

    /// As `Stash::clear`.
    pub async fn clear(&self) -> Result<(), StashError> {
        let mut command = script(CLEAR, &[AGES.to_owned(), SIZES.to_owned()]);
        command.arg(VALUE);
        self.inner.ask(&command).await
    }

    /// As `Stash::peek`.
    pub async fn peek(&self, key: &Key) -> Result<Option<Bytes>, StashError> {
        let found: Option<Vec<u8>> = self.inner.ask(redis::cmd("GET").arg(value_key(key))).await?;
        Ok(found.map(Bytes::from))
    }

    /// Takes a value, and puts it back if nobody waits for the answer any more.
    pub async fn take_or_put_back(&self, key: &Key) -> Result<Option<Bytes>, StashError> {
        let (inner, runtime, key) = (Arc::clone(&self.inner), self.runtime.clone(), key.clone());
        let taking = self.runtime.spawn(async move {
            let value = inner.take(&key).await?;
            Ok(value.map(|value| Unclaimed { inner, runtime, key, value: Some(value) }))
        });
        let unclaimed = taking.await.unwrap_or(Ok(None))?;
        Ok(unclaimed.and_then(|mut unclaimed| unclaimed.value.take()))
    }

    /// Takes the lock of a path; if another has it, says how long at most. `acquired` makes what gives it back when
    /// dropped, which happens as well if nobody waits for the answer any more.
    pub async fn lock<T: Send + 'static>(
        &self,
        path: &str,
        token: Uuid,
        lease: Duration,
        acquired: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, Duration>, StashError> {
        let (inner, path) = (Arc::clone(&self.inner), path.to_owned());
        let locking = self.runtime.spawn(async move {
            Ok(match inner.lock(&path, token, lease).await? {
                None => Ok(acquired()),
                Some(held_for) => Err(held_for),
            })
        });
        // The runtime ends with the server only.
        locking.await.unwrap_or(Ok(Err(lease)))
    }

    /// Gives the lock back; should that fail, it is over soon by itself.
    pub fn unlock(&self, path: &str, token: Uuid) {
        let (inner, path) = (Arc::clone(&self.inner), path.to_owned());
        self.runtime.spawn(async move {
            let mut command = script(UNLOCK, &[format!("{LOCK}{path}")]);
            command.arg(token.to_string()).arg(Key::of_lock(&path).to_text()).arg(CHANGED);
            if let Err(error) = inner.ask::<()>(&command).await {
                tracing::debug!("the lock of {path:?} was not given back: {error}");
            }
        });
    }
}

impl Inner {
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StashError> {
        let mut connection = self.link.connection().await?;
        command.query_async(&mut connection).await.map_err(|error| self.link.error(&error))
    }

    /// Replaces `old` by `new`; says whether `old` was still there.
    async fn store(&self, key: &Key, old: Option<Bytes>, new: Option<Bytes>) -> Result<bool, StashError> {
        let octets = |value: Option<Bytes>| value.unwrap_or_default();
        let (old, new) = (octets(old), octets(new));
        let size = new.len() + key.octets();
        let Limits { max_entries, max_octets, max_age } = self.limits;
        let mut command = script(STORE, &[value_key(key), AGES.to_owned(), SIZES.to_owned()]);
        command.arg(key.to_text()).arg(&old[..]).arg(&new[..]).arg(size).arg(milliseconds(max_age));
        command.arg(max_entries).arg(max_octets).arg(CHANGED);
        match self.ask::<u8>(&command).await? {
            0 => Ok(true),
            1 => Ok(false),
            2 => Err(StashError::TooMany(max_entries)),
            _ => Err(StashError::Full(max_octets)),
        }
    }

    async fn take(&self, key: &Key) -> Result<Option<Bytes>, StashError> {
        let mut command = script(TAKE, &[value_key(key), AGES.to_owned(), SIZES.to_owned()]);
        command.arg(key.to_text());
        Ok(self.ask::<Option<Vec<u8>>>(&command).await?.map(Bytes::from))
    }

    async fn lock(&self, path: &str, token: Uuid, lease: Duration) -> Result<Option<Duration>, StashError> {
        let name = format!("{LOCK}{path}");
        let mut set = redis::cmd("SET");
        set.arg(&name).arg(token.to_string()).arg("NX").arg("PX").arg(milliseconds(lease));
        if self.ask::<Option<String>>(&set).await?.is_some() {
            return Ok(None);
        }
        // Negative: it has just gone.
        let left: i64 = self.ask(redis::cmd("PTTL").arg(&name)).await?;
        Ok(Some(Duration::from_millis(u64::try_from(left).unwrap_or(0).saturating_add(1))))
    }
}

/// A value on its way to who waited for it; back into the stash if it does not get there.
struct Unclaimed {
    inner: Arc<Inner>,
    runtime: Handle,
    key: Key,
    value: Option<Bytes>,
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        let Some(value) = self.value.take() else { return };
        let (inner, key) = (Arc::clone(&self.inner), self.key.clone());
        self.runtime.spawn(async move {
            match inner.store(&key, None, Some(value)).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!("the stash's value for {key} is lost: there was another in its place"),
                Err(error) => tracing::warn!("the stash's value for {key} is lost: {error}"),
            }
        });
    }
}

fn value_key(key: &Key) -> String {
    format!("{VALUE}{}", key.to_text())
}

/// A call of a script inside Redis; its arguments follow.
fn script(text: &str, keys: &[String]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys);
    command
}

/// At least one: Redis knows no shorter time.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2)
}
