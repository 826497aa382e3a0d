//! Bounds against floods: each limit `max_x` with its count `num_x`.

use std::time::{Duration, Instant};

/// The limits of a connection. Passing one ends it with ENHANCE_YOUR_CALM (RFC 9113 §10.5).
///
/// Those "per period" count within [`period`](Limits::period).
#[derive(Clone, Debug)]
pub struct Limits {
    /// The length of one counting period.
    pub period: Duration,
    /// Octets of one field block, compressed, over all its frames. Stops CONTINUATION floods (CVE-2024-27316).
    pub max_field_block: usize,
    /// CONTINUATION frames in one field block. Stops floods of empty CONTINUATIONs (CVE-2019-9518).
    pub max_continuations: u32,
    /// Streams that the peer resets, per period. Stops Rapid Reset (CVE-2023-44487).
    pub max_resets: u32,
    /// Streams that we reset because of what the peer sent, per period. Stops the other Rapid Reset (CVE-2025-8671).
    pub max_errors: u32,
    /// Streams beyond our SETTINGS_MAX_CONCURRENT_STREAMS, per period. Refusing them is right (RFC 9113 §5.1.2), and a
    /// client may meet a lower setting with many requests under way; this stops floods of them.
    pub max_refused: u32,
    /// SETTINGS, per period. Stops floods that make us queue ACKs (CVE-2019-9515).
    pub max_settings: u32,
    /// PINGs, per period. Stops floods that make us queue ACKs (CVE-2019-9512).
    pub max_pings: u32,
    /// PRIORITY and PRIORITY_UPDATE, per period. Stops loops of re-prioritization (CVE-2019-9513).
    pub max_priorities: u32,
    /// DATA frames without data or END_STREAM, per period. Stops work for nothing (CVE-2019-9518).
    pub max_empty_data: u32,
    /// WINDOW_UPDATEs, per period, beyond four for each DATA frame that we sent. Stops data dribble (CVE-2019-9511).
    pub max_window_updates: u32,
    /// Frames of unknown types or on streams that are gone, per period. Stops work for nothing.
    pub max_unknown: u32,
    /// Promised streams that wait for their response. Stops servers that promise without end.
    pub max_promises: u32,
    /// Octets of automatic frames that wait to be written. Stops peers that ask but do not read (CVE-2019-9517).
    pub max_queued: usize,
    /// How long the client may take until its preface and first SETTINGS are complete. Stops silent connections.
    pub preface_timeout: Option<Duration>,
    /// How long the client may take for a frame or a field block once it has begun, or for each further 16 KiB of a
    /// larger frame. Stops clients that send byte by byte.
    pub frame_timeout: Option<Duration>,
    /// How long content may wait for the peer's windows while the peer says nothing; at most twice that. Stops peers that
    /// ask and do not read (CVE-2019-9517).
    pub stall_timeout: Option<Duration>,
    /// How long a connection without streams may be silent until it is closed with GOAWAY(NO_ERROR).
    pub idle_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(10),
            max_field_block: 256 * 1024,
            max_continuations: 1_024,
            max_resets: 1_000,
            max_errors: 1_000,
            max_refused: 5_000,
            max_settings: 200,
            max_pings: 1_000,
            max_priorities: 5_000,
            max_empty_data: 1_000,
            max_window_updates: 20_000,
            max_unknown: 5_000,
            max_promises: 1_000,
            max_queued: 128 * 1024,
            preface_timeout: Some(Duration::from_secs(10)),
            frame_timeout: Some(Duration::from_secs(30)),
            stall_timeout: None,
            idle_timeout: Some(Duration::from_secs(600)),
        }
    }
}

/// What has happened in the current period, beside [`Limits`].
#[derive(Debug)]
pub(super) struct Counts {
    since: Instant,
    pub num_resets: u32,
    pub num_errors: u32,
    pub num_refused: u32,
    pub num_settings: u32,
    pub num_pings: u32,
    pub num_priorities: u32,
    pub num_empty_data: u32,
    pub num_window_updates: u32,
    pub num_unknown: u32,
}

impl Counts {
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            num_resets: 0,
            num_errors: 0,
            num_refused: 0,
            num_settings: 0,
            num_pings: 0,
            num_priorities: 0,
            num_empty_data: 0,
            num_window_updates: 0,
            num_unknown: 0,
        }
    }

    /// Begins a new period when the current one is over.
    pub fn tick(&mut self, now: Instant, period: Duration) {
        if now.saturating_duration_since(self.since) >= period {
            *self = Self::new(now);
        }
    }
}

/// Adds one to a count; whether it is still within its limit.
pub(super) fn within(count: &mut u32, max: u32) -> bool {
    *count = count.saturating_add(1);
    *count <= max
}
