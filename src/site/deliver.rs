//! Sending a response that is decided: status, fields, content, trailers.

use super::pages::{dressed, status_page};
use super::pipes::Ending;
use crate::exchange::{Content, ErrorCode, Exchange, Pieces, Plan, Prepared, SendError};
use crate::http::Fields;

/// Sends `prepared`, and ends the response. `common` are fields that every response has (`date`, `server`): each is
/// added unless it is there already.
///
/// What follows the head, and what it says about the length, is decided by [`Exchange::plan`]. Content in pieces is sent
/// in constant memory: the next piece is asked for when the one before it has gone to the wire. If it breaks off, so
/// does the response.
///
/// Status or fields that must not go out are answered with 500 and a sentence that names them.
///
/// # Errors
/// The client is gone, or the exchange was answered before.
pub async fn send(exchange: &Exchange, prepared: Prepared, common: Fields) -> Result<(), SendError> {
    send_until(exchange, prepared, common, None).await
}

/// As [`send`], but what ends the response after the content is `ending`.
pub(super) async fn send_unfinished(exchange: &Exchange, prepared: Prepared, ending: Ending) -> Result<(), SendError> {
    send_until(exchange, prepared, Fields::new(), Some(ending)).await
}

async fn send_until(
    exchange: &Exchange,
    mut prepared: Prepared,
    common: Fields,
    ending: Option<Ending>,
) -> Result<(), SendError> {
    if prepared.words.is_some() {
        prepared = dressed(exchange.request(), prepared);
    }
    let Prepared { mut head, content, trailers, content_for_head, .. } = exchange.reviewed(prepared).await;
    exchange.allow_content_for_head(content_for_head);
    head.fields.reserve(1 + common.len());
    let plan = exchange.plan(&mut head, content.length(), !trailers.is_empty());
    let finish = Finish::new(plan, trailers, ending);
    head.fields.add_missing(common);
    let ends = !plan.content && matches!(finish, Finish::End);
    let sent = match finish {
        Finish::Early(_) => exchange.send_unfinished_head(&head),
        _ => exchange.send_head(&head, ends),
    };
    if let Err(error) = sent {
        return refused(exchange, error);
    }
    match content {
        _ if ends => return Ok(()),
        Content::Whole(octets) if plan.content => {
            let last = matches!(finish, Finish::End);
            exchange.send_data(octets, last)?;
            if last {
                return Ok(());
            }
        }
        Content::Pieces(pieces) if plan.content => {
            // What is rare is boxed, so that the future of an answer stays small.
            if !Box::pin(in_pieces(exchange, pieces, matches!(finish, Finish::End))).await? {
                return Ok(());
            }
        }
        Content::Whole(_) | Content::Pieces(_) => {}
    }
    Box::pin(finish.carry_out(exchange)).await
}

/// What comes after the content.
enum Finish {
    /// The end of the response alone, which the last piece can carry.
    End,
    Trailers(Fields),
    Early(Ending),
}

impl Finish {
    fn new(plan: Plan, trailers: Fields, ending: Option<Ending>) -> Self {
        match ending {
            Some(ending) => Self::Early(ending),
            None if plan.trailers => Self::Trailers(trailers),
            None => Self::End,
        }
    }

    async fn carry_out(self, exchange: &Exchange) -> Result<(), SendError> {
        match self {
            Self::End => exchange.end(),
            Self::Trailers(trailers) => exchange.send_trailers(&trailers),
            Self::Early(ending) => ending.carry_out(exchange).await,
        }
    }
}

/// Answers in place of a head that must not go out.
fn refused(exchange: &Exchange, error: SendError) -> Result<(), SendError> {
    if !matches!(error, SendError::Http1(_) | SendError::Http2(_)) {
        return Err(error);
    }
    let target = exchange.request().target.escape_ascii().to_string();
    tracing::warn!("{target}: the response cannot be sent: {error}");
    let text = format!("The response cannot be sent as it is written: {error}.");
    let Prepared { head, content, .. } = dressed(exchange.request(), status_page(500, &text));
    let Content::Whole(text) = content else { return Ok(()) };
    exchange.send_whole(head, Some(text), &Fields::new()).map(drop)
}

/// Sends content piece by piece; gives whether the end of the response is still to be sent.
async fn in_pieces(exchange: &Exchange, mut pieces: Box<dyn Pieces>, ends: bool) -> Result<bool, SendError> {
    loop {
        // Nothing is made ahead for a client that does not take it.
        let window = if pieces.length() > Some(0) { exchange.window().await? } else { usize::MAX };
        let piece = match pieces.next_within(window).await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(true),
            Err(error) => {
                let target = exchange.request().target.escape_ascii().to_string();
                tracing::warn!("{target}: the response breaks off: {error}");
                exchange.reset(ErrorCode::INTERNAL_ERROR)?;
                return Ok(false);
            }
        };
        // Where that is known, the last piece carries the end itself.
        let last = ends && pieces.length() == Some(0);
        if !piece.is_empty() || last {
            exchange.send_data(piece, last)?;
        }
        if last {
            return Ok(false);
        }
        exchange.drained().await?;
    }
}

#[cfg(test)]
mod tests;
