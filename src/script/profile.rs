//! Lets a profile control a connection: which function is called when, and what happens if one fails.
//!
//! Each call is a coroutine of its own, with a budget of its own: a profile may live as long as its connection, and
//! one that waits for a frame holds no stack. What is to last from call to call lies in `connection.context`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use rhai::Dynamic;

use super::common::Common;
use super::compiled::Script;
use super::entries::Entry;
use super::error::ScriptError;
use super::runtime::{Caller, Runtime, ScriptCall};
use super::subject::Subject;
use super::turn::Turn;
use crate::exchange::Connection;
use crate::http::role::Role;
use crate::wire::frame::{Frame, RawFrame};

/// Octets of a message that a client is told in GOAWAY: any client takes as much (RFC 9113 §4.2).
const DEBUG_DATA: usize = 1024;

/// Lets the profile `script` control `connection`, whose SETTINGS wait, until the connection is gone.
pub async fn run(runtime: Rc<Runtime>, script: Rc<Script>, connection: Connection, common: Rc<Common>) {
    Profile { runtime, script, connection, common }.live().await;
}

struct Profile {
    runtime: Rc<Runtime>,
    script: Rc<Script>,
    connection: Connection,
    common: Rc<Common>,
}

impl Profile {
    async fn live(&self) {
        self.connection.hold_frames(self.script.defines(Entry::OnFrame));
        let outcome = {
            let (mut connect, mut follow) = (pin!(self.connect()), pin!(self.follow()));
            let mut connected = false;
            // Frames go on to on_frame while on_connect waits, for one of them perhaps.
            poll_fn(|context| {
                if !connected && let Poll::Ready(outcome) = connect.as_mut().poll(context) {
                    connected = true;
                    if outcome.is_err() {
                        return Poll::Ready(outcome);
                    }
                }
                follow.as_mut().poll(context)
            })
            .await
        };
        if let Err(error) = outcome {
            fail(&self.connection, &error, &self.common);
        }
        self.connection.gone().await;
        if self.script.defines(Entry::OnClose)
            && let Err(error) = self.close().await
        {
            log_failure(&self.connection, &error, &self.common);
        }
    }

    async fn connect(&self) -> Result<(), ScriptError> {
        if self.script.defines(Entry::OnConnect) {
            let connection = self.connection.clone();
            self.call(Entry::OnConnect, move |caller| caller.call(Entry::OnConnect.name(), (connection,)).map(drop))
                .await?;
        }
        self.connection.start();
        Ok(())
    }

    /// Calls on_frame for each frame, until the connection is gone.
    async fn follow(&self) -> Result<(), ScriptError> {
        let mut turn = Turn::default();
        while let Some(frame) = self.connection.held_frame().await {
            let connection = self.connection.clone();
            let handled = self.call(Entry::OnFrame, move |caller| on_frame(caller, connection, frame)).await?;
            self.connection.admit(handled);
            if turn.is_over() {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), ScriptError> {
        let (connection, reason) = (self.connection.clone(), self.connection.end_reason().id(Role::Server));
        let arguments = (connection, Dynamic::from(reason));
        self.start(Entry::OnClose, |caller| caller.call(Entry::OnClose.name(), arguments).map(drop))?.await
    }

    fn start<T: 'static>(
        &self,
        entry: Entry,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
    ) -> Result<ScriptCall<T>, ScriptError> {
        let subject = Subject::Connection { connection: self.connection.clone(), entry: Some(entry) };
        let started = self.runtime.start(&self.script, subject, body);
        started.map_err(|full| ScriptError::Runtime(self.script.fault(full.to_string())))
    }

    /// One call, which ends with the connection.
    async fn call<T: 'static>(
        &self,
        entry: Entry,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
    ) -> Result<T, ScriptError> {
        let mut call = self.start(entry, body)?;
        let mut gone = pin!(self.connection.gone());
        poll_fn(|context| {
            if let Poll::Ready(outcome) = Pin::new(&mut call).poll(context) {
                return Poll::Ready(outcome);
            }
            gone.as_mut().poll(context).map(|()| Err(ScriptError::Ended))
        })
        .await
    }
}

/// Whether the script has handled the frame.
fn on_frame(caller: &Caller, connection: Connection, frame: RawFrame) -> Result<bool, ScriptError> {
    let name = Entry::OnFrame.name();
    let value = caller.call(name, (connection, Frame::from(frame)))?;
    if value.is_unit() {
        return Ok(false);
    }
    value.as_bool().map_err(|other| {
        let message = format!("on_frame returns true for a frame that it handled, or nothing, not {other}");
        ScriptError::BadReturn(caller.script().fault_at_result(message, name))
    })
}

/// Logs and counts what went wrong; false if it is only that the client left.
fn log_failure(connection: &Connection, error: &ScriptError, common: &Common) -> bool {
    let id = connection.peer().id;
    match error {
        ScriptError::Ended => return false,
        ScriptError::Panic { .. } => tracing::error!(target: "script", connection = id, "profile: {error}"),
        _ => tracing::warn!(target: "script", connection = id, "profile: {}", error.text(common.brief)),
    }
    common.count_limit_of(error);
    common.count_profile_failure(error.text(true).trim_end());
    true
}

/// Says what went wrong with a profile, in the log and to its client, and ends the connection.
pub fn fail(connection: &Connection, error: &ScriptError, common: &Common) {
    if !log_failure(connection, error, common) {
        return;
    }
    // Nothing else could end a pause.
    connection.resume_reading();
    connection.resume_writing();
    let mut text = error.text(true);
    text.truncate((0..=DEBUG_DATA).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
    connection.fail(&text);
}
