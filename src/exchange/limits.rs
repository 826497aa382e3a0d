//! Bounds on what a connection's requests make the server keep.

use std::time::Duration;

/// What an exchange may keep in memory, and when it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of request content kept for one exchange.
    pub body: u64,
    /// What inputs may cost that wait for a slow reader, before the client's window is withheld.
    pub queued_body: u64,
    /// Frames kept in `request.frames`, and frames queued, per exchange.
    pub frames: usize,
    /// What the frames in `request.frames` may cost, per exchange.
    pub frame_octets: u64,
    /// What all exchanges of a connection may cost together. A body that does not fit is too large; an input that does
    /// not fit ends its stream. One exchange that is alone may keep a whole body besides.
    pub kept: u64,
    /// How long after its request the first interim response leaves, at least: [`Exchange::interim_due`] tells.
    ///
    /// [`Exchange::interim_due`]: super::Exchange::interim_due
    pub interim_delay: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 << 20,
            queued_body: 1 << 20,
            frames: 4096,
            frame_octets: 1 << 20,
            kept: 48 << 20,
            interim_delay: Duration::ZERO,
        }
    }
}
