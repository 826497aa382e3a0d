//! The outcomes of all tokens, shared by the workers.

use super::attempt::Attempt;
use super::facts::Why;
use super::token::Token;
use crate::http::words::most_similar;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Attempts that are kept, of all tokens; then the token that was used longest ago is forgotten.
const MAX_ATTEMPTS: usize = 1_000;
/// Attempts that are kept of one token, the newest.
pub const MAX_PER_TOKEN: usize = 32;
/// How long a token is kept after its newest request.
const MAX_AGE: Duration = Duration::from_secs(3_600);
/// Tokens that are named because they are like another one.
const MAX_SIMILAR: usize = 3;

/// An attempt that its connection goes on filling.
#[derive(Clone, Debug)]
pub(super) struct SharedAttempt(Arc<Mutex<(Attempt, Instant)>>);

impl SharedAttempt {
    /// Runs `act`; gives whether something happened that someone may wait for.
    pub fn change(&self, now: fn() -> Instant, act: impl FnOnce(&mut Attempt)) -> bool {
        let mut held = self.held();
        let before = held.0.milestones();
        act(&mut held.0);
        let has_changed = held.0.milestones() != before;
        if has_changed {
            held.1 = now();
        }
        has_changed
    }

    /// As it is at present.
    pub fn look<T>(&self, look: impl FnOnce(&Attempt, Instant) -> T) -> T {
        let held = self.held();
        look(&held.0, held.1)
    }

    fn held(&self) -> MutexGuard<'_, (Attempt, Instant)> {
        // It is consistent after each record, so a poisoned lock is safe to use.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of the requests that bore tokens. A bounded number is kept; what was used longest ago is forgotten first.
#[derive(Debug)]
pub(in crate::server) struct Outcomes {
    clock: fn() -> Instant,
    all: Mutex<All>,
    /// Something happened that someone may wait for.
    changed: Notify,
    /// The server ends: nothing is waited for.
    is_ending: AtomicBool,
}

#[derive(Debug, Default)]
struct All {
    tokens: HashMap<Token, Entry>,
    /// Tokens by their last use.
    uses: BTreeMap<u64, Token>,
    next_use: u64,
    num_attempts: usize,
    /// Tokens that had to go.
    forgotten: u64,
}

#[derive(Debug)]
struct Entry {
    used: u64,
    newest: Instant,
    attempts: VecDeque<SharedAttempt>,
    /// Attempts that had to go.
    dropped: u64,
}

/// What someone waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::server) struct Wanted {
    /// How long to wait.
    pub wait: Duration,
    /// How long nothing may have happened after everything is over.
    pub settle: Duration,
    /// A thing that the client has to have done on one attempt at least.
    pub event: Option<Event>,
    /// How many attempts there have to be.
    pub attempts: usize,
}

/// A thing that a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Event {
    /// GOAWAY, whatever its code.
    Goaway,
    /// RST_STREAM.
    Reset,
    /// The connection is closed, by either end.
    Closed,
}

/// What is known of a token.
#[derive(Debug)]
pub(super) struct Found {
    pub why: Why,
    pub attempts: Vec<Attempt>,
    pub attempts_dropped: u64,
    /// Tokens that had to go since the server started.
    pub forgotten: u64,
    /// Known tokens that are like one that is not known.
    pub similar: Vec<String>,
}

impl Outcomes {
    /// Nothing yet.
    pub fn new(clock: fn() -> Instant) -> Arc<Self> {
        Arc::new(Self { clock, all: Mutex::default(), changed: Notify::new(), is_ending: AtomicBool::new(false) })
    }

    /// The clock that it goes by.
    pub(super) const fn clock(&self) -> fn() -> Instant {
        self.clock
    }

    /// Adds an attempt.
    pub(super) fn begin(&self, token: &Token, attempt: Attempt) -> SharedAttempt {
        let now = (self.clock)();
        let shared = SharedAttempt(Arc::new(Mutex::new((attempt, now))));
        let mut all = self.all();
        all.forget_old(now);
        all.next_use += 1;
        let used = all.next_use;
        all.uses.insert(used, token.clone());
        let new = Entry { used, newest: now, attempts: VecDeque::new(), dropped: 0 };
        let entry = all.tokens.entry(token.clone()).or_insert(new);
        let former = std::mem::replace(&mut entry.used, used);
        entry.newest = now;
        entry.attempts.push_back(shared.clone());
        let is_full = entry.attempts.len() > MAX_PER_TOKEN;
        if is_full {
            entry.attempts.pop_front();
            entry.dropped += 1;
        }
        if former != used {
            all.uses.remove(&former);
        }
        all.num_attempts += usize::from(!is_full);
        all.make_room();
        drop(all);
        self.tell();
        shared
    }

