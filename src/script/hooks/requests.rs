//! Requests and responses.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic};

use super::worker::Hooks;
use crate::exchange::{Content, ErrorCode, Exchange, Interest, Prepared, ResponseHead, Reviewer, Reviewing};
use crate::script::api::connection::Context;
use crate::script::api::draft::Draft;
use crate::script::api::fields::check_size;
use crate::script::api::request::Request;
use crate::script::api::response::Response;
use crate::script::compiled::Script;
use crate::script::entries::Hook;
use crate::script::error::ScriptError;
use crate::script::finish::{finish, settle_raw};
use crate::script::octets::{Octets, octets_of};
use crate::script::runtime::Caller;
use crate::script::subject::Subject;

/// A request that hooks have seen. Dropped when its answer is over: what `request.context` holds ends with it.
pub struct Asked {
    seen: Rc<Seen>,
    exchange: Exchange,
    over: bool,
}

/// What lasts from a request to its response.
struct Seen {
    hooks: Rc<Hooks>,
    context: Context,
    /// What on_request has prepared for whoever answers.
    draft: RefCell<Option<Draft>>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.exchange.abandon_pushed(ErrorCode::CANCEL);
        // It holds what holds the exchange.
        drop(self.exchange.take_reviewer());
        self.seen.context.end();
    }
}

impl Asked {
    /// Whether nobody else is to answer: a hook has done so, or the client has left.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// `request.context`, the same for hooks and handler.
    pub(in crate::script) fn context(&self) -> Context {
        self.seen.context.clone()
    }

    /// What the handler begins with.
    pub(in crate::script) fn take_draft(&self) -> Option<Draft> {
        self.seen.draft.take()
    }

    /// The answer is over: calls on_response for a response that went out without it, because a script wrote it
    /// itself.
    pub async fn close(self) {
        let written = self.exchange.headers_sent() || self.exchange.raw_used();
        if self.exchange.take_reviewer().is_none() || !written {
            return;
        }
        for (script, _) in self.seen.hooks.those(Hook::Response) {
            let draft = Draft { status: self.exchange.status_sent().unwrap_or_default().into(), ..Draft::default() };
            if let Err(error) = self.seen.on_response(&script, &self.exchange, draft).await {
                self.seen.hooks.failed(script.path(), Hook::Response.name(), &error);
            }
        }
    }
}

impl Hooks {
    /// Whether hooks may read the content of requests.
    fn read_body(&self) -> bool {
        let all = [Hook::Request, Hook::Response].into_iter().flat_map(|hook| self.those(hook));
        all.into_iter().any(|(script, _)| script.reads_body())
    }

    /// A request has come: calls on_request of each script, until one answers.
    pub async fn ask(self: &Rc<Self>, exchange: &Exchange) -> Asked {
        self.refresh().await;
        let (hooks, context, draft) = (Rc::clone(self), Context::default(), RefCell::default());
        let seen = Rc::new(Seen { hooks, context, draft });
        if self.any(Hook::Response) || self.any(Hook::Request) {
            exchange.review_by(Rc::clone(&seen) as Rc<dyn Reviewer>);
        }
        if self.read_body() {
            exchange.keep_body();
        }
        let mut asked = Asked { seen: Rc::clone(&seen), exchange: exchange.clone(), over: false };
        let those = self.those(Hook::Request);
        if those.is_empty() {
            return asked;
        }
        let response = Response::new(exchange.clone(), Rc::clone(&self.common), None);
        for (script, parameters) in those {
            let (before, pauses) = (response.draft(), exchange.connection().pauses());
            match seen.on_request(&script, parameters, exchange, &response).await {
                Ok(false) => {}
                Ok(true) => asked.over = true,
                Err(error) => {
                    self.failed(script.path(), Hook::Request.name(), &error);
                    exchange.connection().end_pauses_since(pauses);
                    asked.over = matches!(error, ScriptError::Ended) || exchange.headers_sent() || exchange.raw_used();
                    if asked.over {
                        // What has gone out cannot be taken back.
                        let _ = exchange.reset(ErrorCode::INTERNAL_ERROR);
                    }
                    response.put(before);
                }
            }
            if asked.over {
                settle_raw(exchange);
                exchange.set_interest(Interest { data: false, frames: false, body: false });
                return asked;
            }
        }
        seen.draft.replace(Some(response.draft()));
        asked
    }
}

impl Seen {
    fn request(&self, exchange: &Exchange) -> Request {
        Request::new(exchange.clone(), self.hooks.server.clone(), self.context.clone())
    }

    /// Whether the script has answered.
    async fn on_request(
        &self,
        script: &Rc<Script>,
        parameters: usize,
        exchange: &Exchange,
        response: &Response,
    ) -> Result<bool, ScriptError> {
        let (request, response) = (self.request(exchange), response.clone());
        let subject = Subject::Request(exchange.clone());
        let body = move |caller: &Caller| on_request(caller, parameters, request, &response);
        self.hooks.call(script, Some(Hook::Request), subject, body, lost(exchange)).await
    }

