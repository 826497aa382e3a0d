//! `response`: what will be answered, until it is written.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, FnPtr, INT, NativeCallContext};

use super::arguments::{handle, octets};
use super::delivery::Piped;
use super::fields::{FieldList, check_size, fields_of, value_of};
use super::lines::Lines;
use super::outcome::{Outcome, fail, sent};
use super::pieces::Source;
use crate::exchange::{Exchange, ResponseHead};
use crate::http::Fields;
use crate::script::budget::pause;
use crate::script::common::Common;
use crate::script::octets::{latin1_text, octets_of};

/// Calls a function that the script gave as content.
pub type Call<'a> = &'a dyn Fn(&FnPtr) -> Outcome<Dynamic>;

/// The response, for scripts.
#[derive(Clone)]
pub struct Response(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub exchange: Exchange,
    pub common: Rc<Common>,
    pub status: Cell<INT>,
    pub reason: RefCell<Option<String>>,
    pub headers: FieldList,
    pub trailers: FieldList,
    pub content: RefCell<Dynamic>,
    pub content_written: Cell<bool>,
    pub add_required_headers: Cell<bool>,
    pub send_body_for_head_request: Cell<bool>,
    pub close_connection: Cell<bool>,
    pub lines: RefCell<Lines>,
    pub piped: Option<Piped>,
    /// Hooks look at it, and the server sends it.
    pub under_review: bool,
}

impl Response {
    /// A response with status 200 and nothing else. `piped`: who sends it, if not the script.
    pub fn new(exchange: Exchange, common: Rc<Common>, piped: Option<Piped>) -> Self {
        Self::make(exchange, common, piped, false)
    }

    pub(super) fn make(exchange: Exchange, common: Rc<Common>, piped: Option<Piped>, under_review: bool) -> Self {
        Self(Rc::new(Inner {
            exchange,
            common,
            status: Cell::new(200),
            reason: RefCell::new(None),
            headers: FieldList::default(),
            trailers: FieldList::trailers(),
            content: RefCell::new(Dynamic::UNIT),
            content_written: Cell::new(false),
            add_required_headers: Cell::new(true),
            send_body_for_head_request: Cell::new(false),
            close_connection: Cell::new(false),
            lines: RefCell::default(),
            piped,
            under_review,
        }))
    }

    /// What it answers.
    pub fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    /// What responses need from the server.
    pub fn common(&self) -> &Rc<Common> {
        &self.0.common
    }

    /// Takes a status: a code, or `[code, reason]`.
    pub fn set_status(&self, value: &Dynamic) -> Outcome<()> {
        if let Ok(code) = value.as_int() {
            self.0.status.set(code);
            *self.0.reason.borrow_mut() = None;
            return Ok(());
        }
        let pair = value.read_lock::<Array>();
        if let Some([code, reason]) = pair.as_deref().map(Vec::as_slice)
            && let Ok(code) = code.as_int()
        {
            let reason =
                (!reason.is_unit()).then(|| value_of(reason).map(|reason| latin1_text(&reason))).transpose()?;
            self.0.status.set(code);
            *self.0.reason.borrow_mut() = reason;
            return Ok(());
        }
        fail("a status is a code, or [code, reason]")
    }

    /// The code, if it is one.
    pub fn status_code(&self) -> Outcome<u16> {
        checked_status(self.0.status.get())
    }

