//! Who answers an exchange.

use super::answer::Answer;
use super::pages::{self, words};
use super::piped;
use super::worker::Worker;
use crate::exchange::{Exchange, Interest, Prepared, Protocol, Request, SendError};
use crate::script::hooks::Asked;
use crate::site::{self, Generated, Meaning, Site};
use crate::wire::frame::ErrorCode;
use bytes::Bytes;
use std::borrow::Cow;
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
            tracing::error!(
                "internal error in the response to {:?}: this is a bug in wireserve",
                exchange.request().target
            );
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
    match worker.host.hooks() {
        // What the server says of itself is there whatever hooks do.
        Some(hooks) if !pages::is_own(exchange.request()) => {
            let answer = route(&worker, exchange.request());
            let asked = hooks.ask(&exchange).await;
            if !asked.is_over() {
                respond(&worker, exchange, Some((&asked, answer))).await;
            }
            asked.close().await;
        }
        _ => respond(&worker, exchange, None).await,
    }
}

/// Answers what hooks leave to be answered, if there are any.
async fn respond(worker: &Rc<Worker>, exchange: Exchange, asked: Option<(&Asked, Rc<Answer>)>) {
    let request = exchange.request();
    let misdirected = worker.misdirected(exchange.connection(), request);
    // Which profiles there are is told whatever is spoken.
    let is_for_no_profile = matches!(misdirected, Some((404, _)));
    let refused = exchange.connection().peer().wrong_protocol && !is_for_no_profile;
    if refused && worker.site().refuse_h2_over_http1 && !is_of_server(worker, request) {
        return in_place(worker, &exchange, words::http2_port(&worker.shared, request)).await;
    }
    if !request.connect_protocol_known {
        let text = "This :protocol is not served.";
        return in_place(worker, &exchange, site::status_page(501, text)).await;
    }
    if let Some((status, text)) = misdirected.filter(|_| !pages::is_asset(request)) {
        let page = site::status_page(status, &text);
        return in_place(worker, &exchange, page).await;
    }
    if pages::is_own(request)
        && let Some(page) = Box::pin(pages::answer(worker, &exchange)).await
    {
        return in_place(worker, &exchange, page).await;
    }
    let (asked, mut answer) = match asked {
        Some((asked, answer)) => (Some(asked), answer),
        None => (None, route(worker, request)),
    };
    if exchange.protocol() == Protocol::Http1 && worker.site().refuse_h2_over_http1 {
        let by_name = answer.found.is_for_http2 && answer.is_there();
        if by_name || answer.is_declared_for_http2() {
            let page = words::wrong_protocol(worker.shared.port_for("HTTP/2"), request, by_name);
            return in_place(worker, &exchange, page).await;
        }
    }
    while let Some(script) = &answer.script {
        let delivery = match piped::delivery(worker, &exchange, &answer.file_name) {
            Ok(delivery) => delivery,
            Err(error) => return in_place(worker, &exchange, error.page(&exchange)).await,
        };
        if let Some(handler) = worker.host.run(script, exchange.clone(), delivery, asked) {
            return handler.await;
        }
        // The file is gone since it was looked up.
        answer = worker.resolve_without(&request.method, request.path(), script);
    }
    by_site(&exchange, pin!(by_meaning(worker, &exchange, &answer))).await;
}

/// Whether it asks for a page of the server's own. Test runners look for one over HTTP/1.1 to see that a port is open.
fn is_of_server(worker: &Worker, request: &Request) -> bool {
    let is_index = || matches!(worker.resolve(&request.method, request.path()).found.meaning, Meaning::Index);
    pages::is_own(request) || (request.path() == b"/" && is_index())
}

/// What the request means; from here on it knows itself.
fn route(worker: &Worker, request: &Request) -> Rc<Answer> {
    let answer = worker.resolve(&request.method, request.path());
    if let Some(path) = &answer.found.rewritten {
        request.rewrite(path);
    }
    if !answer.found.matched.is_empty() {
        request.routing.set_matched(answer.found.matched.clone());
    }
    if let Some(mount) = &answer.found.mount {
        request.routing.set_mount(mount.clone());
    }
    answer
}

/// Answers with a page in place of what was asked for. What is rare is boxed, so that the future of an answer stays small.
fn in_place<'a>(worker: &'a Worker, exchange: &'a Exchange, page: Prepared) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(async move { by_site(exchange, pin!(site::send(exchange, page, worker.common_fields()))).await })
}

