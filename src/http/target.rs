//! Request targets (RFC 9112 §3.2).

use bytes::Bytes;

use super::authority::{Authority, TargetError};
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
}
