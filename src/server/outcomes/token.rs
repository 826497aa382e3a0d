//! The name under which a request's outcome can be asked for, and where a request has it.

use crate::h1;
use crate::http::form::decoded;
use crate::wire::hpack::Block;
use std::fmt;

/// The query parameter that carries a token.
const PARAMETER: &[u8] = b"wire=";
/// The header that carries one, for clients that cannot change their URL.
const HEADER: &[u8] = b"wire-token";
/// Characters of a token.
const MAX_LENGTH: usize = 128;

/// A token: 1 to 128 of `A-Z a-z 0-9 . _ ~ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::server) struct Token(Box<str>);

impl Token {
    /// A token as it is written in a path or query, percent-encoded or not; `None` if it is not one.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let octets = decoded(octets);
        let is_allowed = |octet: &u8| octet.is_ascii_alphanumeric() || b"._~-".contains(octet);
        let fits = (1..=MAX_LENGTH).contains(&octets.len()) && octets.iter().all(is_allowed);
        let text = std::str::from_utf8(&octets).ok().filter(|_| fits)?;
        Some(Self(text.into()))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request's head says to outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    pub method: &'a [u8],
    pub target: &'a [u8],
    header: Option<&'a [u8]>,
}

impl<'a> Asked<'a> {
    /// Of a request over HTTP/2.
    pub fn http2(block: &'a Block) -> Self {
        let mut asked = Self::default();
        for field in block.fields() {
            match &field.name[..] {
                b":method" => asked.method = &field.value,
                b":path" => asked.target = &field.value,
                HEADER => asked.header = Some(&field.value),
                _ => {}
            }
        }
        asked
    }

    /// Of a request over HTTP/1.1.
    pub fn http1(head: &'a h1::RequestHead) -> Self {
        let is_token = |line: &&h1::Line| line.name.len() == HEADER.len() && line.name.eq_ignore_ascii_case(HEADER);
        let header = head.lines.iter().find(is_token).map(|line| &line.value[..]);
        Self { method: &head.method, target: &head.target, header }
    }

    /// Its token: the query's, or else the header's. One that is not valid counts as none.
    pub fn token(&self) -> Option<Token> {
        Token::parse(in_query(self.target).or(self.header)?)
    }
}

/// Whether a request over HTTP/2 can have a token: it has a query, or the header. This is asked of each request.
pub(super) fn may_be_in(block: &Block) -> bool {
    block.fields().any(|field| match field.name.len() {
        5 => field.name[..] == b":path"[..] && field.value.contains(&b'?'),
        10 => field.name[..] == *HEADER,
        _ => false,
    })
}

/// What the query of a target says.
fn in_query(target: &[u8]) -> Option<&[u8]> {
    let at = memchr::memchr(b'?', target)?;
    let mut parameters = target.get(at + 1..)?.split(|octet| *octet == b'&');
    parameters.find_map(|parameter| parameter.strip_prefix(PARAMETER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(target: &[u8], header: Option<&[u8]>) -> Option<String> {
        Asked { target, header, ..Asked::default() }.token().map(|token| token.to_string())
    }

    #[test]
    fn a_token_is_in_the_query_or_else_in_the_header() {
        assert_eq!(token(b"/a?wire=t", None).as_deref(), Some("t"));
        assert_eq!(token(b"/a?x=1&wire=a.b_c~d-9&y", Some(b"other")).as_deref(), Some("a.b_c~d-9"));
        assert_eq!(token(b"/a?wire=a%7Eb", None).as_deref(), Some("a~b"), "as URLSearchParams writes it");
        assert_eq!(token(b"/a?x", Some(b"h")).as_deref(), Some("h"));
        for target in [&b"/a"[..], b"/wire=t", b"/a?", b"/a?xwire=t", b"/a?wire", b"*", b""] {
            assert_eq!(token(target, None), None, "{}", target.escape_ascii());
        }
    }

    #[test]
    fn a_token_has_1_to_128_harmless_characters() {
        assert!(Token::parse(&[b'a'; 128]).is_some());
        for wrong in [&b""[..], &[b'a'; 129], b"a b", b"a/b", b"a%2Fb", b"\xe9", b"a%00", b"a+b", b"a\"", b"<"] {
            assert_eq!(Token::parse(wrong), None, "{}", wrong.escape_ascii());
        }
    }
}
