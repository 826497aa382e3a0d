//! A worker: one OS thread with a runtime of its own, and everything of the connections that it was handed.

use super::driver::Driver;
use crate::exchange::{self, Connection, Exchange, Peer};
use crate::http::{Fields, date};
use crate::net::pump::pump;
use crate::net::tls::Tls;
use crate::net::{self, transport::Transport};
use crate::script::{self, ScriptSource};
use crate::site::{self, FileCache, Files, Found, Meaning, Site, Source};
use crate::{h1, h2};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long a worker trusts what a path meant last time. Contents are looked at on each request all the same: this is
/// about files that appear, vanish or hide each other.
const TRUST: Duration = Duration::from_millis(100);
/// Paths whose meaning a worker remembers.
const MAX_RESOLVED: usize = 4096;
/// Methods for which it remembers the meaning of a path, where they differ.
const MAX_METHODS: usize = 8;

/// What all workers share, never changed.
pub(super) struct Shared {
    /// What URLs mean. Reached through [`Worker::site`] alone.
    pub site: Site,
    /// (what, URL) of every port, for the index page.
    pub ports: Vec<(String, String)>,
    pub h1: h1::Config,
    pub h2: h2::Config,
    pub exchange: exchange::Limits,
    pub script: script::Options,
    /// How long every answer is held back, whoever gives it; zero for not at all.
    pub latency: Duration,
    pub next_connection: AtomicU64,
}

impl Shared {
    /// The URL of the first port that is called `what` on the index page.
    pub fn port_for(&self, what: &str) -> Option<&str> {
        self.ports.iter().find(|(name, _)| name == what).map(|(_, url)| url.as_str())
    }
}

/// What a port speaks.
#[derive(Clone)]
pub(super) enum Speaks {
    Http1,
    Http1OverTls(Tls),
    Http2OverTls(Tls),
    Http2,
}

/// A connection on its way from the acceptor to a worker.
pub(super) struct Incoming {
    pub stream: TcpStream,
    pub client: SocketAddr,
    pub speaks: Speaks,
}

/// Who answers a request.
pub(super) struct Answer {
    /// The script, if one does.
    pub script: Option<ScriptSource>,
    /// What the site says.
    pub found: Found,
}

/// What a path meant when a worker looked last.
struct Resolved {
    since: Instant,
    /// For this method; `None` for all.
    method: Option<Bytes>,
    answer: Rc<Answer>,
}

/// What everything on a worker's thread uses.
pub(super) struct Worker {
    pub shared: Arc<Shared>,
    pub host: script::Host,
    file_cache: FileCache,
    /// When the turn of a connection that is under way began.
    pub now: Cell<Instant>,
    resolved: RefCell<HashMap<Bytes, Vec<Resolved>>>,
    date: date::Cache,
    connections: RefCell<HashMap<u64, Connection>>,
    stopping: Cell<bool>,
}

/// Runs a worker. When the acceptors have gone, its connections are told to end, and it ends with the last of them.
pub(super) async fn run(shared: Arc<Shared>, mut incoming: mpsc::UnboundedReceiver<Incoming>) {
    let worker = Rc::new(Worker {
        host: script::Host::new(shared.script.clone()),
        shared,
        file_cache: FileCache::default(),
        now: Cell::new(net::now()),
        resolved: RefCell::default(),
        date: date::Cache::default(),
        connections: RefCell::default(),
        stopping: Cell::new(false),
    });
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            next = incoming.recv() => match next {
                Some(incoming) => { tasks.spawn_local(serve(worker.clone(), incoming)); }
                None => break,
            },
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
        }
    }
    worker.stopping.set(true);
    let open: Vec<Connection> = worker.connections.borrow().values().cloned().collect();
    open.iter().for_each(Connection::shut_down);
    while tasks.join_next().await.is_some() {}
}

async fn serve(worker: Rc<Worker>, incoming: Incoming) {
    let Incoming { stream, client, speaks } = incoming;
    let stream = match tokio::net::TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!("a connection from {client} could not be taken over: {error}"),
    };
    let server = stream.local_addr().ok();
    let mut peer = Peer {
        id: worker.shared.next_connection.fetch_add(1, Ordering::Relaxed),
        client_address: client.to_string(),
        server_address: server.map(|address| address.to_string()).unwrap_or_default(),
        server_port: server.map(|address| address.port()).unwrap_or_default(),
        ..Peer::default()
    };
    let (Speaks::Http1OverTls(tls) | Speaks::Http2OverTls(tls)) = &speaks else {
        return run_connection(&worker, stream, peer, matches!(speaks, Speaks::Http2)).await;
    };
    match tls.accept(stream).await {
        Ok((stream, info)) => {
            let http2 = info.alpn.as_deref() == Some("h2");
            peer.wrong_protocol = !http2 && matches!(speaks, Speaks::Http2OverTls(_));
            peer.tls = Some(exchange::Tls {
                sni: info.sni,
                alpn: info.alpn,
                version: info.version.to_owned(),
                cipher: info.cipher.to_owned(),
            });
            run_connection(&worker, stream, peer, http2).await;
        }
        Err(error) if error.is_distrust() => tracing::info!("{client}: {error}"),
        Err(error) => tracing::debug!("{client}: {error}"),
    }
}

