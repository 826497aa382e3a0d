//! The profile that a client of h2c asks for in its first request: without TLS no host name comes before that.

use crate::h2::PREFACE;
use crate::http::form::parse_urlencoded;
use crate::transcript::Blocks;
use crate::wire::frame::RawFrame;
use crate::wire::hpack::Entry;
use bytes::BytesMut;

/// The parameter of a query that names a profile.
pub(super) const PARAMETER: &str = "wire-profile";
/// Octets before the first request that are looked through.
pub(super) const MAX_OCTETS: usize = 64 * 1024;
/// Frames before the first request that are looked at: clients send a few, and floods of small ones are looked through
/// again each time that more come.
const MAX_FRAMES: usize = 64;

/// What the first octets of an HTTP/2 connection ask for: `None` if the first request is still to come, `Some(None)`
/// if it names no profile or none will be asked for.
pub(super) fn profile_in(octets: &[u8]) -> Option<Option<String>> {
    let Some(frames) = octets.strip_prefix(PREFACE) else {
        return if PREFACE.starts_with(octets) { None } else { Some(None) };
    };
    let (mut frames, mut blocks) = (BytesMut::from(frames), Blocks::default());
    for _ in 0..MAX_FRAMES {
        let frame = RawFrame::take(&mut frames)?;
        let Some(block) = blocks.take(&frame) else { continue };
        let fields = block.map(|block| block.entries).unwrap_or_default();
        let path = fields.iter().find_map(|entry| match entry {
            Entry::Field(field) if field.name == b":path"[..] => Some(&field.value),
            _ => None,
        });
        return Some(path.and_then(|path| profile_of(path)));
    }
    Some(None)
}

/// The profile that a target asks for in its query.
pub(super) fn profile_of(target: &[u8]) -> Option<String> {
    let query = target.split(|octet| *octet == b'?').nth(1)?;
    // Nearly always there is none.
    query.windows(PARAMETER.len()).find(|octets| *octets == PARAMETER.as_bytes())?;
    let (_, name) = parse_urlencoded(query).into_iter().find(|(name, _)| name == PARAMETER.as_bytes())?;
    Some(String::from_utf8_lossy(&name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{FrameType, flag};
    use crate::wire::hpack::Encoder;

    fn connection(path: &str) -> Vec<u8> {
        let mut octets = BytesMut::from(&PREFACE[..]);
        RawFrame::new(FrameType::SETTINGS, 0, 0, Vec::new()).write(&mut octets);
        let mut block = BytesMut::new();
        Encoder::new().encode([(&b":method"[..], &b"GET"[..]), (b":path", path.as_bytes())], &mut block);
        let rest = block.split_off(3).freeze();
        RawFrame::new(FrameType::HEADERS, flag::END_STREAM, 1, block.freeze()).write(&mut octets);
        RawFrame::new(FrameType::CONTINUATION, flag::END_HEADERS, 1, rest).write(&mut octets);
        octets.to_vec()
    }

    #[test]
    fn the_first_request_names_the_profile() {
        let octets = connection("/x?a=b&wire-profile=tiny-window");
        for cut in 0..octets.len() {
            assert_eq!(profile_in(&octets[..cut]), None, "{cut}");
        }
        assert_eq!(profile_in(&octets), Some(Some("tiny-window".to_owned())));
        for none in ["/", "/wire-profile=a", "/?wire-profiles=a", "/?a=wire-profile", "/?wire-profil%65"] {
            assert_eq!(profile_in(&connection(none)), Some(None), "{none}");
        }
    }

    #[test]
    fn what_is_no_request_names_none() {
        assert_eq!(profile_in(b"GET / HTTP/1.1\r\n"), Some(None));
        let mut octets = BytesMut::from(&PREFACE[..]);
        RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, 1, vec![0xff; 9]).write(&mut octets);
        assert_eq!(profile_in(&octets), Some(None));
        let mut octets = BytesMut::from(&PREFACE[..]);
        (0..MAX_FRAMES).for_each(|_| RawFrame::new(FrameType::SETTINGS, 0, 0, Vec::new()).write(&mut octets));
        assert_eq!(profile_in(&octets[..octets.len() - 1]), None);
        assert_eq!(profile_in(&octets), Some(None));
    }
}
