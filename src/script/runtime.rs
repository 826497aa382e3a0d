//! One worker's engine, compiled scripts and stacks: what calls functions of scripts, and gives their errors a place.

use std::any::Any;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use rhai::{
    Caches, CallFnOptions, Dynamic, Engine, EvalAltResult, EvalContext, Expression, FuncArgs, ImmutableString, Scope,
};

use super::budget::{Counting, Run};
use super::compiled::{Body, Script, ScriptSource};
use super::coroutine::{NoStack, Panic, Stacks, Task};
use super::engine;
use super::error::{BadRequest, ScriptError, ending_message};
use super::explain::Explainer;
use super::limits::{Ending, Limits};
use super::load_events::LoadEvents;
use super::loader::{Loader, Roots};
use super::subject::Subject;
use super::watch::Changes;

/// Runs scripts on one worker. Cheap to make: each worker has its own, and they share nothing except [`Changes`].
pub struct Runtime {
    engine: Engine,
    loader: Rc<Loader>,
    stacks: Rc<Stacks>,
    limits: Rc<Limits>,
}

impl Runtime {
    /// A runtime whose engine got what `register` adds.
    pub fn new(limits: Limits, roots: Roots, changes: Changes, register: impl FnOnce(&mut Engine)) -> Rc<Self> {
        let limits = Rc::new(limits);
        let stacks = Stacks::new(limits.live);
        let loader = Rc::new(Loader::new(Rc::clone(&limits), roots, changes));
        let mut engine = engine::new(&limits, &loader);
        register(&mut engine);
        Rc::new(Self { engine, loader, stacks, limits })
    }

    /// The script, compiled again if it changed.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn load(&self, source: &ScriptSource) -> Result<Rc<Script>, Rc<ScriptError>> {
        self.loader.load(source)
    }

    /// Which scripts were loaded and unloaded.
    pub fn load_events(&self) -> &LoadEvents {
        self.loader.load_events()
    }

    /// What is wrong with scripts that were asked for.
    pub fn errors(&self) -> Vec<Rc<ScriptError>> {
        self.loader.errors()
    }

    /// Starts `body`, which calls functions of `script` about `subject`: a future to be polled in the connection's task.
    ///
    /// # Errors
    /// [`NoStack`]: to be answered with 503.
    pub fn start<T: 'static>(
        self: &Rc<Self>,
        script: &Rc<Script>,
        subject: Subject,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
    ) -> Result<ScriptCall<T>, NoStack> {
        let run = Run::new(&self.limits, Rc::clone(script) as Rc<dyn Any>, subject);
        let caller = Caller { runtime: Rc::clone(self), script: Rc::clone(script), run: Rc::clone(&run) };
        let task = Task::new(&self.stacks, move || body(&caller))?;
        Ok(ScriptCall { task: Some(task), run, timer: None, script: Rc::clone(script) })
    }
}

/// What the body of a [`ScriptCall`] calls its script with.
pub struct Caller {
    runtime: Rc<Runtime>,
    script: Rc<Script>,
    run: Rc<Run>,
}

impl Caller {
    /// The script.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The call under way.
    pub fn run(&self) -> &Rc<Run> {
        &self.run
    }

    /// Calls a function of the script.
    ///
    /// # Errors
    /// What the script raised, or why it was ended.
    pub fn call(&self, function: &str, arguments: impl FuncArgs) -> Result<Dynamic, ScriptError> {
        let outcome = match self.script.body(function) {
            Some(body) => self.evaluate(body, arguments),
            None => {
                let options = CallFnOptions::new().eval_ast(true).rewind_scope(true);
                let (engine, ast) = (&self.runtime.engine, self.script.ast());
                engine.call_fn_with_options(options, &mut Scope::new(), ast, function, arguments)
            }
        };
        outcome.map_err(|error| self.error(&error, function))
    }

    /// Does what a call does, except that errors keep their place.
    fn evaluate(&self, body: &Body, arguments: impl FuncArgs) -> Result<Dynamic, Box<EvalAltResult>> {
        let (engine, ast) = (&self.runtime.engine, self.script.ast());
        let (mut global, mut caches, mut scope) = (engine.new_global_runtime_state(), Caches::new(), Scope::new());
        global.source = Some(self.script.source().clone());
        global.lib.push(Rc::clone(ast.shared_lib()));
        if !ast.statements().is_empty() {
            #[expect(deprecated, reason = "Rhai marks what may still change; pinned by the lock file and our tests")]
            drop(engine.eval_statements_raw(&mut global, &mut caches, &mut scope, ast.statements())?);
            scope.clear();
        }
        arguments.parse(&mut Parameters { names: body.parameters.iter(), scope: &mut scope });
        global.level = 1;
        let outcome = EvalContext::new(engine, &mut global, &mut caches, &mut scope, None)
            .eval_expression_tree(&Expression::from(&body.block));
        outcome.or_else(|error| match *error {
            EvalAltResult::Return(value, _) | EvalAltResult::Exit(value, _) => Ok(value),
            _ => Err(error),
        })
    }

