//! The graceful end of a connection.
//!
//! A socket that is closed while octets of the peer lie unread answers with a reset, and a reset
//! destroys what the peer has not read yet: our last frames. So our half is ended first, and the
//! peer's octets are read and thrown away until it ends too, within bounds.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::turn::{Rest, Turn};
use crate::http::transport::Close;
use crate::net::transport::Transport;

/// For a peer that does not read: how long our last octets may wait in TLS and TCP.
const SHUTDOWN_TIME: Duration = Duration::from_secs(5);
/// How long the peer may take to end after us.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// How many octets the peer may still send.
const DRAIN_OCTETS: usize = 4 * 1024 * 1024;

pub(super) struct Closing {
    deadline: Pin<Box<Sleep>>,
    how: Close,
    shut: bool,
    peer_ended: bool,
    drained: usize,
}

impl Closing {
    /// `how`: `Truncate`, or else gracefully.
    pub(super) fn new(now: Instant, how: Close, peer_ended: bool) -> Closing {
        let deadline = Box::pin(tokio::time::sleep_until((now + SHUTDOWN_TIME).into()));
        Closing { deadline, how, shut: false, peer_ended, drained: 0 }
    }

    /// Ready when the stream can be dropped.
    pub(super) fn poll<S: Transport>(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut S,
        (turn, rest): (Turn, &mut Rest),
        now: Instant,
        buffer: &mut [u8],
    ) -> Poll<()> {
        if !self.shut {
            let stream = Pin::new(&mut *stream);
            let shut = match self.how {
                Close::Truncate => stream.poll_truncate(context),
                _ => stream.poll_shutdown(context),
            };
            match shut {
                Poll::Ready(Ok(())) => {
                    self.shut = true;
                    self.deadline.as_mut().reset((now + DRAIN_TIME).into());
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => (),
            }
        }
        while !self.peer_ended && self.drained < DRAIN_OCTETS {
            let mut buffer = ReadBuf::new(buffer);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.drained += buffer.filled().len();
                    if turn.is_over() && self.drained < DRAIN_OCTETS {
                        return rest.begin(context);
                    }
                }
                Poll::Ready(_) => self.peer_ended = true,
                Poll::Pending => break,
            }
        }
        if self.shut && (self.peer_ended || self.drained >= DRAIN_OCTETS) {
            return Poll::Ready(());
        }
        self.deadline.as_mut().poll(context)
    }
}
