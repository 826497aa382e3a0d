//! `response`: what will be answered, until it is written.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, FnPtr, INT, NativeCallContext};

use super::arguments::{handle, octets};
use super::delivery::{Decided, Piped};
use super::draft::Draft;
use super::fields::FieldList;
use super::line_writer::LineWriter;
use super::outcome::{Outcome, fail, sent};
use super::parts::Parts;
use super::pieces::{Call, Made, Source};
use crate::exchange::{CloseReason, Content, Exchange, Prepared, ResponseHead};
use crate::script::budget::pause;
use crate::script::common::Common;
use crate::script::octets::Octets;
use crate::script::types;

/// The response, for scripts: it sends what its parts say.
#[derive(Clone)]
pub struct Response(Rc<Inner>);

struct Inner {
    exchange: Exchange,
    common: Rc<Common>,
    parts: Parts,
    lines: LineWriter,
    piped: Option<Piped>,
    content_written: Cell<bool>,
    /// Hooks look at it, and the server sends it.
    under_review: bool,
}

impl Response {
    /// A response with status 200 and nothing else. `piped`: what sends it, if not the script.
    pub fn new(exchange: Exchange, common: Rc<Common>, piped: Option<Piped>) -> Self {
        Self::make(exchange, common, piped, false)
    }

    /// A response that hooks may change, and that they do not send.
    pub fn under_review(exchange: Exchange, common: Rc<Common>) -> Self {
        Self::make(exchange, common, None, true)
    }

    fn make(exchange: Exchange, common: Rc<Common>, piped: Option<Piped>, under_review: bool) -> Self {
        let (parts, lines, content_written) = (Parts::default(), LineWriter::default(), Cell::new(false));
        Self(Rc::new(Inner { exchange, common, parts, lines, piped, content_written, under_review }))
    }

    /// What it answers.
    pub fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    /// The exchange, once it knows whether HEAD is answered with content: for what sends the head.
    pub fn sender(&self) -> &Exchange {
        self.0.exchange.allow_content_for_head(self.0.parts.send_body_for_head_request.get());
        &self.0.exchange
    }

    /// What responses need from the server.
    pub fn common(&self) -> &Rc<Common> {
        &self.0.common
    }

    /// What is decided of it.
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// What was written of it line by line.
    pub fn lines(&self) -> &LineWriter {
        &self.0.lines
    }

    /// What is decided of it, apart from it.
    pub fn draft(&self) -> Draft {
        self.0.parts.draft()
    }

    /// Puts all of a draft in the place of what was decided.
    pub fn put(&self, draft: Draft) {
        self.0.parts.put(draft);
    }

    /// Refuses to send where the server does.
    pub fn check_own(&self) -> Outcome<()> {
        if self.0.under_review {
            return fail("on_response changes a response that the server sends; it sends nothing by itself");
        }
        Ok(())
    }

    fn head(&self) -> Outcome<ResponseHead> {
        let parts = &self.0.parts;
        parts.head(parts.fields(&self.0.common))
    }

    /// Has hooks look at the response before the first of it is sent. `whole`: its content is all that will be sent, and
    /// may be replaced.
    fn review(&self, whole: bool) -> Outcome<()> {
        let Inner { exchange, parts, .. } = &*self.0;
        if exchange.headers_sent() {
            return Ok(());
        }
        let Some(reviewer) = exchange.take_reviewer() else { return Ok(()) };
        // What is wrong with it already is the script's own mistake.
        let head = parts.head(parts.headers.0.borrow().clone())?;
        let shown = if whole { parts.whole_content().unwrap_or(None) } else { None };
        let prepared = Prepared {
            head,
            content: shown.map_or_else(|| Content::Pieces(Box::new(Made)), Content::Whole),
            trailers: parts.trailers.0.borrow().clone(),
            content_for_head: parts.send_body_for_head_request.get(),
            words: None,
        };
        let reviewed = exchange.clone();
        let Prepared { head, content, trailers, content_for_head, .. } =
            pause(async move { reviewer.review(reviewed, prepared).await })?;
        let content = match content {
            Content::Whole(octets) if whole => Dynamic::from(Octets(octets)),
            Content::Whole(_) | Content::Pieces(_) => parts.content(),
        };
        let ResponseHead { status, reason, fields: headers } = head;
        let status = status.into();
        let send_body_for_head_request = content_for_head;
        let draft = Draft { status, reason, headers, trailers, content, send_body_for_head_request, ..self.draft() };
        parts.put(draft);
        Ok(())
    }

    /// Sends status and fields; content may follow.
    pub fn write_status_headers(&self) -> Outcome<()> {
        self.check_own()?;
        self.review(false)?;
        sent(self.sender().send_head(&self.head()?, false))
    }

    /// Sends octets and waits until the client's window has taken most of them.
    pub fn write_data(&self, data: Bytes, end: bool) -> Outcome<()> {
        if self.0.exchange.drops_content() {
            return Ok(());
        }
        self.0.lines.count(data.len());
        match &self.0.piped {
            Some(piped) if piped.write(data.clone(), end, |piece, end| self.write_now(piece, end))? => Ok(()),
            _ => self.write_now(data, end),
        }
    }

    fn write_now(&self, data: Bytes, end: bool) -> Outcome<()> {
        let exchange = &self.0.exchange;
        if end {
            self.0.lines.end(exchange);
        }
        sent(exchange.send_data(data, end))?;
        if !end && exchange.queued() > 0 {
            let exchange = exchange.clone();
            sent(pause(async move { exchange.drained().await })?)?;
        }
        Ok(())
    }

