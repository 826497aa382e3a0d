//! The Basic authentication scheme (RFC 7617).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A user and a password, any octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    /// What stands before the first colon.
    pub user: Bytes,
    /// What stands after it; empty if there is no colon.
    pub password: Bytes,
}

/// Reads the value of an `authorization` field; `None` if it is another scheme or not base64.
pub fn parse_basic(value: &[u8]) -> Option<Basic> {
    let value = value.trim_ascii();
    let space = value.iter().position(|octet| *octet == b' ')?;
    let (scheme, credentials) = value.split_at(space);
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let decoded = Bytes::from(LENIENT.decode(credentials.trim_ascii()).ok()?);
    let colon = decoded.iter().position(|octet| *octet == b':');
    Some(match colon {
        Some(colon) => Basic { user: decoded.slice(..colon), password: decoded.slice(colon + 1..) },
        None => Basic { user: decoded, password: Bytes::new() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password() {
        let basic = parse_basic(b"Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==").unwrap();
        assert_eq!((&basic.user[..], &basic.password[..]), (&b"Aladdin"[..], &b"open:sesame"[..]));
        assert_eq!(&parse_basic(b"basic  dQ").unwrap().user[..], b"u");
        for bad in [&b"Bearer abc"[..], b"Basic", b"Basic !!", b""] {
            assert_eq!(parse_basic(bad), None);
        }
    }
}
