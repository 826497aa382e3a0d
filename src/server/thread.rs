//! A worker's OS thread: one loop over its orders, with a runtime of its own.

use super::handshake;
use super::orders::Order;
use super::thread_state::Thread;
use super::worker::Shared;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Runs a worker's thread; `begun` hears when its hooks have been called. When the last sender of orders is dropped, its
/// connections are told to end, and it ends with the last of them.
pub(super) async fn run(shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Order>, begun: oneshot::Sender<()>) {
    let thread = Rc::new(Thread::new(shared));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn_local(begin_hooks(thread.clone(), begun));
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Serve(incoming)) => { tasks.spawn_local(handshake::serve(thread.clone(), incoming)); }
                Some(Order::WorkBy(shared, done)) => {
                    thread.work_by(shared);
                    tasks.spawn_local(begin_hooks(thread.clone(), done));
                }
                // The status page may have given up.
                Some(Order::Report(asker)) => drop(asker.send(thread.stats())),
                None => break,
            },
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
        }
    }
    thread.stop();
    while tasks.join_next().await.is_some() {}
}

/// Loads the hooks, calls `on_start`, and reports that.
async fn begin_hooks(thread: Rc<Thread>, begun: oneshot::Sender<()>) {
    thread.worker().begin_hooks().await;
    // The receiver may be gone: the server ends.
    let _ = begun.send(());
}
