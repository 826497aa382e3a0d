//! Responses through pipes.

use super::worker::Worker;
use crate::exchange::pace::Pace;
use crate::exchange::{Delivering, Delivery, Exchange, Prepared, SendError};
use crate::script::ScriptSource;
use crate::site::{self, PipeError, Pipeline};
use std::rc::Rc;

/// Sends what answers for a file of this name, as query and name want it.
pub(super) async fn send(
    worker: &Worker,
    exchange: &Exchange,
    prepared: Prepared,
    name: &str,
) -> Result<(), SendError> {
    site::send_piped(exchange, prepared, worker.common_fields(), name, &scope(worker, exchange)).await
}

/// What templates can name.
pub(super) fn scope<'a>(worker: &'a Worker, exchange: &'a Exchange) -> site::Scope<'a> {
    site::Scope::new(exchange, &worker.shared.environment, &worker.shared.roots.hidden)
}

/// Who sends what a script answers, if its name or the query asks for pipes.
pub(super) fn delivery(
    worker: &Rc<Worker>,
    exchange: &Exchange,
    source: &ScriptSource,
) -> Result<Option<Rc<dyn Delivery>>, PipeError> {
    let query = exchange.request().query();
    let name = source.path().file_name().unwrap_or_default().to_string_lossy();
    if !Pipeline::is_asked_for(query, &name) {
        return Ok(None);
    }
    let pipeline = Rc::new(Pipeline::parse(query, &name)?);
    Ok(Some(Rc::new(Piped { worker: Rc::clone(worker), pipeline })))
}

struct Piped {
    worker: Rc<Worker>,
    pipeline: Rc<Pipeline>,
}

impl Delivery for Piped {
    fn deliver(&self, exchange: Exchange, prepared: Prepared) -> Delivering {
        let (worker, pipeline) = (Rc::clone(&self.worker), Rc::clone(&self.pipeline));
        Box::pin(async move {
            let scope = scope(&worker, &exchange);
            pipeline.send(&exchange, prepared, worker.common_fields(), &scope).await
        })
    }

    fn pace(&self) -> Option<Pace> {
        self.pipeline.pace()
    }
}
