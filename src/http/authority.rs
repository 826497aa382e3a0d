//! Authorities: hosts with their ports (RFC 3986 §3.2), and the one comparison of them.

use core::net::Ipv6Addr;
use std::fmt;

use super::latin1::latin1;

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

/// Userinfo, host and port, as they are written.
type Parts<'a> = (Option<&'a [u8]>, &'a [u8], Option<u16>);

impl Authority {
    /// Reads `host`, `host:port`, `[v6]:port`, with or without `userinfo@`, as in a `host` field or a URL.
    pub fn parse(octets: &[u8]) -> Result<Self, TargetError> {
        let (userinfo, host, port) = Self::split(octets)?;
        Ok(Self { userinfo: userinfo.map(latin1), host: latin1(host), port })
    }

    /// Whether they are a host with or without a port, as `:authority` and `host` must be (RFC 9110 §7.2).
    pub fn is_host(octets: &[u8]) -> bool {
        // Each request is asked, and most have a name or an address, and a port of at most five digits.
        let end = octets.iter().position(|octet| !NAME_OCTETS[usize::from(*octet)]).unwrap_or(octets.len());
        match octets.split_at(end) {
            ([_, ..], [] | [b':']) => true,
            ([_, ..], [b':', port @ ..]) if port.len() <= 5 && port.iter().all(u8::is_ascii_digit) => {
                port.len() < 5 || port <= &b"65535"[..]
            }
            _ => matches!(Self::split(octets), Ok((None, ..))),
        }
    }

    fn split(octets: &[u8]) -> Result<Parts<'_>, TargetError> {
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
        if host.is_empty() || host == b"[]" || !host.iter().all(|octet| HOST_OCTETS[usize::from(*octet)]) {
            return Err(TargetError::Host);
        }
        let port = match port {
            [] | [b':'] => None,
            [b':', digits @ ..] => Some(parse_port(digits).ok_or(TargetError::Port)?),
            _ => return Err(TargetError::Host),
        };
        Ok((userinfo, host, port))
    }

    /// The port, or the default port of the scheme (80 for `http` and `ws`, else 443).
    pub fn port_or_default(&self, scheme: &str) -> u16 {
        self.port.or_else(|| default_port(scheme.as_bytes())).unwrap_or(443)
    }

    /// The host as Python's `urlsplit` gives it: in lower case except the zone of an IPv6 address, which has no
    /// brackets.
    pub fn hostname(&self) -> String {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        match host.split_once('%') {
            Some((host, zone)) => format!("{}%{zone}", host.to_ascii_lowercase()),
            None => host.to_ascii_lowercase(),
        }
    }

    /// Whether two authorities identify the same, for this scheme (RFC 3986 §6.2): whatever the case of the host, its
    /// percent-encoding, its final dot or the form of its IPv6 address, and with the default port written or not.
    /// Octets that are no authority are the same as themselves alone.
    pub fn is_same(scheme: &[u8], one: &[u8], other: &[u8]) -> bool {
        if one.eq_ignore_ascii_case(other) {
            return true;
        }
        match (Self::parse(one), Self::parse(other)) {
            (Ok(one), Ok(other)) => {
                let port = |authority: &Self| authority.port.or_else(|| default_port(scheme));
                one.userinfo == other.userinfo && port(&one) == port(&other) && one.identity() == other.identity()
            }
            _ => false,
        }
    }

    /// The host in the one form that all its forms share.
    fn identity(&self) -> Identity {
        let host = self.hostname();
        if self.host.starts_with('[') {
            let (address, zone) = host.split_once('%').unwrap_or((&host, ""));
            if let Ok(address) = address.parse() {
                return Identity::Address(address, zone.to_owned());
            }
        }
        let mut name: Vec<u8> = percent_encoding::percent_decode_str(&self.host).collect();
        name.make_ascii_lowercase();
        if name.len() > 1 && name.ends_with(b".") {
            name.pop();
        }
        Identity::Name(name)
    }
}

/// What may be in a host. Lenient: everything but what would end the authority or confuse a reader of it.
const HOST_OCTETS: [bool; 256] = {
    let mut allowed = [true; 256];
    let mut octet = 0;
    while octet <= b' ' as usize {
        allowed[octet] = false;
        octet += 1;
    }
    let refused = b"\x7f/?#@\\\"<>^`{|}";
    let mut at = 0;
    while at < refused.len() {
        allowed[refused[at] as usize] = false;
        at += 1;
    }
    allowed
};