    /// Sends a piece in place of the content that was set.
    pub fn write_content_piece(&self, data: Bytes, end: bool) -> Outcome<()> {
        self.0.content_written.set(true);
        self.write_data(data, end)
    }

    /// Waits for the pauses that are due before this many raw bytes.
    pub fn wait_for_raw(&self, octets: usize) -> Outcome<()> {
        self.0.piped.as_ref().map_or(Ok(()), |piped| piped.wait_for_raw(octets))
    }

    /// Sends the content, whatever it is made of. Where there can be none, functions are not even called.
    pub fn write_content(&self, call: Call<'_>) -> Outcome<()> {
        self.check_own()?;
        self.0.content_written.set(true);
        let content = self.0.parts.take_content();
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
        if self.0.lines.finish(self)?
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

    /// As [`Response::finish`], at the handler's end: a response of which nothing was sent goes through pipes, if its
    /// URL asks for some.
    pub fn conclude(&self, call: Call<'_>) -> Outcome<()> {
        let Inner { exchange, parts, .. } = &*self.0;
        let untouched = || {
            !self.0.lines.has_begun()
                && !exchange.headers_sent()
                && !exchange.raw_used()
                && !exchange.response_ended()
                && !exchange.connection().is_closed()
        };
        let Some(piped) = self.0.piped.as_ref().filter(|_| untouched()) else { return self.finish(call) };
        let (head, whole) = (self.head()?, parts.whole_content()?);
        let decided = Decided {
            head,
            whole,
            content: parts.take_content(),
            trailers: parts.trailers.0.borrow().clone(),
            content_for_head: parts.send_body_for_head_request.get(),
        };
        self.0.content_written.set(true);
        piped.deliver(exchange, decided, call)
    }

    /// Whether there is content that cannot be sent, because the script has closed the connection before.
    pub fn is_cut_off(&self) -> bool {
        let exchange = &self.0.exchange;
        !exchange.headers_sent()
            && !exchange.raw_used()
            && matches!(exchange.connection().end_reason(), CloseReason::Local(_))
            && self.0.parts.has_content()
    }

    fn end(&self) -> Outcome<()> {
        let exchange = &self.0.exchange;
        self.0.lines.end(exchange);
        let trailers = self.0.parts.trailers.0.borrow().clone();
        if !trailers.is_empty() {
            return sent(exchange.send_trailers(&trailers));
        }
        if let Some(piped) = self.0.piped.as_ref().filter(|_| !exchange.response_ended())
            && piped.write(Bytes::new(), true, |piece, end| self.write_now(piece, end))?
        {
            return Ok(());
        }
        sent(exchange.end())
    }

    /// Sends a response that is all at hand, or has no content; false if it has to be sent bit by bit.
    fn write_at_once(&self) -> Outcome<bool> {
        self.review(true)?;
        let parts = &self.0.parts;
        let content = parts.whole_content()?;
        let head = self.head()?;
        if !sent(self.sender().send_whole(head, content, &parts.trailers.0.borrow()))? {
            return Ok(false);
        }
        self.0.content_written.set(true);
        Ok(true)
    }
}

/// Calls a function pointer from within a call of the script.
fn within(context: &NativeCallContext<'_>, pointer: &FnPtr) -> Outcome<Dynamic> {
    pointer.call_within_context(context, ())
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "response", |response: &Response| format!("response {}", response.0.parts.status()));
    engine.register_get("status", |response: &mut Response| response.0.parts.status());
    engine.register_set("status", |response: &mut Response, value: Dynamic| response.0.parts.set_status(&value));
    engine
        .register_get("reason", |response: &mut Response| response.0.parts.reason().map_or(Dynamic::UNIT, Into::into));
    handle!(engine, "headers", |response: &mut Response| -> FieldList { response.0.parts.headers.clone() });
    handle!(engine, "trailers", |response: &mut Response| -> FieldList { response.0.parts.trailers.clone() });
    // A list to be added to until it is something else, as in wptserve.
    engine.register_get("content", |response: &mut Response| match response.0.parts.content() {
        content if content.is_unit() => Dynamic::from_array(Array::new()),
        content => content,
    });
    engine.register_set("content", |response: &mut Response, value: Dynamic| {
        response.0.parts.set_content(value.flatten());
    });
    engine.register_get("add_required_headers", |response: &mut Response| response.0.parts.add_required_headers.get());
    engine.register_set("add_required_headers", |response: &mut Response, value: bool| {
        response.0.parts.add_required_headers.set(value);
    });
    engine.register_get("send_body_for_head_request", |response: &mut Response| {
        response.0.parts.send_body_for_head_request.get()
    });
    engine.register_set("send_body_for_head_request", |response: &mut Response, value: bool| {
        response.0.parts.send_body_for_head_request.set(value);
    });
    engine.register_get("headers_sent", |response: &mut Response| response.0.exchange.headers_sent());
    engine.register_get("close_connection", |response: &mut Response| response.0.parts.close_connection.get());
    engine.register_set("close_connection", |response: &mut Response, value: bool| {
        response.0.parts.close_connection.set(value);
    });
    engine.register_fn("set_error", |response: &mut Response, code: INT| response.0.parts.set_error(code, ""));
    engine.register_fn("set_error", |response: &mut Response, code: INT, message: &str| {
        response.0.parts.set_error(code, message)
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
