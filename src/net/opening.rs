//! What a client says first, looked at before anybody answers it.

use super::transport::Transport;
use bytes::{Buf, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A stream of whose first octets some have been looked at. Whoever reads gets them all the same.
pub struct Opening<S> {
    stream: S,
    ahead: BytesMut,
    failed: Option<io::Error>,
}

impl<S: Transport> Opening<S> {
    /// Nothing has been looked at yet.
    pub fn new(stream: S) -> Self {
        Self { stream, ahead: BytesMut::new(), failed: None }
    }

    /// Shows `look` what has come, again and again as more comes, until it gives something. `None` if it does not
    /// within `patience` or the first `most` octets, or if nothing more will come.
    pub async fn look<T>(
        &mut self,
        patience: Duration,
        most: usize,
        mut look: impl FnMut(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let looking = async {
            while self.ahead.len() < most {
                match self.stream.read_buf(&mut self.ahead).await {
                    Ok(0) => return None,
                    Ok(_) => {}
                    Err(error) => {
                        self.failed = Some(error);
                        return None;
                    }
                }
                let seen = look(&self.ahead);
                if seen.is_some() {
                    return seen;
                }
            }
            None
        };
        tokio::time::timeout(patience, looking).await.ok().flatten()
    }
}

impl<S: Transport> AsyncRead for Opening<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return match self.failed.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Pin::new(&mut self.stream).poll_read(context, into),
            };
        }
        let count = self.ahead.len().min(into.remaining());
        into.put_slice(self.ahead.get(..count).unwrap_or_default());
        self.ahead.advance(count);
        if self.ahead.is_empty() {
            // Its memory goes too.
            self.ahead = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Transport> AsyncWrite for Opening<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: Transport> Transport for Opening<S> {
    fn poll_truncate(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_truncate(context)
    }

    fn reset_on_drop(&mut self) {
        self.stream.reset_on_drop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_was_looked_at_can_still_be_read() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut opening = Opening::new(server);
        let writes = async {
            client.write_all(b"one ").await.expect("a write");
            tokio::task::yield_now().await;
            client.write_all(b"two").await.expect("a write");
        };
        let looks = opening.look(LONG, 100, |octets| octets.ends_with(b"two").then_some(octets.len()));
        let (seen, ()) = tokio::join!(looks, writes);
        assert_eq!(seen, Some(7));
        client.write_all(b" three").await.expect("a write");
        drop(client);
        let mut text = String::new();
        opening.read_to_string(&mut text).await.expect("a text");
        assert_eq!(text, "one two three");
    }

    #[tokio::test]
    async fn looking_has_an_end() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut opening = Opening::new(server);
        client.write_all(b"12345").await.expect("a write");
        assert_eq!(opening.look(LONG, 5, |_| None::<()>).await, None);
        assert_eq!(opening.look(Duration::from_millis(1), 6, |_| None::<()>).await, None);
        drop(client);
        assert_eq!(opening.look(LONG, 6, |_| None::<()>).await, None);
        let mut text = String::new();
        opening.read_to_string(&mut text).await.expect("a text");
        assert_eq!(text, "12345");
    }
}
