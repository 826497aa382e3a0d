//! From a socket to a protocol: TLS, ALPN, and which profile controls the connection.

use super::connection::Open;
use super::h2c_profile;
use super::orders::{Incoming, Speaks};
use super::profiles::Shape;
use super::thread_state::Thread;
use crate::exchange::Peer;
use crate::net::opening::Opening;
use crate::net::tls::{Early, HandshakeError, Hello, TlsInfo};
use crate::net::transport::Transport;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Serves a connection from its first octet to its last.
pub(super) async fn serve(thread: Rc<Thread>, incoming: Incoming) {
    let Incoming { stream, client, speaks, profile } = incoming;
    let stream = match tokio::net::TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!("a connection from {client} could not be taken over: {error}"),
    };
    let server = stream.local_addr().ok();
    let peer = Peer {
        id: thread.worker().shared.next_connection.fetch_add(1, Ordering::Relaxed),
        client_address: client.to_string(),
        server_address: server.map(|address| address.to_string()).unwrap_or_default(),
        server_port: server.map(|address| address.port()).unwrap_or_default(),
        ..Peer::default()
    };
    let (Speaks::Http1OverTls(tls) | Speaks::Http2OverTls(tls)) = &speaks else {
        return match speaks {
            Speaks::Http2 => serve_in_clear(&thread, stream, peer, profile.as_deref()).await,
            _ => Open::new(&thread, peer, false, &Shape::Plain).serve(stream).await,
        };
    };
    let shaped = matches!(speaks, Speaks::Http2OverTls(_));
    match tls.hello(stream).await {
        Ok(hello) => serve_over_tls(&thread, hello, peer, profile.as_deref(), shaped).await,
        Err(error) => log_failure(&peer, &error),
    }
}

fn log_failure(peer: &Peer, error: &HandshakeError) {
    if error.is_distrust() {
        tracing::info!("{}: {error}", peer.client_address);
    } else {
        tracing::debug!("{}: {error}", peer.client_address);
    }
}

/// HTTP/2 in clear: the port or else the first request says which profile shapes the connection.
async fn serve_in_clear<S: Transport>(thread: &Rc<Thread>, stream: S, peer: Peer, of_port: Option<&str>) {
    let mut stream = Opening::new(stream);
    let wait = thread.worker().shared.h2c_profile_wait;
    let asked = match of_port {
        None if !wait.is_zero() => stream.look(wait, h2c_profile::MAX_OCTETS, h2c_profile::profile_in).await.flatten(),
        _ => None,
    };
    let shape = thread.worker().shape(asked.as_deref().or(of_port));
    let http2 = shape.speaks_http2(Some("h2"));
    Open::new(thread, peer, http2, &shape).serve(stream).await;
}

/// Shakes hands and serves, unless the client names a profile that does not exist, or one that lets it wait. `shaped`:
/// profiles control the connections of this port. Over TLS 1.3 a profile begins with our first flight, so that the client
/// has its SETTINGS before it asks.
async fn serve_over_tls<S: Transport>(
    thread: &Rc<Thread>,
    hello: Hello<S>,
    peer: Peer,
    of_port: Option<&str>,
    shaped: bool,
) {
    let worker = thread.worker();
    let of_host = hello.sni().and_then(|host| worker.profile_of(host));
    let shape = match worker.shape(of_host.as_deref().or(of_port)) {
        Shape::By(_) if !shaped => Shape::Plain,
        shape => shape,
    };
    if let Shape::Unknown(name) = &shape
        // Over HTTP/1.1 a page says so.
        && hello.offers("h2")
    {
        tracing::warn!("a TLS handshake was refused: {}", worker.no_profile(name));
        if let Err(error) = hello.refuse_name().await {
            log_failure(&peer, &error);
        }
        return;
    }
    drop(worker);
    if shape.stalls() {
        return hello.stall().await;
    }
    let open = |info: &TlsInfo| {
        let http2 = shape.speaks_http2(info.alpn.as_deref());
        let wrong_protocol = !http2 && shaped && !shape.is_for_http1();
        Open::new(thread, Peer { wrong_protocol, tls: Some(info.clone()), ..peer.clone() }, http2, &shape)
    };
    let mut early = None;
    let begin = |info: &TlsInfo, write: &mut Early<'_>| {
        if matches!(shape, Shape::By(_)) && shape.speaks_http2(info.alpn.as_deref()) {
            early.insert(open(info)).send_early(write);
        }
    };
    let accepted = hello.accept(shape.selection(), begin).await;
    match (accepted, early) {
        (Ok((stream, info)), early) => early.unwrap_or_else(|| open(&info)).serve(stream).await,
        (Err(error), early) => {
            log_failure(&peer, &error);
            if let Some(open) = early {
                open.fail().await;
            }
        }
    }
}
