//! What a script has decided of a response: status, headers, body, trailers, and how they are to be sent.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use rhai::{Array, Dynamic, INT};

use super::draft::Draft;
use super::fields::{FieldList, check_size, value_of};
use super::flood_report;
use super::outcome::{Outcome, fail};
use super::pieces::wrong_content;
use crate::exchange::ResponseHead;
use crate::http::Fields;
use crate::script::common::Common;
use crate::script::octets::{latin1_text, octets_of};
use crate::script::types::name_of_value;

/// See the module. It sends nothing.
pub struct Parts {
    status: Cell<INT>,
    reason: RefCell<Option<String>>,
    /// Shared with scripts, which change them.
    pub headers: FieldList,
    /// Shared with scripts, which change them.
    pub trailers: FieldList,
    content: RefCell<Dynamic>,
    /// Whether `date` and `server` are added.
    pub add_required_headers: Cell<bool>,
    /// Whether HEAD is answered with content.
    pub send_body_for_head_request: Cell<bool>,
    /// Whether the connection ends after the response.
    pub close_connection: Cell<bool>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            status: Cell::new(200),
            reason: RefCell::new(None),
            headers: FieldList::default(),
            trailers: FieldList::trailers(),
            content: RefCell::new(Dynamic::UNIT),
            add_required_headers: Cell::new(true),
            send_body_for_head_request: Cell::new(false),
            close_connection: Cell::new(false),
        }
    }
}

impl Parts {
    /// The status as the script set it, whether it is one or not.
    pub fn status(&self) -> INT {
        self.status.get()
    }

    /// The reason phrase, if the script set one.
    pub fn reason(&self) -> Option<String> {
        self.reason.borrow().clone()
    }

    /// Sets the code alone; a reason phrase stays.
    pub fn set_code(&self, code: INT) {
        self.status.set(code);
    }

    /// Takes a status: a code, or `[code, reason]`.
    ///
    /// # Errors
    /// It is neither, or no code.
    pub fn set_status(&self, value: &Dynamic) -> Outcome<()> {
        if let Ok(code) = value.as_int() {
            checked_status(code)?;
            self.status.set(code);
            self.reason.replace(None);
            return Ok(());
        }
        let pair = value.read_lock::<Array>();
        if let Some([code, reason]) = pair.as_deref().map(Vec::as_slice)
            && let Ok(code) = code.as_int()
        {
            let reason =
                (!reason.is_unit()).then(|| value_of(reason).map(|reason| latin1_text(&reason))).transpose()?;
            checked_status(code)?;
            self.status.set(code);
            self.reason.replace(reason);
            return Ok(());
        }
        fail("a status is a code, or [code, reason]")
    }

    /// The content as the script set it; `()` for none.
    pub fn content(&self) -> Dynamic {
        self.content.borrow().clone()
    }

    /// Sets the content.
    pub fn set_content(&self, content: Dynamic) {
        // What is dropped may look into the response.
        drop(self.content.replace(content));
    }

    /// Takes the content out, to send it.
    pub fn take_content(&self) -> Dynamic {
        self.content.replace(Dynamic::UNIT)
    }

    /// Whether content was set.
    pub fn has_content(&self) -> bool {
        !self.content.borrow().is_unit()
    }

    /// Bytes of the content, if it is in one piece.
    pub fn content_length(&self) -> Option<usize> {
        octets_of(&self.content.borrow()).map(|octets| octets.len())
    }

    /// The content if all of it is at hand; `None` if it is to be made.
    ///
    /// # Errors
    /// It is no content.
    pub fn whole_content(&self) -> Outcome<Option<Bytes>> {
        let content = self.content.borrow();
        if content.is_unit() || content.read_lock::<Array>().is_some_and(|pieces| pieces.is_empty()) {
            return Ok(Some(Bytes::new()));
        }
        if let Some(octets) = octets_of(&content) {
            return Ok(Some(octets));
        }
        if content.is_array() || content.is_fnptr() { Ok(None) } else { fail(wrong_content(&content)) }
    }

