//! Work on large values, apart from the worker: nothing can interrupt a function of the host, and whatever else is on its
//! thread would wait for it.

use std::sync::Arc;

use rhai::EvalAltResult;
use tokio::sync::Semaphore;

use super::budget::{ended, pause};
use super::coroutine;

/// Bytes from which on a value is large: on less, no function of the host works for more than a few milliseconds.
pub const LARGE: usize = 256 << 10;

thread_local! {
    /// One work of each worker at a time, so that many handlers leave its thread room.
    pub(super) static TURN: Arc<Semaphore> = Arc::new(Semaphore::new(1));
}

/// Runs `work`, which handles `bytes` bytes. Large work runs on another thread: the handler waits for it, and its worker
/// serves others meanwhile.
///
/// # Errors
/// The handler is being ended.
pub fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Box<EvalAltResult>> {
    if bytes < LARGE || !coroutine::is_running() {
        return Ok(work());
    }
    let turn = TURN.with(Arc::clone);
    let done = pause(async move {
        // It is never closed.
        let turn = turn.acquire_owned().await;
        let work = move || {
            let done = work();
            // Not before: the work goes on even if its handler is gone.
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await
    })?;
    done.or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The server is closing.
        Err(_) => Err(ended()),
    })
}
