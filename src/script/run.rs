//! Answers an exchange by a handler: which function is called when, and what is sent if the script did not.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use bytes::Bytes;
use rhai::{Dynamic, EvalAltResult};

use super::api;
use super::api::connection::{Context, OfRequest};
use super::api::delivery::Piped;
use super::api::draft::Draft;
use super::api::json::from_json;
use super::api::request::{Request, data_frame, head_frame};
use super::api::response::{Common, Response};
use super::api::server::Server;
use super::budget::{self, Limits, pause};
use super::calls;
use super::coroutine;
use super::engine::set_globals;
use super::error::{Fault, ScriptError};
use super::hooks::offers::Offers;
use super::hooks::{self, Asked, Hooks};
use super::host::{Caller, Core};
use super::loader::{Entry, Roots, Script, ScriptSource};
use super::stash::Stash;
use super::watch::Changes;
use crate::exchange::{self, Close, Content, Delivery, Exchange, Input, Interest, Prepared, Protocol, ResponseHead};
use crate::http::{Fields, date, status};
use crate::wire::frame::{ErrorCode, Frame, FrameType};

/// What the script host needs to know; the same for all workers.
#[derive(Clone)]
pub struct Options {
    /// Folders below which handlers lie and import each other.
    pub roots: Vec<PathBuf>,
    /// The folder of the pages; scripts may read files below it, and import scripts.
    pub doc_root: PathBuf,
    /// Canonical folders that scripts may not read: private keys.
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

/// One worker's script host.
pub struct Host {
    core: Rc<Core>,
    common: Rc<Common>,
    server: Server,
    hooks: Option<Rc<Hooks>>,
}

impl Host {
    /// A host with nothing compiled yet.
    pub fn new(options: Options) -> Self {
        // Hook scripts may lie anywhere, and import what lies beside them.
        let beside = options.hooks.scripts.iter().filter_map(|script| script.parent().map(Path::to_owned));
        let folders = options.roots.iter().chain([&options.doc_root]).cloned().chain(beside).collect();
        let roots = Roots { folders, embedded: options.embedded };
        let shared = Arc::clone(&options.hooks.shared);
        let doc_root = options.doc_root.to_string_lossy().into_owned();
        let stash = api::stash::Handle(Arc::clone(&options.stash));
        let server = Server::new(from_json((*options.server_config).clone()), stash.clone(), doc_root, shared);
        let wall_clock = options.wall_clock;
        let cache = date::Cache::default();
        let brief = options.suppress_handler_traceback;
        let date = Box::new(move || cache.at(wall_clock()));
        let common = Rc::new(Common {
            date,
            wall_clock,
            brief,
            limits_met: RefCell::default(),
            profile_failures: RefCell::default(),
        });
        let (limits, changes) = (options.limits.clone(), options.changes.clone());
        let (options, offers) = (Rc::new(options), Rc::new(Offers::default()));
        let core = Core::new(limits, roots, changes, |engine| {
            api::register(engine);
            api::helpers::register(engine, &options);
            api::stash::register(engine);
            api::hooks::register(engine, &offers);
            set_globals(engine, [("stash", Dynamic::from(stash)), ("server", Dynamic::from(server.clone()))]);
        });
        let hooks = Hooks::new(&options.hooks, &core, &common, &server, &offers);
        Self { core, common, server, hooks }
    }

    /// The hooks, if there are any.
    pub fn hooks(&self) -> Option<&Rc<Hooks>> {
        self.hooks.as_ref()
    }

    pub(super) fn core(&self) -> &Rc<Core> {
        &self.core
    }

    pub(super) fn common(&self) -> &Rc<Common> {
        &self.common
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        Status {
            live: coroutine::num_live(),
            busy: budget::num_busy(),
            errors: self.core.errors().iter().map(|error| error.text(true)).collect(),
            limits_met: self.common.limits_met.borrow().clone(),
            profile_failures: self.common.profile_failures.borrow().clone(),
        }
    }

    /// Answers `exchange` by the script at `source`; ready when the handler is over. What goes wrong is answered,
    /// logged, or (a client that left) nobody's fault. A response of which the script itself sent nothing goes through
    /// `delivery`, if there is one. `asked` is what hooks that saw the request before say of it.
    pub fn run(
        &self,
        source: &ScriptSource,
        exchange: Exchange,
        delivery: Option<Rc<dyn Delivery>>,
        asked: Option<&Asked>,
    ) -> impl Future<Output = ()> + 'static + use<> {
        let script = self.core.load(source).map_err(|error| (*error).clone());
        let script = script.and_then(|script| script.as_handler().map(|()| script));
        let core = Rc::clone(&self.core);
        let common = Rc::clone(&self.common);
        let hooks = self.hooks.clone();
        let ending = asked.is_none();
        let context = asked.map_or_else(Context::default, Asked::context);
        let begin = Begin { server: self.server.clone(), context, draft: asked.and_then(Asked::take_draft), delivery };
        async move {
            // With hooks it lasts longer than the handler, and ends with what they were asked.
            let _ending = ending.then(|| OfRequest(begin.context.clone()));
            if let Some(hooks) = &hooks {
                hooks.tell().await;
            }
            match script {
                Ok(script) => handle(&core, &script, exchange, &common, begin).await,
                Err(error) => answer_error(&exchange, &error, &common).await,
            }
            // It may have imported others.
            if let Some(hooks) = hooks {
                hooks.tell().await;
            }
        }
    }
}