    /// Wakes what waits.
    pub(super) fn tell(&self) {
        self.changed.notify_waiters();
    }

    /// The server ends, so nothing is worth waiting for.
    pub fn end_waits(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.tell();
    }

    /// Forgets a token. Its requests in progress go on, and are counted no more.
    pub fn forget(&self, token: &Token) {
        let mut all = self.all();
        all.remove(token);
        drop(all);
        self.tell();
    }

    /// Waits until what is wanted is there, or the wait is over.
    pub(super) async fn wait(&self, token: &Token, wanted: &Wanted) -> Found {
        let deadline = (self.clock)() + wanted.wait;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // What happens between the look and the wait counts.
            changed.as_mut().enable();
            let now = (self.clock)();
            let (found, settled) = self.look(token, wanted, now);
            let until = match settled {
                Some(settled) if settled <= now => return found,
                Some(settled) => settled.min(deadline),
                None => deadline,
            };
            if now >= deadline || self.is_ending.load(Ordering::Relaxed) {
                // Everything is there, and was not left alone for as long as was asked.
                if settled.is_some() {
                    return found;
                }
                let why = if found.attempts.is_empty() { Why::NeverCame } else { Why::Deadline };
                return Found { why, ..found };
            }
            let _ = tokio::time::timeout(until.saturating_duration_since(now), changed).await;
        }
    }

    /// What is known at present, and when it is settled if nothing happens any more; `None` if something has to happen.
    fn look(&self, token: &Token, wanted: &Wanted, now: Instant) -> (Found, Option<Instant>) {
        let mut all = self.all();
        all.forget_old(now);
        let forgotten = all.forgotten;
        let Some(entry) = all.tokens.get(token) else {
            let similar = all.similar(token);
            let found = Found { why: Why::NeverCame, attempts: Vec::new(), attempts_dropped: 0, forgotten, similar };
            return (found, None);
        };
        let (shared, dropped) = (entry.attempts.clone(), entry.dropped);
        drop(all);
        let (mut attempts, mut newest) = (Vec::with_capacity(shared.len()), None);
        for one in &shared {
            one.look(|attempt, changed| {
                newest = newest.max(Some(changed));
                attempts.push(attempt.clone());
            });
        }
        let is_there = attempts.iter().all(Attempt::is_over)
            && attempts.len() as u64 + dropped >= wanted.attempts as u64
            && wanted.event.is_none_or(|event| attempts.iter().any(|attempt| event.has_happened(attempt)));
        let why = attempts.last().and_then(Attempt::why).unwrap_or(Why::Deadline);
        let found = Found { why, attempts, attempts_dropped: dropped, forgotten, similar: Vec::new() };
        (found, newest.filter(|_| is_there).map(|newest| newest + wanted.settle))
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // The collections are consistent between calls, so a poisoned lock is safe to use.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Event {
    /// By its name, as a query says it.
    pub fn named(name: &[u8]) -> Option<Self> {
        [Self::Goaway, Self::Reset, Self::Closed].into_iter().find(|event| event.name().as_bytes() == name)
    }

    /// `goaway`, `reset` or `closed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Goaway => "goaway",
            Self::Reset => "reset",
            Self::Closed => "closed",
        }
    }

    fn has_happened(self, attempt: &Attempt) -> bool {
        let client = &attempt.facts().client;
        match self {
            Self::Goaway => client.goaway.is_some(),
            Self::Reset => client.reset.is_some(),
            Self::Closed => client.closed.is_some(),
        }
    }
}

impl All {
    fn remove(&mut self, token: &Token) -> bool {
        let Some(entry) = self.tokens.remove(token) else { return false };
        self.uses.remove(&entry.used);
        self.num_attempts -= entry.attempts.len();
        true
    }

    /// Forgets the token that was used longest ago.
    fn forget_oldest(&mut self) {
        let oldest = self.uses.first_key_value().map(|(_, token)| token.clone());
        if oldest.is_some_and(|token| self.remove(&token)) {
            self.forgotten += 1;
        }
    }

    fn make_room(&mut self) {
        while self.num_attempts > MAX_ATTEMPTS && self.tokens.len() > 1 {
            self.forget_oldest();
        }
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some(token) = self.uses.values().next()
            && let Some(entry) = self.tokens.get(token)
            && now.saturating_duration_since(entry.newest) > MAX_AGE
        {
            self.forget_oldest();
        }
    }

    /// Tokens that one may be a slip of the pen for.
    fn similar(&self, token: &Token) -> Vec<String> {
        let known = self.tokens.keys().map(Token::as_str);
        most_similar(token.as_str(), known, MAX_SIMILAR).into_iter().map(str::to_owned).collect()
    }
}
