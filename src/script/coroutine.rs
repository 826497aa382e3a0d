//! Handlers as stackful coroutines: synchronous code that can wait without a thread.
//!
//! A [`Task`] is a future that owns a coroutine. Inside it, any host function may call [`wait`]: it boxes a
//! future, suspends the coroutine with it, and [`Task::poll`] polls that future on the outer (normal) stack
//! until it is ready. Stacks come from a bounded pool; how many there are in the process is limited.
//!
//! This file holds the only `unsafe` of the crate, one line in [`wait`]. Its proof is there.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::turn::Turn;

/// Octets of address space per stack. Pages are committed when touched: a waiting handler holds some 14 KiB.
pub const STACK_SIZE: usize = 8 << 20;

/// Octets at the stack's end that scripts may not recurse into. They are for native code that nothing can
/// interrupt: dropping, comparing or printing values as deeply nested as the size limits allow.
pub const STACK_RESERVE: usize = 6 << 20;

/// Octets of stack that the thread needs on which [`Task`]s are polled: values that handlers left in a shared context
/// are dropped there, and scripts are compiled there.
pub const OUTER_STACK_SIZE: usize = 16 << 20;

/// Stacks that each worker keeps for reuse.
const POOLED: usize = 64;

type Suspension = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Resume {
    Go,
    Cancel,
}

/// The coroutine whose stack this thread runs on.
#[derive(Clone, Copy)]
struct Running {
    yielder: NonNull<Yielder<Resume, Suspension>>,
    floor: usize,
    cancelled: bool,
}

thread_local! {
    static RUNNING: Cell<Option<Running>> = const { Cell::new(None) };
    /// Handlers of this thread that are not over.
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

/// Why [`wait`] gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The handler is being ended: return from the host function at once.
    Cancelled,
    /// No coroutine runs here: waiting is possible inside a handler only.
    NotInHandler,
}

impl std::fmt::Display for WaitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the handler was ended while it waited",
            Self::NotInHandler => "waiting is possible inside a handler only",
        })
    }
}

impl std::error::Error for WaitError {}

/// Suspends the running coroutine until `future` is ready; the worker does other things meanwhile.
///
/// Hold no `RefCell` borrow across this call: other handlers run before it returns.
///
/// # Errors
/// [`WaitError::Cancelled`] when the handler is being ended, [`WaitError::NotInHandler`] outside of one.
pub fn wait<F>(future: F) -> Result<F::Output, WaitError>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let running = RUNNING.get().ok_or(WaitError::NotInHandler)?;
    // Suspending in the middle of an unwind would mix the panics of two stacks.
    if running.cancelled || std::thread::panicking() {
        return Err(WaitError::Cancelled);
    }
    let slot = Rc::new(Cell::new(None));
    let fill = Rc::clone(&slot);
    let suspension: Suspension = Box::pin(async move { fill.set(Some(future.await)) });
    // SAFETY: the pointer is valid, and it is the yielder of the very stack we are on.
    // 1. `RUNNING` is set to a yielder in two places only: when a coroutine's body starts, and here after its
    //    `suspend` returned; both run on that coroutine's own stack.
    // 2. `resume` and `unwind`, the only ways onto a coroutine's stack and back, put back what `RUNNING` was
    //    before, by a guard, whether the coroutine suspended, returned or panicked. So whenever code runs with
    //    `RUNNING` set, it runs on that coroutine's stack, above its body.
    // 3. The yielder lives at the base of that stack until the body has returned, and we are above the body.
    // 4. Neither `Coroutine` nor a thread-local leaves its thread. `on_parent_stack` is never used.
    // 5. In a forced unwind `RUNNING` is empty (and the thread is panicking), so no destructor gets here.
    let resume = unsafe { running.yielder.as_ref() }.suspend(suspension);
    let cancelled = resume == Resume::Cancel;
    RUNNING.set(Some(Running { cancelled, ..running }));
    if cancelled {
        return Err(WaitError::Cancelled);
    }
    slot.take().ok_or(WaitError::Cancelled)
}

