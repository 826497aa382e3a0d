//! What the main thread and the workers send to each other: orders, and how a worker stands.

use super::stats::{WorkerHandle, WorkerStats};
use super::worker::Shared;
use crate::net::tls::Tls;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// An order to a worker.
pub(super) enum Order {
    /// Serve a connection.
    Serve(Incoming),
    /// Use another configuration for new requests and connections; the sender hears when that is so.
    WorkBy(Arc<Shared>, oneshot::Sender<()>),
    /// Report how the worker stands.
    Report(oneshot::Sender<WorkerStats>),
}

/// A connection on its way from the acceptor to a worker.
pub(super) struct Incoming {
    pub stream: TcpStream,
    pub client: SocketAddr,
    pub speaks: Speaks,
    /// The profile whose own port it came to.
    pub profile: Option<Arc<str>>,
}

/// What a port speaks.
#[derive(Clone)]
pub(super) enum Speaks {
    Http1,
    Http1OverTls(Tls),
    Http2OverTls(Tls),
    Http2,
}

/// A way to ask each of these workers for its numbers. It keeps no worker alive: a worker ends when the last sender of
/// its orders is dropped.
pub(super) fn handles(workers: &[mpsc::UnboundedSender<Order>]) -> Vec<WorkerHandle> {
    let handle = |worker: &mpsc::UnboundedSender<Order>| -> WorkerHandle {
        let worker = worker.downgrade();
        Box::new(move |answer| worker.upgrade().is_some_and(|worker| worker.send(Order::Report(answer)).is_ok()))
    };
    workers.iter().map(handle).collect()
}
