//! What the running script is about: its request and its connection.

use super::outcome::{Outcome, fail};
use crate::exchange::{Connection, Exchange};
use crate::script::budget;
use crate::script::entries::Entry;

/// The exchange that the running script answers or looks at.
pub fn exchange() -> Option<Exchange> {
    budget::current()?.subject().exchange().cloned()
}

/// The connection of the running script.
pub fn connection() -> Option<Connection> {
    budget::current()?.subject().connection().cloned()
}

/// The function of a profile that runs, if one does.
pub fn profile_call() -> Option<Entry> {
    budget::current()?.subject().profile_call()
}

/// Refuses to wait for the client where nothing that it sends can arrive.
pub fn check_wait(function: &str) -> Outcome<()> {
    if profile_call() == Some(Entry::OnFrame) {
        return fail(format!(
            "{function} would wait forever: what it waits for can arrive only after on_frame has returned. \
             Send the frame, and look for the reply in on_frame"
        ));
    }
    Ok(())
}
