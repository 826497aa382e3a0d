//! Who answers an exchange.

use super::pages;
use super::worker::Worker;
use crate::exchange::{Exchange, Interest, Protocol, SendError};
use crate::site::{self, Generated, Meaning};
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
    let request = exchange.request();
    if exchange.connection().peer().wrong_protocol {
        let text = "This port speaks HTTP/2 only. The ready line names a port for HTTP/1.1.";
        return by_site(&exchange, site::status_page(&exchange, 505, text, worker.common_fields())).await;
    }
    if !request.connect_protocol_known {
        let text = "This :protocol is not served.";
        return by_site(&exchange, site::status_page(&exchange, 501, text, worker.common_fields())).await;
    }
    let answer = worker.resolve(&request.method, request.path());
    if let Some(path) = &answer.found.rewritten {
        request.rewrite(path);
    }
    if !answer.found.matched.is_empty() {
        request.routing.set_matched(answer.found.matched.clone());
    }
    let refused = answer.found.is_for_http2 && exchange.protocol() == Protocol::Http1 && answer.is_there();
    if refused && worker.site().refuse_h2_over_http1 {
        let text = pages::wrong_protocol(worker.shared.port_for("HTTP/2"), request);
        return by_site(&exchange, site::status_page(&exchange, 505, &text, worker.common_fields())).await;
    }
    match &answer.script {
        Some(script) => worker.host.run(script, exchange).await,
        None => by_site(&exchange, by_meaning(&worker, &exchange, &answer.found.meaning)).await,
    }
}

async fn by_meaning(worker: &Worker, exchange: &Exchange, meaning: &Meaning) -> Result<(), SendError> {
    let common = worker.common_fields();
    let status = |status: u16, text: &'static str| site::status_page(exchange, status, text, common.clone());
    match meaning {
        Meaning::File(path) => site::serve_file(exchange, path, &worker.files, worker.now.get(), common).await,
        Meaning::Generated(generated) => by_generated(worker, exchange, generated).await,
        Meaning::Shipped(name, content) => {
            let content = match content {
                std::borrow::Cow::Borrowed(octets) => bytes::Bytes::from_static(octets),
                std::borrow::Cow::Owned(octets) => octets.clone().into(),
            };
            site::serve_octets(exchange, name, content, common).await
        }
        Meaning::Index => {
            let roots = &worker.site().roots;
            let page = site::index_page(roots, &worker.shared.ports, protocol_name(exchange.protocol()));
            site::serve_page(exchange, page, common).await
        }
        Meaning::AddSlash => site::add_slash(exchange, common).await,
        Meaning::Status(code) => status(*code, pages::ROUTED).await,
        Meaning::OtherMethods(methods) => {
            let mut common = common.clone();
            common.append("allow", methods.join(", "));
            site::status_page(exchange, 405, pages::OTHER_METHODS, common).await
        }
        Meaning::Python => status(501, pages::PYTHON).await,
        Meaning::Withheld => status(404, pages::WITHHELD).await,
        Meaning::NoHarness => status(404, site::NO_HARNESS).await,
        Meaning::Missing | Meaning::Script(_) => status(404, pages::MISSING).await,
    }
}

async fn by_generated(worker: &Worker, exchange: &Exchange, generated: &Generated) -> Result<(), SendError> {
    let request = exchange.request();
    let mut common = worker.common_fields();
    if !matches!(&request.method[..], b"GET" | b"HEAD") {
        common.append("allow", "GET, HEAD");
        return site::status_page(exchange, 405, pages::OTHER_METHODS, common).await;
    }
    match generated.prepare(request.query()) {
        Ok(mut prepared) => {
            if let Some(injection) = &worker.site().injection {
                injection.apply(&mut prepared);
            }
            site::send(exchange, prepared, common).await
        }
        Err(error) => site::status_page(exchange, error.status(), &error.to_string(), common).await,
    }
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
