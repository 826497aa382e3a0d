//! Request targets (RFC 9112 §3.2) and authorities (RFC 3986 §3.2).

use std::fmt;

use bytes::Bytes;

use super::latin1::latin1;

/// Which of the four forms a target has (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path?query`
    Absolute,
    /// `host:port`, for CONNECT
    Authority,
    /// `*`, for OPTIONS
    Asterisk,
}

/// A request target, taken apart but not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The form it was written in.
    pub form: TargetForm,
    /// The scheme in lower case, of an absolute target.
    pub scheme: Option<String>,
    /// The authority, of an absolute or authority target.
    pub authority: Option<Authority>,
    /// The path as written; `/` for an absolute target without one, empty for the authority form, `*` for the asterisk.
    pub path: Bytes,
    /// What follows the first `?`, as written and without it. A fragment, which does not belong in a target, stays.
    pub query: Option<Bytes>,
}

/// A host and an optional port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// What stood before `@`, as written.
    pub userinfo: Option<String>,
    /// The host as written, one character per octet; an IPv6 address keeps its brackets.
    pub host: String,
    /// The port, 0 to 65535; `None` if absent or empty.
    pub port: Option<u16>,
}

/// Why octets are not a request target or not an authority; always the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// No octets at all.
    Empty,
    /// A space or control octet.
    ForbiddenOctet(u8),
    /// None of the four forms.
    UnknownForm,
    /// The host is empty or holds an octet that no host can have.
    Host,
    /// The port is not a number from 0 to 65535.
    Port,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the request target is empty"),
            Self::ForbiddenOctet(octet) => write!(f, "the request target holds the octet 0x{octet:02x}"),
            Self::UnknownForm => {
                f.write_str("the request target is neither a path, nor an absolute URL, nor host:port, nor *")
            }
            Self::Host => f.write_str("the host is empty or has a character that no host can have"),
            Self::Port => f.write_str("the port is not a number from 0 to 65535"),
        }
    }
}

impl std::error::Error for TargetError {}

impl Target {
    /// Takes a target apart. `method` matters for CONNECT alone, whose target is an authority (RFC 9112 §3.2.3).
    /// Octets of 0x80 and above are tolerated, as are characters that should have been percent-encoded.
    pub fn parse(method: &[u8], octets: &Bytes) -> Result<Self, TargetError> {
        if octets.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some(octet) = octets.iter().find(|octet| **octet <= b' ' || **octet == 0x7f) {
            return Err(TargetError::ForbiddenOctet(*octet));
        }
        if octets.starts_with(b"/") {
            return Ok(Self::with_path(TargetForm::Origin, None, None, octets.clone()));
        }
        if method == b"CONNECT" {
            let authority = Some(Authority::parse(octets)?);
            return Ok(Self { form: TargetForm::Authority, scheme: None, authority, path: Bytes::new(), query: None });
        }
        if &octets[..] == b"*" {
            return Ok(Self::with_path(TargetForm::Asterisk, None, None, octets.clone()));
        }
        Self::absolute(octets)
    }

    fn absolute(octets: &Bytes) -> Result<Self, TargetError> {
        let colon = octets.windows(3).position(|window| window == b"://").ok_or(TargetError::UnknownForm)?;
        let scheme = octets.slice(..colon);
        let scheme_is_valid = scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(octet));
        if !scheme_is_valid {
            return Err(TargetError::UnknownForm);
        }
        let rest = octets.slice(colon + 3..);
        let end = rest.iter().position(|octet| matches!(octet, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let authority = Authority::parse(&rest[..end])?;
        let scheme = Some(latin1(&scheme).to_ascii_lowercase());
        Ok(Self::with_path(TargetForm::Absolute, scheme, Some(authority), rest.slice(end..)))
    }

    fn with_path(form: TargetForm, scheme: Option<String>, authority: Option<Authority>, octets: Bytes) -> Self {
        let (path, query) = match octets.iter().position(|octet| *octet == b'?') {
            Some(mark) => (octets.slice(..mark), Some(octets.slice(mark + 1..))),
            None => (octets, None),
        };
        let path = if path.is_empty() { Bytes::from_static(b"/") } else { path };
        Self { form, scheme, authority, path, query }
    }
}

impl Authority {
    /// Reads `host`, `host:port`, `[v6]:port`, with or without `userinfo@`, as in a `host` field or a URL.
    pub fn parse(octets: &[u8]) -> Result<Self, TargetError> {
        let (userinfo, rest) = match octets.iter().rposition(|octet| *octet == b'@') {
            Some(at) => (octets.get(..at), octets.get(at + 1..).unwrap_or_default()),
            None => (None, octets),
        };
        let host_end = if rest.starts_with(b"[") {
            rest.iter().position(|octet| *octet == b']').ok_or(TargetError::Host)? + 1
        } else {
            rest.iter().position(|octet| *octet == b':').unwrap_or(rest.len())
        };
        let (host, port) = rest.split_at(host_end);
        if host.is_empty() || host == b"[]" || host.iter().any(|octet| !Self::may_be_in_host(*octet)) {
            return Err(TargetError::Host);
        }
        let port = match port {
            [] | [b':'] => None,
            [b':', digits @ ..] => Some(parse_port(digits).ok_or(TargetError::Port)?),
            _ => return Err(TargetError::Host),
        };
        Ok(Self { userinfo: userinfo.map(latin1), host: latin1(host), port })
    }

