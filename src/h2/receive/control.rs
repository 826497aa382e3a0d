//! RST_STREAM, SETTINGS, PING, GOAWAY and WINDOW_UPDATE.

use crate::h2::connection::Connection;
use crate::h2::events::{Cause, Event, Initiator, NotSentReason, Unsent};
use crate::h2::hold::Which;
use crate::h2::limits::within;
use crate::h2::outbound::open_window;
use crate::h2::rules::Rule;
use crate::h2::state::{Effect, Input};
use crate::h2::stream::Ended;
use crate::http::role::Role;
use crate::wire::frame::{
    FrameHeader, FrameType, GoAway, Ping, RawFrame, RstStream, SettingId, Settings, WindowUpdate, flag,
};
use bytes::BytesMut;

impl Connection {
    pub(super) fn on_rst_stream(&mut self, frame: &RawFrame) {
        let header = frame.header;
        let id = header.stream_id;
        if id == 0 {
            self.violation(Rule::ResetStreamZero, 0, Some(header), "");
            return;
        }
        let code = match RstStream::parse(frame) {
            Ok(RstStream { code }) => code,
            Err(error) => {
                self.violation(Rule::ResetLength, id, Some(header), error.to_string());
                return;
            }
        };
        // To refuse what we promised is no Rapid Reset, however much we promised.
        let promised = !self.streams.is_peers(id) && self.streams.contains(id);
        if !promised
            && !within(&mut self.inbound.counts.num_resets, self.limits.max_resets)
            && !self.violation(Rule::LimitResets, id, Some(header), "")
        {
            return;
        }
        match self.streams.state(id).step(self.role, Input::ReceiveReset).0 {
            Effect::Close => self.stream_reset(id, code, Initiator::Peer),
            Effect::Violation(rule) => {
                self.violation(rule, id, Some(header), "RST_STREAM");
            }
            _ => {}
        }
    }

    pub(super) fn on_settings(&mut self, frame: &RawFrame) {
        let header = frame.header;
        if header.stream_id != 0 && !self.violation(Rule::SettingsStream, header.stream_id, Some(header), "") {
            return;
        }
        // An ACK that we asked for is no flood, however many we asked for.
        let asked_for = header.has(flag::ACK) && self.inbound.awaits_ack();
        if !asked_for
            && !within(&mut self.inbound.counts.num_settings, self.limits.max_settings)
            && !self.violation(Rule::LimitSettings, 0, Some(header), "")
        {
            return;
        }
        if header.has(flag::ACK) {
            return self.on_settings_ack(frame);
        }
        let entries = match Settings::parse(frame) {
            Ok(Settings { entries }) => entries,
            Err(error) => {
                self.violation(Rule::SettingsLength, 0, Some(header), error.to_string());
                return;
            }
        };
        if !self.apply_settings(header, &entries) {
            return;
        }
        self.outbound.peer_settings_applied();
        self.events.push(Event::Settings { entries });
        self.answer(FrameType::SETTINGS, &[], self.auto.settings_ack);
    }

    fn on_settings_ack(&mut self, frame: &RawFrame) {
        let header = frame.header;
        if !frame.payload.is_empty() && !self.violation(Rule::SettingsAckLength, 0, Some(header), "") {
            return;
        }
        if let Some(delta) = self.inbound.settings_acked() {
            self.streams.adjust_receive_windows(delta);
            self.events.push(Event::SettingsAcked);
        } else {
            self.violation(Rule::SettingsAckUnexpected, 0, Some(header), "");
        }
    }

    /// Applies the peer's settings one by one (RFC 9113 §6.5.3). `false` if the connection has ended.
    fn apply_settings(&mut self, header: FrameHeader, entries: &[(u16, u32)]) -> bool {
        for &(id, value) in entries {
            let id = SettingId(id);
            let changes = id == SettingId::NO_RFC7540_PRIORITIES
                && self.outbound.has_peer_settings()
                && self.outbound.peer().no_rfc7540_priorities != (value != 0);
            let fault = self
                .outbound
                .peer()
                .check(id, value, self.role.peer())
                .or(changes.then_some(Rule::SettingsNoPriorities));
            if let Some(rule) = fault
                && !self.violation(rule, 0, Some(header), format!("{id} = {value}"))
            {
                return false;
            }
            if !self.apply_peer_setting(id, value)
                && !self.violation(Rule::SettingsWindowOverflow, 0, Some(header), format!("{id} = {value}"))
            {
                return false;
            }
        }
        true
    }

    /// An ACK, if its switch is on.
    fn answer(&mut self, frame_type: FrameType, payload: &[u8], switched_on: bool) {
        if switched_on {
            self.outbound.write_frame(&mut self.events, (frame_type, flag::ACK, 0), payload, Cause::Automatic);
        } else {
            self.events.not_sent(NotSentReason::SwitchedOff, || {
                let mut octets = BytesMut::new();
                RawFrame::new(frame_type, flag::ACK, 0, payload.to_vec()).write(&mut octets);
                Unsent::Automatic { octets: octets.freeze() }
            });
        }
    }

