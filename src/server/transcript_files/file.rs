//! What stands in a file, as JSON Lines: the connection as it began, its records, the connection as it ended.

use crate::transcript::{self, DropReason, Dropped, Facts, Next, Record, RecordKind};
use std::time::Duration;

/// Text that is gathered for one write.
const BATCH: usize = 64 * 1024;
/// Bytes that are kept free for the end of a file.
const RESERVE: u64 = 8 * 1024;

/// One file that is being written.
pub(super) struct File {
    /// The connection as it began.
    pub facts: Facts,
    /// Its name, once it is there.
    pub name: Option<String>,
    /// Bytes that were written.
    pub size: u64,
    /// Records that were written.
    pub written: u64,
    /// Records that are not in it.
    pub dropped: u64,
    /// What is to be written next.
    text: String,
    /// Records in `text`.
    pending: u64,
    max_size: u64,
    /// Records that had to go before they were written, since the last one that was.
    missed: u64,
    /// Records that came when it was full.
    refused: u64,
    /// The number and time of the newest record.
    newest: (u64, Duration),
    /// The last record of a file that is full.
    ended: Option<Record>,
}

impl File {
    pub fn new(facts: Facts, max_size: u64) -> Self {
        Self {
            facts,
            name: None,
            size: 0,
            written: 0,
            dropped: 0,
            text: String::new(),
            pending: 0,
            max_size,
            missed: 0,
            refused: 0,
            newest: (0, Duration::ZERO),
            ended: None,
        }
    }

    /// The first line.
    pub fn head(&self) -> String {
        transcript::lines_begin(&self.facts)
    }

    /// What is to be written next.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether there is enough for one write.
    pub fn is_due(&self) -> bool {
        self.text.len() >= BATCH
    }

    /// The text was written.
    pub fn wrote(&mut self) {
        self.size += self.text.len() as u64;
        self.written += std::mem::take(&mut self.pending);
        self.text.clear();
    }

    /// The file is gone, and another one begins with what it had.
    pub fn was_removed(&mut self) {
        let gone = std::mem::take(&mut self.written);
        self.size = 0;
        self.dropped += gone;
        let number = self.newest.0.saturating_sub(self.pending + self.refused);
        let note = note(number, self.newest.1, gone, DropReason::FileRemoved);
        self.text.insert_str(0, &transcript::line(&note));
    }

    pub fn add(&mut self, next: Next<Record>) {
        let record = match next {
            Next::Missed(count) => {
                self.missed += count;
                return;
            }
            Next::One(record) => record,
        };
        self.newest = (record.seq, record.time);
        self.note_missed(record.seq.saturating_sub(1));
        let line = transcript::line(&record);
        let is_full = self.size + (self.text.len() + line.len()) as u64 + RESERVE > self.max_size;
        if self.refused == 0 && !is_full {
            self.text.push_str(&line);
            self.pending += 1;
        } else if matches!(record.kind, RecordKind::Ended(_)) {
            self.ended = Some(record);
        } else {
            self.refused += 1;
        }
    }

    /// Adds what is known at the end.
    pub fn end(&mut self, mut facts: Facts) {
        self.note_missed(self.newest.0 + self.missed);
        if self.refused > 0 {
            self.dropped += self.refused;
            let last = self.newest.0 - u64::from(self.ended.is_some());
            let note = note(last, self.newest.1, self.refused, DropReason::FileFull);
            self.text.push_str(&transcript::line(&note));
        }
        if let Some(ended) = &self.ended {
            self.text.push_str(&transcript::line(ended));
        }
        let mut line = transcript::lines_begin(&facts);
        if self.size + (self.text.len() + line.len()) as u64 > self.max_size {
            facts.expectations_dropped += facts.expectations.len() as u64;
            (facts.expectations, facts.requests, facts.resets) = Default::default();
            line = transcript::lines_begin(&facts);
        }
        self.text.push_str(&line);
    }

    fn note_missed(&mut self, last: u64) {
        let missed = std::mem::take(&mut self.missed);
        if missed > 0 {
            self.dropped += missed;
            self.text.push_str(&transcript::line(&note(last, self.newest.1, missed, DropReason::TooFast)));
        }
    }
}

fn note(seq: u64, time: Duration, records: u64, why: DropReason) -> Record {
    let kind = RecordKind::Dropped(Dropped { records, why });
    Record { seq, time, from: None, cause: None, script: None, breaks: None, kind }
}
