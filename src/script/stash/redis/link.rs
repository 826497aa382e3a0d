//! The connection to the Redis server: one for all workers, looked after by a task of the main thread.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use crate::script::stash::error::StashError;
use crate::script::stash::key::Key;
use crate::script::stash::waiters::Waiters;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// The pause before another attempt, if nobody asks for one sooner.
const PAUSE: Duration = Duration::from_secs(1);

/// The way to the server.
pub struct Link {
    /// Without its password.
    url: String,
    state: watch::Receiver<State>,
    wanted: Arc<Notify>,
    keeper: AbortHandle,
}

#[derive(Clone)]
enum State {
    /// Nothing was tried yet.
    New,
    Connected(MultiplexedConnection),
    Lost(StashError),
}

impl Link {
    /// Connects, now and whenever the connection was lost; `channel` is where changes of keys are told.
    ///
    /// # Errors
    /// [`StashError::Url`]
    pub fn new(url: &str, channel: String, waiters: Arc<Waiters>, runtime: &Handle) -> Result<Self, StashError> {
        let shown = masked(url);
        let refused = |why: &RedisError| StashError::Url { url: shown.clone(), why: why.to_string() };
        let info = url.into_connection_info().map_err(|error| refused(&error))?;
        // With RESP3 one connection carries answers and messages, and tells when it ends.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(|error| refused(&error))?;
        let (sender, state) = watch::channel(State::New);
        let wanted = Arc::<Notify>::default();
        let keeper =
            Keeper { client, url: shown.clone(), channel, waiters, state: sender, wanted: Arc::clone(&wanted) };
        let keeper = runtime.spawn(keeper.run()).abort_handle();
        Ok(Self { url: shown, state, wanted, keeper })
    }

    /// The connection. If it was lost, it is tried anew right now.
    ///
    /// # Errors
    /// [`StashError::Lost`]
    pub async fn connection(&self) -> Result<MultiplexedConnection, StashError> {
        let mut state = self.state.clone();
        if let State::Connected(connection) = &*state.borrow_and_update() {
            return Ok(connection.clone());
        }
        self.wanted.notify_one();
        // The keeper lives as long as this.
        let _ = state.changed().await;
        match &*state.borrow() {
            State::Connected(connection) => Ok(connection.clone()),
            State::Lost(error) => Err(error.clone()),
            State::New => Err(StashError::Lost { url: self.url.clone(), why: "the server stops".to_owned() }),
        }
    }

    /// An error of a command.
    pub fn error(&self, error: &RedisError) -> StashError {
        error_at(&self.url, error)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Keeps the connection, and wakes who waits for what others put.
struct Keeper {
    client: Client,
    url: String,
    channel: String,
    waiters: Arc<Waiters>,
    state: watch::Sender<State>,
    wanted: Arc<Notify>,
}

impl Keeper {
    async fn run(self) {
        let mut was_lost = false;
        loop {
            match self.connect().await {
                Ok((connection, mut end)) => {
                    if was_lost {
                        tracing::info!("the stash at {} is there again", self.url);
                    }
                    self.state.send_replace(State::Connected(connection));
                    // What was put meanwhile was told to nobody.
                    self.waiters.all_changed();
                    // Told, or nobody left who would tell.
                    let _ = end.changed().await;
                    tracing::warn!("the stash at {} is gone", self.url);
                    let why = "it has closed the connection".to_owned();
                    self.state.send_replace(State::Lost(StashError::Lost { url: self.url.clone(), why }));
                }
                Err(error) => {
                    let error = error_at(&self.url, &error);
                    if !was_lost {
                        tracing::warn!("{error}");
                    }
                    self.state.send_replace(State::Lost(error));
                }
            }
            was_lost = true;
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.wanted.notified() => {}
            }
        }
    }

    /// The connection, and what changes when it ends.
    async fn connect(&self) -> Result<(MultiplexedConnection, watch::Receiver<()>), RedisError> {
        let (sender, end) = watch::channel(());
        let waiters = Arc::clone(&self.waiters);
        // Each message is dealt with as it comes, in the turn that read it: nothing piles up.
        let told = move |message: PushInfo| -> Result<(), Infallible> {
            match message.kind {
                PushKind::Disconnection => sender.send_replace(()),
                PushKind::Message => wake(&waiters, &message.data),
                _ => {}
            }
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_push_sender(told);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(&self.channel).await?;
        Ok((connection, end))
    }
}

/// Wakes who waits for the key that a message names: the channel, then what was published.
fn wake(waiters: &Waiters, message: &[redis::Value]) {
    let Some(redis::Value::BulkString(name)) = message.get(1) else { return };
    if let Some(key) = str::from_utf8(name).ok().and_then(Key::from_text) {
        waiters.changed(&key);
    }
}

/// Either nobody answered, or the server did.
fn error_at(url: &str, error: &RedisError) -> StashError {
    let (url, why) = (url.to_owned(), error.to_string());
    if error.is_io_error() { StashError::Lost { url, why } } else { StashError::Refused { url, why } }
}

/// A URL for messages, without its password.
pub fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    if scheme.contains("unix") {
        let mask = |parameter: &str| match parameter.split_once('=') {
            Some((name @ ("pass" | "password"), _)) => format!("{name}=***"),
            _ => parameter.to_owned(),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query: Vec<String> = query.split('&').map(mask).collect();
        let mark = if rest.contains('?') { "?" } else { "" };
        return format!("{scheme}://{path}{mark}{}", query.join("&"));
    }
    // The last @: a slash in the password makes it no URL, and must not show it either.
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(name, _)| name);
            format!("{scheme}://{user}:***@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
            ("redis://:secret@host/1", "redis://:***@host/1"),
            ("redis://me:secret@host:1", "redis://me:***@host:1"),
            ("redis://me:se:cr@et@host?a=b", "redis://me:***@host?a=b"),
            ("redis://me@host", "redis://me:***@host"),
            ("redis://:a/b?c@host/1?d", "redis://:***@host/1?d"),
            ("redis://:se/cret@host/1", "redis://:***@host/1"),
            (
                "redis+unix:///run/redis.sock?db=1&pass=secret&user=me",
                "redis+unix:///run/redis.sock?db=1&pass=***&user=me",
            ),
            ("redis+unix:///run/redis.sock?pass=secret", "redis+unix:///run/redis.sock?pass=***"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
