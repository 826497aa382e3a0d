//! A connection's recorder as the observer of its engine's events.

use crate::exchange::{Expectation, Observer};
use crate::transcript::Recorder;
use crate::{h1, h2};
use std::time::Instant;

/// `transcript` and `exchange` do not know each other.
pub(super) struct Recording(pub Recorder);

impl Observer for Recording {
    fn http2(&self, now: Option<Instant>, event: &h2::Event) {
        self.0.http2(now, event);
    }

    fn http1(&self, now: Option<Instant>, event: &h1::Event) {
        self.0.http1(now, event);
    }

    fn received(&self, now: Option<Instant>, octets: &[u8]) {
        self.0.received(now, octets);
    }

    fn expected(&self, now: Option<Instant>, expectation: Expectation<'_>) {
        let Expectation { name, passed, detail } = expectation;
        self.0.expected(now, name, passed, detail);
    }
}
