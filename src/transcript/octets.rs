//! Bytes that are not a whole frame.

use super::codec::{hex, to_hex};
use super::frame::HeaderView;
use crate::http::latin1::latin1;
use crate::wire::frame::FrameHeader;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that are not a whole frame, or the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Octets {
    /// How many there are.
    pub length: u64,
    /// Those that were kept, from the first on.
    pub octets: Bytes,
    /// How they are to be read.
    pub meaning: Meaning,
}

/// How bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// As HTTP/1.1.
    Http1,
    /// As the beginning of a frame that is not whole here. At least its header is.
    FrameBegins,
    /// As the rest of such a frame, or as less than a frame header.
    Rest,
}

#[derive(Serialize)]
struct View<'a> {
    length: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    announced: Option<HeaderView>,
    octets: &'a str,
    whole: bool,
}

#[derive(Deserialize)]
struct Kept {
    length: u64,
    text: Option<serde::de::IgnoredAny>,
    announced: Option<serde::de::IgnoredAny>,
    #[serde(with = "hex")]
    octets: Bytes,
}

impl Octets {
    /// Whether all bytes were kept.
    pub fn is_whole(&self) -> bool {
        self.length == self.octets.len() as u64
    }

    /// The header of the frame that begins here.
    pub fn announced(&self) -> Option<FrameHeader> {
        let header = self.octets.first_chunk().map(FrameHeader::parse);
        header.filter(|_| self.meaning == Meaning::FrameBegins)
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = View {
            length: self.length,
            text: (self.meaning == Meaning::Http1).then(|| latin1(&self.octets)),
            announced: self.announced().map(HeaderView::of),
            octets: &to_hex(&self.octets),
            whole: self.is_whole(),
        };
        view.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Kept { length, text, announced, octets } = Kept::deserialize(deserializer)?;
        let meaning = match (text, announced) {
            (Some(_), _) => Meaning::Http1,
            (None, Some(_)) => Meaning::FrameBegins,
            (None, None) => Meaning::Rest,
        };
        Ok(Self { length, octets, meaning })
    }
}
