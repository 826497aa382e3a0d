//! What a handler may use: operations, time, depth; counted per handler, whatever calls it makes.
//!
//! Rhai's own operation count restarts inside callbacks, so the count is kept here: `Meter` holds that of the
//! handler that runs on this thread just now, [`Run`] that of each handler.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, EvalContext, Position};
use tokio::time::Instant;

use super::coroutine::{WaitError, stack_is_low, wait};
use super::limits::{Ending, Limits};
use super::nesting;
use super::slots::Slots;
use super::subject::Subject;

/// Operations after which a busy handler lets others run.
const SLICE: u64 = 2048;

/// The time after which a script lets others run, about. What it writes until then leaves in one piece, so that it is no
/// shorter.
const TURN: Duration = Duration::from_millis(1);
/// Operations between two looks at the clock: each may copy megabytes, so that a slice can be long.
const GLANCE: u64 = 32;

/// Bytes of output of its connection from which on a busy handler waits for the client to take them.
const MAX_OUTPUT: usize = 1 << 20;

/// Operations that a handler over its budget may still make, so that the error can be raised where a variable is
/// read: only there does Rhai keep the position and the call chain.
const GRACE: u64 = 64;

/// One call of a script by the server, from its start to its end: a handler's request, a profile's or hook's function.
pub struct Run {
    limits: Rc<Limits>,
    script: Rc<dyn Any>,
    subject: Subject,
    operations: Cell<u64>,
    deadline: OnceCell<Instant>,
    ending: Cell<Option<Ending>>,
    /// Resident memory of the process when last looked at, in bytes.
    resident: Cell<Option<u64>>,
    /// Bytes of what the process grew by since it was first looked at, as far as they are charged to this call.
    grown: Cell<u64>,
    outlives_client: Cell<bool>,
    slots: Slots,
}

impl Run {
    /// A call that starts now or later: its time counts from its first wait or `GLANCE`, so that most calls never ask
    /// for the time. `script` is what it runs, kept until its stack is gone: syntax trees may be too deep to be dropped
    /// there.
    pub fn new(limits: &Rc<Limits>, script: Rc<dyn Any>, subject: Subject) -> Rc<Self> {
        Rc::new(Self {
            limits: Rc::clone(limits),
            script,
            subject,
            operations: Cell::new(0),
            deadline: OnceCell::new(),
            ending: Cell::new(None),
            resident: Cell::new(None),
            grown: Cell::new(0),
            outlives_client: Cell::new(false),
            slots: Slots::default(),
        })
    }

    /// The script that is called, if it is of this type.
    pub fn script<T: 'static>(&self) -> Option<&T> {
        self.script.downcast_ref()
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What a module above keeps for this call, made when first asked for.
    pub fn slot<T: Default + 'static>(&self) -> Rc<T> {
        self.slots.get()
    }

    /// Whether it continues after its client has left, to say what the client did.
    pub fn outlives_client(&self) -> bool {
        self.outlives_client.get()
    }

    /// See [`Run::outlives_client`].
    pub fn set_outlives_client(&self, outlives: bool) {
        self.outlives_client.set(outlives);
    }

    /// What it may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// When its time is over.
    pub fn deadline(&self) -> Instant {
        *self.deadline.get_or_init(|| {
            let now = Instant::now();
            now.checked_add(self.limits.time).unwrap_or_else(|| now + Duration::from_secs(86_400 * 365))
        })
    }

    /// Why it is being ended, if it is.
    pub fn ending(&self) -> Option<Ending> {
        self.ending.get()
    }

    fn over_budget(&self, operations: u64, now: Instant) -> Option<Ending> {
        if self.limits.operations > 0 && operations > self.limits.operations {
            return Some(Ending::Operations);
        }
        if now >= self.deadline() {
            return Some(Ending::Time);
        }
        if self.limits.memory == 0 {
            return None;
        }
        self.charge(resident_memory()?);
        (self.grown.get() > self.limits.memory).then_some(Ending::Memory)
    }

    /// Charges what the process grew by since the last look. Busy scripts of other workers have grown it too, so that
    /// each worker has its share.
    fn charge(&self, resident: u64) {
        let workers = measured_workers();
        if let Some(before) = self.resident.replace(Some(resident)) {
            let grown = self.grown.get() + resident.saturating_sub(before) / workers;
            self.grown.set(grown.saturating_sub(before.saturating_sub(resident) / workers));
        }
    }

    /// What the process grew by while others ran is not this call's.
    fn returned(&self) {
        if self.resident.get().is_some() {
            measured_workers();
            self.resident.set(resident_memory());
        }
    }

    /// Ends it: the next operation terminates the script, whatever it tries. The first reason stays.
    pub fn end(&self, why: Ending) {
        if self.ending.get().is_none() {
            self.ending.set(Some(why));
        }
        METER.with(|meter| {
            if meter.run.borrow().as_deref().is_some_and(|run| std::ptr::eq(run, self)) {
                meter.next_check.set(0);
            }
        });
    }
}

