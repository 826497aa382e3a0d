//! What scripts answer, through pipes.

use super::worker::Worker;
use crate::exchange::pace::Pace;
use crate::exchange::{Delivering, Delivery, Exchange, Prepared};
use crate::site::{PipeError, Pipeline};
use std::rc::Rc;

/// Who sends what a script in a file of this name answers, if the name or the query asks for pipes.
pub(super) fn delivery(
    worker: &Rc<Worker>,
    exchange: &Exchange,
    name: &str,
) -> Result<Option<Rc<dyn Delivery>>, PipeError> {
    let query = exchange.request().query();
    if !Pipeline::is_asked_for(query, name) {
        return Ok(None);
    }
    let pipeline = Rc::new(Pipeline::parse(query, name)?);
    Ok(Some(Rc::new(Piped { worker: Rc::clone(worker), pipeline })))
}

/// The rhythm of what is sent as it is, if the query asks for one.
pub(super) fn pace(exchange: &Exchange) -> Result<Option<Pace>, PipeError> {
    Ok(Pipeline::parse(exchange.request().query(), "")?.pace())
}

struct Piped {
    worker: Rc<Worker>,
    pipeline: Rc<Pipeline>,
}

impl Delivery for Piped {
    fn deliver(&self, exchange: Exchange, prepared: Prepared) -> Delivering {
        let (worker, pipeline) = (Rc::clone(&self.worker), Rc::clone(&self.pipeline));
        Box::pin(async move {
            pipeline.send(&exchange, prepared, worker.common_fields(), &worker.scope(&exchange), None).await
        })
    }

    fn pace(&self) -> Option<Pace> {
        self.pipeline.pace()
    }
}
