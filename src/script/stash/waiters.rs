//! Who waits for which key, first come first served.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::key::Key;

/// The queues of all keys that somebody waits for, on any worker.
#[derive(Default)]
pub struct Waiters {
    queues: Mutex<Queues>,
}

#[derive(Default)]
struct Queues {
    next: u64,
    of: HashMap<Key, VecDeque<(u64, Arc<Notify>)>>,
}

/// A place in the queue of a key; dropping it leaves the queue, and wakes who is first then.
pub struct Ticket {
    waiters: Arc<Waiters>,
    key: Key,
    number: u64,
    wake: Arc<Notify>,
}

impl Waiters {
    /// Joins the queue of a key.
    pub fn join(self: &Arc<Self>, key: &Key) -> Ticket {
        let wake = Arc::new(Notify::new());
        let mut queues = self.lock();
        let number = queues.next;
        queues.next += 1;
        queues.of.entry(key.clone()).or_default().push_back((number, Arc::clone(&wake)));
        drop(queues);
        Ticket { waiters: Arc::clone(self), key: key.clone(), number, wake }
    }

    /// Something happened to the key: who is first may look. Looked too often does no harm.
    pub fn changed(&self, key: &Key) {
        if let Some((_, wake)) = self.lock().of.get(key).and_then(VecDeque::front) {
            wake.notify_one();
        }
    }

    /// Something may have happened to any key.
    pub fn all_changed(&self) {
        for (_, wake) in self.lock().of.values().filter_map(VecDeque::front) {
            wake.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        // Nothing in here panics half-way.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Whether nobody came before, of those who still wait.
    pub fn is_first(&self) -> bool {
        self.waiters.lock().of.get(&self.key).and_then(VecDeque::front).is_some_and(|first| first.0 == self.number)
    }

    /// Waits until it may be worth while to look: a change since the last call counts as well.
    pub async fn changed(&self) {
        self.wake.notified().await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queues = self.waiters.lock();
        let Some(queue) = queues.of.get_mut(&self.key) else { return };
        let was_first = queue.front().is_some_and(|first| first.0 == self.number);
        queue.retain(|(number, _)| *number != self.number);
        match queue.front() {
            Some((_, next)) if was_first => next.notify_one(),
            Some(_) => {}
            None => drop(queues.of.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_woken(ticket: &Ticket) -> bool {
        pin!(ticket.changed()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_first_is_woken_and_the_next_when_it_leaves() {
        let waiters = Arc::new(Waiters::default());
        let key = Key::new("/a", "x", true).unwrap();
        let [first, second, third] = [(); 3].map(|()| waiters.join(&key));
        assert!(first.is_first() && !second.is_first() && !third.is_first());
        waiters.changed(&key);
        waiters.changed(&Key::new("/b", "x", true).unwrap());
        assert!(is_woken(&first) && !is_woken(&first) && !is_woken(&second));
        drop(second);
        assert!(!is_woken(&first) && !is_woken(&third), "who was not first leaves without a sound");
        drop(first);
        assert!(is_woken(&third) && third.is_first());
        waiters.all_changed();
        assert!(is_woken(&third));
        drop(third);
        assert!(waiters.lock().of.is_empty(), "nothing is kept of a queue that is over");
    }
}
