//! Flow control of what the peer sends: what is used up, and what is granted.

use super::connection::Connection;
use super::events::Cause;
use super::flow::MAX_WINDOW;
use super::misuse::Misuse;
use super::state::{Effect, Input, State};
use crate::wire::frame::FrameType;

impl Connection {
    /// WINDOW_UPDATE by hand, on a stream or, for stream 0, on the connection.
    pub fn window_update(&mut self, stream: u32, increment: u32) -> Result<(), Misuse> {
        self.check_running()?;
        if increment == 0 || i64::from(increment) > MAX_WINDOW {
            return Err(Misuse::Increment { increment });
        }
        let window = if stream == 0 {
            &mut self.inbound.window
        } else {
            let role = self.role;
            let entry = self.check_stream(stream)?;
            if entry.state.step(role, Input::SendWindowUpdate).0 == Effect::Refuse {
                return Err(Misuse::StreamUnknown { stream });
            }
            &mut entry.receive
        };
        if window.available() + i64::from(increment) > MAX_WINDOW {
            let raw = self.view.as_ref().and_then(|view| view.window_full(stream));
            return Err(raw.unwrap_or(Misuse::WindowOverflow));
        }
        window.grant(increment);
        self.write_window_update(stream, increment, Cause::Checked);
        Ok(())
    }

    /// The layer above has used up `octets` of a stream's content. With `auto.window_update`, new window is granted in
    /// batches of half a window. On streams that are gone it does nothing: the connection has its octets back.
    pub fn consume(&mut self, stream: u32, octets: usize) {
        let Some(entry) = self.streams.get_mut(stream) else { return };
        let octets = octets.min(entry.unconsumed);
        entry.unconsumed -= octets;
        self.give_back(stream, octets);
    }

    /// Gives received octets back to both windows.
    pub(super) fn give_back(&mut self, stream: u32, octets: usize) {
        self.inbound.window.consume(octets);
        self.grant(0);
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.receive.consume(octets);
            // Nothing more comes after END_STREAM.
            if entry.state != State::HalfClosedRemote {
                self.grant(stream);
            }
        }
    }

    /// Queues the WINDOW_UPDATE that is due on a stream, or, for stream 0, on the connection.
    pub(super) fn grant(&mut self, stream: u32) {
        if !self.auto.window_update || self.is_closed() || self.peer_saw_reset(stream) {
            return;
        }
        let window = match stream {
            0 => Some(&mut self.inbound.window),
            _ => self.streams.get_mut(stream).map(|stream| &mut stream.receive),
        };
        if let Some(window) = window
            && let Some(increment) = window.due()
        {
            window.grant(increment);
            self.write_window_update(stream, increment, Cause::Automatic);
        }
    }

    pub(super) fn write_window_update(&mut self, stream: u32, increment: u32, cause: Cause) {
        self.outbound.write_frame(
            &mut self.events,
            (FrameType::WINDOW_UPDATE, 0, stream),
            &increment.to_be_bytes(),
            cause,
        );
    }
}
