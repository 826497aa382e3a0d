//! The moments of the server, of its scripts and of its connections; the status page.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use rhai::Dynamic;
use serde_json::Value;

use super::entry::Hook;
use super::{Hooks, pending};
use crate::exchange::Connection;
use crate::script::api::hooks::StatusLines;
use crate::script::error::ScriptError;
use crate::script::loader::Entry;
use crate::script::news::News;

/// How long a script may take to say what it adds to the status page, which waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line that a hook adds to the status page.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is about.
    pub name: String,
    /// How that stands.
    pub value: Value,
}

impl Hooks {
    /// Calls `on_start` of those that the server has not started before.
    pub(super) async fn start(&self) {
        for (script, _) in self.those(Hook::Start) {
            if self.shared.starts(script.path()) {
                let server = self.server.clone();
                let started = self.call(
                    &script,
                    Some(Hook::Start),
                    |_| {},
                    move |caller| caller.call(Hook::Start.name(), (server,)).map(drop),
                    pending(),
                );
                if let Err(error) = started.await {
                    self.failed(script.path(), Hook::Start.name(), &error);
                }
            }
        }
    }

    /// Tells what became of scripts.
    pub(in crate::script) async fn tell(&self) {
        if self.core.gazette().has_news() {
            let _one = self.looking.lock().await;
            self.tell_news().await;
        }
    }

    pub(super) async fn tell_news(&self) {
        while let Some(news) = self.core.gazette().next() {
            let (hook, path) = match news {
                News::Loaded(path) => (Hook::ScriptLoad, path),
                News::Unloaded(path) => (Hook::ScriptUnload, path),
            };
            for (script, _) in self.those(hook) {
                let path = path.to_string_lossy().into_owned();
                let told = self.call(
                    &script,
                    Some(hook),
                    |_| {},
                    move |caller| caller.call(hook.name(), (path,)).map(drop),
                    pending(),
                );
                if let Err(error) = told.await {
                    self.failed(script.path(), hook.name(), &error);
                }
            }
        }
    }

    /// A connection is open: ready when the hooks have done with it, or it is gone.
    pub fn opened(self: &Rc<Self>, connection: Connection) -> impl Future<Output = ()> + 'static + use<> {
        let hooks = Rc::clone(self);
        async move {
            hooks.refresh().await;
            for (script, _) in hooks.those(Hook::Connection) {
                let (owner, argument, pauses) = (connection.clone(), connection.clone(), connection.pauses());
                let outcome = hooks.call(
                    &script,
                    Some(Hook::Connection),
                    move |run| drop(run.connection.set(owner)),
                    move |caller| caller.call(Hook::Connection.name(), (argument,)).map(drop),
                    connection.gone(),
                );
                if let Err(error) = outcome.await {
                    hooks.failed(script.path(), Hook::Connection.name(), &error);
                    connection.end_pauses_since(pauses);
                }
            }
        }
    }

    /// A connection is over.
    pub async fn closed(&self, connection: &Connection) {
        for (script, _) in self.those(Hook::ConnectionClose) {
            let owner = connection.clone();
            let arguments = (connection.clone(), Dynamic::from(connection.end_reason().id()));
            let outcome = self.call(
                &script,
                Some(Hook::ConnectionClose),
                move |run| {
                    drop(run.connection.set(owner));
                    // As for a profile nothing can be sent any more, which is told when it is tried.
                    run.profile_call.set(Some(Entry::OnClose));
                },
                move |caller| caller.call(Hook::ConnectionClose.name(), arguments).map(drop),
                pending(),
            );
            if let Err(error) = outcome.await {
                self.failed(script.path(), Hook::ConnectionClose.name(), &error);
            }
        }
    }

    /// What the hooks add to the status page.
    pub async fn status(&self) -> Vec<Line> {
        self.refresh().await;
        let mut all = Vec::new();
        for (script, _) in self.those(Hook::Status) {
            let lines = Rc::new(RefCell::default());
            let argument = StatusLines(Rc::clone(&lines));
            let outcome = self.call(
                &script,
                Some(Hook::Status),
                |_| {},
                move |caller| caller.call(Hook::Status.name(), (argument,)).map(drop),
                tokio::time::sleep(PATIENCE),
            );
            match outcome.await {
                Ok(()) => all.append(&mut lines.borrow_mut()),
                Err(ScriptError::Ended) => {
                    let error = format!("error: it took longer than {} s", PATIENCE.as_secs_f64());
                    self.shared.failed(script.path(), Hook::Status.name(), error);
                }
                Err(error) => self.failed(script.path(), Hook::Status.name(), &error),
            }
        }
        all
    }
}
