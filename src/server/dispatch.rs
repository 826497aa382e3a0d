//! Who answers an exchange.

use super::worker::{Answer, Worker};
use crate::exchange::{Exchange, Interest, Prepared, Protocol, SendError};
use crate::site::{self, Meaning};
use crate::wire::frame::ErrorCode;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Answers an exchange: at once, in its connection's turn, if nothing has to be waited for; else as a task of its own
/// on the worker.
pub(super) fn dispatch(worker: &Rc<Worker>, exchange: Exchange) {
    let mut answer: Pin<Box<dyn Future<Output = ()>>> = Box::pin(answer(worker.clone(), exchange.clone()));
    let first = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    match first {
        Ok(Poll::Ready(())) => {}
        // Polled again at once by the task, which registers the task's own waker.
        Ok(Poll::Pending) => drop(tokio::task::spawn_local(answer)),
        Err(_) => {
            tracing::error!("a fault in the server ended the answer to {:?}", exchange.request().target);
            let _ = exchange.reset(ErrorCode::INTERNAL_ERROR);
        }
    }
}

async fn answer(worker: Rc<Worker>, exchange: Exchange) {
    if !worker.shared.latency.is_zero() {
        // Whoever leaves in the meantime needs no answer.
        let lost = tokio::time::timeout(worker.shared.latency, exchange.lost()).await;
        if lost.is_ok() {
            return;
        }
    }
    let request = exchange.request();
    if exchange.connection().peer().wrong_protocol {
        let text = "This port speaks HTTP/2 only. The ready line names a port for HTTP/1.1.";
        return by_site(&exchange, site::send(&exchange, site::status_page(505, text), worker.common_fields())).await;
    }
    if !request.connect_protocol_known {
        let text = "This :protocol is not served.";
        return by_site(&exchange, site::send(&exchange, site::status_page(501, text), worker.common_fields())).await;
    }
    match &*worker.resolve(request.path()) {
        Answer::Script(source) => worker.host.run(source, exchange).await,
        Answer::Site(meaning) => {
            let answered = by_meaning(&worker, &exchange, meaning);
            by_site(&exchange, answered).await;
        }
    }
}

async fn by_meaning(worker: &Worker, exchange: &Exchange, meaning: &Meaning) -> Result<(), SendError> {
    let (request, roots) = (exchange.request(), &worker.shared.roots);
    if request.query() == Some(b"list")
        && let Some(folder) = roots.folder(request.path())
    {
        return site::send(exchange, site::listing(request, &folder, roots), worker.common_fields()).await;
    }
    let prepared = match meaning {
        Meaning::File(path) if path.extension().is_some_and(|extension| extension == "asis") => {
            return site::send_as_is(exchange, path, worker.common_fields()).await;
        }
        Meaning::File(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return piped(worker, exchange, site::file(exchange, path, &worker.files()), &name).await;
        }
        Meaning::Folder(path) => site::listing(request, path, roots),
        Meaning::Shipped(name, content) => {
            let content = match content {
                std::borrow::Cow::Borrowed(octets) => bytes::Bytes::from_static(octets),
                std::borrow::Cow::Owned(octets) => octets.clone().into(),
            };
            return piped(worker, exchange, site::shipped_page(request, name, content), name).await;
        }
        Meaning::Index => {
            site::html_page(site::index_page(roots, &worker.shared.ports, protocol_name(exchange.protocol())))
        }
        Meaning::AddSlash => site::add_slash(request),
        Meaning::Missing | Meaning::Script(_) => {
            site::status_page(404, "No file and no handler answers to this path. / lists the handlers.")
        }
    };
    site::send(exchange, prepared, worker.common_fields()).await
}

/// Sends what answers for a file of this name, as query and name want it.
async fn piped(worker: &Worker, exchange: &Exchange, prepared: Prepared, name: &str) -> Result<(), SendError> {
    site::send_piped(exchange, prepared, worker.common_fields(), name, &scope(worker, exchange)).await
}

/// What templates can name.
fn scope<'a>(worker: &'a Worker, exchange: &'a Exchange) -> site::Scope<'a> {
    site::Scope::new(exchange, &worker.shared.environment, &worker.shared.roots.hidden)
}

/// Runs a site's answer until it is done or nobody waits for it any more.
async fn by_site(exchange: &Exchange, answer: impl Future<Output = Result<(), SendError>>) {
    exchange.set_interest(Interest { data: false, frames: false, body: false });
    let mut answer = pin!(answer);
    let mut lost = pin!(exchange.lost());
    let done = std::future::poll_fn(|context| {
        if let Poll::Ready(done) = answer.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        lost.as_mut().poll(context).map(|_| Ok(()))
    });
    match done.await {
        Ok(()) => {}
        Err(error) if error.is_peer_gone() => tracing::debug!("left before the answer: {error}"),
        Err(error) => tracing::error!("the server's own answer to {:?} failed: {error}", exchange.request().target),
    }
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http1 => "HTTP/1.1",
        Protocol::Http2 => "HTTP/2",
    }
}
