//! From a configuration to open ports, and to the end.

use super::error::StartError;
use super::greeting;
use super::log::Log;
use super::orders::{self, Incoming, Order, Speaks};
use super::reload::{Edits, Reloader};
use super::settings::{self, Lasting};
use super::thread;
use super::transcript_files::TranscriptFiles;
use super::worker::Shared;
use crate::config::ports::Wanted;
use crate::config::{Config, Port, PortKind, ProfilePort, Ready, ServeArguments, ready};
use crate::net::certificates::Certificates;
use crate::net::listen::{ListenError, Listener};
use crate::net::signals::Signals;
use crate::net::tls::{KeyLog, Tls};
use crate::script::stash::Stash;
use crate::setup::open::Beside;
use crate::transcript::{Hub, Snapshot};
use crate::{net, setup};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// An open port and what it speaks.
struct Open {
    listener: Listener,
    speaks: Speaks,
    /// Whose own port it is.
    profile: Option<Arc<str>>,
}

/// All ports, and their URLs.
struct Opened {
    ports: Vec<Open>,
    urls: ready::Urls,
    /// Numbers for kinds that are not served.
    unserved: Vec<(PortKind, u16)>,
    profiles: BTreeMap<String, Vec<String>>,
}

/// What a server shows that serves for nothing else.
pub(super) struct View {
    /// Transcripts that were read from files.
    pub saved: Vec<Snapshot>,
    /// Called with the URL of the inspector when it can be opened.
    pub announce: fn(&str),
}

/// Serves until Ctrl-C, SIGTERM, SIGHUP, or, if wanted, the end of standard input, then until the streams under way have ended. A second signal ends at once.
///
/// # Errors
/// [`StartError`]; nothing was announced then.
pub(super) fn serve(
    arguments: &ServeArguments,
    config: Config,
    log: &Log,
    view: Option<View>,
) -> Result<(), StartError> {
    let runtime = runtime()?;
    let served = runtime.block_on(run(arguments, config, log, view));
    // Whatever still runs was given its time.
    runtime.shutdown_background();
    served
}

async fn run(arguments: &ServeArguments, config: Config, log: &Log, view: Option<View>) -> Result<(), StartError> {
    let mut signals = Signals::listen().map_err(|error| StartError::System("signal handlers", error))?;
    if arguments.exit_with_stdin {
        signals.watch_input().map_err(|error| StartError::System("a thread for standard input", error))?;
    }
    #[cfg(unix)]
    if arguments.exit_with_parent {
        signals.watch_parent();
    }
    // It outlives every configuration that the server gets while it runs.
    let stash = Stash::new(config.stash.options())?;
    let certificates = setup::certificates::of(&config)?;
    let key_log = KeyLog::of_environment().map_err(|(path, error)| StartError::KeyLog(path, error))?;
    if let Some(key_log) = &key_log {
        tracing::warn!("SSLKEYLOGFILE: the secrets of all connections are written to {}", key_log.path().display());
    }
    let Opened { ports: open, urls, unserved, profiles } = open_ports(&config, &certificates, key_log.as_ref())?;
    if !config.bind_address.is_loopback() {
        tracing::warn!(
            "bound to {}: other machines can reach this server, its files and scripts; use it in networks that you trust",
            config.bind_address.value
        );
    }
    let transcripts = Hub::new(config.transcript.options(), net::now, super::recording::place);
    let files = config.transcript.folder().map(|options| TranscriptFiles::start(options, &transcripts)).transpose()?;
    let lasting = Lasting::new(urls.clone(), unserved, stash, transcripts);
    let shared = Arc::new(settings::shared(&config, &lasting)?);
    let mut workers = Workers::start(config.workers.value, &shared)?;
    lasting.workers.set(orders::handles(&workers.senders));
    tokio::select! {
        () = workers.begun() => {}
        _ = signals.next() => return Ok(()),
    }
    let (ca, spki) = (certificates.trusted().to_path_buf(), certificates.spki().to_owned());
    let edits = Edits::of(&config);
    let ready = Ready::new(urls, profiles, (&ca, spki), key_log.as_ref().map(KeyLog::path));
    if let Some(View { saved, announce }) = view {
        saved.into_iter().for_each(|snapshot| {
            lasting.transcripts.add_saved(snapshot);
        });
        announce(&ready.inspector);
    } else {
        if let Some(file) = &config.ready_file {
            ready.write(file).map_err(|error| StartError::ReadyFile(file.clone(), error))?;
        }
        greeting::announce(&ready, config.log.value);
    }
    let browser = arguments.open.as_deref().map(|path| Beside::start(page(&ready.urls, path), config.clone()));

    // Beside the serving: a resolver may take its time.
    tokio::spawn(setup::hosts::check_subdomains(config.clone()));
    let mut acceptors = JoinSet::new();
    for port in open {
        acceptors.spawn(accept(port, workers.senders.clone()));
    }
    let mut reloader = Reloader { arguments, log, config, lasting, workers: workers.senders.clone(), edits };
    let signal = tokio::select! {
        signal = signals.next() => signal,
        never = reloader.run() => match never {},
    };
    tracing::info!("{signal:?}: no new connections; streams under way may end (a second signal cuts them off)");
    acceptors.shutdown().await;
    if let Some(browser) = browser {
        browser.end().await;
    }
    let grace = reloader.config.limits.server.shutdown_timeout.value;
    // A worker ends when nobody is left to give it orders.
    drop(reloader);
    tokio::select! {
        () = workers.ended() => {}
        _ = signals.another() => tracing::warn!("a second signal: streams under way are cut off"),
        () = tokio::time::sleep(grace) => tracing::warn!("streams still under way after {grace:?} are cut off"),
    }
    if let Some(files) = files {
        files.finish().await;
    }
    Ok(())
}

