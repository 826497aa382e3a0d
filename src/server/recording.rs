//! A connection's recorder as the observer of its engine's events, and its records in the log.

use super::outcomes::Watch;
use crate::exchange::{CallSite, Expectation, Observer};
use crate::script;
use crate::transcript::{Line, Next, Place, Recorder, Side, Transcript};
use crate::{h1, h2};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinHandle;

/// `transcript` and `exchange` do not know each other.
pub(super) struct Recording {
    pub recorder: Recorder,
    /// What looks at each event once it is recorded.
    pub watch: Rc<Watch>,
}

impl Observer for Recording {
    fn http2(&self, now: Option<Instant>, call: CallSite, event: &h2::Event) {
        self.recorder.http2(now, call.0, event);
        self.watch.http2(event);
    }

    fn http1(&self, now: Option<Instant>, call: CallSite, event: &h1::Event) {
        self.recorder.http1(now, call.0, event);
        self.watch.http1(event);
    }

    fn received(&self, now: Option<Instant>, octets: &[u8]) {
        self.recorder.received(now, octets);
    }

    fn expected(&self, now: Option<Instant>, call: CallSite, expectation: Expectation<'_>) {
        let Expectation { name, passed, detail } = expectation;
        self.recorder.expected(now, call.0, name, passed, detail);
        self.watch.catch_up();
    }

    fn response_ended(&self, request: u64) {
        self.watch.response_ended(request);
    }

    fn notice(&self, now: Option<Instant>, stream: Option<u64>, text: &str) {
        self.recorder.notice(now, stream, text);
    }
}

/// Logs each record from now on, if the log is so detailed; ends with the connection.
pub(super) fn log_records(id: u64, transcript: &Arc<Transcript>) -> Option<JoinHandle<()>> {
    if !tracing::enabled!(tracing::Level::TRACE) {
        return None;
    }
    let mut records = transcript.follow(0);
    Some(tokio::task::spawn_local(async move {
        while let Some(next) = records.next().await {
            match next {
                Next::One(record) => tracing::trace!(connection = id, "{}", Line::new(&record, Side::Server)),
                Next::Missed(count) => {
                    tracing::trace!(connection = id, "{count} records arrived too fast to be logged")
                }
            }
        }
    }))
}

/// The call of a script that a number in a transcript stands for.
pub(super) fn place(call: u32) -> Option<Place> {
    let script::Place { file, function, line } = script::place(CallSite(call))?;
    Some(Place { file, function, line: u32::try_from(line).ok().filter(|line| *line > 0) })
}
