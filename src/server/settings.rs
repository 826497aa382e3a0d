//! A configuration as the options of the modules.

use super::pages::access::KnownHosts;
use super::stats::WorkerHandles;
use super::worker::Shared;
use crate::config::limits::{Http1Limits, Http2Limits};
use crate::config::{Config, PortKind, ready};
use crate::script::{self, stash::Stash, watch::Changes};
use crate::site::{self, Roots, Site, SiteError};
use crate::transcript::Hub;
use crate::wire::frame::SettingId;
use crate::{exchange, h1, h2, net, setup, transcript};
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
    let exchange = exchange::Limits { body: config.limits.server.body.value as u64, ..exchange::Limits::default() };
    Ok(Shared {
        script: script_options(config, &roots, environment.config.clone(), lasting),
        site: Site::new(roots, &config.site(), environment)?,
        ports,
        h1: http1(&config.limits.http1, &config.transcript.options()),
        h2: http2(&config.limits.http2, &config.transcript.options()),
        exchange,
        latency: config.latency.value,
        h2c_profile_wait: config.h2c_profile_wait.value,
        profile_hosts: setup::profiles::host_suffix(config),
        known_hosts: KnownHosts::of(config),
        next_connection: lasting.next_connection.clone(),
        transcripts: lasting.transcripts.clone(),
        workers: lasting.workers.clone(),
    })
}

/// Files and folders of which nothing is shown, wherever the configuration puts them: private keys, and the
/// configuration, which may have a password in it. Canonical.
fn hidden(config: &Config) -> Vec<PathBuf> {
    let own = config.ssl.own.as_ref().map(|own| own.key.value.clone());
    let all = [config.ssl.folder.value.clone()].into_iter().chain(own).chain(config.secret_files());
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
        hidden: roots.hidden.clone(),
        limits: config.limits.script.options(),
        changes: lasting.changes.clone(),
        stash: lasting.stash.clone(),
        hooks: script::hooks::Options { scripts: config.hooks.value.clone(), shared: lasting.hooks.clone() },
        suppress_handler_traceback: config.suppress_handler_traceback.value,
        server_config: Arc::new(shown),
        embedded: |name| site::shipped_handler(name.strip_prefix("handlers/")?),
        embedded_file: site::shipped_octets,
        wall_clock: net::wall_clock,
    }
}

fn http1(from: &Http1Limits, transcript: &transcript::Options) -> h1::Config {
    h1::Config {
        limits: h1::Limits {
            request_line: from.request_line.value,
            head: from.head.value,
            field_lines: from.field_lines.value,
            chunk_line: from.chunk_line.value,
            unconsumed_body: from.unconsumed_body.value,
            pipelined: from.pipelined.value,
            queued_output: from.queued_output.value,
            drained_body: from.drained_body.value,
        },
        timeouts: h1::Timeouts { head: from.head_timeout.value, idle: from.idle_timeout.value },
        record_octets: (transcript.connection > 0).then_some(transcript.data),
    }
}

fn http2(from: &Http2Limits, transcript: &transcript::Options) -> h2::Config {
    // Extended CONNECT (RFC 8441) is not announced, since no shipped handler serves WebSocket, and browsers would use it.
    // A request that comes all the same reaches its handler; profiles can announce it.
    let mut policy = h2::Policy::default();
    policy.set(h2::Rule::ProtocolNotAnnounced, h2::Action::Report);
    h2::Config {
        policy,
        settings: vec![
            (SettingId::MAX_CONCURRENT_STREAMS.0, from.streams.value),
            (SettingId::INITIAL_WINDOW_SIZE.0, from.stream_window.value),
            (SettingId::MAX_FRAME_SIZE.0, from.frame_size.value),
            (SettingId::MAX_HEADER_LIST_SIZE.0, from.field_section.value),
        ],
        connection_window: from.connection_window.value,
        limits: h2::Limits {
            period: from.period.value,
            max_field_block: from.field_block.value,
            max_continuations: from.continuations.value,
            max_resets: from.resets.value,
            max_errors: from.errors.value,
            max_settings: from.settings.value,
            max_pings: from.pings.value,
            max_priorities: from.priorities.value,
            max_empty_data: from.empty_data.value,
            max_window_updates: from.window_updates.value,
            max_unknown: from.unknown.value,
            max_queued: from.queued.value,
            preface_timeout: Some(from.preface_timeout.value),
            idle_timeout: Some(from.idle_timeout.value),
            // What concerns clients alone.
            ..h2::Limits::default()
        },
        connect_protocols: vec!["websocket".to_owned()],
        record_frames: transcript.connection > 0,
        record_data: transcript.data,
        ..h2::Config::default()
    }
}
