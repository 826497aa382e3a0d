//! A client for many streams at once, on the crate `h2`.

use bytes::Bytes;
use h2::client::SendRequest;
use hyper::http::Request;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// One connection, driven by a task of the current runtime.
#[derive(Clone)]
pub struct Connection {
    sender: SendRequest<Bytes>,
    authority: String,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.expect("the port is open");
        socket.set_nodelay(true).expect("a socket option");
        let (sender, connection) = h2::client::handshake(socket).await.expect("an HTTP/2 server");
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("a connection ended: {error}");
            }
        });
        Self { sender, authority: address.to_string() }
    }

    /// Sends a request; the answer's status and body length come later.
    pub async fn get(&mut self, path: &str) -> h2::client::ResponseFuture {
        let request = Request::get(format!("http://{}{path}", self.authority)).body(()).expect("a request");
        let mut sender = self.sender.clone().ready().await.expect("the connection takes requests");
        sender.send_request(request, true).expect("a request is sent").0
    }
}

/// Reads an answer to its end and gives its status.
pub async fn finish(response: h2::client::ResponseFuture) -> Result<u16, h2::Error> {
    let (head, mut body) = response.await?.into_parts();
    while let Some(chunk) = body.data().await {
        let length = chunk?.len();
        body.flow_control().release_capacity(length)?;
    }
    Ok(head.status.as_u16())
}

/// Runs on a runtime of this thread, no longer than `limit`.
pub fn block_on<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = runtime.block_on(async { tokio::time::timeout(limit, future).await });
    result.unwrap_or_else(|_| panic!("not done in {limit:?}"))
}