/// The counters of the handler that runs now. Plain cells, since every operation of every script reads them.
struct Meter {
    operations: Cell<u64>,
    next_check: Cell<u64>,
    /// When and at which operation the running slice ends.
    turn_ends: Cell<Option<Instant>>,
    slice_ends: Cell<u64>,
    /// Raise the error at the next variable that is read.
    raise: Cell<bool>,
    /// Look at the values in scope when the next variable is read.
    inspect: Cell<bool>,
    run: RefCell<Option<Rc<Run>>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            operations: Cell::new(0),
            next_check: Cell::new(u64::MAX),
            turn_ends: Cell::new(None),
            slice_ends: Cell::new(u64::MAX),
            raise: Cell::new(false),
            inspect: Cell::new(false),
            run: RefCell::new(None),
        }
    };
}

/// Makes `run` the one that is counted, until dropped.
pub struct Counting {
    outer: Option<Rc<Run>>,
}

impl Counting {
    /// From here on operations are those of `run`.
    pub fn enter(run: &Rc<Run>) -> Self {
        METER.with(|meter| {
            let outer = meter.run.replace(Some(Rc::clone(run)));
            if let Some(outer) = &outer {
                outer.operations.set(meter.operations.get());
            }
            meter.load(run);
            Self { outer }
        })
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if MEASURED.replace(false) {
            MEASURED_WORKERS.fetch_sub(1, Ordering::Relaxed);
        }
        METER.with(|meter| {
            let inner = meter.run.replace(self.outer.take());
            if let Some(inner) = inner {
                inner.operations.set(meter.operations.get());
            }
            match &*meter.run.borrow() {
                Some(outer) => meter.load(outer),
                None => meter.next_check.set(u64::MAX),
            }
        });
    }
}

impl Meter {
    fn load(&self, run: &Run) {
        let operations = run.operations.get();
        self.operations.set(operations);
        self.raise.set(false);
        self.new_slice(operations);
        if run.ending.get().is_some() {
            self.next_check.set(0);
        }
    }

    fn new_slice(&self, operations: u64) {
        self.turn_ends.set(None);
        self.slice_ends.set((operations / SLICE + 1) * SLICE);
        self.next_check.set(next_glance(operations));
    }

    /// Whether the slice is over. Short handlers never get here, and so never ask for the time.
    fn slice_is_over(&self, now: Instant) -> bool {
        let operations = self.operations.get();
        let turn_ends = self.turn_ends.get().unwrap_or_else(|| {
            self.turn_ends.set(Some(now + TURN));
            now + TURN
        });
        if operations >= self.slice_ends.get() || now >= turn_ends {
            return true;
        }
        self.next_check.set(next_glance(operations));
        false
    }
}

/// Looks come at fixed counts, so that a handler that waits often is looked at as often as any other.
fn next_glance(operations: u64) -> u64 {
    (operations / GLANCE + 1) * GLANCE
}

/// The handler that runs on this thread now.
pub fn current() -> Option<Rc<Run>> {
    METER.with(|meter| meter.run.borrow().clone())
}

/// For `Engine::on_progress`: counts one operation, and now and then looks whether the handler may go on.
pub fn on_operation() -> Option<Dynamic> {
    let due = METER.with(|meter| {
        let operations = meter.operations.get() + 1;
        meter.operations.set(operations);
        operations >= meter.next_check.get()
    });
    if due || stack_is_low() { check() } else { None }
}

