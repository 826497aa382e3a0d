//! What pipes do to the way in which a response goes out.

use crate::exchange::{Close, ErrorCode, Exchange, SendError};
use std::time::Duration;

/// How a response goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::site) struct Wire {
    /// Before the fields.
    pub delay: Duration,
    /// Octets of content in a DATA frame, or in a write over HTTP/1.1.
    pub split: Option<usize>,
    /// Octets of padding in each DATA frame (HTTP/2).
    pub pad: Option<u8>,
    /// That it does not end as it should.
    pub ending: Option<Ending>,
}

/// How a response ends too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) struct Ending {
    pub how: How,
    /// After this many octets of content, or after all of it if there are fewer; `None`: before the fields.
    pub after: Option<u64>,
}

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) enum How {
    /// The stream, by RST_STREAM (RFC 9113 §6.4); over HTTP/1.1 the connection, by a TCP reset.
    Reset(ErrorCode),
    /// The connection, without a word.
    Close,
}

impl Ending {
    /// Ends it, once what was sent before is on its way.
    pub async fn carry_out(self, exchange: &Exchange) -> Result<(), SendError> {
        exchange.flushed().await?;
        match self.how {
            How::Reset(code) => exchange.reset(code),
            How::Close => {
                exchange.connection().close(Close::Graceful);
                Ok(())
            }
        }
    }
}
