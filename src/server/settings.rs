//! A configuration as the options of the modules.

use super::outcomes::Outcomes;
use super::pages::access::KnownHosts;
use super::stats::WorkerHandles;
use super::worker::Shared;
use crate::config::{Config, PortKind, ready};
use crate::script::{self, stash::Stash, watch::Changes};
use crate::site::{self, Roots, Site, SiteError};
use crate::transcript::Hub;
use crate::wire::frame::SettingId;
use crate::{exchange, h1, h2, net, setup};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What outlives every configuration that a server gets while it runs.
pub(super) struct Lasting {
    pub urls: ready::Urls,
    /// Numbers of ports that templates can name and that are not served.
    pub unserved: Vec<(PortKind, u16)>,
    pub stash: Arc<Stash>,
    /// The watcher of scripts.
    pub changes: Changes,
    pub next_connection: Arc<AtomicU64>,
    pub transcripts: Arc<Hub>,
    pub outcomes: Arc<Outcomes>,
    pub workers: Arc<WorkerHandles>,
    /// What the hooks of all workers share.
    pub hooks: Arc<script::hooks::shared::Shared>,
}

impl Lasting {
    pub fn new(urls: ready::Urls, unserved: Vec<(PortKind, u16)>, stash: Arc<Stash>, transcripts: Arc<Hub>) -> Self {
        Self {
            urls,
            unserved,
            stash,
            changes: Changes::watch(),
            next_connection: Arc::new(AtomicU64::new(1)),
            transcripts,
            outcomes: Outcomes::new(net::now),
            workers: Arc::new(WorkerHandles::new()),
            hooks: Arc::default(),
        }
    }
}

/// What all workers share.
///
/// # Errors
/// What the configuration says about URLs is of no use.
pub(super) fn shared(config: &Config, lasting: &Lasting) -> Result<Shared, SiteError> {
    let urls = &lasting.urls;
    let roots = Roots {
        document: config.doc_root.value.clone(),
        handlers: config.handler_roots.value.clone(),
        hidden: hidden(config),
        mounted: Vec::new(),
    };
    let ports = urls.iter().map(|(kind, url)| (label(kind).to_owned(), url)).collect();
    let environment = super::environment::environment(config, urls, &lasting.unserved);
    let mut exchange = exchange::Limits::default();
    config.limits.server.apply(&mut exchange);
    exchange.interim_delay = config.interim_delay.value.0;
    Ok(Shared {
        script: script_options(config, &roots, environment.config.clone(), lasting),
        site: Site::new(roots, &config.site(), environment)?,
        ports,
        h1: http1(config),
        h2: http2(config),
        exchange,
        latency: config.latency.value.0,
        stall_timeout: config.limits.server.stall_timeout.value,
        h2c_profile_wait: config.h2c_profile_wait.value.0,
        profile_hosts: setup::profiles::host_suffix(config),
        known_hosts: KnownHosts::of(config),
        state_token: config.state_token.value.clone().map(|token| token.0),
        next_connection: lasting.next_connection.clone(),
        transcripts: lasting.transcripts.clone(),
        outcomes: lasting.outcomes.clone(),
        workers: lasting.workers.clone(),
    })
}

/// Files and folders of which nothing is shown, wherever the configuration puts them: private keys, transcripts, and the
/// configuration, which may have a password in it. Canonical.
fn hidden(config: &Config) -> Vec<PathBuf> {
    let own = config.ssl.own().map(|own| own.key.value);
    let transcripts = config.transcript.folder.value.clone();
    let all = [config.ssl.folder.value.clone()].into_iter().chain(own).chain(transcripts).chain(config.secret_files());
    all.filter_map(|path| canonical(&path)).collect()
}

/// Where a path leads, also if its last part is not there yet.
fn canonical(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    path.canonicalize()
        .or_else(|_| Ok::<_, std::io::Error>(folder.canonicalize()?.join(path.file_name().unwrap_or_default())))
        .ok()
}

/// What the index page calls a port.
fn label(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Http => "HTTP/1.1",
        PortKind::Https => "HTTP/1.1 over TLS",
        PortKind::H2 => "HTTP/2",
        kind => kind.name(),
    }
}

fn script_options(config: &Config, roots: &Roots, shown: serde_json::Value, lasting: &Lasting) -> script::Options {
    script::Options {
        roots: roots.handlers.clone(),
        doc_root: roots.document.clone(),
        is_hidden: site::is_among,
        hidden: roots.hidden.clone(),
        limits: config.limits.script.options(),
        changes: lasting.changes.clone(),
        stash: lasting.stash.clone(),
        hooks: script::hooks::Options { scripts: config.hooks.value.clone(), shared: lasting.hooks.clone() },
        suppress_handler_traceback: config.suppress_handler_traceback.value,
        server_config: Arc::new(shown),
        embedded: |name| site::shipped_handler(name.strip_prefix("handlers/")?),
        embedded_file: site::shipped_octets,
        dress: site::dressed,
        wall_clock: net::wall_clock,
    }
}

fn http1(config: &Config) -> h1::Config {
    let transcript = config.transcript.options();
    let mut options =
        h1::Config { record_octets: (transcript.connection > 0).then_some(transcript.data), ..h1::Config::default() };
    config.limits.http1.apply(&mut options);
    options
}

fn http2(config: &Config) -> h2::Config {
    let transcript = config.transcript.options();
    let mut options = h2::Config {
        connect_protocols: vec!["websocket".to_owned()],
        record_frames: transcript.connection > 0,
        record_data: transcript.data,
        ..h2::Config::default()
    };
    // Extended CONNECT (RFC 8441) is not announced, since no shipped handler serves WebSocket, and browsers would use it.
    // A request that comes all the same reaches its handler; profiles can announce it.
    options.settings.retain(|(id, _)| *id != SettingId::ENABLE_CONNECT_PROTOCOL.0);
    options.policy.set(h2::Rule::ProtocolNotAnnounced, h2::Action::Report);
    options.limits.stall_timeout = Some(config.limits.server.stall_timeout.value);
    config.limits.http2.apply(&mut options);
    for (rule, action) in &config.rules {
        options.policy.set(*rule, action.value);
    }
    options
}