/// The URL of a page for a browser: over HTTP/2 if that is open.
fn page(urls: &ready::Urls, path: &str) -> String {
    let base = [PortKind::H2, PortKind::Https, PortKind::Http].into_iter().find_map(|kind| urls.first(kind));
    format!("{}{}", base.unwrap_or_default(), path.trim_start_matches('/'))
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| StartError::System("a runtime", error))
}

/// Opens every port before anything is announced.
fn open_ports(config: &Config, certificates: &Certificates, key_log: Option<&KeyLog>) -> Result<Opened, StartError> {
    let timeout = config.limits.server.handshake_timeout.value;
    let tls = |alpn: &[&str]| {
        let tls = Tls::new(certificates.resolver(), alpn, timeout);
        let tls = tls.map_err(|error| StartError::Tls(error.to_string()))?;
        Ok::<_, StartError>(match key_log {
            Some(key_log) => tls.with_key_log(key_log),
            None => tls,
        })
    };
    let usual = config.ports.all().map(|Wanted { kind, index, port }| (kind, port, kind.advice(index), None));
    let profiles = config.profile_ports.iter().map(|own| {
        let ProfilePort { kind, port, profile } = &own.value;
        (*kind, *port, "profile_ports: port =", Some(profile.as_str()))
    });
    // Those with a number first, so that none of them is taken for one that may be any.
    let mut wanted: Vec<_> = usual.chain(profiles).enumerate().collect();
    wanted.sort_by_key(|(_, (_, port, ..))| *port == Port::Auto);
    let mut listeners = BTreeMap::new();
    for (position, (kind, port, advice, profile)) in wanted {
        let listener = Listener::bind(config.bind_address.value, port.number(), advice)?;
        listeners.insert(position, (kind, listener, profile));
    }
    let mut opened = Opened {
        ports: Vec::new(),
        urls: ready::Urls::new(&config.browser_host.value),
        unserved: unserved_ports(config)?,
        profiles: BTreeMap::new(),
    };
    for (kind, listener, profile) in listeners.into_values() {
        let speaks = match kind {
            // HTTP/1.1 is taken too, to be told in words that this is the wrong port.
            PortKind::H2 => Speaks::Http2OverTls(tls(&["h2", "http/1.1"])?),
            PortKind::H2c => Speaks::Http2,
            kind if kind.has_tls() => Speaks::Http1OverTls(tls(&["http/1.1"])?),
            _ => Speaks::Http1,
        };
        let port = listener.address().port();
        match profile {
            Some(profile) => {
                let url = ready::url(kind.scheme(), &config.browser_host.value, port);
                opened.profiles.entry(profile.to_owned()).or_default().push(url);
            }
            None => opened.urls.push(kind, port),
        }
        opened.ports.push(Open { listener, speaks, profile: profile.map(Arc::from) });
    }
    Ok(opened)
}

