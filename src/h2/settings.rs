//! Settings of both sides (RFC 9113 §6.5).

use super::flow::{INITIAL_WINDOW, MAX_WINDOW};
use super::rules::Rule;
use crate::wire::frame::SettingId;
use std::collections::VecDeque;

/// The range of SETTINGS_MAX_FRAME_SIZE (RFC 9113 §6.5.2).
const FRAME_SIZES: std::ops::RangeInclusive<u32> = 16_384..=16_777_215;

/// Settings as they hold now, with the RFC's initial values for what was not announced (RFC 9113 §6.5.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Octets of dynamic table.
    pub header_table_size: u32,
    /// Whether pushes are accepted.
    pub enable_push: bool,
    /// Streams at once; `None` is no limit.
    pub max_concurrent_streams: Option<u32>,
    /// Octets, up to 2^31-1.
    pub initial_window_size: u32,
    /// Octets, 2^14 to 2^24-1.
    pub max_frame_size: u32,
    /// Octets as counted by RFC 9113 §6.5.2; `None` is no limit.
    pub max_header_list_size: Option<u32>,
    /// Whether extended CONNECT is accepted (RFC 8441 §3).
    pub enable_connect_protocol: bool,
    /// Whether RFC 7540's priorities are not used (RFC 9218 §2.1).
    pub no_rfc7540_priorities: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            header_table_size: 4_096,
            enable_push: true,
            max_concurrent_streams: None,
            initial_window_size: INITIAL_WINDOW as u32,
            max_frame_size: *FRAME_SIZES.start(),
            max_header_list_size: None,
            enable_connect_protocol: false,
            no_rfc7540_priorities: false,
        }
    }
}

impl Settings {
    /// The rule that this value of this setting breaks, after these settings.
    pub(super) fn check(&self, id: SettingId, value: u32) -> Option<Rule> {
        match id {
            SettingId::ENABLE_PUSH if value > 1 => Some(Rule::SettingsEnablePush),
            SettingId::INITIAL_WINDOW_SIZE if i64::from(value) > MAX_WINDOW => Some(Rule::SettingsInitialWindow),
            SettingId::MAX_FRAME_SIZE if !FRAME_SIZES.contains(&value) => Some(Rule::SettingsMaxFrameSize),
            SettingId::ENABLE_CONNECT_PROTOCOL if value > 1 || (value == 0 && self.enable_connect_protocol) => {
                Some(Rule::SettingsConnectProtocol)
            }
            SettingId::NO_RFC7540_PRIORITIES if value > 1 => Some(Rule::SettingsNoPriorities),
            _ => None,
        }
    }

    /// Takes over a value, or the nearest lawful one; unknown settings are ignored (RFC 9113 §6.5.2).
    pub(super) fn apply(&mut self, id: SettingId, value: u32) {
        match id {
            SettingId::HEADER_TABLE_SIZE => self.header_table_size = value,
            SettingId::ENABLE_PUSH => self.enable_push = value != 0,
            SettingId::MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = Some(value),
            SettingId::INITIAL_WINDOW_SIZE => self.initial_window_size = value.min(MAX_WINDOW as u32),
            SettingId::MAX_FRAME_SIZE => {
                self.max_frame_size = value.clamp(*FRAME_SIZES.start(), *FRAME_SIZES.end());
            }
            SettingId::MAX_HEADER_LIST_SIZE => self.max_header_list_size = Some(value),
            SettingId::ENABLE_CONNECT_PROTOCOL => self.enable_connect_protocol = value != 0,
            SettingId::NO_RFC7540_PRIORITIES => self.no_rfc7540_priorities = value != 0,
            _ => {}
        }
    }
}

/// Our own settings: those that the peer acknowledged, and those under way.
#[derive(Debug, Default)]
pub(super) struct LocalSettings {
    acked: Settings,
    pending: VecDeque<Vec<(u16, u32)>>,
    allowed: Settings,
}

impl LocalSettings {
    /// What the peer acknowledged.
    pub fn acked(&self) -> &Settings {
        &self.acked
    }

    /// Whether the peer has acknowledged all that was sent.
    pub fn all_acked(&self) -> bool {
        self.pending.is_empty()
    }

    /// What the peer may rely on now. A setting that is under way may hold already or not: where it widens what the
    /// peer may do it holds at once, where it narrows it holds when it is acknowledged (RFC 9113 §6.5.3). The number of
    /// streams and the size of field sections hold at once, as both may be refused at any time.
    pub fn allowed(&self) -> &Settings {
        &self.allowed
    }

    /// Remembers what was sent.
    pub fn sent(&mut self, entries: Vec<(u16, u32)>) {
        self.pending.push_back(entries);
        self.renew();
    }

    /// Whether some of ours wait for an ACK.
    pub fn awaits_ack(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The peer acknowledged the oldest; `false` if there is none.
    pub fn ack(&mut self) -> bool {
        let Some(entries) = self.pending.pop_front() else { return false };
        for (id, value) in entries {
            self.acked.apply(SettingId(id), value);
        }
        self.renew();
        true
    }

    fn renew(&mut self) {
        let mut latest = self.acked.clone();
        let mut widest = self.acked.clone();
        for &(id, value) in self.pending.iter().flatten() {
            latest.apply(SettingId(id), value);
            widest.header_table_size = widest.header_table_size.max(latest.header_table_size);
            widest.initial_window_size = widest.initial_window_size.max(latest.initial_window_size);
            widest.max_frame_size = widest.max_frame_size.max(latest.max_frame_size);
            widest.enable_connect_protocol |= latest.enable_connect_protocol;
            widest.enable_push |= latest.enable_push;
        }
        widest.max_concurrent_streams = latest.max_concurrent_streams;
        widest.max_header_list_size = latest.max_header_list_size;
        widest.no_rfc7540_priorities = latest.no_rfc7540_priorities;
        self.allowed = widest;
    }
}
