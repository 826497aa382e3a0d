//! One connection: its engine, its transcript, its profile and its hooks, around the pump.

use super::driver::Driver;
use super::outcomes::Watch;
use super::profiles::Shape;
use super::recording::{Recording, log_records};
use super::thread_state::Thread;
use crate::exchange::{Peer, Socket};
use crate::http::role::Role;
use crate::http::transport::{CloseReason, PeerClosed, Transmitted};
use crate::net::pump::{End, Engine, pump};
use crate::net::tls::Early;
use crate::net::transport::Transport;
use crate::transcript::{Recorder, Side};
use crate::{h1, h2, net};
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A connection that is served, from its engine's start to the last call of its hooks.
pub(super) struct Open {
    driver: Driver,
    stall_timeout: Duration,
    end_transcript: Option<Box<dyn FnOnce(CloseReason)>>,
    /// Logs the records.
    logged: Option<JoinHandle<()>>,
    hook: Option<JoinHandle<()>>,
    profile: Option<JoinHandle<()>>,
}

impl Open {
    /// Begins it: hooks hear of it, and its profile is called.
    pub fn new(thread: &Rc<Thread>, mut peer: Peer, http2: bool, shape: &Shape) -> Self {
        let id = peer.id;
        let worker = thread.worker();
        let shared = &worker.shared;
        let shape = if http2 || shape.is_for_http1() { shape } else { &Shape::Plain };
        if let Shape::By(profile) = shape {
            peer.profile = Some(profile.name.clone());
        }
        let now = net::now();
        let socket = if http2 {
            let config = h2::Config { wait_for_start: !matches!(shape, Shape::Plain), ..shared.h2.clone() };
            Socket::http2(peer, shared.exchange, h2::Connection::server(config, now))
        } else {
            Socket::http1(peer, shared.exchange, h1::Connection::server(shared.h1.clone(), now))
        };
        let connection = socket.connection();
        let (peer, protocol) = (connection.peer(), connection.protocol());
        let opened = net::wall_clock();
        let recorder = Recorder::begin(&shared.transcripts, Side::Server, peer, protocol, now, opened);
        let logged = recorder.as_ref().and_then(|recorder| log_records(id, recorder.transcript()));
        let end_transcript = recorder.map(|recorder| {
            let watch = Rc::new(Watch::new(&shared.outcomes, recorder.transcript(), peer, opened));
            let (ending, watched) = (recorder.ending(), watch.clone());
            socket.observe_by(Box::new(Recording { recorder, watch }));
            Box::new(move |why| {
                ending(why);
                watched.catch_up();
            }) as Box<dyn FnOnce(CloseReason)>
        });
        thread.add(&socket);
        tracing::debug!(connection = id, "opened: {connection:?}");
        let hook = worker.opened(connection);
        let profile = worker.begin(shape, connection);
        if thread.is_stopping() {
            socket.shut_down();
        }
        let stall_timeout = shared.stall_timeout;
        Self { driver: Driver::new(socket, thread.clone()), stall_timeout, end_transcript, logged, hook, profile }
    }

    /// Sends what is there to be sent at once, up to a cut mark, before there is a stream.
    pub fn send_early(&self, write: &mut Early<'_>) {
        let mut offered = true;
        while std::mem::take(&mut offered) {
            let sent = self.driver.transmit(net::now(), &mut |octets| {
                offered = true;
                write(octets)
            });
            if sent != Transmitted::More {
                return;
            }
        }
    }

    /// Serves it over `stream` to its end.
    pub async fn serve<S: Transport>(self, stream: S) {
        if let End::Stalled(time) = pump(stream, &self.driver, self.stall_timeout).await {
            let Driver { socket, thread, .. } = &self.driver;
            let connection = socket.connection();
            let id = connection.peer().id;
            tracing::info!(connection = id, "the client read nothing for {time:?} (limits.stall_timeout): reset");
            thread.met("stall_timeout", 1);
            connection.stalled();
        }
        self.end().await;
    }

    /// Ends it before there was a stream.
    pub async fn fail(self) {
        self.driver.peer_closed(net::now(), PeerClosed::Reset);
        self.end().await;
    }

    async fn end(self) {
        let Self { driver, end_transcript, logged, hook, profile, .. } = self;
        driver.socket.end_all();
        driver.log_notices();
        let Driver { socket, thread, .. } = driver;
        let connection = socket.connection();
        let id = connection.peer().id;
        thread.remove(&socket);
        if let Some(end_transcript) = end_transcript {
            end_transcript(connection.end_reason());
        }
        if let Some(logged) = logged {
            // It fails only if the server is cut off.
            let _ = logged.await;
        }
        tracing::debug!(connection = id, "closed: {}", connection.end_reason().text(Role::Server));
        if let Some(profile) = profile
            && let Err(fault) = profile.await
        {
            tracing::error!(connection = id, "a fault in the server ended a profile: {fault}");
        }
        thread.worker().closed(connection, hook).await;
        while socket.has_discarded() {
            socket.free_some();
            tokio::task::yield_now().await;
        }
        socket.end_context();
    }
}
