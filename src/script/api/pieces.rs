//! The content that a script set, piece by piece: sent at once, or handed to somebody who sends it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use rhai::{Array, Dynamic, FnPtr};

use super::outcome::{Outcome, fail};
use crate::exchange::{Content, Delivering, NextPiece, Pieces, SendError};
use crate::script::budget::pause;
use crate::script::octets::octets_of;
use crate::script::types::name_of_value;

/// Calls a function that the script gave as content.
pub type Call<'a> = &'a dyn Fn(&FnPtr) -> Outcome<Dynamic>;

/// What is said of content that is none.
pub fn wrong_content(content: &Dynamic) -> String {
    format!("content must be a string, bytes, a list of them, or a function, not {}", name_of_value(content))
}

/// What is left of a content.
pub struct Source(Vec<Part>);

enum Part {
    Value(Dynamic),
    /// A function in a list, which is called once, as in wptserve.
    Once(FnPtr),
    /// A function as content, which is called until it gives ().
    Repeated(FnPtr),
}

impl Source {
    pub fn new(content: Dynamic) -> Self {
        let function = content.read_lock::<FnPtr>().map(|function| function.clone());
        Self(vec![function.map_or(Part::Value(content), Part::Repeated)])
    }

    /// The next piece that is not empty.
    pub fn next(&mut self, call: Call<'_>) -> Outcome<Option<Bytes>> {
        while let Some(part) = self.0.pop() {
            let made = match part {
                Part::Value(value) => self.value(&value)?,
                Part::Once(function) => made(&call(&function)?)?,
                Part::Repeated(function) => {
                    let made = made(&call(&function)?)?;
                    if made.is_some() {
                        self.0.push(Part::Repeated(function));
                    }
                    made
                }
            };
            if let Some(octets) = made.filter(|octets| !octets.is_empty()) {
                return Ok(Some(octets));
            }
        }
        Ok(None)
    }

    /// Octets, or the pieces of a list in place of it.
    fn value(&mut self, value: &Dynamic) -> Outcome<Option<Bytes>> {
        if value.is_unit() {
            return Ok(None);
        }
        if let Some(octets) = octets_of(value) {
            return Ok(Some(octets));
        }
        let Some(list) = value.read_lock::<Array>() else { return fail(wrong_content(value)) };
        self.0.extend(list.iter().rev().map(|piece| {
            let function = piece.read_lock::<FnPtr>().map(|function| function.clone());
            function.map_or_else(|| Part::Value(piece.clone()), Part::Once)
        }));
        Ok(None)
    }
}

/// What a function gave: octets, or nothing.
fn made(value: &Dynamic) -> Outcome<Option<Bytes>> {
    if value.is_unit() {
        return Ok(None);
    }
    match octets_of(value) {
        Some(octets) => Ok(Some(octets)),
        None => fail(format!("a function as content must return a string, bytes or (), not {}", name_of_value(value))),
    }
}

/// Content that the script makes while it is sent: hooks may replace it, and cannot read it.
#[derive(Debug)]
pub struct Made;

impl Pieces for Made {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Between a script that makes content and somebody else who sends it.
#[derive(Clone, Default, Debug)]
pub struct Handover(Rc<Slot>);

#[derive(Default, Debug)]
struct Slot {
    wanted: Cell<bool>,
    /// A piece, or the end.
    given: RefCell<Option<Option<Bytes>>>,
}

impl Handover {
    /// What the sender gets for content.
    pub fn content(&self) -> Content {
        Content::Pieces(Box::new(self.clone()))
    }

    /// Lets `sending` send the pieces of `source`, which are made on the script's own stack when they are wanted.
    pub fn run(&self, mut sending: Delivering, mut source: Source, call: Call<'_>) -> Outcome<Result<(), SendError>> {
        loop {
            let slot = Rc::clone(&self.0);
            let (back, done) = pause(async move {
                let done = poll_fn(|context| {
                    if let Poll::Ready(done) = Pin::new(&mut sending).poll(context) {
                        return Poll::Ready(Some(done));
                    }
                    if slot.wanted.take() { Poll::Ready(None) } else { Poll::Pending }
                });
                let done = done.await;
                (sending, done)
            })?;
            if let Some(done) = done {
                return Ok(done);
            }
            sending = back;
            *self.0.given.borrow_mut() = Some(source.next(call)?);
        }
    }
}

impl Pieces for Handover {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        // The script is looked after by whoever polls this, once it is pending.
        Box::pin(poll_fn(|_| match self.0.given.borrow_mut().take() {
            Some(piece) => Poll::Ready(Ok(piece)),
            None => {
                self.0.wanted.set(true);
                Poll::Pending
            }
        }))
    }
}
