//! The state of a worker's thread: its connections, its counts, and the worker of the present configuration.

use super::stats::{WorkerStats, add};
use super::worker::{Shared, Worker};
use crate::exchange::{Notice, Protocol, Socket};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// What lasts as long as the thread, whatever the configuration.
pub(super) struct Thread {
    worker: RefCell<Rc<Worker>>,
    sockets: RefCell<HashMap<u64, Socket>>,
    stopping: Cell<bool>,
    /// Requests so far.
    pub requests: Cell<u64>,
    /// How often clients and former configurations' handlers met limits, by name.
    limits_met: RefCell<BTreeMap<String, u64>>,
    /// How often profiles of former configurations failed, by what went wrong.
    profile_failures: RefCell<BTreeMap<String, u64>>,
}

impl Thread {
    /// A thread without connections.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            worker: RefCell::new(Rc::new(Worker::new(shared))),
            sockets: RefCell::default(),
            stopping: Cell::new(false),
            requests: Cell::new(0),
            limits_met: RefCell::default(),
            profile_failures: RefCell::default(),
        }
    }

    /// The worker as the configuration has it at present.
    pub fn worker(&self) -> Rc<Worker> {
        self.worker.borrow().clone()
    }

    /// Counts a limit that a client met.
    pub fn count(&self, notice: &Notice) {
        match notice {
            Notice::Violation(violation) if violation.rule.id().starts_with("h2.limit.") => {
                self.met(violation.rule.id(), 1)
            }
            Notice::Overloaded { .. } => self.met("connection", 1),
            // Those that no limit gives are about what a request says.
            Notice::BadRequest { status: 408, .. } => self.met("http1.head_timeout", 1),
            Notice::BadRequest { status: 414, .. } => self.met("http1.request_line", 1),
            Notice::BadRequest { status: 431, .. } => self.met("http1.head", 1),
            _ => {}
        }
    }

    /// Counts how often a limit was met.
    pub fn met(&self, limit: &str, times: u64) {
        *self.limits_met.borrow_mut().entry(limit.to_owned()).or_default() += times;
    }

    /// Adds a connection.
    pub fn add(&self, socket: &Socket) {
        self.sockets.borrow_mut().insert(socket.connection().peer().id, socket.clone());
    }

    /// Removes a connection that has ended.
    pub fn remove(&self, socket: &Socket) {
        self.sockets.borrow_mut().remove(&socket.connection().peer().id);
    }

    /// Whether the server is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Tells every connection to end, and those to come.
    pub fn stop(&self) {
        self.stopping.set(true);
        self.worker().shared.workers.stop();
        self.worker().shared.outcomes.end_waits();
        let open: Vec<Socket> = self.sockets.borrow().values().cloned().collect();
        open.iter().for_each(Socket::shut_down);
    }

    /// Uses another configuration for new requests and connections, and keeps the counts.
    pub fn work_by(&self, shared: Arc<Shared>) {
        let former = self.worker.replace(Rc::new(Worker::new(shared))).host.status();
        former.limits_met.into_iter().for_each(|(limit, times)| self.met(limit, times));
        add(&mut self.profile_failures.borrow_mut(), former.profile_failures);
    }

    /// How the thread stands.
    pub fn stats(&self) -> WorkerStats {
        let script = self.worker().host.status();
        let mut limits_met = self.limits_met.borrow().clone();
        add(&mut limits_met, script.limits_met.into_iter().map(|(limit, times)| (limit.to_owned(), times)));
        let mut profile_failures = self.profile_failures.borrow().clone();
        add(&mut profile_failures, script.profile_failures);
        let sockets = self.sockets.borrow();
        let connections = || sockets.values().map(Socket::connection);
        let mut profiles = BTreeMap::new();
        let names = connections().filter_map(|connection| connection.peer().profile.clone());
        add(&mut profiles, names.map(|name| (name, 1)));
        WorkerStats {
            connections: sockets.len(),
            http2_connections: connections().filter(|connection| connection.protocol() == Protocol::Http2).count(),
            streams: connections().map(|connection| connection.streams().len()).sum(),
            requests: self.requests.get(),
            handlers: script.live,
            running_handlers: script.busy,
            errors: script.errors,
            limits_met,
            profiles,
            profile_failures,
        }
    }
}
