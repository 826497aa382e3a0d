//! From a socket to a protocol: TLS, ALPN, and which profile controls the connection.

use super::connection::run_connection;
use super::h2c_profile;
use super::orders::{Incoming, Speaks};
use super::profiles::Shape;
use super::thread_state::Thread;
use crate::exchange::{self, Peer};
use crate::net::opening::Opening;
use crate::net::tls::{HandshakeError, Tls, TlsInfo, TlsStream};
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
    let mut peer = Peer {
        id: thread.worker().shared.next_connection.fetch_add(1, Ordering::Relaxed),
        client_address: client.to_string(),
        server_address: server.map(|address| address.to_string()).unwrap_or_default(),
        server_port: server.map(|address| address.port()).unwrap_or_default(),
        ..Peer::default()
    };
    let (Speaks::Http1OverTls(tls) | Speaks::Http2OverTls(tls)) = &speaks else {
        return match speaks {
            Speaks::Http2 => serve_in_clear(&thread, stream, peer, profile.as_deref()).await,
            _ => run_connection(&thread, stream, peer, false, Shape::Plain).await,
        };
    };
    let shaped = matches!(speaks, Speaks::Http2OverTls(_));
    match shake_hands(&thread, tls, stream, profile.as_deref(), shaped).await {
        Ok(None) => {}
        Ok(Some((stream, info, shape))) => {
            let http2 = shape.speaks_http2(info.alpn.as_deref());
            peer.wrong_protocol = !http2 && shaped && !shape.is_for_http1();
            peer.tls = Some(exchange::Tls {
                sni: info.sni,
                alpn: info.alpn,
                version: info.version.to_owned(),
                cipher: info.cipher.to_owned(),
            });
            run_connection(&thread, stream, peer, http2, shape).await;
        }
        Err(error) if error.is_distrust() => tracing::info!("{client}: {error}"),
        Err(error) => tracing::debug!("{client}: {error}"),
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
    run_connection(thread, stream, peer, http2, shape).await;
}

/// Shakes hands, unless the client names a profile that there is not: `None`, and the client has got an alert. `shaped`:
/// profiles shape the connections of this port.
async fn shake_hands<S: Transport>(
    thread: &Thread,
    tls: &Tls,
    stream: S,
    profile: Option<&str>,
    shaped: bool,
) -> Result<Option<(TlsStream<S>, TlsInfo, Shape)>, HandshakeError> {
    let hello = tls.hello(stream).await?;
    let worker = thread.worker();
    let of_host = hello.sni().and_then(|host| worker.profile_of(host));
    let shape = match worker.shape(of_host.as_deref().or(profile)) {
        Shape::By(_) if !shaped => Shape::Plain,
        shape => shape,
    };
    if let Shape::Unknown(name) = &shape
        // Over HTTP/1.1 it is told by a page.
        && hello.offers("h2")
    {
        tracing::warn!("a TLS handshake was refused: {}", worker.no_profile(name));
        hello.refuse_name().await?;
        return Ok(None);
    }
    drop(worker);
    let (stream, info) = hello.accept(shape.selection()).await?;
    Ok(Some((stream, info, shape)))
}
