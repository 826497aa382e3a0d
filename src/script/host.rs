//! One worker's script host: starts handlers, profiles and hooks.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use rhai::Dynamic;

use super::api;
use super::api::connection::{Context, OfRequest};
use super::api::helpers::ReadableFiles;
use super::api::json::from_json;
use super::api::server::Server;
use super::budget;
use super::common::Common;
use super::compiled::ScriptSource;
use super::coroutine;
use super::engine::set_globals;
use super::error::ScriptError;
use super::handler::{self, Begin};
use super::handshake::Handshake;
use super::hooks::{self, Asked, Hooks};
use super::limits::Limits;
use super::loader::Roots;
use super::offers::Offers;
use super::profile;
use super::roles::{check_is_handler, check_is_profile};
use super::runtime::Runtime;
use super::stash::Stash;
use super::watch::Changes;
use crate::exchange::{Connection, Delivery, Exchange, Prepared, Request};
use crate::http::date;

/// What the script host needs to know; the same for all workers.
#[derive(Clone)]
pub struct Options {
    /// Folders below which handlers lie and import each other.
    pub roots: Vec<PathBuf>,
    /// The folder of the pages; scripts may read files below it, and import scripts.
    pub doc_root: PathBuf,
    /// Whether scripts may not read the file at a canonical path: private keys, the configuration.
    pub is_hidden: fn(&Path, &[PathBuf]) -> bool,
    /// Where these are.
    pub hidden: Vec<PathBuf>,
    /// Limits of each handler.
    pub limits: Limits,
    /// Where changes of scripts are told.
    pub changes: Changes,
    /// What scripts leave for later requests, whatever the worker.
    pub stash: Arc<Stash>,
    /// Server-wide scripts.
    pub hooks: hooks::Options,
    /// Whether an error is told in one line, without the script's lines and calls.
    pub suppress_handler_traceback: bool,
    /// What scripts see as `request.server.config`.
    pub server_config: Arc<serde_json::Value>,
    /// A script inside the program by its path below `handlers/`'s parent, such as `handlers/hello.rhai`.
    pub embedded: fn(&str) -> Option<Cow<'static, str>>,
    /// A file inside the program, by the same kind of path.
    pub embedded_file: fn(&str) -> Option<Cow<'static, [u8]>>,
    /// Makes a page of the words that are said of a script, if the client would rather have one.
    pub dress: fn(&Request, Prepared) -> Prepared,
    /// The time: scripts see it, and responses carry it.
    pub wall_clock: fn() -> SystemTime,
}

/// How the scripts of one worker stand.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Handlers of the thread that are not over.
    pub live: usize,
    /// Those of them that are at work; the others wait for something.
    pub busy: usize,
    /// What is wrong with scripts that were asked for, one line each.
    pub errors: Vec<String>,
    /// How often handlers met a limit, by its key in `[limits]`.
    pub limits_met: BTreeMap<&'static str, u64>,
    /// How often profiles failed, by what went wrong, in one line.
    pub profile_failures: BTreeMap<String, u64>,
}

/// The variables that every script sees in each of its functions.
pub const GLOBALS: [&str; 2] = ["stash", "server"];

/// One worker's script host.
pub struct Host {
    runtime: Rc<Runtime>,
    common: Rc<Common>,
    server: Server,
    hooks: Option<Rc<Hooks>>,
}

/// The names that the configuration gives this server: its `domains`, by host and subdomain.
fn hosts_of(config: &serde_json::Value) -> HashSet<String> {
    let by_host = config.get("domains").and_then(serde_json::Value::as_object);
    let names = by_host.into_iter().flat_map(|hosts| hosts.values()).filter_map(serde_json::Value::as_object);
    let names = names.flat_map(|subdomains| subdomains.values()).filter_map(serde_json::Value::as_str);
    names.map(str::to_ascii_lowercase).collect()
}

