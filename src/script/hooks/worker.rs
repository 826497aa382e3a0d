//! The hooks of one worker: which scripts are loaded, and how one of their functions is called.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::Mutex;

use super::shared::{Failure, Options, Shared};
use crate::script::api::server::Server;
use crate::script::common::Common;
use crate::script::compiled::{Script, ScriptSource};
use crate::script::entries::Hook;
use crate::script::error::ScriptError;
use crate::script::load_events::LoadEvent;
use crate::script::offers::{Offers, RunningHook};
use crate::script::roles::DefinedHooks;
use crate::script::runtime::{Caller, Runtime};
use crate::script::subject::Subject;

/// How messages call what stands outside of functions.
const STATEMENTS: &str = "(outside of functions)";
/// How messages call that a script is read and compiled.
const LOADING: &str = "(loading)";

/// The hooks of one worker.
pub struct Hooks {
    runtime: Rc<Runtime>,
    pub(super) common: Rc<Common>,
    pub(super) server: Server,
    offers: Rc<Offers>,
    pub(super) shared: Arc<Shared>,
    sources: Vec<ScriptSource>,
    /// Of each source, once it was looked at.
    loaded: RefCell<Vec<Option<Loaded>>>,
    /// One task looks at a time, so that none uses half of what was loaded.
    looking: Mutex<()>,
}

/// What a look at a script gave.
struct Loaded {
    /// The text that was compiled, or the error.
    seen: Result<Rc<Script>, String>,
    /// What is called; `None` if it is of no use.
    active: Option<Active>,
}

/// A script that is called.
#[derive(Clone)]
struct Active {
    script: Rc<Script>,
    defined: DefinedHooks,
}

impl Hooks {
    /// Hooks of which nothing is loaded yet; `None` if there are none.
    pub(in crate::script) fn new(
        options: &Options,
        runtime: &Rc<Runtime>,
        common: &Rc<Common>,
        server: &Server,
        offers: &Rc<Offers>,
    ) -> Option<Rc<Self>> {
        if options.scripts.is_empty() {
            return None;
        }
        runtime.load_events().enable();
        Some(Rc::new(Self {
            runtime: Rc::clone(runtime),
            common: Rc::clone(common),
            server: server.clone(),
            offers: Rc::clone(offers),
            shared: Arc::clone(&options.shared),
            sources: options.scripts.iter().cloned().map(ScriptSource::Path).collect(),
            loaded: RefCell::new(options.scripts.iter().map(|_| None).collect()),
            looking: Mutex::new(()),
        }))
    }

    /// The scripts, in their order.
    pub fn scripts(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().map(ScriptSource::path)
    }

    /// What failed, since the script in question was edited last.
    pub fn failures(&self) -> Vec<Failure> {
        let scripts: Vec<&Path> = self.scripts().collect();
        self.shared.failures(&scripts)
    }

    /// Loads what was edited, tells what became of scripts, and starts those that can be started only now.
    pub async fn refresh(&self) {
        let _one = self.looking.lock().await;
        let mut loaded = false;
        for (at, source) in self.sources.iter().enumerate() {
            let outcome = self.runtime.load(source).map_err(|error| (*error).clone());
            if !self.is_known(at, &outcome) {
                self.load(at, source.path(), outcome).await;
                loaded = true;
            }
        }
        self.deliver().await;
        if loaded {
            self.start().await;
        }
    }

    fn is_known(&self, at: usize, outcome: &Result<Rc<Script>, ScriptError>) -> bool {
        let loaded = self.loaded.borrow();
        match (loaded.get(at).and_then(Option::as_ref).map(|loaded| &loaded.seen), outcome) {
            (Some(Ok(known)), Ok(script)) => Rc::ptr_eq(known, script) || known.text() == script.text(),
            (Some(Err(known)), Err(error)) => *known == error.to_string(),
            _ => false,
        }
    }

    /// Goes by another text of a script from now on.
    async fn load(&self, at: usize, path: &Path, outcome: Result<Rc<Script>, ScriptError>) {
        self.offers.forget(path);
        let text = outcome.as_ref().map_or_else(ToString::to_string, |script| script.text().to_string());
        self.shared.loaded(path, &text);
        let seen = outcome.as_ref().map(Rc::clone).map_err(ToString::to_string);
        let active = match outcome.and_then(|script| Ok(Active { defined: DefinedHooks::of(&script)?, script })) {
            Err(error) => {
                self.failed(path, LOADING, &error);
                None
            }
            Ok(active) => {
                let statements =
                    self.call(&active.script, None, Subject::Server, Caller::run_statements, pending()).await;
                statements.inspect_err(|error| self.failed(path, STATEMENTS, error)).ok().map(|()| active)
            }
        };
        if let Some(slot) = self.loaded.borrow_mut().get_mut(at) {
            *slot = Some(Loaded { seen, active });
        }
    }

