//! The stash in memory: waiting, order, locks; and through scripts.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::lock::Lock;
use super::*;

mod scripts;

fn stash() -> Arc<Stash> {
    Stash::new(Options { any_key: true, ..Options::default() }).unwrap()
}

fn key(name: &str) -> Key {
    Key::new("/a", name, true).unwrap()
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

const LONG: Duration = Duration::from_secs(30);

#[test]
fn who_waits_on_another_worker_is_woken() {
    let stash = stash();
    let there = Arc::clone(&stash);
    let waiter = std::thread::spawn(move || block_on(there.wait(&key("k"), LONG)));
    // The other thread is in the queue now or soon: either way it gets the value.
    block_on(stash.put(&key("k"), "v".into())).unwrap();
    assert_eq!(waiter.join().unwrap(), Ok(Some("v".into())));
    assert_eq!(block_on(stash.take(&key("k"))), Ok(None), "it was handed over");
}

#[test]
fn a_value_that_is_there_is_not_waited_for_and_none_comes_to_nothing() {
    block_on(async {
        let stash = stash();
        stash.put(&key("k"), "v".into()).await.unwrap();
        assert_eq!(stash.wait(&key("k"), Duration::ZERO).await, Ok(Some("v".into())));
        assert_eq!(stash.wait(&key("k"), Duration::from_millis(1)).await, Ok(None));
    });
}

#[test]
fn first_come_first_served() {
    block_on(async {
        let stash = stash();
        let key = key("k");
        let mut first = pin!(stash.wait(&key, LONG));
        let mut second = pin!(stash.wait(&key, LONG));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        stash.put(&key, "1".into()).await.unwrap();
        assert!(poll(second.as_mut()).is_pending(), "the first has not looked yet");
        assert_eq!(first.await, Ok(Some("1".into())));
        stash.put(&key, "2".into()).await.unwrap();
        assert_eq!(second.await, Ok(Some("2".into())));
    });
}

#[test]
fn what_came_for_one_who_left_is_for_the_next() {
    block_on(async {
        let stash = stash();
        let key = key("k");
        let mut first = Box::pin(stash.wait(&key, LONG));
        let mut second = pin!(stash.wait(&key, LONG));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        stash.put(&key, "v".into()).await.unwrap();
        drop(first);
        assert_eq!(second.await, Ok(Some("v".into())));
        let mut alone = Box::pin(stash.wait(&key, LONG));
        assert!(poll(alone.as_mut()).is_pending());
        stash.put(&key, "w".into()).await.unwrap();
        drop(alone);
        assert_eq!(stash.take(&key).await, Ok(Some("w".into())), "nobody else waits: it stays");
    });
}

#[test]
fn a_lock_goes_from_hand_to_hand() {
    block_on(async {
        let stash = stash();
        let first = Lock::acquire(Arc::clone(&stash), "/a").await.unwrap();
        let other = Lock::acquire(Arc::clone(&stash), "/b").await.unwrap();
        let mut second = Box::pin(Lock::acquire(Arc::clone(&stash), "/a"));
        let mut third = pin!(Lock::acquire(Arc::clone(&stash), "/a"));
        assert!(poll(second.as_mut()).is_pending() && poll(third.as_mut()).is_pending());
        drop(other);
        assert!(poll(second.as_mut()).is_pending(), "that was another path's");
        drop(first);
        assert!(poll(third.as_mut()).is_pending(), "it is not its turn");
        drop(second);
        third.await.unwrap().check().unwrap();
    });
}

#[test]
fn a_lock_that_is_kept_too_long_is_anothers() {
    block_on(async {
        let lease = Duration::from_millis(20);
        let stash = Stash::with_lease(Options::default(), lease).unwrap();
        let first = Lock::acquire(Arc::clone(&stash), "/a").await.unwrap();
        let second = Lock::acquire(Arc::clone(&stash), "/a").await.unwrap();
        assert_eq!(first.check(), Err(StashError::Overdue(lease)));
        drop(first);
        assert!(stash.is_locked("/a"), "who comes too late gives back nothing");
        drop(second);
        assert!(!stash.is_locked("/a"));
    });
}

impl Stash {
    fn is_locked(&self, path: &str) -> bool {
        let Store::Memory(memory) = &self.store else { unreachable!() };
        let now = Instant::now();
        memory.lock(now, path, uuid::Uuid::nil(), now).is_some()
    }
}
