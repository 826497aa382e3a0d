//! What follows a script's last function: the rest of its response, and the end of what raw calls left open.

use super::api::response::Response;
use super::error::ScriptError;
use super::runtime::Caller;
use crate::exchange::{Close, Exchange, Protocol};

/// Sends what is left of a response, after the script's function `last`.
///
/// # Errors
/// What the response's own functions raised, or why it cannot be sent.
pub fn finish(caller: &Caller, response: &Response, last: &str) -> Result<(), ScriptError> {
    let call = |pointer: &rhai::FnPtr| caller.call_raw(pointer);
    response.conclude(&call).map_err(|error| caller.error(&error, last))?;
    if response.closes_connection() {
        response.exchange().connection().close_after();
    }
    Ok(())
}

/// After raw octets: ends what they held back.
pub fn settle_raw(exchange: &Exchange) {
    exchange.settle_raw();
    // Only the script knows where raw octets end, so nothing can follow them.
    if exchange.raw_used() && exchange.protocol() == Protocol::Http1 {
        exchange.connection().close(Close::Graceful);
    }
}