/// A number for each port that templates can name although nothing listens there, as wptserve gives them.
fn unserved_ports(config: &Config) -> Result<Vec<(PortKind, u16)>, ListenError> {
    let lists = config.ports.lists().filter(|(kind, _)| !kind.is_served());
    let ports = lists.flat_map(|(kind, ports)| ports.value.iter().map(move |port| (kind, *port)));
    let number = |(kind, port): (PortKind, Port)| match port {
        Port::Number(number) => Ok((kind, number)),
        Port::Auto => {
            let free = Listener::bind(config.bind_address.value, 0, kind.advice(0))?;
            Ok((kind, free.address().port()))
        }
    };
    ports.map(number).collect()
}

/// Hands what arrives to the workers in turn.
async fn accept(port: Open, workers: Vec<mpsc::UnboundedSender<Order>>) {
    let mut next = 0;
    loop {
        let (stream, client) = port.listener.accept().await;
        let (speaks, profile) = (port.speaks.clone(), port.profile.clone());
        let order = Order::Serve(Incoming { stream, client, speaks, profile });
        if hand_over(&workers, &mut next, order).is_err() {
            tracing::error!("{client}: the connection is closed: every worker has ended");
        }
    }
}

/// Gives an order to the next worker that has not ended.
///
/// # Errors
/// The order, if all have.
fn hand_over<T>(workers: &[mpsc::UnboundedSender<T>], next: &mut usize, mut order: T) -> Result<(), T> {
    for _ in 0..workers.len() {
        *next = (*next + 1) % workers.len();
        let Some(worker) = workers.get(*next) else { break };
        match worker.send(order) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::SendError(returned)) => order = returned,
        }
    }
    Err(order)
}

/// The threads that do the work.
struct Workers {
    senders: Vec<mpsc::UnboundedSender<Order>>,
    begun: Vec<oneshot::Receiver<()>>,
    ended: Vec<oneshot::Receiver<()>>,
}

impl Workers {
    fn start(count: usize, shared: &Arc<Shared>) -> Result<Self, StartError> {
        let mut workers = Self { senders: Vec::new(), begun: Vec::new(), ended: Vec::new() };
        for number in 0..count {
            let (sender, orders) = mpsc::unbounded_channel();
            let (beginning, begun) = oneshot::channel();
            let (ending, ended) = oneshot::channel();
            let shared = shared.clone();
            let work = move || match runtime() {
                Ok(runtime) => {
                    let local = tokio::task::LocalSet::new();
                    local.block_on(&runtime, thread::run(shared, orders, beginning));
                }
                Err(error) => tracing::error!("worker {number} could not start: {error}; the others serve"),
            };
            let run = move || {
                if catch_unwind(AssertUnwindSafe(work)).is_err() {
                    tracing::error!("a fault in the server ended worker {number}; the others serve");
                }
                // Nothing listens if the server is cut off already.
                let _ = ending.send(());
            };
            let thread = std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .stack_size(crate::script::coroutine::OUTER_STACK_SIZE)
                .spawn(run);
            thread.map_err(|error| StartError::System("a worker thread", error))?;
            workers.senders.push(sender);
            workers.begun.push(begun);
            workers.ended.push(ended);
        }
        Ok(workers)
    }

    /// Waits until each worker has called the hooks that are called at start.
    async fn begun(&mut self) {
        for begun in self.begun.drain(..) {
            // An error says that the thread has ended, which was told.
            let _ = begun.await;
        }
    }

    /// Lets the workers end, and waits until each has.
    async fn ended(self) {
        drop(self.senders);
        for ended in self.ended {
            // An error says that the thread ended without a word: ended all the same.
            let _ = ended.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_that_ended_are_skipped() {
        let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::unbounded_channel()).unzip();
        let mut next = 0;
        for order in 0..3 {
            assert_eq!(hand_over(&senders, &mut next, order), Ok(()));
        }
        drop(receivers.remove(1));
        for order in 3..7 {
            assert_eq!(hand_over(&senders, &mut next, order), Ok(()));
        }
        let got = |receiver: &mut mpsc::UnboundedReceiver<i32>| {
            std::iter::from_fn(|| receiver.try_recv().ok()).collect::<Vec<_>>()
        };
        let all: Vec<_> = receivers.iter_mut().flat_map(got).collect();
        assert_eq!(all.len(), 6, "all but the one that the ended worker had: {all:?}");
        drop(receivers);
        assert_eq!(hand_over(&senders, &mut next, 7), Err(7));
    }
}
