//! Which fields are worth an entry in the dynamic table, and which must not get one.

/// How a field that no index stands for is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Policy {
    /// It is likely to come again.
    Index,
    /// Its value changes with every message.
    Without,
    /// A secret: an entry would let an attacker who can add fields probe it by the size of messages (RFC 7541 §7.1).
    Never,
}

/// Cookies shorter than this could be guessed, octets.
const SHORT_COOKIE: usize = 20;

impl Policy {
    /// By the name's index in the static table, which has all names that are special.
    pub(super) fn of(static_name: Option<u64>, value: &[u8]) -> Self {
        match static_name {
            // authorization, proxy-authorization, set-cookie
            Some(23 | 49 | 55) => Self::Never,
            // cookie
            Some(32) if value.len() < SHORT_COOKIE => Self::Never,
            // :path, age, content-length, content-range, etag, if-modified-since, if-none-match, last-modified, location
            Some(4 | 21 | 28 | 30 | 34 | 40 | 41 | 44 | 46) => Self::Without,
            _ => Self::Index,
        }
    }
}
