//! What a client's windows have left, read from the records of its connection.

use crate::transcript::{Record, RecordKind, Side};
use crate::wire::frame::{FrameType, Payload, SettingId};

/// What both windows begin with (RFC 9113 §6.9.2).
const INITIAL: i64 = 65_535;

/// The windows that a client gives, as far as they are the same for all streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// Bytes that the connection has left.
    pub connection: i64,
    /// Bytes that a new stream begins with.
    pub initial: i64,
    /// Whether every record of the connection was there to be read.
    pub is_known: bool,
}

impl Flow {
    /// Of a connection that begins.
    pub const fn new() -> Self {
        Self { connection: INITIAL, initial: INITIAL, is_known: true }
    }

    /// Takes a record. Gives by how much it changes the window of each stream.
    pub fn apply(&mut self, record: &Record) -> i64 {
        let RecordKind::Frame(frame) = &record.kind else { return 0 };
        let header = frame.header();
        match (record.from, header.frame_type) {
            (Some(Side::Server), FrameType::DATA) => self.connection -= i64::from(header.length),
            (Some(Side::Client), FrameType::WINDOW_UPDATE) if header.stream_id == 0 => {
                if let Some(Ok(Payload::WindowUpdate(update))) = frame.payload() {
                    self.connection += i64::from(update.increment);
                }
            }
            (Some(Side::Client), FrameType::SETTINGS) => {
                if let Some(Ok(Payload::Settings(settings))) = frame.payload() {
                    let before = self.initial;
                    for (id, value) in settings.entries {
                        if id == SettingId::INITIAL_WINDOW_SIZE.0 {
                            self.initial = i64::from(value);
                        }
                    }
                    return self.initial - before;
                }
            }
            _ => {}
        }
        0
    }
}
