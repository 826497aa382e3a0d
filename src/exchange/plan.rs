//! What of a response goes out, once it is decided: files, pages, errors and scripts' values all go through here.

use super::conversation::Exchange;
use super::error::SendError;
use super::prepared::ResponseHead;
use crate::http::Fields;
use crate::http::peer::Protocol;
use bytes::Bytes;

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Content that is not empty.
    pub content: bool,
    /// A trailer section.
    pub trailers: bool,
}

impl Exchange {
    /// Decides what follows `head`, whose content has `length` bytes if that is known, and completes it with
    /// `content-length` where it is to have one.
    ///
    /// A response without content ([`Exchange::content_rule`]) has no trailers. Trailers over HTTP/1.1 need the chunked
    /// coding (RFC 9112 §7.1.2): where the fields delimit the content by themselves, there are none.
    pub fn plan(&self, head: &mut ResponseHead, length: Option<u64>, has_trailers: bool) -> Plan {
        let rule = self.content_rule(head.status);
        let allowed = rule.allows_content();
        let delimited = head.fields.delimit_content();
        let is_http1 = self.protocol() == Protocol::Http1;
        let trailers = has_trailers && allowed && !(is_http1 && delimited);
        let chunked = is_http1 && trailers;
        if !(delimited || chunked)
            && let Some(length) = rule.length(length)
        {
            head.fields.append("content-length", length.to_string());
        }
        Plan { content: allowed && length != Some(0), trailers }
    }

    /// Sends a response of which all is at hand; gives false, and has sent nothing, if its content is still to be made
    /// (`None`) and it is to have some.
    pub fn send_whole(
        &self,
        mut head: ResponseHead,
        content: Option<Bytes>,
        trailers: &Fields,
    ) -> Result<bool, SendError> {
        let length = content.as_ref().map(|content| content.len() as u64);
        let plan = self.plan(&mut head, length, !trailers.is_empty());
        if plan.content && content.is_none() {
            return Ok(false);
        }
        self.send_head(&head, !plan.content && !plan.trailers)?;
        if let Some(content) = content.filter(|_| plan.content) {
            self.send_data(content, !plan.trailers)?;
        }
        if plan.trailers {
            self.send_trailers(trailers)?;
        }
        Ok(true)
    }
}
