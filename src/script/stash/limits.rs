//! How much a stash keeps, and for how long.

use std::time::Duration;

use tokio::time::Instant;

/// What a backend holds at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub max_entries: usize,
    pub max_octets: usize,
    pub max_age: Duration,
}

/// A time so far away that it never comes, if there is no such time.
pub(super) fn after(now: Instant, duration: Duration) -> Instant {
    now.checked_add(duration).unwrap_or_else(|| now + Duration::from_secs(86_400 * 365))
}