    /// The response as the script leaves it.
    async fn on_response(&self, script: &Rc<Script>, exchange: &Exchange, draft: Draft) -> Result<Draft, ScriptError> {
        let request = self.request(exchange);
        let response = Response::under_review(exchange.clone(), Rc::clone(&self.hooks.common));
        response.put(draft);
        let subject = Subject::Request(exchange.clone());
        let body = move |caller: &Caller| {
            let name = Hook::Response.name();
            caller.call(name, (request, response.clone())).map(drop)?;
            Ok(response.draft())
        };
        self.hooks.call(script, Some(Hook::Response), subject, body, lost(exchange)).await
    }

    async fn review_by(
        &self,
        script: &Rc<Script>,
        exchange: &Exchange,
        prepared: &mut Prepared,
    ) -> Result<(), ScriptError> {
        let shown = match &prepared.content {
            Content::Whole(octets) => Some(octets.clone()),
            Content::Pieces(_) => None,
        };
        let draft = Draft {
            status: prepared.head.status.into(),
            reason: prepared.head.reason.clone(),
            headers: prepared.head.fields.clone(),
            trailers: prepared.trailers.clone(),
            content: shown.clone().map_or(Dynamic::UNIT, |octets| Dynamic::from(Octets(octets))),
            send_body_for_head_request: prepared.content_for_head,
            ..Draft::default()
        };
        let draft = self.on_response(script, exchange, draft).await?;
        apply(exchange, prepared, draft, shown.as_ref())
            .map_err(|message| ScriptError::BadReturn(script.fault_at_function(message, Hook::Response.name())))
    }
}

impl Reviewer for Seen {
    fn review(self: Rc<Self>, exchange: Exchange, mut prepared: Prepared) -> Reviewing {
        Box::pin(async move {
            // A handler has begun with it.
            if let Some(draft) = self.draft.take() {
                prepared.head.fields.add_missing(draft.headers);
            }
            // One that cannot be sent is told by whoever sends it.
            if exchange.check_head(&prepared.head).is_err() {
                return prepared;
            }
            for (script, _) in self.hooks.those(Hook::Response) {
                let pauses = exchange.connection().pauses();
                if let Err(error) = self.review_by(&script, &exchange, &mut prepared).await {
                    self.hooks.failed(script.path(), Hook::Response.name(), &error);
                    exchange.connection().end_pauses_since(pauses);
                }
            }
            prepared
        })
    }
}

/// Ready once nobody waits for an answer any more.
async fn lost(exchange: &Exchange) {
    exchange.lost().await;
}

/// The call, on its own stack.
fn on_request(caller: &Caller, parameters: usize, request: Request, response: &Response) -> Result<bool, ScriptError> {
    let name = Hook::Request.name();
    let value = match parameters {
        1 => caller.call(name, (request,))?,
        _ => caller.call(name, (request, response.clone()))?,
    };
    let exchange = response.exchange();
    // Any other value is that of whatever statement happened to be the last.
    let answers = value.as_bool().unwrap_or(false) || value.is_array();
    if value.is_array() {
        response.parts().take(value).map_err(|message| {
            let message = message.replacen("main", name, 2);
            ScriptError::BadReturn(caller.script().fault_at_result(message, name))
        })?;
    }
    if answers || exchange.headers_sent() || exchange.raw_used() || exchange.response_ended() {
        finish(caller, response, name)?;
        return Ok(true);
    }
    Ok(false)
}

/// Makes the response what a hook left, if that can be sent. `shown` is the content that it saw.
///
/// # Errors
/// A sentence for people; nothing has changed then.
fn apply(exchange: &Exchange, prepared: &mut Prepared, draft: Draft, shown: Option<&Bytes>) -> Result<(), String> {
    let said = |error: Box<rhai::EvalAltResult>| error.to_string();
    let status =
        u16::try_from(draft.status).map_err(|_| format!("a status code is 200 to 999, not {}", draft.status))?;
    let mut head = ResponseHead { status, reason: draft.reason, fields: draft.headers };
    check_size(&head.fields).map_err(said)?;
    exchange.check_head(&head).map_err(|error| error.to_string())?;
    exchange.check_trailers(&draft.trailers).map_err(|error| error.to_string())?;
    let content = content_of(&draft.content)?;
    let replaced = content
        .filter(|content| shown.is_none_or(|shown| shown.as_ptr() != content.as_ptr() || shown.len() != content.len()));
    if let Some(content) = replaced {
        let length = |head: &ResponseHead| head.fields.combined("content-length");
        if length(&head) == length(&prepared.head) {
            head.fields.remove("content-length");
        }
        prepared.content = Content::Whole(content);
    }
    prepared.head = head;
    prepared.trailers = draft.trailers;
    prepared.content_for_head = draft.send_body_for_head_request;
    if draft.close_connection {
        exchange.connection().close_after();
    }
    Ok(())
}

/// Content that a hook has set, in one piece; `None` if it has set none.
fn content_of(content: &Dynamic) -> Result<Option<Bytes>, String> {
    if content.is_unit() {
        return Ok(None);
    }
    if let Some(octets) = octets_of(content) {
        return Ok(Some(octets));
    }
    let pieces = content.read_lock::<Array>();
    let pieces: Option<Vec<Bytes>> = pieces.and_then(|pieces| pieces.iter().map(octets_of).collect());
    match pieces {
        Some(pieces) if pieces.is_empty() => Ok(None),
        Some(pieces) => Ok(Some(pieces.concat().into())),
        None => Err("in on_response, content must be a string, bytes or a list of them".to_owned()),
    }
}
