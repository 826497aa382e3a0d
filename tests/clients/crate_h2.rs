//! The crate `h2`, in this process on a runtime of its own.

use super::{Ending, Outcome, Request};
use crate::support::raw::tls_config;
use bytes::Bytes;
use hyper::http;
use rustls::pki_types::ServerName;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub fn fetch(request: &Request) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut outcome = Outcome { client: "crate-h2".into(), version: "0.4".into(), ..Outcome::default() };
    let limit = Duration::from_secs(u64::from(request.max_time));
    let result = runtime.block_on(async { tokio::time::timeout(limit, run(request, &mut outcome)).await });
    match result {
        Err(_) => outcome.result = Ending::Timeout,
        Ok(Ok(())) => outcome.result = Ending::Complete,
        Ok(Err(Failure::H2(error))) => {
            outcome.detail = error.to_string();
            outcome.code = error.reason().map(u32::from);
            outcome.by = (error.reason().is_some()).then(|| if error.is_remote() { "server" } else { "client" }.into());
            outcome.result = match (error.is_reset(), error.is_go_away()) {
                (true, _) => Ending::StreamError,
                (_, true) => Ending::ConnectionError,
                _ => Ending::Other,
            };
        }
        Ok(Err(Failure::Other(words))) => outcome.detail = words,
    }
    outcome
}

enum Failure {
    H2(h2::Error),
    Other(String),
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        Self::H2(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

async fn run(request: &Request, outcome: &mut Outcome) -> Result<(), Failure> {
    let uri: http::Uri = request.url.parse().map_err(|error| Failure::Other(format!("{error}")))?;
    let authority = uri.authority().ok_or_else(|| Failure::Other("no authority".into()))?;
    let port = authority.port_u16().unwrap_or(80);
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    match &request.ca {
        None => exchange(socket, request, outcome).await,
        Some(ca) => {
            let connector = tokio_rustls::TlsConnector::from(Arc::new(tls_config(ca, &[b"h2"])));
            let name = ServerName::try_from(authority.host().to_owned());
            let name = name.map_err(|error| Failure::Other(error.to_string()))?;
            exchange(connector.connect(name, socket).await?, request, outcome).await
        }
    }
}

async fn exchange<S>(stream: S, request: &Request, outcome: &mut Outcome) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = h2::client::handshake(stream).await?;
    let driver = tokio::spawn(connection);
    let result = converse(sender, request, outcome).await;
    if result.is_err() {
        // Lets it send what it thinks of the server; a connection left without streams ends by itself.
        let _ = tokio::time::timeout(Duration::from_secs(1), driver).await;
    }
    result
}

async fn converse(
    sender: h2::client::SendRequest<Bytes>,
    request: &Request,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut head = http::Request::builder().method(request.method).uri(&request.url);
    for (name, value) in &request.headers {
        head = head.header(name, value);
    }
    let head = head.body(()).map_err(|error| Failure::Other(error.to_string()))?;
    let mut sender = sender.ready().await?;
    let (response, stream) = sender.send_request(head, request.upload == 0)?;
    // The connection stays open for the response, and closes after it.
    drop(sender);
    // By itself: an answer that comes while the upload runs must be read, or both sides wait for window.
    let upload = tokio::spawn(send(stream, usize::try_from(request.upload).unwrap_or(usize::MAX)));
    receive(response, outcome).await?;
    match upload.await {
        // A server may end the stream before it has read everything.
        Ok(Err(error)) if !error.is_reset() => Err(error.into()),
        _ => Ok(()),
    }
}

async fn send(mut stream: h2::SendStream<Bytes>, mut left: usize) -> Result<(), h2::Error> {
    while left > 0 {
        stream.reserve_capacity(left.min(65_536));
        let Some(capacity) = poll_fn(|context| stream.poll_capacity(context)).await else { break };
        let part = capacity?.min(left);
        left -= part;
        stream.send_data(Bytes::from(vec![b'u'; part]), left == 0)?;
    }
    Ok(())
}

async fn receive(response: h2::client::ResponseFuture, outcome: &mut Outcome) -> Result<(), Failure> {
    let (parts, mut body) = response.await?.into_parts();
    outcome.status = Some(parts.status.as_u16().into());
    outcome.headers = pairs(&parts.headers);
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        outcome.body_octets += chunk.len() as u64;
        digest.update(&chunk);
    }
    outcome.body_sha256 = Some(super::hex(digest.finish().as_ref()));
    if let Some(trailers) = body.trailers().await? {
        outcome.trailers = pairs(&trailers);
    }
    Ok(())
}

fn pairs(fields: &http::HeaderMap) -> Vec<(String, String)> {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    fields.iter().map(pair).collect()
}
