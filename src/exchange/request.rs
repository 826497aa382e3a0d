//! What was asked, as it came and as HTTP means it.

use crate::h1;
use crate::http::Fields;
use crate::wire::frame::RawFrame;
use crate::wire::hpack;
use bytes::{Bytes, BytesMut};
use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

/// A request's control data and fields (RFC 9110 §6).
#[derive(Debug)]
pub struct Request {
    /// The method, case kept.
    pub method: Bytes,
    /// `http` or `https`, as the client said or as the port implies.
    pub scheme: Bytes,
    /// `:authority`, or `Host`; empty if the client sent neither.
    pub authority: Bytes,
    /// Path and query as sent; `*` or an authority for the forms that have no path.
    pub target: Bytes,
    /// False for an extended CONNECT whose protocol this server does not serve.
    pub connect_protocol_known: bool,
    /// The regular fields in wire order, pseudo-fields left out.
    pub fields: Fields,
    /// The head as it was on the wire.
    pub raw: RawHead,
    /// What routes and rewrites made of the target.
    pub routing: Routing,
}

/// What a pattern's parts matched in a path, by name, in their order.
pub type RouteMatch = Vec<(String, String)>;

/// What the server's own configuration says of a request, besides what the client sent.
#[derive(Debug, Default)]
pub struct Routing {
    target: OnceCell<Bytes>,
    matched: OnceCell<RouteMatch>,
    mount: OnceCell<Arc<Mount>>,
}

/// A folder that is mounted at a path beside the document root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The path, with slashes at both ends.
    pub url_base: String,
    /// The folder, absolute.
    pub folder: PathBuf,
}

impl Routing {
    /// What the parts of the route's path matched; empty without a route.
    pub fn matched(&self) -> &[(String, String)] {
        self.matched.get().map_or(&[], Vec::as_slice)
    }

    /// Where what answers is mounted, if not below the document root.
    pub fn mount(&self) -> Option<&Mount> {
        self.mount.get().map(|mount| &**mount)
    }

    /// Keeps where what answers is mounted; only the first call counts.
    pub fn set_mount(&self, mount: Arc<Mount>) {
        self.mount.get_or_init(|| mount);
    }

    /// Keeps what the parts of the route's path matched; only the first call counts.
    pub fn set_matched(&self, matched: RouteMatch) {
        self.matched.get_or_init(|| matched);
    }
}

/// A request's head, lossless.
#[derive(Debug)]
pub enum RawHead {
    /// Request line and field lines.
    Http1(h1::RequestHead),
    /// The HEADERS frame and its decoded block (with CONTINUATIONs joined).
    Http2 {
        /// The HEADERS frame that opened the stream.
        frame: RawFrame,
        /// Every representation in order, with its octets.
        block: hpack::Block,
    },
    /// A request that this server promised (RFC 9113 §8.4).
    Pushed,
}

impl Request {
    /// The target that is answered: as sent, or as a rewrite made it.
    pub fn effective_target(&self) -> &Bytes {
        self.routing.target.get().unwrap_or(&self.target)
    }

    /// Puts another path in place of the one that was sent; the query stays. Only the first call counts.
    pub fn rewrite(&self, path: &[u8]) {
        self.routing.target.get_or_init(|| {
            let mut target = BytesMut::from(path);
            if let Some(query) = query(&self.target) {
                target.extend_from_slice(b"?");
                target.extend_from_slice(query);
            }
            target.freeze()
        });
    }

    /// Path of the effective target, without the query.
    pub fn path(&self) -> &[u8] {
        self.effective_target().split(|octet| *octet == b'?').next().unwrap_or_default()
    }

    /// The query of the effective target without its `?`, if there is a `?`.
    pub fn query(&self) -> Option<&[u8]> {
        query(self.effective_target())
    }

    /// Whether the answer to this method has no content (RFC 9110 §9.3.2).
    pub fn is_head(&self) -> bool {
        &self.method[..] == b"HEAD"
    }

    /// Whether the request has no content, whatever follows its head: what does belongs to a tunnel (RFC 9110 §9.3.6).
    pub fn is_connect(&self) -> bool {
        &self.method[..] == b"CONNECT"
    }
}

fn query(target: &[u8]) -> Option<&[u8]> {
    let at = target.iter().position(|octet| *octet == b'?')?;
    target.get(at + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_changes_the_path_and_keeps_the_query() {
        let request = Request {
            method: Bytes::from_static(b"GET"),
            scheme: Bytes::new(),
            authority: Bytes::new(),
            target: Bytes::from_static(b"/a?b?c"),
            connect_protocol_known: true,
            fields: Fields::new(),
            raw: RawHead::Pushed,
            routing: Routing::default(),
        };
        assert_eq!((request.path(), request.query()), (&b"/a"[..], Some(&b"b?c"[..])));
        request.rewrite(b"/x/y");
        assert_eq!(&request.effective_target()[..], b"/x/y?b?c");
        assert_eq!((request.path(), request.query()), (&b"/x/y"[..], Some(&b"b?c"[..])));
        assert_eq!(&request.target[..], b"/a?b?c");
    }
}
