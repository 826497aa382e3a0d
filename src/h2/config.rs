//! How a connection is set up.

use super::limits::Limits;
use super::policy::Policy;
use crate::wire::frame::SettingId;

/// Everything that can be chosen about a connection before it begins.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our first SETTINGS, in this order; identifiers may repeat or be unknown. Values that the RFC forbids are sent as
    /// given; the engine itself then works with the nearest valid value.
    pub settings: Vec<(u16, u32)>,
    /// Flow-control window of the whole connection for what the peer sends, in octets, up to 2^31-1. Below 65,535 it
    /// takes effect once the peer has used up the difference (RFC 9113 §6.9.2).
    pub connection_window: u32,
    /// Bounds against floods.
    pub limits: Limits,
    /// What is done about broken rules.
    pub policy: Policy,
    /// Which automatic behaviours are on at the start.
    pub auto: Auto,
    /// Whether our SETTINGS wait for [`start`](super::Connection::start). Automatic frames wait with them; checked and
    /// raw ones do not.
    pub wait_for_start: bool,
    /// Whether [`Event::Sent`](super::Event::Sent) and [`Event::NotSent`](super::Event::NotSent) are made.
    pub record_frames: bool,
    /// Octets of the payload of DATA in [`Event::Sent`](super::Event::Sent); of other frames all are told.
    pub record_data: usize,
    /// The values of `:protocol` that a server serves, for example `websocket` (RFC 8441 §4).
    pub connect_protocols: Vec<String>,
    /// A stream whose queue was above this many octets gets [`Event::Writable`](super::Event::Writable) when it falls
    /// to it.
    pub send_low_water: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            settings: vec![
                (SettingId::MAX_CONCURRENT_STREAMS.0, 250),
                (SettingId::INITIAL_WINDOW_SIZE.0, 1 << 20),
                (SettingId::MAX_FRAME_SIZE.0, 16_384),
                (SettingId::MAX_HEADER_LIST_SIZE.0, 65_536),
                (SettingId::ENABLE_CONNECT_PROTOCOL.0, 1),
            ],
            connection_window: 8 << 20,
            limits: Limits::default(),
            policy: Policy::default(),
            auto: Auto::default(),
            wait_for_start: false,
            record_frames: false,
            record_data: usize::MAX,
            connect_protocols: Vec::new(),
            send_low_water: 64 * 1024,
        }
    }
}

impl Config {
    /// What a client begins with: as a server, but it announces only what concerns responses, and accepts no pushes.
    pub fn client() -> Self {
        let settings = vec![
            (SettingId::ENABLE_PUSH.0, 0),
            (SettingId::INITIAL_WINDOW_SIZE.0, 1 << 20),
            (SettingId::MAX_FRAME_SIZE.0, 16_384),
            (SettingId::MAX_HEADER_LIST_SIZE.0, 65_536),
        ];
        Self { settings, ..Self::default() }
    }
}

/// The switch of each automatic behaviour; all are on by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Auto {
    /// Answer SETTINGS with ACK (RFC 9113 §6.5.3).
    pub settings_ack: bool,
    /// Answer PING with ACK (RFC 9113 §6.7).
    pub ping_ack: bool,
    /// Grant new window for what was [consumed](super::Connection::consume) (RFC 9113 §6.9).
    pub window_update: bool,
    /// Send GOAWAY before a connection error closes the connection (RFC 9113 §5.4.1).
    pub goaway_on_error: bool,
    /// Treat malformed messages as errors (RFC 9113 §8.1.1). Off: they are delivered as they came, unreported.
    pub validate: bool,
}

impl Default for Auto {
    fn default() -> Self {
        Self { settings_ack: true, ping_ack: true, window_update: true, goaway_on_error: true, validate: true }
    }
}
