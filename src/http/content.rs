//! Whether a response has content, and what its head may say about the length: the one rule for all that send one.

/// What method and status say about the content of a response (RFC 9110 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentRule {
    /// Content of any length.
    Any,
    /// No content. The head has the length that the response to GET would have had (RFC 9110 §9.3.2).
    Head,
    /// No content, and no need to say anything about its length: 304 (RFC 9110 §15.4.5).
    NotModified,
    /// No content, whose length is therefore 0: 205 (RFC 9110 §15.3.6). The client looks for its end all the same.
    Reset,
    /// No content and no length: 1xx and 204 (RFC 9110 §8.6).
    Nothing,
    /// No content and no length: 2xx to CONNECT. What follows belongs to a tunnel (RFC 9110 §9.3.6).
    Tunnel,
}

impl ContentRule {
    /// The rule for a response with this status to this method.
    pub fn of(method: &[u8], status: u16) -> Self {
        match status {
            200..=299 if method == b"CONNECT" => Self::Tunnel,
            100..=199 | 204 => Self::Nothing,
            205 => Self::Reset,
            304 => Self::NotModified,
            _ if method == b"HEAD" => Self::Head,
            _ => Self::Any,
        }
    }

    /// Whether content may follow the head.
    pub const fn allows_content(self) -> bool {
        matches!(self, Self::Any)
    }

    /// The `content-length` to add to a head that has none, if the content, or that of the response to GET, has `known`
    /// bytes; `None` if nobody knows.
    pub const fn length(self, known: Option<u64>) -> Option<u64> {
        match self {
            Self::Any | Self::Head => known,
            Self::Reset => Some(0),
            Self::NotModified | Self::Nothing | Self::Tunnel => None,
        }
    }

    /// Whether a client takes the length fields of HTTP/1.1 at their word to find the end of the response (RFC 9112
    /// §6.3).
    pub const fn is_delimited_by_fields(self) -> bool {
        matches!(self, Self::Any | Self::Reset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_status_decide() {
        for (method, status, rule) in [
            (&b"GET"[..], 200, ContentRule::Any),
            (b"POST", 404, ContentRule::Any),
            (b"HEAD", 200, ContentRule::Head),
            (b"HEAD", 204, ContentRule::Nothing),
            (b"HEAD", 205, ContentRule::Reset),
            (b"HEAD", 304, ContentRule::NotModified),
            (b"GET", 100, ContentRule::Nothing),
            (b"GET", 103, ContentRule::Nothing),
            (b"GET", 204, ContentRule::Nothing),
            (b"GET", 205, ContentRule::Reset),
            (b"GET", 206, ContentRule::Any),
            (b"GET", 304, ContentRule::NotModified),
            (b"CONNECT", 200, ContentRule::Tunnel),
            (b"CONNECT", 299, ContentRule::Tunnel),
            (b"CONNECT", 204, ContentRule::Tunnel),
            (b"CONNECT", 400, ContentRule::Any),
        ] {
            assert_eq!(ContentRule::of(method, status), rule, "{} {status}", method.escape_ascii());
        }
    }

    #[test]
    fn a_length_that_is_not_known_is_not_announced() {
        assert_eq!(ContentRule::Any.length(None), None);
        assert_eq!(ContentRule::Head.length(None), None);
        assert_eq!(ContentRule::Head.length(Some(3)), Some(3));
        assert_eq!(ContentRule::Reset.length(Some(3)), Some(0));
        assert_eq!(ContentRule::Nothing.length(Some(0)), None);
    }
}
