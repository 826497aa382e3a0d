//! A response as far as it is decided, apart from whoever is to send it.

use rhai::{Dynamic, INT};

use crate::http::Fields;

/// What a script has decided of a response.
#[derive(Clone)]
pub struct Draft {
    /// The status, whether it is one or not.
    pub status: INT,
    /// The reason phrase (HTTP/1.1).
    pub reason: Option<String>,
    /// The header fields.
    pub headers: Fields,
    /// The trailer fields.
    pub trailers: Fields,
    /// The content; `()` for none.
    pub content: Dynamic,
    /// Whether `date` and `server` are added.
    pub add_required_headers: bool,
    /// Whether the answer to HEAD has content.
    pub send_body_for_head_request: bool,
    /// Whether the connection ends after it.
    pub close_connection: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            status: 200,
            reason: None,
            headers: Fields::new(),
            trailers: Fields::new(),
            content: Dynamic::UNIT,
            add_required_headers: true,
            send_body_for_head_request: false,
            close_connection: false,
        }
    }
}
