//! A worker's OS thread, with a runtime of its own, and the connections that it was handed, each for life.

use super::asked;
use super::driver::Driver;
use super::profiles::Shape;
use super::status::Report;
use super::worker::{Shared, Worker};
use crate::exchange::{self, Connection, Notice, Peer, Protocol};
use crate::net::opening::Opening;
use crate::net::pump::pump;
use crate::net::tls::{HandshakeError, Tls, TlsInfo, TlsStream};
use crate::net::{self, transport::Transport};
use crate::{h1, h2};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
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
    /// To say how it stands.
    Report(oneshot::Sender<Report>),
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
    /// Requests so far.
    pub requests: Cell<u64>,
    /// How often clients and former configurations' handlers met limits, by name.
    limits_met: RefCell<BTreeMap<String, u64>>,
    /// How often profiles of former configurations failed, by what went wrong.
    profile_failures: RefCell<BTreeMap<String, u64>>,
}

impl Thread {
    /// The worker as the configuration has it at present.
    pub fn worker(&self) -> Rc<Worker> {
        self.worker.borrow().clone()
    }

    /// Counts a limit that a client met.
    pub fn count(&self, notice: &Notice) {
        match notice {
            Notice::Violation { rule, .. } if rule.starts_with("h2.limit.") => self.met(rule, 1),
            // Those that no limit gives are about what a request says.
            Notice::BadRequest { status: 408, .. } => self.met("http1.head_timeout", 1),
            Notice::BadRequest { status: 414, .. } => self.met("http1.request_line", 1),
            Notice::BadRequest { status: 431, .. } => self.met("http1.head", 1),
            _ => {}
        }
    }

    fn met(&self, limit: &str, times: u64) {
        *self.limits_met.borrow_mut().entry(limit.to_owned()).or_default() += times;
    }

    fn work_by(&self, shared: Arc<Shared>) {
        let former = self.worker.replace(Rc::new(Worker::new(shared))).host.status();
        former.limits_met.into_iter().for_each(|(limit, times)| self.met(limit, times));
        add(&mut self.profile_failures.borrow_mut(), former.profile_failures);
    }

    fn report(&self) -> Report {
        let script = self.worker().host.status();
        let mut limits_met = self.limits_met.borrow().clone();
        add(&mut limits_met, script.limits_met.into_iter().map(|(limit, times)| (limit.to_owned(), times)));
        let mut profile_failures = self.profile_failures.borrow().clone();
        add(&mut profile_failures, script.profile_failures);
        let connections = self.connections.borrow();
        let mut profiles = BTreeMap::new();
        let names = connections.values().filter_map(|connection| connection.peer().profile.clone());
        add(&mut profiles, names.map(|name| (name, 1)));
        let is_http2 = |connection: &&Connection| connection.protocol() == Protocol::Http2;
        Report {
            connections: connections.len(),
            http2_connections: connections.values().filter(is_http2).count(),
            streams: connections.values().map(|connection| connection.streams().len()).sum(),
            requests: self.requests.get(),
            handlers: script.live,
            handlers_at_work: script.busy,
            errors: script.errors,
            limits_met,
            profiles,
            profile_failures,
        }
    }
}

/// Adds how often things happened to how often they had.
pub(super) fn add(all: &mut BTreeMap<String, u64>, more: impl IntoIterator<Item = (String, u64)>) {
    more.into_iter().for_each(|(what, times)| *all.entry(what).or_default() += times);
}

/// Runs a worker's thread, which says when it has `begun`. When nobody is left to give orders, its connections are told
/// to end, and it ends with the last of them.
pub(super) async fn run(shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Order>, begun: oneshot::Sender<()>) {
    let thread = Rc::new(Thread {
        worker: RefCell::new(Rc::new(Worker::new(shared))),
        connections: RefCell::default(),
        stopping: Cell::new(false),
        requests: Cell::new(0),
        limits_met: RefCell::default(),
        profile_failures: RefCell::default(),
    });
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn_local(begin_hooks(thread.clone(), begun));
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Serve(incoming)) => { tasks.spawn_local(serve(thread.clone(), incoming)); }
                Some(Order::WorkBy(shared, done)) => {
                    thread.work_by(shared);
                    tasks.spawn_local(begin_hooks(thread.clone(), done));
                }
                // Nobody may be left who waits for it.
                Some(Order::Report(asker)) => drop(asker.send(thread.report())),
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

