//! When hooks are called for what becomes of the server and its connections.

use super::worker::Worker;
use crate::exchange::Connection;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use tokio::task::JoinHandle;

impl Worker {
    /// Loads the hooks; ready when those that are called at start have returned.
    pub async fn begin_hooks(&self) {
        if let Some(hooks) = self.host.hooks() {
            hooks.refresh().await;
        }
    }

    /// Tells the hooks of a connection, before anything of it is read; gives what goes on with it.
    pub fn opened(&self, connection: &Connection) -> Option<JoinHandle<()>> {
        let hooks = self.host.hooks()?;
        let mut told: Pin<Box<dyn Future<Output = ()>>> = Box::pin(hooks.opened(connection.clone()));
        let mut first = Context::from_waker(Waker::noop());
        let begun = told.as_mut().poll(&mut first);
        // Polled again at once by the task, which registers the task's own waker.
        begun.is_pending().then(|| tokio::task::spawn_local(told))
    }

    /// Tells the hooks that a connection is over, once `opened` is.
    pub async fn closed(&self, connection: &Connection, opened: Option<JoinHandle<()>>) {
        if let Some(opened) = opened
            && let Err(fault) = opened.await
        {
            tracing::error!(connection = connection.peer().id, "a fault in the server ended a hook: {fault}");
        }
        if let Some(hooks) = self.host.hooks() {
            hooks.closed(connection).await;
        }
    }
}