/// What a handler begins with.
struct Begin {
    server: Server,
    context: Context,
    draft: Option<Draft>,
    delivery: Option<Rc<dyn Delivery>>,
}

async fn handle(core: &Rc<Core>, script: &Rc<Script>, exchange: Exchange, common: &Rc<Common>, begin: Begin) {
    let wants_frames = script.defines(Entry::HandleFrame);
    let pauses = exchange.connection().pauses();
    exchange.set_interest(interest(script));
    let (inner, response_common) = (exchange.clone(), Rc::clone(common));
    let started = core.start(script, move |caller| {
        let _ = caller.run().exchange.set(inner.clone());
        let response = Response::new(inner.clone(), response_common, begin.delivery.map(Piped::new));
        if let Some(draft) = begin.draft {
            response.put(draft);
        }
        answer(caller, &inner, response, Request::new(inner.clone(), begin.server, begin.context))
    });
    let mut handler = match started {
        Ok(handler) => handler,
        Err(full) => {
            tracing::warn!(target: "script", "{}: {full}", script.path().display());
            common.met("script.live");
            return answer_plain(&exchange, 503, &format!("{full}\n"), common).await;
        }
    };
    let mut lost = pin!(exchange.lost());
    let mut over = false;
    let result = poll_fn(|context| {
        if let Poll::Ready(result) = Pin::new(&mut handler).poll(context) {
            return Poll::Ready(result);
        }
        if !over && let Poll::Ready(outcome) = lost.as_mut().poll(context) {
            over = true;
            // A script that handles frames sees the RST_STREAM itself, one that has flooded says what came of it.
            if !handler.outlives_client() && (outcome == exchange::Outcome::Gone || !wants_frames) {
                return Poll::Ready(Err(ScriptError::Ended));
            }
        }
        Poll::Pending
    })
    .await;
    drop(handler);
    if let Err(error) = result {
        // Unread, the connection would not even notice that the client leaves; unwritten, nobody would see the error.
        exchange.connection().end_pauses_since(pauses);
        answer_error(&exchange, &error, common).await;
    }
    settle_raw(&exchange);
}

/// After raw octets: ends what they held back.
pub(super) fn settle_raw(exchange: &Exchange) {
    exchange.settle_raw();
    // Where raw octets end nobody but the script knows, so that nothing can follow them.
    if exchange.raw_used() && exchange.protocol() == Protocol::Http1 {
        exchange.connection().close(Close::Graceful);
    }
}

/// What is to be kept for a script, by what it defines and mentions.
fn interest(script: &Script) -> Interest {
    let frames = script.defines(Entry::HandleFrame);
    Interest { data: script.defines(Entry::HandleData) || frames, frames, body: script.reads_body() }
}

/// The handler's life, on its own stack.
fn answer(caller: &Caller, exchange: &Exchange, response: Response, request: Request) -> Result<(), ScriptError> {
    let script = caller.script();
    let with_frame =
        |entry: Entry, frame: Frame| caller.call(entry.name(), (frame, request.clone(), response.clone())).map(drop);
    if script.defines(Entry::HandleHeaders) {
        with_frame(Entry::HandleHeaders, head_frame(exchange))?;
    }
    let inputs = script.defines(Entry::HandleData) || script.defines(Entry::HandleFrame);
    let main = script.defines(Entry::Main);
    let mut last = Entry::HandleHeaders;
    if inputs {
        while let Some(input) = waited(caller, exchange, |exchange| async move { exchange.next_input().await })? {
            if let Some((entry, frame)) = call_for(exchange, input).filter(|(entry, _)| script.defines(*entry)) {
                last = entry;
                with_frame(entry, frame)?;
            }
        }
        if matches!(exchange.outcome(), exchange::Outcome::Reset(_) | exchange::Outcome::Gone) {
            return Err(ScriptError::Ended);
        }
    } else if main && !exchange.request_ended() {
        waited(caller, exchange, |exchange| async move { exchange.request_complete().await })?;
    }
    if main {
        last = Entry::Main;
        let value = caller.call(Entry::Main.name(), (request, response.clone()))?;
        response.take(value).map_err(|message| {
            let mut fault = Fault::new(message, script.path(), script.text(), None);
            fault.place_at_function(Entry::Main.name(), script.text());
            ScriptError::Nonsense(fault)
        })?;
    }
    finish(caller, &response, last.name())
}