    /// Calls `on_start` of those that the server has not started before.
    async fn start(&self) {
        for (script, _) in self.those(Hook::Start) {
            if self.shared.starts(script.path()) {
                let server = self.server.clone();
                let started = self.call(
                    &script,
                    Some(Hook::Start),
                    Subject::Server,
                    move |caller| caller.call(Hook::Start.name(), (server,)).map(drop),
                    pending(),
                );
                if let Err(error) = started.await {
                    self.failed(script.path(), Hook::Start.name(), &error);
                }
            }
        }
    }

    /// Calls `on_script_load` and `on_script_unload` for what happened to scripts.
    pub(in crate::script) async fn deliver_load_events(&self) {
        if !self.runtime.load_events().is_empty() {
            let _one = self.looking.lock().await;
            self.deliver().await;
        }
    }

    async fn deliver(&self) {
        while let Some(event) = self.runtime.load_events().next() {
            let (hook, path) = match event {
                LoadEvent::Loaded(path) => (Hook::ScriptLoad, path),
                LoadEvent::Unloaded(path) => (Hook::ScriptUnload, path),
            };
            for (script, _) in self.those(hook) {
                let path = path.to_string_lossy().into_owned();
                let delivered = self.call(
                    &script,
                    Some(hook),
                    Subject::Server,
                    move |caller| caller.call(hook.name(), (path,)).map(drop),
                    pending(),
                );
                if let Err(error) = delivered.await {
                    self.failed(script.path(), hook.name(), &error);
                }
            }
        }
    }

    /// The scripts that define a hook, in their order, with the number of its parameters.
    pub(super) fn those(&self, hook: Hook) -> Vec<(Rc<Script>, usize)> {
        let loaded = self.loaded.borrow();
        let active = loaded.iter().flatten().filter_map(|loaded| loaded.active.as_ref());
        active.filter_map(|active| Some((Rc::clone(&active.script), active.defined.parameters(hook)?))).collect()
    }

    pub(super) fn any(&self, hook: Hook) -> bool {
        let loaded = self.loaded.borrow();
        let mut active = loaded.iter().flatten().filter_map(|loaded| loaded.active.as_ref());
        active.any(|active| active.defined.parameters(hook).is_some())
    }

    /// One call, until `lost`; `hook` is `None` for what stands outside of functions.
    pub(super) async fn call<T: 'static>(
        &self,
        script: &Rc<Script>,
        hook: Option<Hook>,
        subject: Subject,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
        lost: impl Future<Output = ()>,
    ) -> Result<T, ScriptError> {
        let may_offer = matches!(hook, None | Some(Hook::ScriptLoad));
        let running = RunningHook { script: Rc::clone(script), may_offer };
        let started = self.runtime.start(script, subject, move |caller| {
            RunningHook::replace(caller.run(), Some(running));
            body(caller)
        });
        let mut call = started.map_err(|full| ScriptError::Runtime(script.fault(full.to_string())))?;
        let mut lost = pin!(lost);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = Pin::new(&mut call).poll(context) {
                return Poll::Ready(outcome);
            }
            lost.as_mut().poll(context).map(|()| Err(ScriptError::Ended))
        })
        .await
    }

    /// Says what failed, and remembers it; nothing if it is only that a client left.
    pub(super) fn failed(&self, script: &Path, function: &'static str, error: &ScriptError) {
        let file = script.display();
        match error {
            ScriptError::Ended => return,
            ScriptError::Panic { .. } => tracing::error!(target: "script", "hook {function} of {file}: {error}"),
            _ => tracing::warn!(target: "script", "hook {function} of {file}: {}", error.text(self.common.brief)),
        }
        self.common.count_limit_of(error);
        let line = error.text(true).lines().map(str::trim).collect::<Vec<_>>().join(" ");
        self.shared.failed(script, function, line);
    }
}

/// Never ready.
pub(super) fn pending() -> impl Future<Output = ()> {
    std::future::pending()
}
