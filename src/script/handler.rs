//! Answers an exchange by a handler: which function is called when, and what is sent if the script did not.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use rhai::EvalAltResult;

use super::api::connection::Context;
use super::api::delivery::Piped;
use super::api::draft::Draft;
use super::api::request::{Request, data_frame, head_frame};
use super::api::response::Response;
use super::api::server::Server;
use super::budget::pause;
use super::call_sites;
use super::common::Common;
use super::compiled::Script;
use super::entries::Entry;
use super::error::ScriptError;
use super::finish::{abandon_pushed, finish, settle_raw};
use super::octets::octets_of;
use super::runtime::{Caller, Runtime, ScriptCall};
use super::subject::Subject;
use crate::exchange::{self, Content, Delivery, Exchange, Input, Interest, Prepared, Protocol, ResponseHead, Words};
use crate::http::Fields;
use crate::wire::frame::{ErrorCode, Frame, FrameType, RawFrame};

/// What a handler begins with.
pub struct Begin {
    /// `request.server`.
    pub server: Server,
    /// `request.context`.
    pub context: Context,
    /// What hooks have decided of the response.
    pub draft: Option<Draft>,
    /// What sends the response, if that is not the script.
    pub delivery: Option<Rc<dyn Delivery>>,
}

/// Answers `exchange` by `script`; ready when the handler has ended.
pub async fn handle(runtime: &Rc<Runtime>, script: &Rc<Script>, exchange: Exchange, common: &Rc<Common>, begin: Begin) {
    let pauses = exchange.connection().pauses();
    exchange.set_interest(interest(script));
    let response = Response::new(exchange.clone(), Rc::clone(common), begin.delivery.map(Piped::new));
    if let Some(draft) = begin.draft {
        response.put(draft);
    }
    let request = Request::new(exchange.clone(), begin.server, begin.context);
    let arguments = script.defines(Entry::HandleFrame).then(|| (request.clone(), response.clone()));
    let inner = exchange.clone();
    let started = runtime
        .start(script, Subject::Request(exchange.clone()), move |caller| answer(caller, &inner, response, request));
    let mut handler = match started {
        Ok(handler) => handler,
        Err(full) => {
            tracing::warn!(target: "script", "{}: {full}", script.path().display());
            common.count_limit("script.live");
            let words = Words { text: full.to_string(), ..Words::default() };
            return answer_in_words(&exchange, 503, full.to_string(), words, common).await;
        }
    };
    let mut result = until_lost(&mut handler, &exchange).await;
    if result.is_none()
        && let Some(arguments) = arguments
    {
        if exchange.has_given_reset() {
            // It is at that frame.
            result = Some(Pin::new(&mut handler).await);
        } else if let Err(error) = last_frames(runtime, script, exchange.take_frames(), arguments).await {
            result = Some(Err(error));
        }
    }
    let result = match result {
        Some(result) => result,
        // One that has flooded says what came of it.
        None if handler.outlives_client() => Pin::new(&mut handler).await,
        None => Err(ScriptError::Ended),
    };
    drop(handler);
    abandon_pushed(&exchange, &result);
    if let Err(error) = result {
        // Unread, the connection would not even notice that the client leaves; unwritten, nobody would see the error.
        exchange.connection().end_pauses_since(pauses);
        answer_error(&exchange, &error, script.path(), common).await;
    }
    settle_raw(&exchange);
}

/// What comes of the handler; `None` if the client resets the stream, or leaves, before it is over.
async fn until_lost(handler: &mut ScriptCall<()>, exchange: &Exchange) -> Option<Result<(), ScriptError>> {
    let mut lost = pin!(exchange.lost());
    poll_fn(|context| match Pin::new(&mut *handler).poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => lost.as_mut().poll(context).map(|_| None),
    })
    .await
}