impl Host {
    /// A host with nothing compiled yet.
    pub fn new(options: Options) -> Self {
        // Hook scripts may lie anywhere, and import what lies beside them.
        let beside = options.hooks.scripts.iter().filter_map(|script| script.parent().map(Path::to_owned));
        let folders = options.roots.iter().chain([&options.doc_root]).cloned().chain(beside).collect();
        let roots = Roots { folders, embedded: options.embedded };
        let values = Arc::clone(&options.hooks.shared.values);
        let doc_root = options.doc_root.to_string_lossy().into_owned();
        let stash = api::stash::Handle(Arc::clone(&options.stash));
        let server = Server::new(from_json((*options.server_config).clone()), stash.clone(), doc_root, values);
        let wall_clock = options.wall_clock;
        let cache = date::Cache::default();
        let brief = options.suppress_handler_traceback;
        let date = Box::new(move || cache.at(wall_clock()));
        let hosts = hosts_of(&options.server_config);
        let common = Rc::new(Common::new(date, wall_clock, brief, options.dress, hosts));
        let offers = Rc::new(Offers::default());
        let files = ReadableFiles {
            roots: options.roots.iter().chain([&options.doc_root]).cloned().collect(),
            doc_root: options.doc_root,
            is_hidden: options.is_hidden,
            hidden: options.hidden,
            embedded: options.embedded_file,
        };
        let runtime = Runtime::new(options.limits, roots, options.changes, |engine| {
            api::register(engine);
            api::register_for_host(engine, wall_clock, files, &offers);
            set_globals(engine, GLOBALS.into_iter().zip([Dynamic::from(stash), Dynamic::from(server.clone())]));
        });
        let hooks = Hooks::new(&options.hooks, &runtime, &common, &server, &offers);
        Self { runtime, common, server, hooks }
    }

    /// The hooks, if there are any.
    pub fn hooks(&self) -> Option<&Rc<Hooks>> {
        self.hooks.as_ref()
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        Status {
            live: coroutine::num_live(),
            busy: budget::num_busy(),
            errors: self.runtime.errors().iter().map(|error| error.text(true)).collect(),
            limits_met: self.common.limits_met(),
            profile_failures: self.common.profile_failures(),
        }
    }

    /// Answers `exchange` by the script at `source`; ready when the handler is over. What goes wrong is answered,
    /// logged, or (a client that left) ignored. A response of which the script itself sent nothing goes through
    /// `delivery`, if there is one. `asked` is what hooks that saw the request before say of it. `None`: the file is gone.
    pub fn run(
        &self,
        source: &ScriptSource,
        exchange: Exchange,
        delivery: Option<Rc<dyn Delivery>>,
        asked: Option<&Asked>,
    ) -> Option<impl Future<Output = ()> + 'static + use<>> {
        let script = self.runtime.load(source).map_err(|error| (*error).clone());
        if script.as_ref().is_err_and(ScriptError::is_missing) {
            return None;
        }
        let script = script.and_then(|script| check_is_handler(&script).map(|()| script));
        let script = script.map_err(|error| (error, source.path().to_owned()));
        let runtime = Rc::clone(&self.runtime);
        let common = Rc::clone(&self.common);
        let hooks = self.hooks.clone();
        let ending = asked.is_none();
        let context = asked.map_or_else(Context::default, Asked::context);
        let begin = Begin { server: self.server.clone(), context, draft: asked.and_then(Asked::take_draft), delivery };
        Some(async move {
            // With hooks it lasts longer than the handler, and ends with what they were asked.
            let _ending = ending.then(|| OfRequest(begin.context.clone()));
            if let Some(hooks) = &hooks {
                hooks.deliver_load_events().await;
            }
            match script {
                Ok(script) => handler::handle(&runtime, &script, exchange, &common, begin).await,
                Err((error, path)) => handler::answer_error(&exchange, &error, &path, &common).await,
            }
            // It may have imported others.
            if let Some(hooks) = hooks {
                hooks.deliver_load_events().await;
            }
        })
    }
    /// How the connections of the profile at `source` begin. One that fails says so when it controls the connection.
    pub fn handshake(&self, source: &ScriptSource) -> Handshake {
        let script = self.runtime.load(source);
        script.ok().and_then(|script| Handshake::of(&script).ok()).unwrap_or_default()
    }

    /// Lets the profile at `source` control `connection`, whose SETTINGS wait, until the connection is gone. If the
    /// profile fails, the log says why, and the connection ends with GOAWAY(INTERNAL_ERROR), which says it too.
    pub fn shape(&self, source: &ScriptSource, connection: Connection) -> impl Future<Output = ()> + 'static + use<> {
        let script = self.runtime.load(source).map_err(|error| (*error).clone());
        let script = script.and_then(|script| check_is_profile(&script).map(|()| script));
        let (runtime, common) = (Rc::clone(&self.runtime), Rc::clone(&self.common));
        let hooks = self.hooks.clone();
        async move {
            if let Some(hooks) = hooks {
                hooks.deliver_load_events().await;
            }
            match script {
                Ok(script) => profile::run(runtime, script, connection, common).await,
                Err(error) => profile::fail(&connection, &error, &common),
            }
        }
    }
}