    pub(super) fn on_ping(&mut self, frame: &RawFrame) {
        let header = frame.header;
        if header.stream_id != 0 && !self.violation(Rule::PingStream, header.stream_id, Some(header), "") {
            return;
        }
        let opaque = match Ping::parse(frame) {
            Ok(Ping { opaque }) => opaque,
            Err(error) => {
                self.violation(Rule::PingLength, 0, Some(header), error.to_string());
                return;
            }
        };
        // An ACK that we asked for is no flood, however many we asked for.
        let asked_for = header.has(flag::ACK) && self.outbound.ping_acked();
        if !asked_for
            && !within(&mut self.inbound.counts.num_pings, self.limits.max_pings)
            && !self.violation(Rule::LimitPings, 0, Some(header), "")
        {
            return;
        }
        if header.has(flag::ACK) {
            self.events.push(Event::PingAcked { opaque });
        } else {
            self.events.push(Event::Ping { opaque });
            self.answer(FrameType::PING, &opaque, self.auto.ping_ack);
        }
    }

    pub(super) fn on_goaway(&mut self, frame: &RawFrame) {
        let header = frame.header;
        if header.stream_id != 0 && !self.violation(Rule::GoAwayStream, header.stream_id, Some(header), "") {
            return;
        }
        let GoAway { last_stream_id, code, debug, .. } = match GoAway::parse(frame) {
            Ok(goaway) => goaway,
            Err(error) => {
                self.violation(Rule::GoAwayLength, 0, Some(header), error.to_string());
                return;
            }
        };
        if self.shutdown.received.is_some_and(|last| last_stream_id > last)
            && !self.violation(Rule::GoAwayIncreased, 0, Some(header), last_stream_id.to_string())
        {
            return;
        }
        self.shutdown.received = Some(last_stream_id);
        self.events.push(Event::GoAway { last_stream_id, code, debug });
        if self.role == Role::Client {
            self.give_up_above(last_stream_id);
        }
    }

    /// The server has ignored our streams above, as if they had never been opened (RFC 9113 §6.8).
    fn give_up_above(&mut self, last_stream_id: u32) {
        let is_above = |id: &u32| !self.streams.is_peers(*id) && *id > last_stream_id;
        let mut above: Vec<u32> = self.streams.ids().filter(is_above).collect();
        above.sort_unstable();
        for stream in above {
            self.finish_block(stream);
            self.events.push(Event::Unprocessed { stream });
            self.drop_held(Which::Stream(stream), NotSentReason::Unprocessed);
            self.take_out(stream, Ended::WeReset, NotSentReason::Unprocessed);
        }
    }

    pub(super) fn on_window_update(&mut self, frame: &RawFrame) {
        let header = frame.header;
        let id = header.stream_id;
        let increment = match WindowUpdate::parse(frame) {
            Ok(WindowUpdate { increment, .. }) => increment,
            Err(error) => {
                self.violation(Rule::WindowUpdateLength, id, Some(header), error.to_string());
                return;
            }
        };
        if !within(&mut self.inbound.counts.num_window_updates, self.limits.max_window_updates)
            && !self.violation(Rule::LimitWindowUpdates, id, Some(header), "")
        {
            return;
        }
        if id != 0 {
            match self.streams.state(id).step(self.role, Input::ReceiveWindowUpdate).0 {
                Effect::Violation(rule) => {
                    self.violation(rule, id, Some(header), "WINDOW_UPDATE");
                    return;
                }
                Effect::Proceed => {}
                _ => return,
            }
        }
        if increment == 0 {
            let rule = if id == 0 { Rule::WindowUpdateZeroConnection } else { Rule::WindowUpdateZero };
            self.violation(rule, id, Some(header), "");
            return;
        }
        self.raise_window(header, increment);
    }

    fn raise_window(&mut self, header: FrameHeader, increment: u32) {
        let id = header.stream_id;
        let opened = match id {
            0 => self.outbound.open_window(increment),
            _ => match self.streams.get_mut(id) {
                Some(stream) => open_window(&mut stream.send_window, increment),
                None => return,
            },
        };
        let window = match opened {
            Ok(window) => window,
            Err(beyond) => {
                let rule = if id == 0 { Rule::WindowUpdateOverflowConnection } else { Rule::WindowUpdateOverflow };
                self.violation(rule, id, Some(header), format!("to {beyond}"));
                return;
            }
        };
        self.events.push(Event::WindowUpdate { stream: id, increment, window });
        if id != 0 {
            self.streams.schedule(id);
        }
    }
}
