//! Responses that the client did not ask for (RFC 9113 §8.4).

use super::conversation::{Exchange, Outcome};
use super::error::SendError;
use super::prepared::pairs;
use super::request::{RawHead, Request, Routing};
use crate::http::Fields;
use crate::http::peer::Protocol;
use crate::wire::frame::ErrorCode;
use bytes::Bytes;

impl Exchange {
    /// Promises a response to a request of our own making (RFC 9113 §8.4) and gives the exchange to answer it on.
    pub fn push(
        &self,
        method: &str,
        scheme: &str,
        authority: &str,
        target: &str,
        fields: &Fields,
    ) -> Result<Exchange, SendError> {
        self.check_open()?;
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function: "writer.write_push", wanted: Protocol::Http2 });
        }
        let fields = fields.for_http2().into_owned();
        let pseudo = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", target)];
        let all: Vec<(&[u8], &[u8])> =
            pseudo.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).chain(pairs(&fields)).collect();
        let promised = self.http2(|engine, id| engine.push_promise(id, all.iter().copied()))?;
        let octets = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let request = Request {
            method: octets(method),
            scheme: octets(scheme),
            authority: octets(authority),
            target: octets(target),
            connect_protocol_known: true,
            fields,
            raw: RawHead::Pushed,
            routing: Routing::default(),
        };
        let exchange = Exchange::new(self.0.connection.clone(), u64::from(promised), request, true);
        self.0.connection.open(exchange.clone());
        self.0.pushed.borrow_mut().push(exchange.clone());
        Ok(exchange)
    }

    /// Resets what was promised on this stream and not answered, so that no client waits for it: nothing will answer it
    /// any more. What raw calls have answered is left as it is. Gives the paths of what was reset.
    pub fn abandon_pushed(&self, code: ErrorCode) -> Vec<Bytes> {
        let pushed = std::mem::take(&mut *self.0.pushed.borrow_mut());
        let mut reset = Vec::new();
        for exchange in pushed {
            exchange.settle_raw();
            let open = exchange.outcome() == Outcome::Open && !exchange.response_ended() && !exchange.raw_used();
            if open && exchange.reset(code).is_ok() {
                reset.push(exchange.request().target.clone());
            }
        }
        reset
    }
}
