//! Every reason for refusing what a client sent: one table of status, section and text.

use std::fmt;

macro_rules! rejections {
    ($($(#[doc = $doc:literal])+ $name:ident => $status:literal, $section:literal, $why:literal;)+) => {
        /// Why a request was refused; always the peer's fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rejection { $($(#[doc = $doc])+ $name,)+ }

        impl Rejection {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The status code that the connection answers with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// Where the rule stands.
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)+ }
            }

            /// What was wrong, one sentence for people without its full stop.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)+ }
            }
        }
    };
}

rejections! {
    /// The request line is not `method SP target SP version`.
    RequestLine => 400, "RFC 9112 §3", "the request line is not `method target HTTP/1.1`";
    /// The method holds an octet that no token has.
    Method => 400, "RFC 9110 §9.1", "the method is not a token";
    /// The target holds a control octet.
    Target => 400, "RFC 9112 §3.2", "the request target has a control character";
    /// The target has none of the forms that its method may have.
    TargetForm => 400, "RFC 9112 §3.2", "the request target is not of a form that this method has: a path, \
        a whole URL, `host:port` for CONNECT alone, `*` for OPTIONS alone";
    /// There is no version: HTTP/0.9.
    NoVersion => 400, "RFC 9112 §2.3", "the request line names no version, and HTTP/0.9 is not spoken here";
    /// The version is not `HTTP/` digit `.` digit.
    VersionSyntax => 400, "RFC 9112 §2.3", "the version is not of the form HTTP/1.1";
    /// A major version other than 1.
    Version => 505, "RFC 9110 §15.6.6", "this port speaks only HTTP/1.0 and HTTP/1.1";
    /// The connection preface of HTTP/2.
    Http2Preface => 505, "RFC 9113 §3.4", "this port speaks HTTP/1.1, and the client sent the preface of HTTP/2: \
        use the port of --h2 (TLS) or --h2c (without TLS)";
    /// A TLS handshake record.
    TlsRecord => 400, "RFC 9110 §4.2.1", "this port speaks HTTP without TLS, and the client began a TLS handshake: \
        use http:// here, or https:// on the TLS port";
    /// The request line is longer than the limit.
    RequestLineTooLong => 414, "RFC 9112 §3", "the request line is longer than this server reads";
    /// The head is longer than the limit.
    HeadTooLong => 431, "RFC 6585 §5", "the headers of the request are longer than this server reads";
    /// There are more field lines than the limit.
    TooManyFieldLines => 431, "RFC 6585 §5", "the request has more headers than this server reads";
    /// Whitespace before the first field line.
    LeadingWhitespace => 400, "RFC 9112 §2.2", "there is whitespace between the request line and the first header";
    /// A field line without colon.
    NoColon => 400, "RFC 9112 §5", "a header line has no colon";
    /// An empty field name, or one with whitespace or control octets.
    FieldName => 400, "RFC 9112 §5.1", "a header name is empty or has whitespace or a control character";
    /// CR, or NUL in a field line.
    FieldValue => 400, "RFC 9110 §5.5", "a header value has a NUL, or a CR that does not end a line";
    /// No `host` in HTTP/1.1.
    NoHost => 400, "RFC 9112 §3.2", "an HTTP/1.1 request must have a host header";
    /// More than one `host`.
    RepeatedHost => 400, "RFC 9112 §3.2", "there is more than one host header";
    /// A `host` that is no authority.
    InvalidHost => 400, "RFC 9112 §3.2", "the host header is not a host with an optional port";
    /// A `content-length` that is no number, or several that differ.
    ContentLength => 400, "RFC 9112 §6.3", "content-length is not one decimal number";
    /// A `content-length` beyond 64 bits.
    ContentLengthTooLarge => 413, "RFC 9110 §15.5.14", "content-length is larger than this server counts";
    /// Both `content-length` and `transfer-encoding`.
    LengthAndEncoding => 400, "RFC 9112 §6.1", "there are both content-length and transfer-encoding";
    /// `transfer-encoding` in HTTP/1.0.
    EncodingInHttp10 => 400, "RFC 9112 §6.1", "HTTP/1.0 has no transfer-encoding";
    /// `chunked` is not the last transfer coding, or applied twice.
    NotFinallyChunked => 400, "RFC 9112 §6.3", "the last transfer coding is not chunked, or chunked is applied twice";
    /// A transfer coding other than `chunked`.
    TransferCoding => 501, "RFC 9112 §6.1", "a transfer coding other than chunked is not understood here";
    /// A chunk size that is no hexadecimal number.
    ChunkSize => 400, "RFC 9112 §7.1", "a chunk size is not a hexadecimal number";
    /// A chunk size beyond 64 bits.
    ChunkSizeTooLarge => 413, "RFC 9112 §7.1", "a chunk size is larger than this server counts";
    /// A chunk-size line longer than the limit.
    ChunkLineTooLong => 400, "RFC 9112 §7.1.1", "a chunk extension is longer than this server reads";
    /// No line end after a chunk's data.
    ChunkEnd => 400, "RFC 9112 §7.1", "the data of a chunk is not followed by a line end";
    /// The head did not arrive in time.
    HeadTimeout => 408, "RFC 9110 §15.5.9", "the head of the request did not arrive in time";
    /// The peer closed its side inside a head.
    IncompleteHead => 400, "RFC 9112 §8", "the connection ended inside the head of a request";
    /// The peer closed its side inside a body.
    IncompleteBody => 400, "RFC 9112 §8", "the connection ended inside the body of a request";
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.why(), self.section())
    }
}

impl std::error::Error for Rejection {}