/// Calls `handle_frame` for the frames that came before the client left, while the handler itself stands still.
async fn last_frames(
    runtime: &Rc<Runtime>,
    script: &Rc<Script>,
    frames: Vec<RawFrame>,
    (request, response): (Request, Response),
) -> Result<(), ScriptError> {
    if frames.is_empty() {
        return Ok(());
    }
    let subject = Subject::Request(response.exchange().clone());
    let calls = runtime.start(script, subject, move |caller| {
        frames.into_iter().try_for_each(|frame| {
            let arguments = (Frame::from(frame), request.clone(), response.clone());
            caller.call(Entry::HandleFrame.name(), arguments).map(drop)
        })
    });
    match calls {
        Ok(calls) => calls.await,
        Err(full) => {
            tracing::warn!(target: "script", "{}: handle_frame is not called: {full}", script.path().display());
            Ok(())
        }
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
    let with_frame = |entry: Entry, frame: Frame| {
        exchange.set_call(script.site(entry));
        caller.call(entry.name(), (frame, request.clone(), response.clone())).map(drop)
    };
    if script.defines(Entry::HandleHeaders) {
        with_frame(Entry::HandleHeaders, head_frame(exchange))?;
    }
    let inputs = script.defines(Entry::HandleData) || script.defines(Entry::HandleFrame);
    let main = script.defines(Entry::Main);
    let mut last = Entry::HandleHeaders;
    // What follows CONNECT is no content to wait for.
    if inputs && !(main && exchange.request().is_connect()) {
        while let Some(input) = waited(caller, exchange, |exchange| async move { exchange.next_input().await })? {
            if let Some((entry, frame)) = call_for(exchange, input).filter(|(entry, _)| script.defines(*entry)) {
                last = entry;
                with_frame(entry, frame)?;
            }
        }
    } else if main && !exchange.request_ended() {
        waited(caller, exchange, |exchange| async move { exchange.request_complete().await })?;
    }
    // What a client broke off is no request.
    if matches!(exchange.outcome(), exchange::Outcome::Reset(_) | exchange::Outcome::Gone) {
        return Err(ScriptError::Ended);
    }
    if main {
        last = Entry::Main;
        exchange.set_call(script.site(last));
        let value = caller.call(Entry::Main.name(), (request, response.clone()))?;
        if exchange.raw_used() && octets_of(&value).is_some_and(|content| !content.is_empty()) {
            let (script, target) = (script.path().display(), String::from_utf8_lossy(&exchange.request().target));
            tracing::warn!(
                target: "script",
                "{target}: what main of {script} returned is not sent, because after a raw call nothing is added: \
                 send it with response.writer",
            );
        }
        response
            .parts()
            .take(value)
            .map_err(|message| ScriptError::BadReturn(script.fault_at_result(message, Entry::Main.name())))?;
    }
    exchange.set_call(script.site(last));
    finish(caller, &response, last.name())
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
/// `script` is the one that was to respond.
pub async fn answer_error(exchange: &Exchange, error: &ScriptError, script: &Path, common: &Common) {
    let target = String::from_utf8_lossy(&exchange.request().target).into_owned();
    match error {
        ScriptError::Ended => {
            return tracing::debug!(target: "script", "{target}: the client left before its response was complete");
        }
        ScriptError::BadRequest(error) if !exchange.headers_sent() => {
            tracing::debug!(target: "script", "{target}: {}", error.text);
            let words = Words { text: error.text.clone(), ..Words::default() };
            return answer_in_words(exchange, error.status, error.text.clone(), words, common).await;
        }
        _ => {}
    }
    let text = error.text(common.brief);
    common.count_limit_of(error);
    match error {
        ScriptError::Panic { .. } => tracing::error!(target: "script", "{target}: {text}"),
        _ => tracing::warn!(target: "script", "{target}: {text}"),
    }
    // A page after raw octets would be one more thing that the client did not expect.
    if exchange.headers_sent() || exchange.raw_used() {
        // The client may be gone already, or the script has ended the stream, which is all the same now.
        let _ = exchange.reset(ErrorCode::INTERNAL_ERROR);
    } else {
        let fault = error.fault().filter(|_| !common.brief);
        let words = match fault {
            Some(fault) => {
                Words { text: fault.message.clone(), excerpt: Some(fault.excerpt(script)), links: Vec::new() }
            }
            None => Words { text: text.clone(), ..Words::default() },
        };
        answer_in_words(exchange, 500, text, words, common).await;
    }
}

/// Answers with `text`; a page has `words` in place of it.
async fn answer_in_words(exchange: &Exchange, code: u16, text: String, words: Words, common: &Common) {
    let mut fields = Fields::with_capacity(4);
    fields.append("content-type", "text/plain; charset=utf-8");
    let head = ResponseHead { status: code, reason: None, fields };
    let content = Content::Whole(Bytes::from(format!("{text}\n")));
    let page = Prepared { head, content, words: Some(Box::new(words)), ..Prepared::default() };
    let page = exchange.reviewed((common.dress)(exchange.request(), page)).await;
    let Prepared { mut head, content: Content::Whole(text), .. } = page else { return };
    common.complete(&mut head.fields);
    match exchange.send_whole(head, Some(text), &Fields::new()) {
        Err(error) if !error.is_peer_gone() => {
            let error = error.text(call_sites::place_of);
            tracing::error!(target: "script", "the error page could not be sent: {error}");
        }
        _ => {}
    }
}
