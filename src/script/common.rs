//! What the handlers, profiles and hooks of one worker have in common: the `date` field, and counters.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

use bytes::Bytes;

use super::error::ScriptError;
use crate::exchange::{Prepared, Request};
use crate::http::Fields;

/// Lines of failures that are kept apart; what a script throws may be another text each time.
const MAX_FAILURES: usize = 64;

/// See the module.
pub struct Common {
    /// The `date` field's value.
    pub date: Box<dyn Fn() -> Bytes>,
    /// The time, for cookies.
    pub wall_clock: fn() -> SystemTime,
    /// Whether an error is shown in one line.
    pub brief: bool,
    /// Makes a page of what is said in words, if the client would rather have one.
    pub dress: fn(&Request, Prepared) -> Prepared,
    /// The names of this server, in lower case: it is authoritative for them.
    pub hosts: HashSet<String>,
    limits_met: RefCell<BTreeMap<&'static str, u64>>,
    profile_failures: RefCell<BTreeMap<String, u64>>,
}

impl Common {
    /// Nothing is counted yet.
    pub fn new(
        date: Box<dyn Fn() -> Bytes>,
        wall_clock: fn() -> SystemTime,
        brief: bool,
        dress: fn(&Request, Prepared) -> Prepared,
        hosts: HashSet<String>,
    ) -> Self {
        Self {
            date,
            wall_clock,
            brief,
            dress,
            hosts,
            limits_met: RefCell::default(),
            profile_failures: RefCell::default(),
        }
    }

    /// Counts that a profile failed.
    pub fn count_profile_failure(&self, why: &str) {
        let mut failures = self.profile_failures.borrow_mut();
        let why = if failures.contains_key(why) || failures.len() < MAX_FAILURES { why } else { "others" };
        *failures.entry(why.to_owned()).or_default() += 1;
    }

    /// Counts that a script met a limit.
    pub fn count_limit(&self, limit: &'static str) {
        *self.limits_met.borrow_mut().entry(limit).or_default() += 1;
    }

    /// Counts the limit that was met, if `error` says so.
    pub fn count_limit_of(&self, error: &ScriptError) {
        if let ScriptError::Budget { ending, .. } = error
            && let Some(limit) = ending.limit()
        {
            self.count_limit(limit);
        }
    }

    /// How often scripts met a limit, by its key in `[limits]`.
    pub fn limits_met(&self) -> BTreeMap<&'static str, u64> {
        self.limits_met.borrow().clone()
    }

    /// How often profiles failed, by what went wrong, in one line.
    pub fn profile_failures(&self) -> BTreeMap<String, u64> {
        self.profile_failures.borrow().clone()
    }

    /// Adds what every response has, unless it is there.
    pub fn complete(&self, fields: &mut Fields) {
        if !fields.contains("date") {
            fields.append("date", (self.date)());
        }
        if !fields.contains("server") {
            fields.append("server", "wireserve");
        }
    }
}
