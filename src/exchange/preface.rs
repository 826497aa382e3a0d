//! What a profile can do to a connection that a handler cannot: change its preface, and see each frame before the engine
//! acts on it.

use super::connection::Connection;
use crate::h1;
use crate::h2::{self, Action, Auto, Rule};
use crate::wire::frame::{ErrorCode, RawFrame};
use bytes::Bytes;
use std::future::poll_fn;
use std::task::Poll;

impl Connection {
    /// Queues our SETTINGS if they wait for it (HTTP/2); see [`h2::Connection::start`].
    pub fn start(&self) {
        self.with_http2(h2::Connection::start);
    }

    /// Lets the connection continue without the SETTINGS that [`Connection::start`] would queue (HTTP/2).
    pub fn start_without_settings(&self) {
        self.with_http2(h2::Connection::start_without_settings);
    }

    /// Whether our SETTINGS were sent, or never will be: until then no exchange is handed out.
    pub fn has_started(&self) -> bool {
        self.of_http2(|engine| engine.first_settings().is_none()).unwrap_or(true)
    }

    /// The SETTINGS that [`Connection::start`] will queue; `None` if it is too late, or not HTTP/2.
    pub fn first_settings(&self) -> Option<Vec<(u16, u32)>> {
        self.of_http2(|engine| engine.first_settings().map(<[_]>::to_vec)).flatten()
    }

    /// Changes the SETTINGS that [`Connection::start`] will queue; false if it is too late, or not HTTP/2.
    pub fn change_first_settings(&self, change: impl FnOnce(&mut Vec<(u16, u32)>)) -> bool {
        self.with_http2(|engine| engine.first_settings_mut().map(change).is_some()).unwrap_or(false)
    }

    /// The switches of automatic behaviour; `None` over HTTP/1.1.
    pub fn auto(&self) -> Option<Auto> {
        self.of_http2(h2::Connection::auto)
    }

    /// Changes the switches from here on; false over HTTP/1.1.
    pub fn change_auto(&self, change: impl FnOnce(&mut Auto)) -> bool {
        self.with_http2(|engine| change(engine.auto_mut())).is_some()
    }

    /// What is done when the client breaks `rule`; `None` over HTTP/1.1.
    pub fn policy(&self, rule: Rule) -> Option<Action> {
        self.of_http2(|engine| engine.policy().action(rule))
    }

    /// Chooses what is done when the client breaks `rule` from here on; false over HTTP/1.1.
    pub fn set_policy(&self, rule: Rule, action: Action) -> bool {
        let chosen = self.with_http2(|engine| {
            engine.policy_mut().set(rule, action);
        });
        chosen.is_some()
    }

    /// Lets each frame of the client's wait for [`Connection::admit`], or none (HTTP/2).
    pub fn hold_frames(&self, hold: bool) {
        self.with_http2(|engine| engine.set_hold_frames(hold));
    }

    /// The frame that waits for [`Connection::admit`], once there is one; `None` when the connection is gone.
    pub async fn held_frame(&self) -> Option<RawFrame> {
        poll_fn(|context| {
            let held = self.of_http2(|engine| engine.held_frame().cloned()).flatten();
            if held.is_some() || self.0.gone.get() {
                return Poll::Ready(held);
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Lets the frame that waits have its effect, or, if it was `handled`, none: see
    /// [`h2::Connection::admit`].
    pub fn admit(&self, handled: bool) {
        self.with_http2(|engine| engine.admit(handled));
    }

    /// Ready once the socket is gone.
    pub async fn gone(&self) {
        poll_fn(|context| {
            if self.0.gone.get() {
                return Poll::Ready(());
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Ends the connection because its profile failed: our SETTINGS if they still wait, GOAWAY(INTERNAL_ERROR) with
    /// `why` as its debug data, and the end; over HTTP/1.1 the end alone.
    pub fn fail(&self, why: &str) {
        self.with_http1(h1::Connection::close);
        self.with_http2(|engine| {
            engine.set_hold_frames(false);
            engine.start();
            let last = engine.last_peer_stream_id();
            let debug = Bytes::copy_from_slice(why.as_bytes());
            // After a lower GOAWAY of the script's, or with text that is too long for the client, the end alone has to do.
            let _ = engine.go_away(last, ErrorCode::INTERNAL_ERROR, debug);
            engine.close();
        });
    }
}