/// Those that say nothing of where the host ends.
const NAME_OCTETS: [bool; 256] = {
    let mut plain = HOST_OCTETS;
    plain[b':' as usize] = false;
    plain[b'[' as usize] = false;
    plain
};

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
            Self::ForbiddenOctet(octet) => write!(f, "the request target has the byte 0x{octet:02x}"),
            Self::UnknownForm => {
                f.write_str("the request target is neither a path, nor an absolute URL, nor host:port, nor *")
            }
            Self::Host => f.write_str("the host is empty or has a character that no host can have"),
            Self::Port => f.write_str("the port is not a number from 0 to 65535"),
        }
    }
}

impl std::error::Error for TargetError {}

/// What a host identifies.
#[derive(PartialEq, Eq)]
enum Identity {
    Address(Ipv6Addr, String),
    Name(Vec<u8>),
}

/// The port that a scheme has without any (RFC 9110 §4.2).
fn default_port(scheme: &[u8]) -> Option<u16> {
    let is = |known: &[u8]| scheme.eq_ignore_ascii_case(known);
    match () {
        () if is(b"http") || is(b"ws") => Some(80),
        () if is(b"https") || is(b"wss") => Some(443),
        () => None,
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

    #[test]
    fn hosts_with_or_without_a_port() {
        for host in [&b"a"[..], b"a:80", b"a:", b"[::1]:8", b"localhost.", b"l%6fcal_host", b"\xc3\xa9"] {
            assert!(Authority::is_host(host), "{}", host.escape_ascii());
        }
        for other in [&b""[..], b"u@a", b"a:x", b"a:70000", b"[::1", b"::1", b"a b", b"a/b", b"a\x7f"] {
            assert!(!Authority::is_host(other), "{}", other.escape_ascii());
        }
        // The short way says the same as the long one.
        let octets = b"a06:[]@ .";
        let texts = (0..octets.len().pow(5)).map(|number| {
            let digits = (0..5).map(|place| octets[number / octets.len().pow(place) % octets.len()]);
            digits.collect::<Vec<u8>>()
        });
        for text in texts {
            for text in [&text[..], &text[..3], &[&text[..], b"5535"].concat(), &[&text[..], b"5536"].concat()] {
                let long = matches!(Authority::split(text), Ok((None, ..)));
                assert_eq!(Authority::is_host(text), long, "{}", text.escape_ascii());
            }
        }
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

    #[test]
    fn what_identifies_the_same() {
        let same = |scheme: &str, one: &str, other: &str| {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let same = Authority::is_same(scheme.as_bytes(), one, other);
            assert_eq!(same, Authority::is_same(scheme.as_bytes(), other, one), "it is the same both ways");
            same
        };
        for (scheme, one, other) in [
            ("http", "localhost:80", "localhost"),
            ("HTTP", "localhost:", "localhost:80"),
            ("https", "localhost:443", "LOCALHOST"),
            ("wss", "h:443", "h"),
            ("http", "h:0080", "h"),
            ("http", "[::1]", "[0:0:0:0:0:0:0:1]:80"),
            ("http", "[2001:DB8::a]:8080", "[2001:db8:0::A]:8080"),
            ("http", "a%2Eb", "A.b"),
            ("http", "%6cocalhost", "localhost"),
            ("http", "localhost.", "localhost"),
            ("ftp", "h:21", "H:21"),
            ("", "h:80", "H:80"),
            ("http", "a b", "A b"),
        ] {
            assert!(same(scheme, one, other), "{scheme} {one} {other}");
        }
        for (scheme, one, other) in [
            ("http", "localhost:80", "localhost:443"),
            ("https", "localhost:80", "localhost"),
            ("http", "localhost", "localhosts"),
            ("http", "localhost", "user@localhost"),
            ("http", "[::1]", "[::2]"),
            ("http", "[::1%25a]", "[::1%25b]"),
            ("http", "[::1]", "::1"),
            ("http", "localhost", ""),
            ("ftp", "h:443", "h"),
            ("http", "h:99999", "h"),
            ("http", ".", ""),
        ] {
            assert!(!same(scheme, one, other), "{scheme} {one} {other}");
        }
    }

    #[test]
    fn hostnames_are_those_of_python() {
        for (authority, hostname) in [
            ("[::1]:8080", "::1"),
            ("LOCALHOST", "localhost"),
            ("u@Host.Example:1", "host.example"),
            ("[FE80::1%25Eth0]", "fe80::1%25Eth0"),
        ] {
            assert_eq!(Authority::parse(authority.as_bytes()).unwrap().hostname(), hostname);
        }
    }
}
