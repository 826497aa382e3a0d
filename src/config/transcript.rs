//! `[transcript]`.

use super::section::whole;
use super::table::table;
use crate::transcript::Options;

const GIB: u64 = 1 << 30;

table! {
    /// What is recorded of connections, and for how long: `[transcript]`.
    Transcript {
        /// Octets of records of one connection, the newest; 0 records nothing.
        connection: usize = Options::default().connection, whole(0..=GIB);
        /// Octets of records of all connections, beyond the first 4 KiB of each open one.
        total: usize = Options::default().total, whole(0..=64 * GIB);
        /// Octets that are kept of the content of a DATA frame, and of a run of octets over HTTP/1.1.
        data: usize = Options::default().data, whole(0..=GIB);
        /// Closed connections that can still be read about.
        closed: usize = Options::default().closed, whole(0..=1_000_000);
    }
}

impl Transcript {
    /// As the hub of transcripts takes them.
    pub fn options(&self) -> Options {
        Options {
            connection: self.connection.value,
            total: self.total.value,
            data: self.data.value,
            closed: self.closed.value,
        }
    }
}
