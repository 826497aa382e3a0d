//! The static table (RFC 7541 Appendix A) and where to find its entries.

use super::table::hash;

/// Name and value of the entries 1 to 61.
pub const STATIC_TABLE: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Name and value of the entry `index`, 1 to 61.
pub fn static_entry(index: u64) -> Option<(&'static str, &'static str)> {
    let position = usize::try_from(index).ok()?.checked_sub(1)?;
    STATIC_TABLE.get(position).copied()
}

/// Slots of each index: a power of two, so sparse that a probe rarely goes on.
const SLOTS: usize = 256;

/// Open addressing by hash; 0 is an empty slot, anything else a position in the table plus one.
type Slots = [u8; SLOTS];

/// The first entry of each name.
static NAMES: Slots = slots(false);
/// Each entry.
static ENTRIES: Slots = slots(true);

const fn slots(with_value: bool) -> Slots {
    let mut slots = [0; SLOTS];
    let mut position = 0;
    while position < STATIC_TABLE.len() {
        let (name, value) = STATIC_TABLE[position];
        let repeated = position > 0 && same(name, STATIC_TABLE[position - 1].0);
        if with_value || !repeated {
            let mut hash = hash(0, name.as_bytes());
            if with_value {
                hash = crate::wire::hpack::table::hash(hash, value.as_bytes());
            }
            let mut slot = start(hash);
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = position as u8 + 1;
        }
        position += 1;
    }
    slots
}

/// Equality of strings, in a constant.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut position = 0;
    while position < a.len() && position < b.len() && a[position] == b[position] {
        position += 1;
    }
    a.len() == b.len() && position == a.len()
}

/// The slot at which a probe begins: the high bits are the well-mixed ones.
const fn start(hash: u64) -> usize {
    (hash >> 56) as usize % SLOTS
}

fn probe(slots: &Slots, hash: u64, found: impl Fn(&'static str, &'static str) -> bool) -> Option<u64> {
    let mut slot = start(hash);
    while let Some(&index) = slots.get(slot).filter(|index| **index != 0) {
        let (name, value) = static_entry(u64::from(index))?;
        if found(name, value) {
            return Some(u64::from(index));
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// The first entry with this name; `name_hash` is [`hash`] of it.
pub(super) fn find_name(name_hash: u64, name: &[u8]) -> Option<u64> {
    probe(&NAMES, name_hash, |known, _| known.as_bytes() == name)
}

/// The entry with this name and value; `entry_hash` is [`hash`] of the value seeded with that of the name.
pub(super) fn find_entry(entry_hash: u64, name: &[u8], value: &[u8]) -> Option<u64> {
    probe(&ENTRIES, entry_hash, |known, known_value| known.as_bytes() == name && known_value.as_bytes() == value)
}
