//! How long work goes on before other work of the worker has its turn.

use std::time::Duration;

use tokio::time::Instant;

/// The time after which others run, about.
const TURN: Duration = Duration::from_micros(250);

/// A row of steps, none of which waits: what is there to be handled may be there by the thousand.
#[derive(Default)]
pub struct Turn {
    ends: Option<Instant>,
}

impl Turn {
    /// Whether others are to run before the next step; to be asked after each. Then the next turn begins.
    pub fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let is_over = *self.ends.get_or_insert(now + TURN) <= now;
        if is_over {
            self.ends = None;
        }
        is_over
    }
}
