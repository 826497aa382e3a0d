//! Raw calls on an exchange, which send as given.

use super::conversation::{Exchange, Outcome};
use super::error::SendError;
use crate::h2::{CallSite, RawCall, Track};
use crate::http::peer::Protocol;
use crate::wire::frame::{FrameType, RawFrame};
use bytes::Bytes;

impl Exchange {
    /// Sends a frame as it is (HTTP/2). With [`Track::Yes`] local state follows what it can.
    pub fn send_raw_frame(
        &self,
        function: &'static str,
        frame: RawFrame,
        call: impl Into<RawCall>,
    ) -> Result<(), SendError> {
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function, wanted: Protocol::Http2 });
        }
        self.check_connected()?;
        self.update(|progress| {
            // Any other frame leaves the response itself to be written yet.
            progress.headers |= frame.header.frame_type == FrameType::HEADERS;
            progress.raw = true;
        });
        self.0.announced.set(None);
        let call = call.into();
        self.set_call(call.site);
        self.http2(|engine, _| {
            engine.send_raw_frame(&frame, call);
            Ok(())
        })
    }

    /// As [`send_raw_frame`](Self::send_raw_frame), untracked, for a whole interim response (RFC 9110 §15.2): the final
    /// one is still to be written, by whatever call.
    pub fn send_raw_interim(&self, function: &'static str, frame: RawFrame, site: CallSite) -> Result<(), SendError> {
        let before = self.progress();
        self.send_raw_frame(function, frame, Track::No.at(site))?;
        self.0.response.set(before);
        Ok(())
    }

    /// The most octets of content that could leave at once in one frame: by both windows and the client's
    /// SETTINGS_MAX_FRAME_SIZE (HTTP/2).
    pub fn max_payload(&self, function: &'static str) -> Result<u32, SendError> {
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function, wanted: Protocol::Http2 });
        }
        self.http2(|engine, id| {
            let window = engine.send_window(id).into_iter().chain(engine.send_window(0)).min().unwrap_or_default();
            let window = u32::try_from(window.max(0)).unwrap_or(u32::MAX);
            Ok(window.min(engine.peer_settings().max_frame_size))
        })
    }

    /// Sends octets as they are, over either protocol; errors about commands that contradict them name `site`.
    pub fn send_raw(&self, octets: Bytes, site: CallSite) -> Result<(), SendError> {
        self.check_connected()?;
        self.update(|progress| {
            progress.headers = true;
            progress.raw = true;
        });
        self.0.announced.set(None);
        self.0.connection.send_octets(octets, site)
    }

    /// The handler has ended: what raw frames have done to the stream counts from here on, tracked or not
    /// (HTTP/2).
    pub fn settle_raw(&self) {
        if self.0.connection.has_sent_raw() {
            let id = self.0.id as u32;
            self.0.connection.with_http2(|engine| engine.settle(id));
        }
    }

    /// Whether the client still waits for the end of a frame or field block that a raw call began on this stream
    /// (HTTP/2).
    ///
    /// # Errors
    /// What is unfinished, and the call that began it.
    pub fn check_finished(&self) -> Result<(), SendError> {
        if !self.0.connection.has_sent_raw() || self.outcome() == Outcome::Gone {
            return Ok(());
        }
        let id = self.0.id as u32;
        let checked = self.0.connection.with_http2(|engine| engine.check_finished(id));
        checked.unwrap_or(Ok(())).map_err(SendError::Http2)
    }

    fn check_connected(&self) -> Result<(), SendError> {
        match self.outcome() {
            Outcome::Gone => Err(SendError::Gone),
            _ => Ok(()),
        }
    }
}
