//! Hooks: server-wide scripts, whose functions the server calls at certain moments, whatever answers a request.
//!
//! | file | what |
//! |---|---|
//! | [`entry`] | which functions those are, and what is wrong with a hook script |
//! | [`offers`] | functions that scripts offer to each other: `hooks::register`, `hooks::call` |
//! | `events` | the moments of the server, its scripts and its connections; the status page |
//! | `requests` | requests and responses |
//! | [`shared`], [`values`] | what all workers share: failures, `server.context` |
//!
//! Each call is a coroutine of its own, with a budget of its own. What fails is named in the log and remembered for the
//! status page; everything else goes on as if that hook did not exist. A worker has its own hooks, as it has its own
//! handlers: what stands outside of functions runs on each worker when the script is loaded there.

pub mod entry;
mod events;
pub mod offers;
mod requests;
pub mod shared;
pub mod values;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::Mutex;

use self::entry::{Defined, Hook};
use self::offers::Offers;
use self::shared::{Failure, Shared};
use super::api::response::Common;
use super::api::server::Server;
use super::budget::Run;
use super::error::{Fault, ScriptError};
use super::host::{Caller, Core};
use super::loader::{Script, ScriptSource};
use super::run::count_limit;

pub use self::events::Line;
pub use self::requests::Asked;

/// How messages call what stands outside of functions.
const STATEMENTS: &str = "(outside of functions)";
/// How messages call that a script is read and compiled.
const LOADING: &str = "(loading)";

/// Which hooks a server has, and what those of all its workers share.
#[derive(Clone, Default)]
pub struct Options {
    /// The scripts, in the order in which they are called.
    pub scripts: Vec<PathBuf>,
    /// What outlives every configuration.
    pub shared: Arc<Shared>,
}

/// The hooks of one worker.
pub struct Hooks {
    core: Rc<Core>,
    common: Rc<Common>,
    server: Server,
    offers: Rc<Offers>,
    shared: Arc<Shared>,
    sources: Vec<ScriptSource>,
    /// Of each source, once it was looked at.
    loaded: RefCell<Vec<Option<Loaded>>>,
    /// One looks at a time, so that nobody goes by half of what was loaded.
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
    defined: Defined,
}

/// What a hook script is at, as a handler at work knows it.
#[derive(Clone)]
pub struct AtWork {
    /// The script whose statements run outside of functions, if they do.
    pub script: Rc<Script>,
    /// Whether its functions may offer functions to others: those calls happen on every worker.
    pub may_offer: bool,
}

impl Hooks {
    /// Hooks of which nothing is loaded yet; `None` if there are none.
    pub(super) fn new(
        options: &Options,
        core: &Rc<Core>,
        common: &Rc<Common>,
        server: &Server,
        offers: &Rc<Offers>,
    ) -> Option<Rc<Self>> {
        if options.scripts.is_empty() {
            return None;
        }
        core.gazette().want();
        Some(Rc::new(Self {
            core: Rc::clone(core),
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
            let outcome = self.core.load(source).map_err(|error| (*error).clone());
            if !self.is_known(at, &outcome) {
                self.load(at, source.path(), outcome).await;
                loaded = true;
            }
        }
        self.tell_news().await;
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
        let text = outcome.as_ref().map_or_else(ToString::to_string, |script| script.text().to_owned());
        self.shared.loaded(path, &text);
        let seen = outcome.as_ref().map(Rc::clone).map_err(ToString::to_string);
        let active = match outcome.and_then(|script| Ok(Active { defined: entry::defined(&script)?, script })) {
            Err(error) => {
                self.failed(path, LOADING, &error);
                None
            }
            Ok(active) => {
                let statements = self.call(&active.script, None, |_| {}, Caller::run_statements, pending()).await;
                statements.inspect_err(|error| self.failed(path, STATEMENTS, error)).ok().map(|()| active)
            }
        };
        if let Some(slot) = self.loaded.borrow_mut().get_mut(at) {
            *slot = Some(Loaded { seen, active });
        }
    }

    /// The scripts that define a hook, in their order, with the number of its parameters.
    fn those(&self, hook: Hook) -> Vec<(Rc<Script>, usize)> {
        let loaded = self.loaded.borrow();
        let active = loaded.iter().flatten().filter_map(|loaded| loaded.active.as_ref());
        active.filter_map(|active| Some((Rc::clone(&active.script), active.defined.parameters(hook)?))).collect()
    }

    fn any(&self, hook: Hook) -> bool {
        let loaded = self.loaded.borrow();
        let mut active = loaded.iter().flatten().filter_map(|loaded| loaded.active.as_ref());
        active.any(|active| active.defined.parameters(hook).is_some())
    }

    /// One call, until `lost`; `hook` is `None` for what stands outside of functions.
    async fn call<T: 'static>(
        &self,
        script: &Rc<Script>,
        hook: Option<Hook>,
        prepare: impl FnOnce(&Run) + 'static,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
        lost: impl Future<Output = ()>,
    ) -> Result<T, ScriptError> {
        let may_offer = matches!(hook, None | Some(Hook::ScriptLoad));
        let at_work = AtWork { script: Rc::clone(script), may_offer };
        let started = self.core.start(script, move |caller| {
            caller.run().hook.replace(Some(at_work));
            prepare(caller.run());
            body(caller)
        });
        let mut handler = started
            .map_err(|full| ScriptError::Raised(Fault::new(full.to_string(), script.path(), script.text(), None)))?;
        let mut lost = pin!(lost);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = Pin::new(&mut handler).poll(context) {
                return Poll::Ready(outcome);
            }
            lost.as_mut().poll(context).map(|()| Err(ScriptError::Ended))
        })
        .await
    }

    /// Says what failed, and remembers it; nothing if it is only that a client left.
    fn failed(&self, script: &Path, function: &'static str, error: &ScriptError) {
        let file = script.display();
        match error {
            ScriptError::Ended => return,
            ScriptError::Panic { .. } => tracing::error!(target: "script", "hook {function} of {file}: {error}"),
            _ => tracing::warn!(target: "script", "hook {function} of {file}: {}", error.text(self.common.brief)),
        }
        count_limit(error, &self.common);
        let line = error.text(true).lines().map(str::trim).collect::<Vec<_>>().join(" ");
        self.shared.failed(script, function, line);
    }
}

/// What is never lost.
fn pending() -> impl Future<Output = ()> {
    std::future::pending()
}