/// Whether a coroutine runs here, so that [`wait`] is possible.
pub fn is_running() -> bool {
    RUNNING.get().is_some()
}

/// Handlers of this thread that are not over, running or waiting.
pub fn num_live() -> usize {
    LIVE.get()
}

/// Whether the running coroutine has used the part of its stack that scripts may use.
pub fn stack_is_low() -> bool {
    let marker = 0_u8;
    let here = std::ptr::from_ref(&marker) as usize;
    RUNNING.get().is_some_and(|running| here < running.floor)
}

/// Puts back what `RUNNING` was, also when a coroutine panics.
struct Restore(Option<Running>);

impl Drop for Restore {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// Stacks in the process, running, waiting and pooled.
static STACKS: AtomicUsize = AtomicUsize::new(0);

/// One worker's stacks.
pub struct Stacks {
    idle: RefCell<Vec<DefaultStack>>,
    limit: usize,
}

/// No stack for one more handler: the server is full, to be answered with 503.
#[derive(Debug)]
pub enum NoStack {
    /// As many handlers wait as the limit allows.
    Limit(usize),
    /// The operating system gave none.
    System(std::io::Error),
}

impl std::fmt::Display for NoStack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Limit(limit) => write!(f, "{limit} handlers are running or waiting already, which is the limit"),
            Self::System(error) => write!(f, "no memory for the stack of one more handler: {error}"),
        }
    }
}

impl std::error::Error for NoStack {}

impl Stacks {
    /// A pool that makes stacks while the process has fewer than `limit` of them. Each takes two mappings of
    /// `vm.max_map_count` (65,530 by default).
    pub fn new(limit: usize) -> Rc<Self> {
        Rc::new(Self { idle: RefCell::new(Vec::new()), limit })
    }

    fn take(&self) -> Result<DefaultStack, NoStack> {
        if let Some(stack) = self.idle.borrow_mut().pop() {
            return Ok(stack);
        }
        if STACKS.fetch_add(1, Ordering::Relaxed) >= self.limit {
            STACKS.fetch_sub(1, Ordering::Relaxed);
            return Err(NoStack::Limit(self.limit));
        }
        DefaultStack::new(STACK_SIZE).map_err(|error| {
            STACKS.fetch_sub(1, Ordering::Relaxed);
            NoStack::System(error)
        })
    }

    fn give_back(&self, stack: DefaultStack) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < POOLED {
            idle.push(stack);
        } else {
            STACKS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        STACKS.fetch_sub(self.idle.borrow().len(), Ordering::Relaxed);
    }
}

/// A panic inside a coroutine, caught.
pub struct Panic(pub Box<dyn Any + Send>);

impl Panic {
    /// What the panic said.
    pub fn message(&self) -> &str {
        let text = self.0.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| self.0.downcast_ref::<&str>().copied()).unwrap_or("(no message)")
    }
}

impl std::fmt::Debug for Panic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

type Body<R> = Coroutine<Resume, Suspension, R, DefaultStack>;

/// A coroutine as a future. Dropping it ends the coroutine: it is resumed once, every [`wait`] says
/// [`WaitError::Cancelled`] from then on; should it wait nevertheless, its stack is unwound by force.
pub struct Task<R> {
    body: Option<Body<R>>,
    waiting: Option<Suspension>,
    stacks: Rc<Stacks>,
}

