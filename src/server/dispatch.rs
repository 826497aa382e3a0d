//! Who answers an exchange.

use super::pages;
use super::worker::Worker;
use crate::exchange::{Exchange, Interest, Prepared, Protocol, SendError};
use crate::net;
use crate::site::{self, Found, Generated, Meaning, Mount, Site};
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
            tracing::error!("a fault in the server ended the answer to {:?}", exchange.request().target);
            let _ = exchange.reset(ErrorCode::INTERNAL_ERROR);
        }
    }
}

async fn answer(worker: Rc<Worker>, exchange: Exchange) {
    let request = exchange.request();
    if exchange.connection().peer().wrong_protocol {
        let text = "This port speaks HTTP/2 only. The ready line names a port for HTTP/1.1.";
        return by_site(&exchange, site::send(&exchange, site::status_page(505, text), worker.common_fields())).await;
    }
    if !request.connect_protocol_known {
        let text = "This :protocol is not served.";
        return by_site(&exchange, site::send(&exchange, site::status_page(501, text), worker.common_fields())).await;
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
        return by_site(&exchange, site::send(&exchange, site::status_page(505, &text), worker.common_fields())).await;
    }
    match &answer.script {
        Some(script) => worker.host.run(script, exchange).await,
        None => by_site(&exchange, by_found(&worker, &exchange, &answer.found)).await,
    }
}

async fn by_found(worker: &Worker, exchange: &Exchange, found: &Found) -> Result<(), SendError> {
    let desk = Desk { worker, site: worker.site(), exchange, mount: found.mount.as_deref() };
    let common = worker.common_fields();
    match &found.meaning {
        Meaning::File(path) if path.extension().is_some_and(|extension| extension == "asis") => {
            site::send_as_is(exchange, path, common).await
        }
        meaning => {
            let (prepared, name) = desk.prepare(meaning);
            let Some(name) = name else { return site::send(exchange, prepared, common).await };
            let injection = desk.site.injection.as_ref();
            site::send_piped(exchange, prepared, common, &name, &desk.scope(), injection).await
        }
    }
}

/// What deciding a response takes.
struct Desk<'a> {
    worker: &'a Worker,
    site: &'a Site,
    exchange: &'a Exchange,
    mount: Option<&'a Mount>,
}

impl Desk<'_> {
    /// Decides the response of everything but scripts and `.asis` files; with the name that asks for pipes, where pipes
    /// are to act.
    fn prepare<'a>(&self, meaning: &'a Meaning) -> (Prepared, Option<Cow<'a, str>>) {
        let request = self.exchange.request();
        if request.query() == Some(b"list")
            && let Some(folder) = self.site.folder(request.path())
        {
            return (site::listing(request, &folder, &self.site.roots), None);
        }
        match meaning {
            Meaning::File(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                (site::file(self.exchange, path, &self.context(&self.substitute())), Some(name))
            }
            Meaning::Generated(generated) if matches!(&request.method[..], b"GET" | b"HEAD") => {
                (self.generated(generated), Some(generated.loads_name()))
            }
            Meaning::Shipped(name, content) => {
                let content = match content {
                    Cow::Borrowed(octets) => Bytes::from_static(octets),
                    Cow::Owned(octets) => octets.clone().into(),
                };
                (site::shipped_page(request, name, content), Some(name.into()))
            }
            Meaning::Folder(path) => (site::listing(request, path, &self.site.roots), None),
            Meaning::Index => {
                let (ports, protocol) = (&self.worker.shared.ports, protocol_name(self.exchange.protocol()));
                (site::html_page(site::index_page(&self.site.roots, ports, protocol)), None)
            }
            Meaning::AddSlash => (site::add_slash(request), None),
            meaning => (pages::in_words(meaning), None),
        }
    }

    /// A generated page or script; its test's `.headers` are its own, where a later line replaces an earlier one of its
    /// name, as in serve.py.
    fn generated(&self, generated: &Generated) -> Prepared {
        let mut prepared = match generated.prepare(self.exchange.request().query()) {
            Ok(prepared) => prepared,
            Err(error) => return site::status_page(error.status(), &error.to_string()),
        };
        match site::own_fields(self.exchange, generated.source(), &self.context(&self.substitute())) {
            Ok(fields) => {
                fields.iter().for_each(|field| prepared.head.fields.set(field.name.clone(), field.value.clone()))
            }
            Err(text) => return site::status_page(500, &text),
        }
        prepared
    }

    /// What templates can name.
    fn scope(&self) -> site::Scope<'_> {
        let scope = site::Scope::new(self.exchange, &self.site.environment, &self.site.roots.hidden);
        match self.mount {
            Some(mount) => site::Scope { url_base: &mount.url_base, doc_root: &mount.folder, ..scope },
            None => scope,
        }
    }

    fn substitute(&self) -> impl Fn(&[u8]) -> Result<Vec<u8>, String> + '_ {
        |text| site::substitute(text, &self.scope(), site::Escape::None).map_err(|error| format!("{error}."))
    }

    fn context<'a>(&'a self, substitute: &'a site::Substitute<'a>) -> site::Context<'a> {
        site::Context {
            roots: &self.site.roots,
            cache: &self.worker.files,
            now: self.worker.now.get(),
            wall_clock: net::wall_clock,
            substitute,
        }
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
