//! Flow-control windows (RFC 9113 §5.2, §6.9).

/// The greatest window (RFC 9113 §6.9.1).
pub(super) const MAX_WINDOW: i64 = 0x7fff_ffff;

/// The window of every connection at first, and of streams until SETTINGS say otherwise (RFC 9113 §6.9.2).
pub(super) const INITIAL_WINDOW: i64 = 65_535;

/// A window for what the peer sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ReceiveWindow {
    /// Octets that the peer may still send; below zero after our setting was lowered.
    available: i64,
    /// The size that the window is kept at.
    target: i64,
    /// Bytes used up by the layer above but not granted again; below zero while the window is to shrink.
    pending: i64,
}

impl ReceiveWindow {
    /// A window of this size, to be kept at it.
    pub fn new(size: i64) -> Self {
        Self { available: size, target: size, pending: 0 }
    }

    /// A connection's window: it begins at its initial size whatever is wanted.
    pub fn connection(target: u32) -> Self {
        let target = i64::from(target).min(MAX_WINDOW);
        Self { available: INITIAL_WINDOW, target, pending: target - INITIAL_WINDOW }
    }

    pub fn available(&self) -> i64 {
        self.available
    }

    /// The peer sent `octets`; `false` if the window did not hold them. Frames without any need no window, even one that
    /// is below zero (RFC 9113 §6.9.1).
    pub fn take(&mut self, octets: usize) -> bool {
        let octets = i64::try_from(octets).unwrap_or(MAX_WINDOW);
        self.available -= octets;
        octets == 0 || self.available >= 0
    }

    /// `octets` may be granted again.
    pub fn consume(&mut self, octets: usize) {
        self.pending = self.pending.saturating_add(i64::try_from(octets).unwrap_or(MAX_WINDOW));
    }

    /// What should be granted now: half a window or more, so that small reads do not make a frame each.
    pub fn due(&self) -> Option<u32> {
        let batch = (self.target / 2).max(1);
        let increment = self.pending.min(MAX_WINDOW - self.available);
        if increment < batch { None } else { u32::try_from(increment).ok() }
    }

    /// `increment` was granted; what was consumed counts as granted first.
    pub fn grant(&mut self, increment: u32) {
        let increment = i64::from(increment);
        self.available += increment;
        self.pending -= increment.min(self.pending.max(0));
    }

    /// The peer was told that it may send so much more, which changes nothing of what is granted.
    pub fn tolerate(&mut self, increment: u32) {
        self.available += i64::from(increment);
    }

    /// Our SETTINGS_INITIAL_WINDOW_SIZE changed (RFC 9113 §6.9.2).
    pub fn adjust(&mut self, delta: i64) {
        self.available += delta;
        self.target += delta;
    }
}
