//! What follows a script's last function: the rest of its response, and the end of what raw calls left open.

use super::api::response::Response;
use super::call_sites;
use super::error::ScriptError;
use super::runtime::Caller;
use crate::exchange::{Close, ErrorCode, Exchange, Protocol};

/// Sends what is left of a response, after the script's function `last`.
///
/// # Errors
/// What the response's own functions raised, or why it cannot be sent.
pub fn finish(caller: &Caller, response: &Response, last: &str) -> Result<(), ScriptError> {
    let exchange = response.exchange();
    if response.is_cut_off() {
        tracing::warn!(
            target: "script",
            "{}: the response of {} is not sent: the connection was closed before; call response.finish() first",
            exchange.request().target.escape_ascii(),
            caller.script().path().display(),
        );
    }
    let call = |pointer: &rhai::FnPtr| caller.call_raw(pointer);
    response.conclude(&call).map_err(|error| caller.error(&error, last))?;
    if response.parts().close_connection.get() {
        exchange.connection().close_after();
    }
    Ok(())
}

/// Resets what a handler has promised and not answered, whatever its end was.
pub fn abandon_pushed<T>(exchange: &Exchange, result: &Result<T, ScriptError>) {
    let code = match result {
        Ok(_) | Err(ScriptError::Ended) => ErrorCode::CANCEL,
        Err(_) => ErrorCode::INTERNAL_ERROR,
    };
    for target in exchange.abandon_pushed(code) {
        tracing::warn!(
            target: "script",
            "{}: the handler ended without finishing the response that it pushed for {}: its stream is reset",
            exchange.request().target.escape_ascii(),
            target.escape_ascii(),
        );
    }
}

/// After raw calls: says what they left unfinished, which the client waits for, and ends what they held back.
pub fn settle_raw(exchange: &Exchange) {
    if let Err(unfinished) = exchange.check_finished() {
        let (target, what) = (&exchange.request().target, unfinished.text(call_sites::place_of));
        tracing::warn!(
            target: "script",
            "{}: the handler has ended, but {what}; the client waits for it, and so does all else on the connection",
            String::from_utf8_lossy(target),
        );
    }
    exchange.settle_raw();
    // Only the script knows where raw octets end, so nothing can follow them.
    if exchange.raw_used() && exchange.protocol() == Protocol::Http1 {
        exchange.connection().close(Close::Graceful);
    }
}
