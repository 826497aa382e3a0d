//! A worker's OS thread, with a runtime of its own, and the connections that it was handed, each for life.

use super::driver::Driver;
use super::profiles::Shape;
use super::worker::{Shared, Worker};
use crate::exchange::{self, Connection, Peer};
use crate::net::pump::pump;
use crate::net::tls::{HandshakeError, Tls, TlsInfo, TlsStream};
use crate::net::{self, transport::Transport};
use crate::{h1, h2};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{mpsc, oneshot};

/// What a thread is told.
pub(super) enum Order {
    /// To serve a connection.
    Serve(Incoming),
    /// To answer by another configuration from now on, and to say so.
    WorkBy(Arc<Shared>, oneshot::Sender<()>),
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

/// What lasts as long as the thread.
pub(super) struct Thread {
    worker: RefCell<Rc<Worker>>,
    connections: RefCell<HashMap<u64, Connection>>,
    stopping: Cell<bool>,
}

impl Thread {
    /// The worker as the configuration has it at present.
    pub fn worker(&self) -> Rc<Worker> {
        self.worker.borrow().clone()
    }
}

/// Runs a worker's thread, which says when it has `begun`. When nobody is left to give orders, its connections are told to end, and it ends with the
/// last of them.
pub(super) async fn run(shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Order>, begun: oneshot::Sender<()>) {
    let thread = Rc::new(Thread {
        worker: RefCell::new(Rc::new(Worker::new(shared))),
        connections: RefCell::default(),
        stopping: Cell::new(false),
    });
    let worker = thread.worker();
    worker.begin_hooks().await;
    drop(worker);
    // Whoever waits for it may have gone: the server ends.
    let _ = begun.send(());
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Serve(incoming)) => { tasks.spawn_local(serve(thread.clone(), incoming)); }
                Some(Order::WorkBy(shared, done)) => {
                    let worker = Rc::new(Worker::new(shared));
                    thread.worker.replace(worker.clone());
                    worker.begin_hooks().await;
                    // Whoever waits for it may have gone: the server ends.
                    let _ = done.send(());
                }
                None => break,
            },
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
        }
    }
    thread.stopping.set(true);
    let open: Vec<Connection> = thread.connections.borrow().values().cloned().collect();
    open.iter().for_each(Connection::shut_down);
    while tasks.join_next().await.is_some() {}
}

async fn serve(thread: Rc<Thread>, incoming: Incoming) {
    let Incoming { stream, client, speaks, profile } = incoming;
    let stream = match tokio::net::TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!("a connection from {client} could not be taken over: {error}"),
    };
    let server = stream.local_addr().ok();
    let mut peer = Peer {
        id: thread.worker().shared.next_connection.fetch_add(1, Ordering::Relaxed),
        client_address: client.to_string(),
        server_address: server.map(|address| address.to_string()).unwrap_or_default(),
        server_port: server.map(|address| address.port()).unwrap_or_default(),
        ..Peer::default()
    };
    let (Speaks::Http1OverTls(tls) | Speaks::Http2OverTls(tls)) = &speaks else {
        let shape = thread.worker().shape(None, profile.as_deref());
        return run_connection(&thread, stream, peer, matches!(speaks, Speaks::Http2), shape).await;
    };
    match shake_hands(&thread, tls, stream, profile.as_deref()).await {
        Ok(None) => {}
        Ok(Some((stream, info, shape))) => {
            let http2 = info.alpn.as_deref() == Some("h2");
            peer.wrong_protocol = !http2 && matches!(speaks, Speaks::Http2OverTls(_));
            peer.tls = Some(exchange::Tls {
                sni: info.sni,
                alpn: info.alpn,
                version: info.version.to_owned(),
                cipher: info.cipher.to_owned(),
            });
            run_connection(&thread, stream, peer, http2, shape).await;
        }
        Err(error) if error.is_distrust() => tracing::info!("{client}: {error}"),
        Err(error) => tracing::debug!("{client}: {error}"),
    }
}

/// Shakes hands, unless the client names a profile that there is not: `None`, and the client has got an alert.
async fn shake_hands<S: Transport>(
    thread: &Thread,
    tls: &Tls,
    stream: S,
    profile: Option<&str>,
) -> Result<Option<(TlsStream<S>, TlsInfo, Shape)>, HandshakeError> {
    let hello = tls.hello(stream).await?;
    let worker = thread.worker();
    let shape = worker.shape(hello.sni(), profile);
    if let Shape::Unknown(name) = &shape
        // Over HTTP/1.1 it is told by a page.
        && hello.offers("h2")
    {
        tracing::warn!("a TLS handshake was refused: {}", worker.no_profile(name));
        hello.refuse_name().await?;
        return Ok(None);
    }
    drop(worker);
    let (stream, info) = hello.accept().await?;
    Ok(Some((stream, info, shape)))
}

async fn run_connection<S: Transport>(thread: &Rc<Thread>, stream: S, mut peer: Peer, http2: bool, shape: Shape) {
    let id = peer.id;
    let worker = thread.worker();
    let shared = worker.shared.clone();
    let shape = if http2 { shape } else { Shape::Plain };
    if let Shape::By(name, _) = &shape {
        peer.profile = Some(name.clone());
    }
    let connection = if http2 {
        let config = h2::Config { wait_for_start: !matches!(shape, Shape::Plain), ..shared.h2.clone() };
        Connection::http2(peer, shared.exchange, h2::Connection::server(config, net::now()))
    } else {
        Connection::http1(peer, shared.exchange, h1::Connection::server(shared.h1.clone(), net::now()))
    };
    drop(shared);
    thread.connections.borrow_mut().insert(id, connection.clone());
    tracing::debug!(connection = id, "opened: {connection:?}");
    let told = worker.opened(&connection);
    let shaping = worker.begin(&shape, &connection);
    drop(worker);
    if thread.stopping.get() {
        connection.shut_down();
    }
    let driver = Driver { connection: connection.clone(), thread: thread.clone() };
    let end = pump(stream, &driver).await;
    connection.end_all();
    thread.connections.borrow_mut().remove(&id);
    tracing::debug!(connection = id, "closed: {end:?}");
    if let Some(shaping) = shaping
        && let Err(fault) = shaping.await
    {
        tracing::error!(connection = id, "a fault in the server ended a profile: {fault}");
    }
    thread.worker().closed(&connection, told).await;
    connection.end_context();
}