/// Sends what is left of a response, after the script's function `last`.
pub(super) fn finish(caller: &Caller, response: &Response, last: &str) -> Result<(), ScriptError> {
    let call = |pointer: &rhai::FnPtr| caller.call_raw(pointer);
    response.conclude(&call).map_err(|error| caller.error(&error, last))?;
    if response.closes_connection() {
        response.exchange().connection().close_after();
    }
    Ok(())
}

/// Waits for something of the exchange, between two calls of the script.
fn waited<T: 'static, F>(
    caller: &Caller,
    exchange: &Exchange,
    what: impl FnOnce(Exchange) -> F,
) -> Result<T, ScriptError>
where
    F: Future<Output = T> + 'static,
{
    pause(what(exchange.clone())).map_err(|error: Box<EvalAltResult>| caller.error(&error, "main"))
}

/// Which function an input is for, and with what frame.
fn call_for(exchange: &Exchange, input: Input) -> Option<(Entry, Frame)> {
    match input {
        Input::Data { data, frame, end } => {
            // Over HTTP/1.1 the end alone is no chunk.
            let empty = data.is_empty() && exchange.protocol() == Protocol::Http1;
            (!empty).then(|| (Entry::HandleData, data_frame(frame, data, end)))
        }
        Input::Trailers { frame, .. } => {
            let frame = frame.map_or_else(|| Frame::new(FrameType::HEADERS, 0, 0, Bytes::new()), Frame::from);
            Some((Entry::HandleFrame, frame))
        }
        Input::Frame(frame) => Some((Entry::HandleFrame, frame.into())),
        Input::End => None,
    }
}

/// Answers what went wrong: by a page as long as nothing was sent, else by the end of the stream.
async fn answer_error(exchange: &Exchange, error: &ScriptError, common: &Common) {
    let target = String::from_utf8_lossy(&exchange.request().target).into_owned();
    match error {
        ScriptError::Ended => {
            return tracing::debug!(target: "script", "{target}: the client left before its answer was complete");
        }
        ScriptError::BadRequest(error) if !exchange.headers_sent() => {
            tracing::debug!(target: "script", "{target}: {}", error.text);
            return answer_plain(exchange, error.status, &format!("{}\n", error.text), common).await;
        }
        _ => {}
    }
    let text = error.text(common.brief);
    count_limit(error, common);
    match error {
        ScriptError::Panic { .. } => tracing::error!(target: "script", "{target}: {text}"),
        _ => tracing::warn!(target: "script", "{target}: {text}"),
    }
    // A page after raw octets would be one more thing that the client did not expect.
    if exchange.headers_sent() || exchange.raw_used() {
        // The client may be gone already, or the script has ended the stream, which is all the same now.
        let _ = exchange.reset(ErrorCode::INTERNAL_ERROR);
    } else {
        answer_plain(exchange, 500, &format!("{text}\n"), common).await;
    }
}

/// Counts the limit that was met, if it is that.
pub(super) fn count_limit(error: &ScriptError, common: &Common) {
    if let ScriptError::Budget { ending, .. } = error
        && let Some(limit) = ending.limit()
    {
        common.met(limit);
    }
}

async fn answer_plain(exchange: &Exchange, code: u16, text: &str, common: &Common) {
    let mut fields = Fields::with_capacity(4);
    fields.append("content-type", "text/plain; charset=utf-8");
    let head = ResponseHead { status: code, reason: None, fields };
    let content = Content::Whole(Bytes::copy_from_slice(text.as_bytes()));
    let page = exchange.reviewed(Prepared { head, content, ..Prepared::default() }).await;
    let Prepared { mut head, content: Content::Whole(text), .. } = page else { return };
    if !head.fields.delimit_content() {
        head.fields.append("content-length", text.len().to_string());
    }
    if exchange.protocol() == Protocol::Http2 {
        head.fields.lower_case_names();
    }
    common.complete(&mut head.fields);
    let content = status::has_content(&exchange.request().method, head.status);
    let mut sent = exchange.send_head(&head, !content);
    if sent.is_ok() && content {
        sent = exchange.send_data(text, true);
    }
    match sent {
        Err(error) if !error.is_peer_gone() => {
            let error = error.text(calls::place_of);
            tracing::error!(target: "script", "the error page could not be sent: {error}");
        }
        _ => {}
    }
}
