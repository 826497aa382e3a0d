//! What the pump needs of a stream besides reading and writing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::client;
use tokio_rustls::server::TlsStream;

/// A stream that can be cut off.
///
/// `poll_shutdown` ends our half (TLS: close_notify, then FIN) and leaves the peer's half readable.
pub trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// Ends our half of the TCP connection without the close_notify alert of TLS (RFC 8446 §6.1); everything written
    /// must have been flushed.
    fn poll_truncate(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Makes the coming drop of the stream a reset (RST) that destroys whatever is still on its way.
    fn reset_on_drop(&mut self);
}

impl Transport for TcpStream {
    fn poll_truncate(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_shutdown(context)
    }

    fn reset_on_drop(&mut self) {
        // The socket may be gone already; then there is nothing left to reset.
        let _ = self.set_zero_linger();
    }
}

impl<S: Transport> Transport for TlsStream<S> {
    fn poll_truncate(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().get_mut().0).poll_truncate(context)
    }

    fn reset_on_drop(&mut self) {
        self.get_mut().0.reset_on_drop();
    }
}

impl<S: Transport> Transport for client::TlsStream<S> {
    fn poll_truncate(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().get_mut().0).poll_truncate(context)
    }

    fn reset_on_drop(&mut self) {
        self.get_mut().0.reset_on_drop();
    }
}

impl<S: Transport + ?Sized> Transport for Box<S> {
    fn poll_truncate(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.get_mut()).poll_truncate(context)
    }

    fn reset_on_drop(&mut self) {
        (**self).reset_on_drop();
    }
}

/// In memory there is no reset: the peer sees the end of the stream.
impl Transport for DuplexStream {
    fn poll_truncate(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_shutdown(context)
    }

    fn reset_on_drop(&mut self) {}
}
