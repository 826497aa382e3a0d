//! `stash`, also `request.server.stash`: values that outlive their request.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};

use super::arguments::{octets, time_of};
use super::outcome::{Outcome, fail};
use crate::script::aside::aside;
use crate::script::budget::{self, pause};
use crate::script::octets::latin1_text;
use crate::script::stash::Stash;
use crate::script::stash::error::StashError;
use crate::script::stash::key::Key;
use crate::script::stash::lock::Lock;
use crate::script::stash::value::{Copied, dynamic, parse};
use crate::script::types;

/// The stash, for scripts.
#[derive(Clone)]
pub struct Handle(pub Arc<Stash>);

impl Handle {
    /// The place of a key. Without a path it is that of the request, as in wptserve.
    fn key(&self, key: &Dynamic, path: &Dynamic) -> Outcome<Key> {
        self.check_locks()?;
        let key = text_of("the stash's key", key)?;
        or_fail(Key::new(&path_of(path)?, &key, self.0.options().any_key))
    }

    /// Whether what this handler holds is still its own: else what it does is no longer one step.
    fn check_locks(&self) -> Outcome<()> {
        let Some(run) = budget::current() else { return Ok(()) };
        run.slot::<HeldLocks>()
            .0
            .borrow()
            .iter()
            .try_for_each(|lock| lock.check())
            .or_else(|error| fail(error.to_string()))
    }

    fn copy(&self, context: &NativeCallContext, value: &Dynamic) -> Outcome<Bytes> {
        copied(value, self.0.options().max_value)?.or_else(|error| {
            fail(match error {
                StashError::Type { place, type_name } => {
                    // The name that scripts know.
                    StashError::Type { place, type_name: context.engine().map_type_name(&type_name).to_owned() }
                        .to_string()
                }
                error => error.to_string(),
            })
        })
    }

    fn put(&self, context: &NativeCallContext, key: &Dynamic, value: &Dynamic, path: &Dynamic) -> Outcome<()> {
        let (key, copy) = (self.key(key, path)?, self.copy(context, value)?);
        let stash = Arc::clone(&self.0);
        or_fail(pause(async move { stash.put(&key, copy).await })?)
    }

    fn take(&self, key: &Dynamic, path: &Dynamic) -> Outcome<Dynamic> {
        let key = self.key(key, path)?;
        let (stash, place) = (Arc::clone(&self.0), key.clone());
        value_of(&key, or_fail(pause(async move { stash.take(&place).await })?)?.as_ref())
    }

    fn peek(&self, key: &Dynamic, path: &Dynamic) -> Outcome<Dynamic> {
        let key = self.key(key, path)?;
        value_of(&key, self.octets_at(&key)?.as_ref())
    }

    fn octets_at(&self, key: &Key) -> Outcome<Option<Bytes>> {
        let (stash, key) = (Arc::clone(&self.0), key.clone());
        or_fail(pause(async move { stash.peek(&key).await })?)
    }

    fn wait(&self, key: &Dynamic, timeout: &Dynamic, path: &Dynamic) -> Outcome<Dynamic> {
        let key = self.key(key, path)?;
        let Some(timeout) = time_of(timeout) else {
            return fail(format!("{timeout} is not a time in seconds"));
        };
        let (stash, place) = (Arc::clone(&self.0), key.clone());
        value_of(&key, or_fail(pause(async move { stash.wait(&place, timeout).await })?)?.as_ref())
    }

    /// Calls `change` with what is there until nobody else has changed it meanwhile.
    fn update(&self, context: &NativeCallContext, key: &Dynamic, change: &FnPtr, path: &Dynamic) -> Outcome<Dynamic> {
        let key = self.key(key, path)?;
        loop {
            let old = self.octets_at(&key)?;
            let new: Dynamic = change.call_within_context(context, (value_of(&key, old.as_ref())?,))?;
            self.check_locks()?;
            let copy = if new.is_unit() { None } else { Some(self.copy(context, &new)?) };
            let (stash, place) = (Arc::clone(&self.0), key.clone());
            if or_fail(pause(async move { stash.swap(&place, old, copy).await })?)? {
                return Ok(new);
            }
        }
    }

    /// Calls `body` while no other handler has the lock of the path.
    fn with_lock(&self, context: &NativeCallContext, body: &FnPtr, path: &Dynamic) -> Outcome<Dynamic> {
        let path = path_of(path)?;
        let Some(run) = budget::current() else { return fail("a lock is possible inside a handler only") };
        if run.slot::<HeldLocks>().0.borrow().iter().any(|lock| lock.path() == path) {
            return or_fail(Err(StashError::Held(path)));
        }
        let stash = Arc::clone(&self.0);
        let lock = Rc::new(or_fail(pause(async move { Lock::acquire(stash, &path).await })?)?);
        run.slot::<HeldLocks>().0.borrow_mut().push(Rc::clone(&lock));
        let _held = Held(lock);
        // Others may have what it held before: two that wait for each other's lock find out here.
        self.check_locks()?;
        body.call_within_context(context, ())
    }
}

