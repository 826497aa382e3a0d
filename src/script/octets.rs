//! Octets as a script value: a handle on shared octets, so that bodies and payloads are not copied.
//!
//! Rhai copies a blob whenever it is read; reading an [`Octets`] costs a reference count. It has the methods of a
//! blob, and the API takes it wherever it takes a string or a blob.

use std::borrow::Cow;

use bytes::Bytes;
use rhai::{Blob, Dynamic, INT};

use crate::http::latin1::octets_of_text;
use crate::http::words::hex;

/// A string of one character per octet.
pub use crate::http::latin1::latin1 as latin1_text;

/// What was read out of a request, as text: UTF-8, or one character per byte if it is not that, so that none is lost.
pub fn text_of(octets: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(octets).map_or_else(|_| latin1_text(octets).into(), Cow::Borrowed)
}

/// Octets that a script makes itself may not be more than this, 64 MiB.
pub const MAX_MADE: usize = 64 << 20;

/// Octets that are shown inside a printed list or map.
const SHOWN: usize = 1024;

/// Immutable shared octets. Changing one in a script changes that variable only.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Octets(pub Bytes);

impl Octets {
    /// As text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// Lower-case hexadecimal digits, two per octet.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Hexadecimal digits of the first octets, for people.
    pub fn shown(&self) -> String {
        let length = self.0.len();
        if length <= SHOWN {
            return self.hex();
        }
        format!("{}… ({length} octets)", Self(self.0.slice(..SHOWN)).hex())
    }
}

impl From<Bytes> for Octets {
    fn from(octets: Bytes) -> Self {
        Self(octets)
    }
}

/// The octets of anything that stands for octets in a script: [`Octets`], a blob, or a string (as UTF-8).
pub fn octets_of(value: &Dynamic) -> Option<Bytes> {
    if let Some(octets) = value.read_lock::<Octets>() {
        return Some(octets.0.clone());
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Some(Bytes::copy_from_slice(&blob));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(Bytes::copy_from_slice(text.as_bytes()));
    }
    value.as_char().ok().map(|char| Bytes::copy_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()))
}

/// The octets of a field name or value: like [`octets_of`], but a string whose characters are all below U+0100
/// has one octet per character, as names and values read from a message do.
pub fn field_octets_of(value: &Dynamic) -> Option<Bytes> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(latin1(&text));
    }
    octets_of(value).or_else(|| value.as_int().ok().map(|number| Bytes::from(number.to_string())))
}

/// One octet per character if all are below U+0100, else UTF-8.
pub fn latin1(text: &str) -> Bytes {
    octets_of_text(text).into()
}

impl IntoIterator for Octets {
    type Item = INT;
    type IntoIter = std::iter::Map<bytes::buf::IntoIter<Bytes>, fn(u8) -> INT>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(INT::from)
    }
}
