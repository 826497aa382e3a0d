//! What paths meant when a worker looked last.

use super::answer::Answer;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a worker trusts what a path meant last time. Contents are looked at on each request all the same: this is
/// about files that appear, vanish or hide each other.
const TRUST: Duration = Duration::from_millis(100);
/// Bytes of all that is remembered.
const MAX_BYTES: usize = 2 << 20;
/// Methods for which the meaning of a path is remembered, where they differ.
const MAX_METHODS: usize = 8;
/// What an entry costs besides the path (in the key, and in what a route matched) and the method.
const ENTRY: usize = 512;

/// A worker's memory of paths, bounded by what it costs.
#[derive(Default)]
pub(super) struct Resolved {
    paths: RefCell<HashMap<Bytes, Vec<Known>>>,
    bytes: Cell<usize>,
}

struct Known {
    since: Instant,
    /// For this method; `None` for all.
    method: Option<Bytes>,
    answer: Rc<Answer>,
}

impl Known {
    fn is_for(&self, method: &[u8]) -> bool {
        self.method.as_deref().is_none_or(|known| known == method)
    }

    fn cost(&self, path: &[u8]) -> usize {
        ENTRY + 2 * path.len() + self.method.as_ref().map_or(0, Bytes::len)
    }
}

impl Resolved {
    /// What the path means for the method, if that was seen a moment ago.
    pub fn get(&self, now: Instant, method: &[u8], path: &[u8]) -> Option<Rc<Answer>> {
        let paths = self.paths.borrow();
        let known = paths.get(path)?.iter().find(|known| known.is_for(method))?;
        (now.saturating_duration_since(known.since) < TRUST).then(|| known.answer.clone())
    }

    /// Remembers it.
    pub fn put(&self, since: Instant, method: &[u8], path: &[u8], answer: &Rc<Answer>) {
        let method = answer.found.by_method.then(|| Bytes::copy_from_slice(method));
        let known = Known { since, method, answer: answer.clone() };
        let cost = known.cost(path);
        if cost > MAX_BYTES / 8 {
            return;
        }
        let mut paths = self.paths.borrow_mut();
        if self.bytes.get() + cost > MAX_BYTES {
            paths.clear();
            self.bytes.set(0);
        }
        let all = paths.entry(Bytes::copy_from_slice(path)).or_default();
        let before: usize = all.iter().map(|known| known.cost(path)).sum();
        if known.method.is_none() || all.len() >= MAX_METHODS {
            all.clear();
        }
        all.retain(|other| other.method != known.method);
        all.push(known);
        let after: usize = all.iter().map(|known| known.cost(path)).sum();
        self.bytes.set(self.bytes.get() + after - before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net;
    use crate::site::{Found, Meaning};

    fn answer(by_method: bool) -> Rc<Answer> {
        Rc::new(Answer::new(Found { by_method, ..Found::from(Meaning::Index) }))
    }

    #[test]
    fn long_paths_and_methods_do_not_fill_memory() {
        let resolved = Resolved::default();
        let now = net::now();
        for number in 0..5_000 {
            let path = format!("/{number}{}", "x".repeat(60_000));
            resolved.put(now, b"GET", path.as_bytes(), &answer(false));
            assert!(resolved.bytes.get() <= MAX_BYTES);
        }
        for number in 0..5_000 {
            let method = format!("{number}{}", "M".repeat(60_000));
            resolved.put(now, method.as_bytes(), b"/", &answer(true));
            assert!(resolved.bytes.get() <= MAX_BYTES);
        }
        let kept = resolved.paths.borrow().iter().map(|(path, all)| path.len() * all.len()).sum::<usize>();
        assert!(kept <= MAX_BYTES, "{kept}");
    }

    #[test]
    fn a_meaning_is_trusted_for_a_moment_by_the_methods_that_it_is_for() {
        let resolved = Resolved::default();
        let now = net::now();
        let (one, all) = (answer(true), answer(false));
        resolved.put(now, b"GET", b"/a", &one);
        resolved.put(now, b"GET", b"/b", &all);
        let is = |found: Option<Rc<Answer>>, answer| found.is_some_and(|found| Rc::ptr_eq(&found, answer));
        assert!(is(resolved.get(now, b"GET", b"/a"), &one) && resolved.get(now, b"PUT", b"/a").is_none());
        assert!(is(resolved.get(now, b"PUT", b"/b"), &all));
        assert!(resolved.get(now + TRUST, b"GET", b"/a").is_none());
        // The same again costs nothing more.
        let bytes = resolved.bytes.get();
        resolved.put(now, b"GET", b"/a", &one);
        assert_eq!(resolved.bytes.get(), bytes);
    }
}