/// Loads the hooks and calls those that are called at start, then says so.
async fn begin_hooks(thread: Rc<Thread>, begun: oneshot::Sender<()>) {
    thread.worker().begin_hooks().await;
    // Whoever waits for it may have gone: the server ends.
    let _ = begun.send(());
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
        return match speaks {
            Speaks::Http2 => serve_in_clear(&thread, stream, peer, profile.as_deref()).await,
            _ => run_connection(&thread, stream, peer, false, Shape::Plain).await,
        };
    };
    let shaped = matches!(speaks, Speaks::Http2OverTls(_));
    match shake_hands(&thread, tls, stream, profile.as_deref(), shaped).await {
        Ok(None) => {}
        Ok(Some((stream, info, shape))) => {
            let http2 = shape.speaks_http2(info.alpn.as_deref());
            peer.wrong_protocol = !http2 && shaped && !shape.is_for_http1();
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

/// HTTP/2 in clear: the port or else the first request says which profile shapes the connection.
async fn serve_in_clear<S: Transport>(thread: &Rc<Thread>, stream: S, peer: Peer, of_port: Option<&str>) {
    let mut stream = Opening::new(stream);
    let wait = thread.worker().shared.h2c_profile_wait;
    let asked = match of_port {
        None if !wait.is_zero() => stream.look(wait, asked::MOST, asked::profile_in).await.flatten(),
        _ => None,
    };
    let shape = thread.worker().shape(asked.as_deref().or(of_port));
    let http2 = shape.speaks_http2(Some("h2"));
    run_connection(thread, stream, peer, http2, shape).await;
}

/// Shakes hands, unless the client names a profile that there is not: `None`, and the client has got an alert. `shaped`:
/// profiles shape the connections of this port.
async fn shake_hands<S: Transport>(
    thread: &Thread,
    tls: &Tls,
    stream: S,
    profile: Option<&str>,
    shaped: bool,
) -> Result<Option<(TlsStream<S>, TlsInfo, Shape)>, HandshakeError> {
    let hello = tls.hello(stream).await?;
    let worker = thread.worker();
    let of_host = hello.sni().and_then(|host| worker.profile_of(host));
    let shape = match worker.shape(of_host.as_deref().or(profile)) {
        Shape::By(_) if !shaped => Shape::Plain,
        shape => shape,
    };
    if let Shape::Unknown(name) = &shape
        // Over HTTP/1.1 it is told by a page.
        && hello.offers("h2")
    {
        tracing::warn!("a TLS handshake was refused: {}", worker.no_profile(name));
        hello.refuse_name().await?;
        return Ok(None);
    }
    drop(worker);
    let (stream, info) = hello.accept(shape.selection()).await?;
    Ok(Some((stream, info, shape)))
}

async fn run_connection<S: Transport>(thread: &Rc<Thread>, stream: S, mut peer: Peer, http2: bool, shape: Shape) {
    let id = peer.id;
    let worker = thread.worker();
    let shared = worker.shared.clone();
    let shape = if http2 || shape.is_for_http1() { shape } else { Shape::Plain };
    if let Shape::By(profile) = &shape {
        peer.profile = Some(profile.name.clone());
    }
    let now = net::now();
    let connection = if http2 {
        let config = h2::Config { wait_for_start: !matches!(shape, Shape::Plain), ..shared.h2.clone() };
        Connection::http2(peer, shared.exchange, h2::Connection::server(config, now))
    } else {
        Connection::http1(peer, shared.exchange, h1::Connection::server(shared.h1.clone(), now))
    };
    let recorder = shared.transcripts.record(connection.peer(), connection.protocol(), now, net::wall_clock());
    let end_transcript = recorder.map(|recorder| {
        let ending = recorder.ending();
        connection.observe_by(Box::new(recorder));
        ending
    });
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
    pump(stream, &driver).await;
    connection.end_all();
    thread.connections.borrow_mut().remove(&id);
    if let Some(end_transcript) = end_transcript {
        end_transcript(connection.end_reason());
    }
    tracing::debug!(connection = id, "closed: {}", connection.end_reason());
    if let Some(shaping) = shaping
        && let Err(fault) = shaping.await
    {
        tracing::error!(connection = id, "a fault in the server ended a profile: {fault}");
    }
    thread.worker().closed(&connection, told).await;
    connection.end_context();
}
