//! One connection: its engine, its transcript, its profile and its hooks, around the pump.

use super::driver::Driver;
use super::profiles::Shape;
use super::recording::{Recording, log_records};
use super::thread_state::Thread;
use crate::exchange::{Peer, Socket};
use crate::net::pump::pump;
use crate::net::transport::Transport;
use crate::transcript::Side;
use crate::{h1, h2, net};
use std::rc::Rc;

/// Runs a connection under the pump, from its engine's start to the last call of its hooks.
pub(super) async fn run_connection<S: Transport>(
    thread: &Rc<Thread>,
    stream: S,
    mut peer: Peer,
    http2: bool,
    shape: Shape,
) {
    let id = peer.id;
    let worker = thread.worker();
    let shared = worker.shared.clone();
    let shape = if http2 || shape.is_for_http1() { shape } else { Shape::Plain };
    if let Shape::By(profile) = &shape {
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
    let recorder = shared.transcripts.record(Side::Server, peer, protocol, now, net::wall_clock());
    let end_transcript = recorder.map(|recorder| {
        let (ending, logged) = (recorder.ending(), log_records(id, recorder.transcript()));
        socket.observe_by(Box::new(Recording(recorder)));
        (ending, logged)
    });
    drop(shared);
    thread.add(&socket);
    tracing::debug!(connection = id, "opened: {connection:?}");
    let told = worker.opened(connection);
    let shaping = worker.begin(&shape, connection);
    drop(worker);
    if thread.is_stopping() {
        socket.shut_down();
    }
    let driver = Driver { socket: socket.clone(), thread: thread.clone() };
    pump(stream, &driver).await;
    socket.end_all();
    thread.remove(&socket);
    if let Some((end_transcript, logged)) = end_transcript {
        end_transcript(connection.end_reason());
        if let Some(logged) = logged {
            // It fails only if the server is cut off.
            let _ = logged.await;
        }
    }
    tracing::debug!(connection = id, "closed: {}", connection.end_reason());
    if let Some(shaping) = shaping
        && let Err(fault) = shaping.await
    {
        tracing::error!(connection = id, "a fault in the server ended a profile: {fault}");
    }
    thread.worker().closed(connection, told).await;
    socket.end_context();
}