impl<R: 'static> Task<R> {
    /// A coroutine that will run `body`, from the first poll on.
    ///
    /// # Errors
    /// [`NoStack`]
    pub fn new(stacks: &Rc<Stacks>, body: impl FnOnce() -> R + 'static) -> Result<Self, NoStack> {
        let stack = stacks.take()?;
        LIVE.set(LIVE.get() + 1);
        let floor = stack.limit().get() + STACK_RESERVE;
        let body = Coroutine::with_stack(stack, move |yielder: &Yielder<Resume, Suspension>, resume| {
            let cancelled = resume == Resume::Cancel;
            RUNNING.set(Some(Running { yielder: NonNull::from(yielder), floor, cancelled }));
            body()
        });
        Ok(Self { body: Some(body), waiting: None, stacks: Rc::clone(stacks) })
    }

    /// Ends the coroutine in good order and gives what it returned; `None` if it never ran, is over already, or
    /// had to be unwound by force.
    ///
    /// # Errors
    /// [`Panic`] if it panicked meanwhile.
    pub fn cancel(&mut self) -> Result<Option<R>, Panic> {
        self.waiting = None;
        let started = self.body.as_ref().is_some_and(|body| body.started() && !body.done());
        let outcome = if started { self.resume(Resume::Cancel) } else { Ok(None) };
        self.waiting = None;
        self.finish();
        outcome
    }

    /// Runs the coroutine to its next wait or its end.
    fn resume(&mut self, how: Resume) -> Result<Option<R>, Panic> {
        let Some(body) = self.body.as_mut().filter(|body| !body.done()) else { return Ok(None) };
        let restore = Restore(RUNNING.get());
        // Whatever the panic left half done belongs to this one handler, which ends with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| body.resume(how)));
        drop(restore);
        match outcome {
            Ok(CoroutineResult::Yield(suspension)) => {
                self.waiting = Some(suspension);
                Ok(None)
            }
            Ok(CoroutineResult::Return(value)) => Ok(Some(value)),
            Err(payload) => Err(Panic(payload)),
        }
    }

    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, Panic> {
        let Some(waiting) = self.waiting.as_mut() else { return Ok(Poll::Ready(())) };
        let poll = catch_unwind(AssertUnwindSafe(|| waiting.as_mut().poll(context))).map_err(Panic)?;
        if poll.is_ready() {
            self.waiting = None;
        }
        Ok(poll)
    }
}

impl<R> Task<R> {
    /// Takes the stack back, unwinding by force what is still on it.
    fn finish(&mut self) {
        let Some(mut body) = self.body.take() else { return };
        LIVE.set(LIVE.get().saturating_sub(1));
        let restore = Restore(RUNNING.replace(None));
        // A destructor that panics in a forced unwind has nobody left to tell.
        let unwound = catch_unwind(AssertUnwindSafe(|| body.force_unwind())).is_ok();
        drop(restore);
        if unwound && body.done() {
            self.stacks.give_back(body.into_stack());
        } else {
            STACKS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<R: 'static> Future for Task<R> {
    type Output = Result<R, Panic>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.get_mut();
        let mut turn = Turn::default();
        loop {
            match task.poll_waiting(context) {
                Ok(poll) => ready!(poll),
                Err(panic) => {
                    let _ = task.cancel();
                    return Poll::Ready(Err(panic));
                }
            }
            match task.resume(Resume::Go) {
                Ok(Some(value)) => {
                    task.finish();
                    return Poll::Ready(Ok(value));
                }
                // What is waited for may be there each time, as with inputs that have queued up.
                Ok(None) if task.waiting.is_some() && turn.is_over() => {
                    // By it, unlike by waking, sockets are looked at before the next poll.
                    let _ = pin!(tokio::task::yield_now()).poll(context);
                    return Poll::Pending;
                }
                Ok(None) if task.waiting.is_some() => {}
                Ok(None) => return Poll::Pending,
                Err(panic) => {
                    task.finish();
                    return Poll::Ready(Err(panic));
                }
            }
        }
    }
}

impl<R> Drop for Task<R> {
    fn drop(&mut self) {
        self.waiting = None;
        if let Some(body) = self.body.as_mut().filter(|body| body.started() && !body.done()) {
            let restore = Restore(RUNNING.get());
            let outcome = catch_unwind(AssertUnwindSafe(|| body.resume(Resume::Cancel)));
            drop(restore);
            drop(outcome);
        }
        self.finish();
    }
}