    /// Runs what stands outside of functions.
    ///
    /// # Errors
    /// What the script raised, or why it was ended.
    pub fn run_statements(&self) -> Result<(), ScriptError> {
        self.runtime.engine.run_ast(self.script.ast()).map_err(|error| self.error(&error, "(outside of functions)"))
    }

    /// Calls a function pointer that the script gave, without arguments; [`Caller::error`] makes text of its error.
    ///
    /// # Errors
    /// What the script raised.
    pub fn call_raw(&self, pointer: &rhai::FnPtr) -> Result<Dynamic, Box<EvalAltResult>> {
        pointer.call::<Dynamic>(&self.runtime.engine, self.script.ast(), ())
    }

    /// An error of the script as text for people.
    pub fn error(&self, error: &EvalAltResult, function: &str) -> ScriptError {
        let ending = self.run.ending();
        if ending == Some(Ending::Cancelled) {
            return ScriptError::Ended;
        }
        if let EvalAltResult::ErrorRuntime(value, _) = error.unwrap_inner()
            && let Some(error) = value.read_lock::<BadRequest>().as_deref()
        {
            return ScriptError::BadRequest(error.clone());
        }
        let Runtime { engine, loader, limits, .. } = &*self.runtime;
        let mut fault = Explainer { engine, limits, loader }.fault(error, function, self.script.path());
        if fault.place.is_none() {
            fault.place_at_function(function, self.script.text());
        }
        match ending {
            Some(ending) => {
                fault.message = ending_message(ending, limits);
                fault.help = None;
                ScriptError::Budget { ending, fault }
            }
            None => ScriptError::Runtime(fault),
        }
    }
}

/// Puts arguments into the scope of a function.
struct Parameters<'a> {
    names: std::slice::Iter<'a, ImmutableString>,
    scope: &'a mut Scope<'static>,
}

impl Extend<Dynamic> for Parameters<'_> {
    fn extend<I: IntoIterator<Item = Dynamic>>(&mut self, values: I) {
        for (value, name) in values.into_iter().zip(self.names.by_ref()) {
            self.scope.push_dynamic(name.clone(), value);
        }
    }
}

/// A running call of a script, as a future. Dropping it ends the call: its script is terminated, its stack given back.
pub struct ScriptCall<T> {
    task: Option<Task<Result<T, ScriptError>>>,
    run: Rc<Run>,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
    script: Rc<Script>,
}

impl<T: 'static> ScriptCall<T> {
    /// Whether it continues although its client has left.
    pub fn outlives_client(&self) -> bool {
        self.run.outlives_client()
    }

    fn panicked(&self, panic: &Panic) -> ScriptError {
        ScriptError::Panic { file: self.script.path().to_owned(), message: panic.message().to_owned() }
    }

    /// Ends it for `why`, and gives what comes of that.
    fn end(&mut self, why: Ending) -> Result<T, ScriptError> {
        let Some(mut task) = self.task.take() else { return Err(ScriptError::Ended) };
        let counting = Counting::enter(&self.run);
        self.run.end(why);
        let outcome = task.cancel();
        drop(task);
        drop(counting);
        match outcome {
            Ok(Some(result)) => result,
            Ok(None) => Err(ScriptError::Ended),
            Err(panic) => Err(self.panicked(&panic)),
        }
    }
}

impl<T: 'static> Future for ScriptCall<T> {
    type Output = Result<T, ScriptError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let call = self.get_mut();
        let Some(task) = call.task.as_mut() else { return Poll::Ready(Err(ScriptError::Ended)) };
        let counting = Counting::enter(&call.run);
        let poll = Pin::new(task).poll(context);
        drop(counting);
        if let Poll::Ready(outcome) = poll {
            call.task = None;
            return Poll::Ready(outcome.unwrap_or_else(|panic| Err(call.panicked(&panic))));
        }
        // Only a waiting script needs a timer: a busy one looks at the clock itself.
        let deadline = call.run.deadline();
        let timer = call.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(call.end(Ending::Time)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Drop for ScriptCall<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let counting = Counting::enter(&self.run);
            self.run.end(Ending::Cancelled);
            drop(task);
            drop(counting);
        }
    }
}