    // Lenient: everything but what would end the authority or confuse a reader of it.
    fn may_be_in_host(octet: u8) -> bool {
        octet > b' ' && octet != 0x7f && !b"/?#@\\\"<>^`{|}".contains(&octet)
    }

    /// The port, or the default port of the scheme (80 for `http` and `ws`, else 443).
    pub fn port_or_default(&self, scheme: &str) -> u16 {
        self.port.unwrap_or(if matches!(scheme, "http" | "ws") { 80 } else { 443 })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(userinfo) = &self.userinfo {
            write!(f, "{userinfo}@")?;
        }
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn parse_port(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, target: &'static str) -> Result<Target, TargetError> {
        Target::parse(method.as_bytes(), &Bytes::from_static(target.as_bytes()))
    }

    #[test]
    fn the_four_forms() {
        let origin = parse("GET", "/a/b?c=d?e").unwrap();
        assert_eq!(
            (origin.form, &origin.path[..], origin.query.as_deref()),
            (TargetForm::Origin, &b"/a/b"[..], Some(&b"c=d?e"[..]))
        );
        let absolute = parse("GET", "HTTP://u@Example.org:81?q").unwrap();
        assert_eq!((absolute.form, absolute.scheme.as_deref()), (TargetForm::Absolute, Some("http")));
        assert_eq!((&absolute.path[..], absolute.query.as_deref()), (&b"/"[..], Some(&b"q"[..])));
        assert_eq!(absolute.authority.unwrap().to_string(), "u@Example.org:81");
        let connect = parse("CONNECT", "[::1]:443").unwrap();
        assert_eq!((connect.form, connect.path.len()), (TargetForm::Authority, 0));
        assert_eq!(connect.authority, Some(Authority { userinfo: None, host: "[::1]".into(), port: Some(443) }));
        assert_eq!(parse("OPTIONS", "*").unwrap().form, TargetForm::Asterisk);
    }

    #[test]
    fn what_is_no_target() {
        assert_eq!(parse("GET", ""), Err(TargetError::Empty));
        assert_eq!(parse("GET", "/a\tb"), Err(TargetError::ForbiddenOctet(9)));
        assert_eq!(parse("GET", "a/b"), Err(TargetError::UnknownForm));
        assert_eq!(parse("GET", "1h://x/"), Err(TargetError::UnknownForm));
        assert_eq!(parse("GET", "http:///x"), Err(TargetError::Host));
        assert_eq!(parse("CONNECT", "h:65536"), Err(TargetError::Port));
        assert_eq!(parse("CONNECT", "h:+1"), Err(TargetError::Port));
    }

    #[test]
    fn odd_octets_are_kept() {
        let target = Target::parse(b"GET", &Bytes::from_static(b"/\xe9?\xff\"")).unwrap();
        assert_eq!((&target.path[..], target.query.as_deref()), (&b"/\xe9"[..], Some(&b"\xff\""[..])));
    }

    #[test]
    fn default_ports() {
        assert_eq!(Authority::parse(b"h:").unwrap().port_or_default("https"), 443);
        assert_eq!(Authority::parse(b"h").unwrap().port_or_default("http"), 80);
        assert_eq!(Authority::parse(b"h:8").unwrap().port_or_default("http"), 8);
        for bad in [&b""[..], b":80", b"[::1", b"[]", b"a b", b"[::1]x", b"a/b"] {
            assert_eq!(Authority::parse(bad), Err(TargetError::Host), "{}", bad.escape_ascii());
        }
    }
}