#[cold]
fn check() -> Option<Dynamic> {
    let run = current()?;
    if run.ending.get().is_some() {
        return Some(Dynamic::UNIT);
    }
    if stack_is_low() {
        run.end(Ending::Stack);
        return Some(Dynamic::UNIT);
    }
    let now = Instant::now();
    if !METER.with(|meter| meter.slice_is_over(now)) {
        return None;
    }
    let operations = METER.with(|meter| meter.operations.get());
    if let Some(why) = run.over_budget(operations, now) {
        run.end(why);
        METER.with(|meter| {
            meter.next_check.set(operations + GRACE);
            meter.raise.set(true);
        });
        return None;
    }
    METER.with(|meter| {
        meter.new_slice(operations);
        meter.inspect.set(true);
    });
    let busy = Busy::enter();
    let waited = match run.subject.connection().filter(|connection| connection.output_is_above(MAX_OUTPUT)) {
        // Raw calls wait for nothing: a script that makes them without end waits here for its client.
        Some(connection) => {
            let connection = connection.clone();
            wait(async move { drop(connection.output_below(MAX_OUTPUT).await) })
        }
        None => wait(tokio::task::yield_now()),
    };
    drop(busy);
    run.returned();
    // After the wait `Counting` has loaded this handler again.
    match waited {
        Err(WaitError::Cancelled) => {
            run.end(Ending::Cancelled);
            Some(Dynamic::UNIT)
        }
        Ok(()) | Err(WaitError::NotInHandler) => run.ending.get().map(|_| Dynamic::UNIT),
    }
}

thread_local! {
    /// Handlers of this thread that would go on if it were their turn.
    static BUSY: Cell<usize> = const { Cell::new(0) };
}

/// Handlers of this thread that have been at work for so long that they take turns with others.
pub fn num_busy() -> usize {
    BUSY.get()
}

/// One of them, until it has its turn again or is ended.
struct Busy;

impl Busy {
    fn enter() -> Self {
        BUSY.set(BUSY.get() + 1);
        Self
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.set(BUSY.get().saturating_sub(1));
    }
}

/// For `Engine::on_var`: ends a handler over its budget where Rhai keeps the position.
///
/// # Errors
/// [`ended`]
pub fn on_variable(call_depth: usize, context: &EvalContext) -> Result<(), Box<EvalAltResult>> {
    let too_deep = context.call_level() > call_depth;
    let (raise, inspect) = METER.with(|meter| (meter.raise.replace(false), meter.inspect.get()));
    if !too_deep && !raise && !inspect {
        return Ok(());
    }
    let Some(run) = current() else { return Ok(()) };
    if too_deep {
        run.end(Ending::CallDepth);
    } else if inspect && !raise {
        METER.with(|meter| meter.inspect.set(false));
        let mut values = context.scope().iter_raw().map(|(_, _, value)| value).chain(context.this_ptr());
        if !values.any(nesting::is_too_deep) {
            return Ok(());
        }
        run.end(Ending::Nesting);
    }
    METER.with(|meter| meter.next_check.set(0));
    Err(ended())
}

/// [`wait`] for host functions: a handler that is being ended gets an error to leave with.
///
/// # Errors
/// [`ended`] when the handler is being ended, and a message outside of one.
pub fn pause<F>(future: F) -> Result<F::Output, Box<EvalAltResult>>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let outcome = wait(future).map_err(|error| match error {
        WaitError::Cancelled => {
            if let Some(run) = current() {
                run.end(Ending::Cancelled);
            }
            ended()
        }
        WaitError::NotInHandler => error.to_string().into(),
    })?;
    match current().and_then(|run| run.ending()) {
        Some(_) => Err(ended()),
        None => Ok(outcome),
    }
}

/// The error with which a host function leaves a handler that is being ended. Rhai keeps the call chain of this
/// one; a script that catches it is terminated at its next operation.
pub fn ended() -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime("the handler was ended".into(), Position::NONE).into()
}

/// Workers on which a script runs whose memory is measured.
static MEASURED_WORKERS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this worker is one of them.
    static MEASURED: Cell<bool> = const { Cell::new(false) };
}

/// How many there are, this one included.
fn measured_workers() -> u64 {
    if !MEASURED.replace(true) {
        MEASURED_WORKERS.fetch_add(1, Ordering::Relaxed);
    }
    MEASURED_WORKERS.load(Ordering::Relaxed).max(1)
}

/// Resident memory of this process in bytes, where the system says it.
fn resident_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(page_size()))
}

#[cfg(unix)]
fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(unix))]
fn page_size() -> u64 {
    4096
}