async fn by_meaning(worker: &Worker, exchange: &Exchange, answer: &Answer) -> Result<(), SendError> {
    let common = worker.common_fields();
    let meaning = &answer.found.meaning;
    if let Meaning::File(path) = meaning
        && answer.is_as_is
    {
        return match piped::pace(exchange) {
            Ok(pace) => Box::pin(site::send_as_is(exchange, path, &worker.files(), common, pace)).await,
            Err(error) => Box::pin(site::send(exchange, error.page(exchange), common)).await,
        };
    }
    let prepared = prepare(worker, worker.site(), exchange, meaning);
    let is_file = matches!(meaning, Meaning::File(_)) && prepared.head.status == 200;
    if is_file && worker.site().close_after_files && exchange.protocol() == Protocol::Http1 {
        exchange.connection().close_after();
    }
    let name = match meaning {
        Meaning::File(_) => answer.file_name.as_str().into(),
        Meaning::Generated(generated) => generated.loads_name(),
        Meaning::Shipped(name, _) => name.as_str().into(),
        _ => return Box::pin(site::send(exchange, prepared, common)).await,
    };
    let injection = worker.site().injection.as_ref();
    site::send_piped(exchange, prepared, common, &name, &worker.scope(exchange), injection).await
}

/// Decides the response of everything but scripts and `.asis` files.
fn prepare(worker: &Worker, site: &Site, exchange: &Exchange, meaning: &Meaning) -> Prepared {
    let request = exchange.request();
    let is_page = matches!(meaning, Meaning::Generated(_) | Meaning::Shipped(..) | Meaning::Index | Meaning::Folder(_));
    // Conformance suites send their content to `/`.
    let reads_content = matches!(meaning, Meaning::Index);
    match &request.method[..] {
        b"GET" | b"HEAD" => {}
        b"POST" if reads_content => {}
        _ if reads_content => return words::other_methods("GET, HEAD, POST"),
        _ if is_page => return words::other_methods("GET, HEAD"),
        _ => {}
    }
    if request.query() == Some(b"list")
        && let Some(folder) = site.folder(request.path())
    {
        return site::listing(request, &folder, &site.roots, worker.title(""));
    }
    match meaning {
        Meaning::File(path) => site::file(exchange, path, &worker.files(), &worker.scope(exchange)),
        Meaning::Generated(generated) => generate(worker, exchange, generated),
        Meaning::Folder(path) => site::listing(request, path, &site.roots, worker.title("")),
        Meaning::Shipped(name, content) => {
            let content = match content {
                Cow::Borrowed(octets) => Bytes::from_static(octets),
                Cow::Owned(octets) => octets.clone().into(),
            };
            site::shipped_page(request, name, content)
        }
        Meaning::Index => {
            let title = worker.title("Handlers");
            let ports =
                site::Ports { urls: &worker.shared.ports, probe: worker.probe(), protocol: exchange.protocol() };
            site::html_page(worker.index.page(&worker.files(), &title, &ports))
        }
        Meaning::AddSlash => site::add_slash(request),
        meaning => words::in_words(worker, request, meaning),
    }
}

/// A generated page or script. The `.headers` of its test are its own; of several lines of a name the last counts, as
/// in serve.py.
fn generate(worker: &Worker, exchange: &Exchange, generated: &Generated) -> Prepared {
    let mut prepared = match generated.prepare(exchange.request().query()) {
        Ok(prepared) => prepared,
        Err(error) => return site::status_page(error.status(), &error.to_string()),
    };
    match site::own_fields(exchange, generated.source(), &worker.files(), &worker.scope(exchange)) {
        Ok(fields) => {
            fields.iter().for_each(|field| prepared.head.fields.set(field.name.clone(), field.value.clone()));
            prepared
        }
        Err(text) => site::status_page(500, &text),
    }
}

/// Runs a site's answer until it is done or nobody waits for it any more.
async fn by_site<F: Future<Output = Result<(), SendError>>>(exchange: &Exchange, mut answer: Pin<&mut F>) {
    exchange.set_interest(Interest { data: false, frames: false, body: false });
    let mut lost = pin!(exchange.lost());
    let done = std::future::poll_fn(|context| {
        if let Poll::Ready(done) = answer.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        lost.as_mut().poll(context).map(|_| Ok(()))
    });
    match done.await {
        Ok(()) => {}
        Err(error) if error.is_peer_gone() => tracing::debug!("left before the response: {error}"),
        Err(error) => tracing::error!("the server's own response to {:?} failed: {error}", exchange.request().target),
    }
}