/// The locks that the running script holds.
#[derive(Default)]
struct HeldLocks(RefCell<Vec<Rc<Lock>>>);

/// A lock among those of the running handler; given back however the handler leaves.
struct Held(Rc<Lock>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(run) = budget::current() {
            run.slot::<HeldLocks>().0.borrow_mut().retain(|lock| !Rc::ptr_eq(lock, &self.0));
        }
    }
}

fn or_fail<T>(outcome: Result<T, StashError>) -> Outcome<T> {
    outcome.or_else(|error| fail(error.to_string()))
}

fn text_of(what: &str, value: &Dynamic) -> Outcome<String> {
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.to_string()),
        Err(_) => octets(what, value).map(|octets| latin1_text(&octets)),
    }
}

fn path_of(path: &Dynamic) -> Outcome<String> {
    if !path.is_unit() {
        return text_of("a path of the stash", path);
    }
    match super::current::exchange() {
        Some(exchange) => Ok(latin1_text(exchange.request().path())),
        None => fail("outside of a request the stash needs a path"),
    }
}

/// A copy of a value, in the form in which it is kept.
pub fn copied(value: &Dynamic, most: usize) -> Outcome<Result<Bytes, StashError>> {
    match Copied::of(value, most) {
        Ok(copied) => aside(copied.size(), move || copied.octets()),
        Err(error) => Ok(Err(error)),
    }
}

/// The value of which this is the copy, if it is one.
pub fn restored(octets: &Bytes) -> Outcome<Option<Dynamic>> {
    let octets = octets.clone();
    Ok(aside(octets.len(), move || parse(&octets))?.and_then(dynamic))
}

fn value_of(key: &Key, octets: Option<&Bytes>) -> Outcome<Dynamic> {
    let Some(octets) = octets else { return Ok(Dynamic::UNIT) };
    restored(octets)?.map_or_else(|| or_fail(Err(StashError::NotAStashValue(key.clone()))), Ok)
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "stash", |_: &Handle| "stash".to_owned());
    engine.register_fn("put", |context: NativeCallContext, stash: Handle, key: Dynamic, value: Dynamic| {
        stash.put(&context, &key, &value, &Dynamic::UNIT)
    });
    engine.register_fn(
        "put",
        |context: NativeCallContext, stash: Handle, key: Dynamic, value: Dynamic, path: Dynamic| {
            stash.put(&context, &key, &value, &path)
        },
    );
    engine.register_fn("take", |stash: Handle, key: Dynamic| stash.take(&key, &Dynamic::UNIT));
    engine.register_fn("take", |stash: Handle, key: Dynamic, path: Dynamic| stash.take(&key, &path));
    engine.register_fn("peek", |stash: Handle, key: Dynamic| stash.peek(&key, &Dynamic::UNIT));
    engine.register_fn("peek", |stash: Handle, key: Dynamic, path: Dynamic| stash.peek(&key, &path));
    register_waiting(engine);
    register_changing(engine);
}

fn register_waiting(engine: &mut Engine) {
    engine.register_fn("wait", |stash: Handle, key: Dynamic, timeout: Dynamic| {
        stash.wait(&key, &timeout, &Dynamic::UNIT)
    });
    engine.register_fn("wait", |stash: Handle, key: Dynamic, timeout: Dynamic, path: Dynamic| {
        stash.wait(&key, &timeout, &path)
    });
}

fn register_changing(engine: &mut Engine) {
    engine.register_fn("update", |context: NativeCallContext, stash: Handle, key: Dynamic, change: FnPtr| {
        stash.update(&context, &key, &change, &Dynamic::UNIT)
    });
    engine.register_fn(
        "update",
        |context: NativeCallContext, stash: Handle, key: Dynamic, change: FnPtr, path: Dynamic| {
            stash.update(&context, &key, &change, &path)
        },
    );
    engine.register_fn("with_lock", |context: NativeCallContext, stash: Handle, body: FnPtr| {
        stash.with_lock(&context, &body, &Dynamic::UNIT)
    });
    engine.register_fn("with_lock", |context: NativeCallContext, stash: Handle, body: FnPtr, path: Dynamic| {
        stash.with_lock(&context, &body, &path)
    });
}
