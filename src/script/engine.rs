//! The Rhai engine of one worker: what scripts can call, without the API over requests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, FLOAT, INT, Module, ModuleResolver, Position, Scope, Shared};

use super::budget;
use super::compiled::KeptScripts;
use super::coroutine::WaitError;
use super::limits::Limits;
use super::loader::{Loader, set_limits};
use super::{octet_functions, sizes, sorting, types};

thread_local! {
    /// 4 µs and 6 KB for each engine after the first of a worker, rather than 600 µs and 224 KiB.
    static STANDARD: StandardPackage = StandardPackage::new();
}

/// An engine with every limit set, whose scripts take turns, sleep without a thread, and import only what
/// `loader` allows.
pub fn new(limits: &Limits, loader: &Rc<Loader>) -> Engine {
    let mut engine = Engine::new_raw();
    STANDARD.with(|package| engine.register_global_module(package.as_shared_module()));
    set_limits(&mut engine, limits);
    engine.on_progress(|_| budget::on_operation());
    let call_depth = limits.call_depth;
    #[expect(deprecated, reason = "Rhai marks what may still change; pinned by the lock file and our tests")]
    engine.on_var(move |name, index, context| {
        budget::on_variable(call_depth, &context)?;
        // What has an index is a variable of the script.
        Ok(if index == 0 { global(name, &context) } else { None })
    });
    engine.on_print(|text| tracing::info!(target: "script", "{}", types::logged(text)));
    engine.on_debug(|text, source, position| {
        tracing::info!(target: "script", "{}:{position:?}: {}", source.unwrap_or("script"), types::logged(text));
    });
    engine.set_module_resolver(Imports { loader: Rc::clone(loader) });
    engine.register_fn("sleep", |seconds: INT| sleep(seconds as FLOAT));
    engine.register_fn("sleep", sleep);
    octet_functions::register(&mut engine);
    sizes::register(&mut engine, limits);
    sorting::register(&mut engine);
    engine
}

/// Variables that every function of every script sees.
#[derive(Clone)]
struct Globals(Rc<[(&'static str, Dynamic)]>);

/// Sets the variables of an engine that every function of every script sees, unless it has one of that name itself.
/// Rhai's own are invisible in closures, and an engine's tag is at hand wherever a variable is looked up.
pub fn set_globals(engine: &mut Engine, globals: impl IntoIterator<Item = (&'static str, Dynamic)>) {
    engine.set_default_tag(Dynamic::from(Globals(globals.into_iter().collect())));
}

fn global(name: &str, context: &EvalContext) -> Option<Dynamic> {
    let globals = context.tag().read_lock::<Globals>()?;
    let (_, value) = globals.0.iter().find(|(known, _)| *known == name)?;
    if context.scope().contains(name) { None } else { Some(value.clone()) }
}

/// Waits, to the millisecond. Negative numbers do not wait, as in Rhai.
fn sleep(seconds: FLOAT) -> Result<(), Box<EvalAltResult>> {
    if seconds.is_nan() {
        return Err("sleep takes a number of seconds, not NaN".into());
    }
    if seconds <= 0.0 {
        return budget::pause(tokio::task::yield_now());
    }
    // What is longer than a handler may take ends with its time.
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).min(Duration::from_secs(86_400 * 365));
    budget::pause(async move { tokio::time::sleep(duration).await })
}

/// Modules that a call imported; `None` while one is being evaluated.
#[derive(Default)]
struct Modules(RefCell<HashMap<PathBuf, Option<Rc<Module>>>>);

/// `import`, confined to the handler roots. Modules are evaluated once per handler and never shared between them.
struct Imports {
    loader: Rc<Loader>,
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        name: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let error = |why: String| -> Box<EvalAltResult> {
            EvalAltResult::ErrorRuntime(format!("cannot import {name:?}: {why}").into(), position).into()
        };
        let run = budget::current().ok_or_else(|| error(WaitError::NotInHandler.to_string()))?;
        let found = self.loader.resolve_import(source.map(Path::new), name);
        let found = found.ok_or_else(|| Box::new(EvalAltResult::ErrorModuleNotFound(name.to_owned(), position)))?;
        let path = found.path().to_owned();
        let modules = &run.slot::<Modules>().0;
        match modules.borrow().get(&path) {
            Some(Some(module)) => return Ok(Rc::clone(module)),
            Some(None) => return Err(error("it imports itself, directly or through others".to_owned())),
            None if modules.borrow().len() >= engine.max_modules() => {
                return Err(EvalAltResult::ErrorTooManyModules(position).into());
            }
            None => {}
        }
        // Compiling recurses: a future is polled on the outer stack, so the compiler runs there.
        let loader = Rc::clone(&self.loader);
        let script = budget::pause(async move { loader.load(&found) })?.map_err(|why| error(format!("\n{why}")))?;
        KeptScripts::keep(&run, &script);
        modules.borrow_mut().insert(path.clone(), None);
        let module = Module::eval_ast_as_new(Scope::new(), script.ast(), engine);
        let module =
            module.map_err(|inner| EvalAltResult::ErrorInModule(path.to_string_lossy().into_owned(), inner, position));
        match module {
            Ok(module) => {
                let module = Shared::new(module);
                modules.borrow_mut().insert(path, Some(Rc::clone(&module)));
                Ok(module)
            }
            Err(error) => {
                modules.borrow_mut().remove(&path);
                Err(error.into())
            }
        }
    }
}
