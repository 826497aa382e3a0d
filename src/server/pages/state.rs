//! `/_wire/state`: forgets what tests left, for those that know the token.

use super::super::worker::Worker;
use crate::exchange::{Prepared, Request};
use crate::site;

const NO_TOKEN: &str = "This server was started without a token, so its state cannot be deleted. Start it with \
                        wireserve serve --state-token TOKEN, and send the header authorization: Bearer TOKEN.";

const WRONG_TOKEN: &str = "The state of this server is deleted by requests with the header authorization: Bearer TOKEN, \
                           where TOKEN is that of wireserve serve --state-token.";

/// Forgets transcripts, the stash and `server.context`.
pub(super) async fn forget(worker: &Worker, request: &Request) -> Prepared {
    let shared = &worker.shared;
    let Some(token) = &shared.state_token else { return site::status_page(403, NO_TOKEN) };
    let given = request.fields.get("authorization").and_then(|value| value.strip_prefix(b"Bearer "));
    if given != Some(token.as_bytes()) {
        return site::status_page(403, WRONG_TOKEN);
    }
    shared.script.hooks.shared.values.clear();
    if let Err(error) = shared.script.stash.clear().await {
        return site::status_page(503, &format!("The stash was not deleted: {error}."));
    }
    shared.transcripts.forget();
    let mut prepared = Prepared::default();
    prepared.head.status = 204;
    prepared
}