    /// The headers as they are sent, with what every response has.
    pub fn fields(&self, common: &Common) -> Fields {
        let set = self.headers.0.borrow();
        // With room for date, server and content-length.
        let mut fields = Fields::with_capacity(set.len() + 3);
        fields.extend(set.iter().cloned());
        if self.add_required_headers.get() {
            common.complete(&mut fields);
        }
        fields
    }

    /// The head with these headers.
    ///
    /// # Errors
    /// The status is not one, or the headers are too large.
    pub fn head(&self, fields: Fields) -> Outcome<ResponseHead> {
        check_size(&fields)?;
        Ok(ResponseHead { status: checked_status(self.status.get())?, reason: self.reason(), fields })
    }

    /// Takes what `main` returned.
    ///
    /// # Errors
    /// It is no response: a sentence for people.
    pub fn take(&self, value: Dynamic) -> Result<(), String> {
        const ALLOWED: &str = "main may return nothing, content (a string or bytes), [headers, content] or \
                               [status, headers, content]";
        if value.is_unit() {
            return Ok(());
        }
        if octets_of(&value).is_some() {
            self.set_content(value);
            return Ok(());
        }
        let wrong = || format!("main returned {}; {ALLOWED}", name_of_value(&value));
        // A function has the value of its last call, whether that is meant or not.
        if flood_report::is_report(&value) {
            return Ok(());
        }
        let parts = value.read_lock::<Array>();
        let Some(parts) = parts.as_deref() else { return Err(wrong()) };
        let (status, headers, content) = match parts.as_slice() {
            [headers, content] => (None, headers, content),
            [status, headers, content] => (Some(status), headers, content),
            _ => return Err(format!("main returned a list of {}; {ALLOWED}", parts.len())),
        };
        let said = |error: Box<rhai::EvalAltResult>| {
            let text = error.to_string();
            let text = text.strip_prefix("Runtime error: ").unwrap_or(&text);
            let advice = if text.contains("\nhelp: ") { String::new() } else { format!("; {ALLOWED}") };
            format!("main returned something that is not a response: {text}{advice}")
        };
        if let Some(status) = status {
            self.set_status(status).map_err(said)?;
        }
        self.headers.update(headers).map_err(said)?;
        if octets_of(content).is_none() && !content.is_unit() && !content.is_array() && !content.is_fnptr() {
            return Err(format!("main returned {} as content; {ALLOWED}", name_of_value(content)));
        }
        self.set_content(content.clone());
        Ok(())
    }

    /// Makes it wptserve's error page, JSON, in place of what it was.
    pub fn set_error(&self, code: INT, message: &str) {
        let page = serde_json::json!({ "error": { "code": code, "message": message } }).to_string();
        self.status.set(code);
        self.reason.replace(None);
        let mut headers = self.headers.0.borrow_mut();
        headers.clear();
        headers.append("content-type", "application/json");
        self.set_content(page.into());
    }

    /// All of it, apart from the script.
    pub fn draft(&self) -> Draft {
        Draft {
            status: self.status.get(),
            reason: self.reason(),
            headers: self.headers.0.borrow().clone(),
            trailers: self.trailers.0.borrow().clone(),
            content: self.content(),
            add_required_headers: self.add_required_headers.get(),
            send_body_for_head_request: self.send_body_for_head_request.get(),
            close_connection: self.close_connection.get(),
        }
    }

    /// Puts all of a draft in the place of what was.
    pub fn put(&self, draft: Draft) {
        self.status.set(draft.status);
        self.reason.replace(draft.reason);
        self.headers.0.replace(draft.headers);
        self.trailers.0.replace(draft.trailers);
        self.set_content(draft.content);
        self.add_required_headers.set(draft.add_required_headers);
        self.send_body_for_head_request.set(draft.send_body_for_head_request);
        self.close_connection.set(draft.close_connection);
    }
}

/// A status code, which the grammar of RFC 9110 §15 allows to be 100 to 999.
///
/// # Errors
/// It is not.
pub fn checked_status(code: INT) -> Outcome<u16> {
    match u16::try_from(code) {
        Ok(code) if (100..=999).contains(&code) => Ok(code),
        _ => fail(format!("a status code is 100 to 999, not {code}; write_raw_header_frame sends any")),
    }
}
