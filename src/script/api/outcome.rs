//! What a host function gives: a value, or an error for the script.

use rhai::EvalAltResult;

use crate::exchange::{Protocol, SendError};
use crate::script::budget;
use crate::script::call_sites;
use crate::script::entries::Entry;
use crate::script::limits::Ending;

/// The outcome of a host function.
pub type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// A message as a script error; Rhai adds the place.
pub fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(message.into().into())
}

/// A send's outcome for a script: a client that has left ends the handler quietly, unless it is there to be told so.
pub fn sent<T>(outcome: Result<T, SendError>) -> Outcome<T> {
    outcome.map_err(|error| {
        if !error.is_peer_gone() {
            return error.text(call_sites::place_of).into();
        }
        let Some(run) = budget::current() else { return budget::ended() };
        if run.subject().profile_call() == Some(Entry::OnClose) {
            return "the connection is over: nothing can be sent on it any more".into();
        }
        run.end(Ending::Cancelled);
        budget::ended()
    })
}

/// The error for what exists in one protocol only.
pub fn other_protocol<T>(function: &'static str, wanted: Protocol) -> Outcome<T> {
    fail(SendError::OtherProtocol { function, wanted }.to_string())
}
