//! From a configuration to open ports, and to the end.

use super::error::StartError;
use super::worker::{self, Incoming, Shared, Speaks};
use crate::config::{Config, Port, Ready, Urls};
use crate::net::certificates::Certificates;
use crate::net::listen::Listener;
use crate::net::signals::{Signal, Signals};
use crate::net::tls::Tls;
use crate::{net, script};
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};

/// An open port and what it speaks.
struct Open {
    listener: Listener,
    speaks: Speaks,
}

/// Serves until Ctrl-C or SIGTERM, and then until the streams under way have ended. A second signal ends at once.
///
/// # Errors
/// [`StartError`], before the ready line was printed.
pub fn serve(config: Config) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::System("a runtime", error))?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> Result<(), StartError> {
    let mut signals = Signals::listen().map_err(|error| StartError::System("signal handlers", error))?;
    let certificates = config.wants_tls().then(|| certificates(&config)).transpose()?;
    let (open, urls) = open_ports(&config, certificates.as_ref())?;
    let shared = Arc::new(shared(&config, &urls)?);
    let (stop, stopped) = watch::channel(false);
    let workers = Workers::start(config.workers, &shared, &stopped)?;
    announce(&config, urls, certificates.as_ref())?;

    let mut acceptors = tokio::task::JoinSet::new();
    for (turn, port) in open.into_iter().enumerate() {
        acceptors.spawn(accept(port, workers.senders.clone(), turn));
    }
    let signal = signals.next().await;
    tracing::info!("{signal:?}: no new connections, {} may end what it does", "every stream");
    acceptors.shutdown().await;
    let _ = stop.send(true);
    let ended = workers.join();
    tokio::select! {
        () = ended => {}
        _ = signals.next() => tracing::warn!("a second signal: streams under way are cut off"),
        () = tokio::time::sleep(config.grace) => tracing::warn!("streams under way after {:?} are cut off", config.grace),
    }
    Ok(())
}
