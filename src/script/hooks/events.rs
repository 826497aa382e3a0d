//! Hooks of connections, and of the status page.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use rhai::Dynamic;

use super::worker::{Hooks, pending};
use crate::exchange::Connection;
use crate::http::role::Role;
use crate::script::api::hooks::{StatusLine, StatusLines};
use crate::script::entries::{Entry, Hook};
use crate::script::error::ScriptError;
use crate::script::subject::Subject;

/// How long a script may take to add its lines to the status page, which waits for it.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);

impl Hooks {
    /// A connection is open: ready when the hooks have done with it, or it is gone.
    pub fn opened(self: &Rc<Self>, connection: Connection) -> impl Future<Output = ()> + 'static + use<> {
        let hooks = Rc::clone(self);
        async move {
            hooks.refresh().await;
            for (script, _) in hooks.those(Hook::Connection) {
                let (argument, pauses) = (connection.clone(), connection.pauses());
                let outcome = hooks.call(
                    &script,
                    Some(Hook::Connection),
                    Subject::Connection { connection: connection.clone(), entry: None },
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
            let arguments = (connection.clone(), Dynamic::from(connection.end_reason().id(Role::Server)));
            let outcome = self.call(
                &script,
                Some(Hook::ConnectionClose),
                // As in a profile's on_close nothing can be sent any more, which is an error if a script tries.
                Subject::Connection { connection: connection.clone(), entry: Some(Entry::OnClose) },
                move |caller| caller.call(Hook::ConnectionClose.name(), arguments).map(drop),
                pending(),
            );
            if let Err(error) = outcome.await {
                self.failed(script.path(), Hook::ConnectionClose.name(), &error);
            }
        }
    }

    /// What the hooks add to the status page.
    pub async fn status(&self) -> Vec<StatusLine> {
        self.refresh().await;
        let mut all = Vec::new();
        for (script, _) in self.those(Hook::Status) {
            let lines = Rc::new(RefCell::default());
            let argument = StatusLines(Rc::clone(&lines));
            let outcome = self.call(
                &script,
                Some(Hook::Status),
                Subject::Server,
                move |caller| caller.call(Hook::Status.name(), (argument,)).map(drop),
                tokio::time::sleep(STATUS_TIMEOUT),
            );
            match outcome.await {
                Ok(()) => all.append(&mut lines.borrow_mut()),
                Err(ScriptError::Ended) => {
                    let error = format!("error: it took longer than {} s", STATUS_TIMEOUT.as_secs_f64());
                    self.shared.failed(script.path(), Hook::Status.name(), error);
                }
                Err(error) => self.failed(script.path(), Hook::Status.name(), &error),
            }
        }
        all
    }
}
