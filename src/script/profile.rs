//! Shapes a connection by a profile: which function is called when, and what happens if one fails.
//!
//! Each call is a coroutine of its own, with a budget of its own: a profile may live as long as its connection, and
//! one that waits for a frame holds no stack. What is to last from call to call lies in `connection.context`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use rhai::Dynamic;

use super::api::response::Common;
use super::error::{Fault, ScriptError};
use super::handshake::Handshake;
use super::host::{Caller, Core, Handler};
use super::loader::{Entry, Script, ScriptSource};
use super::run::{Host, count_limit};
use crate::exchange::Connection;
use crate::wire::frame::{Frame, RawFrame};

/// Octets of a message that a client is told in GOAWAY: any client takes as much (RFC 9113 §4.2).
const DEBUG_DATA: usize = 1024;

impl Host {
    /// How the connections of the profile at `source` begin. One that fails says so when it shapes the connection.
    pub fn handshake(&self, source: &ScriptSource) -> Handshake {
        let script = self.core().load(source);
        script.ok().and_then(|script| script.handshake().ok()).unwrap_or_default()
    }

    /// Shapes `connection`, whose SETTINGS wait, by the profile at `source`, until the connection is gone. If the profile
    /// fails, the log says why, and the connection ends with GOAWAY(INTERNAL_ERROR), which says it too.
    pub fn shape(&self, source: &ScriptSource, connection: Connection) -> impl Future<Output = ()> + 'static + use<> {
        let script = self.core().load(source).map_err(|error| (*error).clone());
        let script = script.and_then(|script| script.as_profile().map(|()| script));
        let (core, common) = (Rc::clone(self.core()), Rc::clone(self.common()));
        let hooks = self.hooks().cloned();
        async move {
            if let Some(hooks) = hooks {
                hooks.tell().await;
            }
            match script {
                Ok(script) => Profile { core, script, connection, common }.live().await,
                Err(error) => fail(&connection, &error, &common),
            }
        }
    }
}

/// Whether a profile can be called so: it is a label of a host name.
pub fn is_name(name: &str) -> bool {
    let allowed = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') && !name.ends_with('-')
}

struct Profile {
    core: Rc<Core>,
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
            tell(&self.connection, &error, &self.common);
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
        while let Some(frame) = self.connection.held_frame().await {
            let connection = self.connection.clone();
            let handled = self.call(Entry::OnFrame, move |caller| on_frame(caller, connection, frame)).await?;
            self.connection.admit(handled);
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), ScriptError> {
        let (connection, reason) = (self.connection.clone(), self.connection.end_reason().id());
        let arguments = (connection, Dynamic::from(reason));
        self.start(Entry::OnClose, |caller| caller.call(Entry::OnClose.name(), arguments).map(drop))?.await
    }

    fn start<T: 'static>(
        &self,
        entry: Entry,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
    ) -> Result<Handler<T>, ScriptError> {
        let connection = self.connection.clone();
        let started = self.core.start(&self.script, move |caller| {
            let _ = caller.run().connection.set(connection);
            caller.run().profile_call.set(Some(entry));
            body(caller)
        });
        started.map_err(|full| {
            ScriptError::Raised(Fault::new(full.to_string(), self.script.path(), self.script.text(), None))
        })
    }

    /// One call, which ends with the connection.
    async fn call<T: 'static>(
        &self,
        entry: Entry,
        body: impl FnOnce(&Caller) -> Result<T, ScriptError> + 'static,
    ) -> Result<T, ScriptError> {
        let mut handler = self.start(entry, body)?;
        let mut gone = pin!(self.connection.gone());
        poll_fn(|context| {
            if let Poll::Ready(outcome) = Pin::new(&mut handler).poll(context) {
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
        let mut fault = Fault::new(message, caller.script().path(), caller.script().text(), None);
        fault.place_at_function(name, caller.script().text());
        ScriptError::Nonsense(fault)
    })
}

/// Says in the log what went wrong, and counts it; false if it is only that the client left.
fn tell(connection: &Connection, error: &ScriptError, common: &Common) -> bool {
    let id = connection.peer().id;
    match error {
        ScriptError::Ended => return false,
        ScriptError::Panic { .. } => tracing::error!(target: "script", connection = id, "profile: {error}"),
        _ => tracing::warn!(target: "script", connection = id, "profile: {}", error.text(common.brief)),
    }
    count_limit(error, common);
    common.failed(error.text(true).trim_end());
    true
}

fn fail(connection: &Connection, error: &ScriptError, common: &Common) {
    if !tell(connection, error, common) {
        return;
    }
    // Nobody is left to end a pause.
    connection.resume_reading();
    connection.resume_writing();
    let mut text = error.text(true);
    text.truncate((0..=DEBUG_DATA).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
    connection.fail(&text);
}