    /// Takes what `main` returned; says what is wrong with it if it is no response.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn take(&self, value: Dynamic) -> Result<(), String> {
        const ALLOWED: &str = "main may return nothing, content (a string or octets), [headers, content] or \
                               [status, headers, content]";
        if value.is_unit() {
            return Ok(());
        }
        if octets_of(&value).is_some() {
            *self.0.content.borrow_mut() = value;
            return Ok(());
        }
        let wrong = || format!("main returned {}; {ALLOWED}", value.type_name());
        // A function has the value of its last call, whether that is meant or not.
        if super::flood_report::is_report(&value) {
            return Ok(());
        }
        let parts = value.read_lock::<Array>();
        let Some(parts) = parts.as_deref() else { return Err(wrong()) };
        let (status, headers, content) = match parts.as_slice() {
            [headers, content] => (None, headers, content),
            [status, headers, content] => (Some(status), headers, content),
            _ => return Err(format!("main returned a list of {}; {ALLOWED}", parts.len())),
        };
        let said = |error: Box<rhai::EvalAltResult>| format!("main returned what is no response: {error}; {ALLOWED}");
        if let Some(status) = status {
            self.set_status(status).map_err(said)?;
        }
        self.0.headers.0.borrow_mut().extend(fields_of(headers).map_err(said)?);
        if octets_of(content).is_none() && !content.is_unit() && !content.is_array() && !content.is_fnptr() {
            return Err(format!("main returned {} as content; {ALLOWED}", content.type_name()));
        }
        *self.0.content.borrow_mut() = content.clone();
        Ok(())
    }

    /// The fields as they go out, with what every response has.
    pub(super) fn fields(&self) -> Fields {
        let set = self.0.headers.0.borrow();
        // With room for date, server and content-length.
        let mut fields = Fields::with_capacity(set.len() + 3);
        fields.extend(set.iter().cloned());
        if self.0.add_required_headers.get() {
            self.0.common.complete(&mut fields);
        }
        fields
    }

    /// The exchange, once it knows whether HEAD is answered with content: for who sends the head.
    pub(super) fn sender(&self) -> &Exchange {
        self.0.exchange.allow_content_for_head(self.0.send_body_for_head_request.get());
        &self.0.exchange
    }

    pub(super) fn head(&self, fields: Fields) -> Outcome<ResponseHead> {
        check_size(&fields)?;
        Ok(ResponseHead { status: self.status_code()?, reason: self.0.reason.borrow().clone(), fields })
    }

    /// Sends status and fields; content may follow.
    pub fn write_status_headers(&self) -> Outcome<()> {
        self.check_own()?;
        self.review(false)?;
        sent(self.sender().send_head(&self.head(self.fields())?, false))
    }

    /// Sends octets and waits until the client's window has taken most of them.
    pub fn write_data(&self, data: Bytes, end: bool) -> Outcome<()> {
        if self.0.exchange.drops_content() {
            return Ok(());
        }
        self.0.lines.borrow_mut().count(data.len());
        if self.write_paced(&data, end)? { Ok(()) } else { self.write_now(data, end) }
    }

    pub(super) fn write_now(&self, data: Bytes, end: bool) -> Outcome<()> {
        if end {
            self.end_lines();
        }
        sent(self.0.exchange.send_data(data, end))?;
        if !end && self.0.exchange.queued() > 0 {
            let exchange = self.0.exchange.clone();
            sent(pause(async move { exchange.drained().await })?)?;
        }
        Ok(())
    }

    /// Sends the content, whatever it is made of. Where there can be none, functions are not even called.
    pub fn write_content(&self, call: Call<'_>) -> Outcome<()> {
        self.check_own()?;
        self.0.content_written.set(true);
        let content = self.0.content.replace(Dynamic::UNIT);
        if self.0.exchange.drops_content() {
            return Ok(());
        }
        let mut source = Source::new(content);
        while let Some(octets) = source.next(call)? {
            self.write_data(octets, false)?;
        }
        Ok(())
    }

    /// Sends what has not been sent yet, and ends the response. After raw calls, and after the script has ended the
    /// connection, nothing is sent.
    pub fn finish(&self, call: Call<'_>) -> Outcome<()> {
        self.check_own()?;
        let exchange = &self.0.exchange;
        if self.end_unfinished_head()?
            || exchange.raw_used()
            || exchange.response_ended()
            || exchange.connection().is_closed()
        {
            return Ok(());
        }
        if exchange.headers_sent() {
            if !self.0.content_written.get() {
                self.write_content(call)?;
            }
        } else if self.write_at_once()? {
            return Ok(());
        } else {
            self.write_status_headers()?;
            self.write_content(call)?;
        }
        self.end()
    }

    /// Whether there is content that cannot be sent, because the script has closed the connection before.
    pub fn is_cut_off(&self) -> bool {
        let exchange = &self.0.exchange;
        !exchange.headers_sent()
            && !exchange.raw_used()
            && exchange.connection().is_closed()
            && !self.0.content.borrow().is_unit()
    }

    fn end(&self) -> Outcome<()> {
        self.end_lines();
        let trailers = self.0.trailers.0.borrow().clone();
        if trailers.is_empty() && !self.0.exchange.response_ended() && self.write_paced(&Bytes::new(), true)? {
            return Ok(());
        }
        if trailers.is_empty() { sent(self.0.exchange.end()) } else { sent(self.0.exchange.send_trailers(&trailers)) }
    }

    /// Sends a response that is all at hand, or has no content; false if it has to be sent bit by bit.
    fn write_at_once(&self) -> Outcome<bool> {
        self.review(true)?;
        let content = self.whole_content()?;
        let head = self.head(self.fields())?;
        if !sent(self.sender().send_whole(head, content, &self.0.trailers.0.borrow()))? {
            return Ok(false);
        }
        self.0.content_written.set(true);
        Ok(true)
    }

    /// The content if all of it is at hand; `None` if it is to be made.
    pub(super) fn whole_content(&self) -> Outcome<Option<Bytes>> {
        let content = self.0.content.borrow();
        if content.is_unit() || content.read_lock::<Array>().is_some_and(|pieces| pieces.is_empty()) {
            return Ok(Some(Bytes::new()));
        }
        if let Some(octets) = octets_of(&content) {
            return Ok(Some(octets));
        }
        if content.is_array() || content.is_fnptr() { Ok(None) } else { fail(wrong_content(&content)) }
    }

    /// Whether the connection is to end after this response.
    pub fn closes_connection(&self) -> bool {
        self.0.close_connection.get()
    }

    /// Makes it wptserve's error page, JSON, in place of what it was.
    fn set_error(&self, code: INT, message: &str) {
        let page = serde_json::json!({ "error": { "code": code, "message": message } }).to_string();
        self.0.status.set(code);
        *self.0.reason.borrow_mut() = None;
        let mut headers = self.0.headers.0.borrow_mut();
        headers.clear();
        headers.append("content-type", "application/json");
        *self.0.content.borrow_mut() = page.into();
    }
}

