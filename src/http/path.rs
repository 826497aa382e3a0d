//! Percent-encoding and the safe way from a raw path to names of files.

use std::borrow::Cow;
use std::fmt;
use std::path::{Component, Path};

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

/// Decodes `%XX` once; what is no valid `%XX` stays as it is.
pub fn percent_decoded(octets: &[u8]) -> Bytes {
    match Cow::from(percent_decode(octets)) {
        Cow::Borrowed(octets) => Bytes::copy_from_slice(octets),
        Cow::Owned(octets) => octets.into(),
    }
}

/// What no URI has as it is (RFC 3986 §2), which includes what could end a string or begin a tag. `%` stays: what it
/// encodes is encoded already.
const NOT_IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A path or query as it came, percent-encoded where it has characters that no URI has: safe in a script's string of any
/// kind, and in an attribute once its `&` and quotes are escaped.
pub fn uri_encoded(octets: &[u8]) -> String {
    percent_encode(octets, NOT_IN_URI).to_string()
}

/// A path as decoded segments that are safe to join, one by one, to a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPath {
    /// The segments, percent-decoded once; none is empty, `.`, `..` or holds a separator or NUL.
    pub segments: Vec<String>,
    /// Whether the path ended in `/` (or in a segment that means the folder itself).
    pub directory: bool,
}

impl ResolvedPath {
    /// The segments joined by `/`, without a slash before or after.
    pub fn joined(&self) -> String {
        self.segments.join("/")
    }
}

/// Why a path is refused; each is a 404 to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// It does not begin with `/`.
    NotAbsolute,
    /// A segment is `..`, encoded or not.
    ParentFolder,
    /// A segment holds a slash (encoded), a backslash or a NUL, encoded or not, or is a device or drive name here.
    ForbiddenOctet,
    /// A segment is not UTF-8 once decoded.
    NotUtf8,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::ParentFolder => "the path has a `..` segment",
            Self::ForbiddenOctet => "a segment of the path has a slash, a backslash or a NUL",
            Self::NotUtf8 => "a segment of the path is not UTF-8",
        })
    }
}

impl std::error::Error for PathError {}

/// Splits a raw path at its slashes and decodes each segment once. Empty segments and `.` are dropped; whatever could
/// lead out of a folder is refused. A doubly encoded `%252e` stays the literal `%2e`.
pub fn resolve(raw: &[u8]) -> Result<ResolvedPath, PathError> {
    let relative = raw.strip_prefix(b"/").ok_or(PathError::NotAbsolute)?;
    let mut resolved = ResolvedPath { segments: Vec::new(), directory: true };
    for segment in relative.split(|octet| *octet == b'/') {
        let segment = percent_decoded(segment);
        resolved.directory = segment.is_empty() || &segment[..] == b".";
        if resolved.directory {
            continue;
        }
        resolved.segments.push(checked_segment(&segment)?);
    }
    Ok(resolved)
}

fn checked_segment(segment: &[u8]) -> Result<String, PathError> {
    if segment == b".." {
        return Err(PathError::ParentFolder);
    }
    if segment.iter().any(|octet| matches!(octet, b'/' | b'\\' | 0)) {
        return Err(PathError::ForbiddenOctet);
    }
    let segment = std::str::from_utf8(segment).map_err(|_| PathError::NotUtf8)?;
    // Systems with drive letters have more ways out of a folder than `..`.
    let mut components = Path::new(segment).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(_)), None) => Ok(segment.to_owned()),
        _ => Err(PathError::ForbiddenOctet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(raw: &str) -> Vec<String> {
        resolve(raw.as_bytes()).unwrap().segments
    }

    #[test]
    fn segments_are_decoded_once() {
        assert_eq!(segments("/a%20b/%C3%A9/c"), ["a b", "é", "c"]);
        assert_eq!(segments("/%252e%252e/%2541"), ["%2e%2e", "%41"]);
        assert_eq!(segments("/100%/%zz/%4"), ["100%", "%zz", "%4"]);
        assert_eq!(segments("//a/./b/%2e/c"), ["a", "b", "c"]);
        assert_eq!(segments("/...../..a/b.."), [".....", "..a", "b.."]);
    }

    #[test]
    fn what_no_uri_has_is_encoded() {
        let encoded = uri_encoded(b"/a%20b/\"'\xe9`${x}?a=1&b=</script>");
        assert_eq!(encoded, "/a%20b/%22'%E9%60$%7Bx%7D?a=1&b=%3C/script%3E");
    }

    #[test]
    fn folders_are_told_from_files() {
        for (raw, directory) in [("/", true), ("/a", false), ("/a/", true), ("/a/.", true), ("//", true)] {
            assert_eq!(resolve(raw.as_bytes()).unwrap().directory, directory, "{raw}");
        }
        assert_eq!(resolve(b"/a/b/").unwrap().joined(), "a/b");
    }

    #[test]
    fn ways_out_are_refused() {
        for raw in ["/..", "/a/../b", "/%2e%2e/x", "/.%2E/x", "/%2e./x", "/a/.."] {
            assert_eq!(resolve(raw.as_bytes()), Err(PathError::ParentFolder), "{raw}");
        }
        for raw in ["/..%2fx", "/a%2Fb", "/..%5c..%5cx", "/a\\b", "/a%00.html", "/a\0b"] {
            assert_eq!(resolve(raw.as_bytes()), Err(PathError::ForbiddenOctet), "{raw}");
        }
        assert_eq!(resolve(b"/%ff"), Err(PathError::NotUtf8));
        assert_eq!(resolve(b"/%c0%ae%c0%ae/"), Err(PathError::NotUtf8));
        assert_eq!(resolve(b"a"), Err(PathError::NotAbsolute));
        assert_eq!(resolve(b""), Err(PathError::NotAbsolute));
    }
}