async fn run_connection<S: Transport>(worker: &Rc<Worker>, stream: S, peer: Peer, http2: bool) {
    let id = peer.id;
    let connection = if http2 {
        Connection::http2(peer, worker.shared.exchange, h2::Connection::server(worker.shared.h2.clone(), net::now()))
    } else {
        Connection::http1(peer, worker.shared.exchange, h1::Connection::server(worker.shared.h1.clone(), net::now()))
    };
    worker.connections.borrow_mut().insert(id, connection.clone());
    if worker.stopping.get() {
        connection.shut_down();
    }
    tracing::debug!(connection = id, "opened: {connection:?}");
    let driver = Driver { connection: connection.clone(), worker: worker.clone() };
    let end = pump(stream, &driver).await;
    connection.end_all();
    connection.end_context();
    worker.connections.borrow_mut().remove(&id);
    tracing::debug!(connection = id, "closed: {end:?}");
}

impl Worker {
    /// What URLs mean at present.
    pub fn site(&self) -> &Site {
        &self.shared.site
    }

    /// What a path means for a method, remembered for [`TRUST`].
    pub fn resolve(&self, method: &[u8], path: &[u8]) -> Rc<Answer> {
        let now = self.now.get();
        let is_for = |resolved: &Resolved| resolved.method.as_deref().is_none_or(|known| known == method);
        if let Some(all) = self.resolved.borrow().get(path)
            && let Some(known) = all.iter().find(|known| is_for(known))
            && now.saturating_duration_since(known.since) < TRUST
        {
            return known.answer.clone();
        }
        let answer = Rc::new(Answer::new(self.site().resolve(method, path)));
        // What is missing may be there in a moment: that is the one thing a test author waits for.
        if answer.is_there() {
            self.remember(now, method, path, &answer);
        }
        answer
    }

    fn remember(&self, since: Instant, method: &[u8], path: &[u8], answer: &Rc<Answer>) {
        let mut resolved = self.resolved.borrow_mut();
        if resolved.len() >= MAX_RESOLVED {
            resolved.clear();
        }
        let method = answer.found.by_method.then(|| Bytes::copy_from_slice(method));
        let all = resolved.entry(Bytes::copy_from_slice(path)).or_default();
        if method.is_none() || all.len() >= MAX_METHODS {
            all.clear();
        }
        all.retain(|known| known.method != method);
        all.push(Resolved { since, method, answer: answer.clone() });
    }

    /// For answers with files.
    pub fn files(&self) -> Files<'_> {
        Files { roots: &self.site().roots, cache: &self.file_cache, now: self.now.get(), wall_clock: net::wall_clock }
    }

    /// What templates can name in the answer to `exchange`.
    pub fn scope<'a>(&'a self, exchange: &'a Exchange) -> site::Scope<'a> {
        site::Scope::new(exchange, &self.site().environment, &self.site().roots.hidden)
    }

    /// Fields of every response that the server itself makes.
    pub fn common_fields(&self) -> Fields {
        let mut fields = Fields::with_capacity(2);
        fields.append("date", self.date.at(net::wall_clock()));
        fields.append("server", "wireserve");
        fields
    }
}

impl Answer {
    fn new(mut found: Found) -> Self {
        let script = match &found.meaning {
            Meaning::Script(Source::File(path)) => Some(ScriptSource::Path(path.clone())),
            Meaning::Script(Source::Shipped(name)) => site::shipped_handler(name)
                .map(|text| ScriptSource::Embedded { name: format!("handlers/{name}").into(), text }),
            _ => None,
        };
        if script.is_none() && matches!(found.meaning, Meaning::Script(_)) {
            found.meaning = Meaning::Missing;
        }
        Self { script, found }
    }

    /// Whether there is anything to answer with.
    pub fn is_there(&self) -> bool {
        !matches!(self.found.meaning, Meaning::Missing | Meaning::NoHarness)
    }
}