/// A status code, which the grammar of RFC 9110 §15 allows to be 100 to 999.
pub(super) fn checked_status(code: INT) -> Outcome<u16> {
    match u16::try_from(code) {
        Ok(code) if (100..=999).contains(&code) => Ok(code),
        _ => fail(format!("a status code is 100 to 999, not {code}; write_raw_header_frame sends any")),
    }
}

pub(super) fn wrong_content(content: &Dynamic) -> String {
    format!("content is a string, octets, a list of them, or a function, not {}", content.type_name())
}

/// Calls a function pointer from within a call of the script.
fn within(context: &NativeCallContext<'_>, pointer: &FnPtr) -> Outcome<Dynamic> {
    pointer.call_within_context(context, ())
}

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Response>("response");
    engine.register_get("status", |response: &mut Response| response.0.status.get());
    engine.register_set("status", |response: &mut Response, value: Dynamic| response.set_status(&value));
    engine.register_get("reason", |response: &mut Response| {
        response.0.reason.borrow().as_deref().map_or(Dynamic::UNIT, Into::into)
    });
    handle!(engine, "headers", |response: &mut Response| -> FieldList { response.0.headers.clone() });
    handle!(engine, "trailers", |response: &mut Response| -> FieldList { response.0.trailers.clone() });
    // A list to be added to until it is something else, as in wptserve.
    engine.register_get("content", |response: &mut Response| match response.0.content.borrow().clone() {
        content if content.is_unit() => Dynamic::from_array(Array::new()),
        content => content,
    });
    engine.register_set("content", |response: &mut Response, value: Dynamic| {
        *response.0.content.borrow_mut() = value.flatten();
    });
    engine.register_get("add_required_headers", |response: &mut Response| response.0.add_required_headers.get());
    engine.register_set("add_required_headers", |response: &mut Response, value: bool| {
        response.0.add_required_headers.set(value);
    });
    engine.register_get("send_body_for_head_request", |response: &mut Response| {
        response.0.send_body_for_head_request.get()
    });
    engine.register_set("send_body_for_head_request", |response: &mut Response, value: bool| {
        response.0.send_body_for_head_request.set(value);
    });
    engine.register_get("headers_sent", |response: &mut Response| response.0.exchange.headers_sent());
    engine.register_get("close_connection", |response: &mut Response| response.0.close_connection.get());
    engine.register_set("close_connection", |response: &mut Response, value: bool| {
        response.0.close_connection.set(value);
    });
    engine.register_fn("set_error", |response: &mut Response, code: INT| response.set_error(code, ""));
    engine.register_fn("set_error", |response: &mut Response, code: INT, message: &str| {
        response.set_error(code, message)
    });
    engine.register_fn("write_status_headers", |response: &mut Response| response.write_status_headers());
    engine.register_fn("write_content", |context: NativeCallContext, response: &mut Response| {
        response.clone().write_content(&|pointer| within(&context, pointer))
    });
    for name in ["write", "finish"] {
        engine.register_fn(name, |context: NativeCallContext, response: &mut Response| {
            response.clone().finish(&|pointer| within(&context, pointer))
        });
    }
    engine.register_fn("write", |response: &mut Response, data: Dynamic| -> Outcome<()> {
        let data = octets("content", &data)?;
        let response = response.clone();
        if !response.0.exchange.headers_sent() {
            response.write_status_headers()?;
        }
        response.write_data(data, false)
    });
}
