//! What a worker answers by, as one configuration has it: another configuration, another [`Worker`].

use super::answer::Answer;
use super::outcomes::Outcomes;
use super::pages::access::KnownHosts;
use super::resolved::Resolved;
use super::stats::WorkerHandles;
use crate::exchange::{self, Exchange};
use crate::http::{Fields, date};
use crate::net;
use crate::script::{self, ScriptSource};
use crate::site::{self, FileCache, Files, Meaning, Site};
use crate::transcript::{Counts, Hub};
use crate::{h1, h2};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// What all workers share, never changed: another configuration has another.
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
    /// How long a connection in clear waits for a first request that may ask for a profile; zero for not at all.
    pub h2c_profile_wait: Duration,
    /// How long a client may read nothing while octets wait for it.
    pub stall_timeout: Duration,
    /// What the host of a profile ends with: `.conn.localhost`.
    pub profile_hosts: String,
    /// Hosts that the pages below `/_wire/` are served to.
    pub known_hosts: KnownHosts,
    /// With what `DELETE /_wire/state` is allowed; `None`: nothing allows it.
    pub state_token: Option<String>,
    /// The same for every configuration.
    pub next_connection: Arc<AtomicU64>,
    /// The same for every configuration.
    pub transcripts: Arc<Hub>,
    /// The same for every configuration.
    pub outcomes: Arc<Outcomes>,
    /// The same for every configuration.
    pub workers: Arc<WorkerHandles>,
}

impl Shared {
    /// The URL of the first port that is called `what` on the index page.
    pub fn port_for(&self, what: &str) -> Option<&str> {
        self.ports.iter().find(|(name, _)| name == what).map(|(_, url)| url.as_str())
    }
}

/// What everything on a worker's thread uses, until the configuration changes. Requests in progress keep the `Worker` they
/// started with.
pub(super) struct Worker {
    pub shared: Arc<Shared>,
    pub host: script::Host,
    file_cache: FileCache,
    /// When the turn of a connection that is under way began.
    pub now: Cell<Instant>,
    resolved: Resolved,
    /// The page that lists the handlers.
    pub index: site::Index,
    date: date::Cache,
}

impl Worker {
    /// A worker with nothing compiled and nothing looked up yet.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            host: script::Host::new(shared.script.clone()),
            shared,
            file_cache: FileCache::default(),
            now: Cell::new(net::now()),
            resolved: Resolved::default(),
            index: site::Index::default(),
            date: date::Cache::default(),
        }
    }

    /// What URLs mean.
    pub fn site(&self) -> &Site {
        &self.shared.site
    }

    /// What a path means for a method, remembered for a moment.
    pub fn resolve(&self, method: &[u8], path: &[u8]) -> Rc<Answer> {
        let now = self.now.get();
        if let Some(known) = self.resolved.get(now, method, path) {
            return known;
        }
        let answer = Rc::new(Answer::new(self.site().resolve(method, path)));
        // What is missing may be there in a moment: that is the one thing a test author waits for.
        if answer.is_there() {
            self.resolved.put(now, method, path, &answer);
        }
        answer
    }

    /// What a path means now, whatever is remembered, if it does not lead to `gone`, a script that is not there.
    pub fn resolve_without(&self, method: &[u8], path: &[u8], gone: &ScriptSource) -> Rc<Answer> {
        let answer = Rc::new(Answer::new(self.site().resolve(method, path)));
        // A route names it, or it was there again for a moment.
        if answer.script.as_ref() == Some(gone) { Rc::new(Answer::new(Meaning::Missing.into())) } else { answer }
    }

    /// The address of another of the server's names on the port for HTTP/2, by which a page learns whether its browser
    /// trusts the certificate there.
    pub fn probe(&self) -> Option<String> {
        let port = self.shared.port_for("HTTP/2")?.trim_end_matches('/').rsplit_once(':')?.1;
        let name = self.site().environment.hosts.get("")?.get("www")?;
        Some(format!("https://{name}:{port}"))
    }

    /// For answers with files.
    pub fn files(&self) -> Files<'_> {
        Files { roots: &self.site().roots, cache: &self.file_cache, now: self.now.get(), wall_clock: net::wall_clock }
    }

    /// What templates can name in the answer to `exchange`.
    pub fn scope<'a>(&'a self, exchange: &'a Exchange) -> site::Scope<'a> {
        site::Scope::new(exchange, &self.site().environment, &self.site().roots.hidden)
    }

    /// What the header of a page says.
    pub fn title<'a>(&self, name: &'a str) -> site::Title<'a> {
        let Counts { violations, failed_expectations } = self.shared.transcripts.counts();
        site::Title { name, entry: "", violations, failed_expectations }
    }

    /// Fields of every response that the server itself makes.
    pub fn common_fields(&self) -> Fields {
        let mut fields = Fields::with_capacity(2);
        fields.append("date", self.date.at(net::wall_clock()));
        fields.append("server", "wireserve");
        fields
    }
}
