//! Settings of both sides (RFC 9113 §6.5).

use super::flow::{INITIAL_WINDOW, MAX_WINDOW};
use super::rules::Rule;
use crate::http::role::Role;
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
    /// The rule that this value of a setting of `sender` breaks, after these settings.
    pub(super) fn check(&self, id: SettingId, value: u32, sender: Role) -> Option<Rule> {
        match id {
            SettingId::ENABLE_PUSH if value > 1 => Some(Rule::SettingsEnablePush),
            SettingId::ENABLE_PUSH if value == 1 && sender == Role::Server => Some(Rule::SettingsEnablePushServer),
            SettingId::INITIAL_WINDOW_SIZE if i64::from(value) > MAX_WINDOW => Some(Rule::SettingsInitialWindow),
            SettingId::MAX_FRAME_SIZE if !FRAME_SIZES.contains(&value) => Some(Rule::SettingsMaxFrameSize),
            SettingId::ENABLE_CONNECT_PROTOCOL if value > 1 || (value == 0 && self.enable_connect_protocol) => {
                Some(Rule::SettingsConnectProtocol)
            }
            SettingId::NO_RFC7540_PRIORITIES if value > 1 => Some(Rule::SettingsNoPriorities),
            _ => None,
        }
    }

    /// The first of these entries that breaks a rule, and which, if `sender` announces them after these settings.
    pub(super) fn first_invalid(&self, entries: &[(u16, u32)], sender: Role) -> Option<(u16, u32, Rule)> {
        let mut after = self.clone();
        entries.iter().find_map(|&(id, value)| {
            let rule = after.check(SettingId(id), value, sender);
            after.apply(SettingId(id), value);
            rule.map(|rule| (id, value, rule))
        })
    }

    /// What allows least of what only an ACK may narrow.
    fn narrowest() -> Self {
        Self { header_table_size: 0, enable_push: false, initial_window_size: 0, ..Self::default() }
    }

    /// Allows what `other` allows too, of what may only be narrowed by an ACK.
    fn widen(&mut self, other: &Self) {
        self.header_table_size = self.header_table_size.max(other.header_table_size);
        self.initial_window_size = self.initial_window_size.max(other.initial_window_size);
        self.max_frame_size = self.max_frame_size.max(other.max_frame_size);
        self.enable_connect_protocol |= other.enable_connect_protocol;
        self.enable_push |= other.enable_push;
    }

    /// Takes over a value, or the nearest valid one; unknown settings are ignored (RFC 9113 §6.5.2).
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

/// Our own settings: those that the peer acknowledged, and those that wait for their ACK.
#[derive(Debug, Default)]
pub(super) struct LocalSettings {
    acked: Settings,
    pending: VecDeque<Pending>,
    /// What the peer may rely on because of acknowledged SETTINGS that we do not go by.
    tolerated: Option<Box<Settings>>,
    /// ACKs that may come or not.
    spare_acks: u32,
    allowed: Settings,
}

/// SETTINGS that wait for their ACK.
#[derive(Debug)]
struct Pending {
    entries: Vec<(u16, u32)>,
    /// We go by them.
    binding: bool,
}

impl LocalSettings {
    /// What the peer acknowledged.
    pub fn acked(&self) -> &Settings {
        &self.acked
    }

    /// What the peer may rely on now. A setting that is on its way may apply already or not: where it widens what the
    /// peer may do it holds at once, where it narrows it holds when it is acknowledged (RFC 9113 §6.5.3). The number of
    /// streams and the size of field sections hold at once, as both may be refused at any time.
    pub fn allowed(&self) -> &Settings {
        &self.allowed
    }

    /// Remembers what was sent.
    pub fn sent(&mut self, entries: Vec<(u16, u32)>) {
        self.pending.push_back(Pending { entries, binding: true });
        self.renew();
    }

    /// SETTINGS of ours were sent that we do not follow: their ACK will come, and the peer may follow them or not. If
    /// it may not accept them, their ACK may come all the same.
    pub fn tolerate(&mut self, entries: Vec<(u16, u32)>, role: Role) {
        if self.allowed.first_invalid(&entries, role).is_some() {
            self.spare_acks = self.spare_acks.saturating_add(1);
            return;
        }
        self.pending.push_back(Pending { entries, binding: false });
        self.renew();
    }

    /// Whether some of ours wait for an ACK.
    pub fn awaits_ack(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The peer acknowledged the oldest; `false` if there is none.
    pub fn ack(&mut self) -> bool {
        let Some(Pending { entries, binding }) = self.pending.pop_front() else {
            let spare = self.spare_acks > 0;
            self.spare_acks = self.spare_acks.saturating_sub(1);
            return spare;
        };
        if binding {
            for (id, value) in entries {
                self.acked.apply(SettingId(id), value);
            }
        } else {
            let tolerated = self.tolerated.get_or_insert_with(|| Box::new(Settings::narrowest()));
            for (id, value) in entries {
                let mut with = Settings::narrowest();
                with.apply(SettingId(id), value);
                tolerated.widen(&with);
            }
        }
        self.renew();
        true
    }

    fn renew(&mut self) {
        let mut latest = self.acked.clone();
        let mut widest = self.acked.clone();
        for Pending { entries, binding } in &self.pending {
            let mut with = latest.clone();
            for &(id, value) in entries {
                with.apply(SettingId(id), value);
                widest.widen(&with);
            }
            if *binding {
                latest = with;
            }
        }
        if let Some(tolerated) = &self.tolerated {
            widest.widen(tolerated);
        }
        widest.max_concurrent_streams = latest.max_concurrent_streams;
        widest.max_header_list_size = latest.max_header_list_size;
        widest.no_rfc7540_priorities = latest.no_rfc7540_priorities;
        self.allowed = widest;
    }
}
