//! How far a response is.

/// How far the response is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// The final status and fields are out, or raw octets stand for them.
    pub headers: bool,
    /// Nothing more may follow by checked calls.
    pub ended: bool,
    /// The final status, if a checked call has sent it.
    pub status: Option<u16>,
    /// A raw call wrote something: what the client has seen is the script's affair.
    pub raw: bool,
    /// The response has no content: what is written as content, or as trailers, is dropped.
    pub without_content: bool,
    /// HEAD is answered with content, as GET would be.
    pub content_for_head: bool,
}

/// How much content the head has announced, and how much was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    pub octets: u64,
    pub sent: u64,
}
