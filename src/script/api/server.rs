//! `server`, also `request.server`: the configuration, the stash, and `server.context`, which all workers share.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, FnPtr, FuncRegistration, NativeCallContext};

use super::outcome::{Outcome, fail};
use super::stash::{Handle, copied, restored};
use crate::script::stash::error::StashError;
use crate::script::types;
use crate::script::values::{MAX_VALUE, Values};

/// How often a function of `server.context.update` is called anew because somebody was faster.
const MAX_TRIES: u32 = 1_000;

/// The server, for scripts.
#[derive(Clone)]
pub struct Server(Rc<Inner>);

struct Inner {
    config: Dynamic,
    stash: Handle,
    doc_root: String,
    values: Arc<Values>,
}

/// `server.context`: a map of copies. What is missing is `()`.
#[derive(Clone)]
pub struct ServerContext(Arc<Values>);

impl Server {
    /// The server with its configuration as a map, its stash, its document root, and the values that its workers share.
    pub fn new(config: Dynamic, stash: Handle, doc_root: String, values: Arc<Values>) -> Self {
        Self(Rc::new(Inner { config, stash, doc_root, values }))
    }

    /// The folder of the pages.
    pub fn doc_root(&self) -> &str {
        &self.0.doc_root
    }
}

impl ServerContext {
    fn get(&self, name: &str) -> Outcome<Dynamic> {
        value_of(self.0.get(name).as_ref())
    }

    /// `()` removes what is there.
    fn set(&self, context: &NativeCallContext<'_>, name: &str, value: &Dynamic) -> Outcome<()> {
        match copy(context, value)? {
            Some(copy) => self.0.set(name, copy).or_else(|full| fail(full.to_string())),
            None => {
                self.0.remove(name);
                Ok(())
            }
        }
    }

    /// Calls `change` with what is there until nobody else has changed it meanwhile.
    fn update(&self, context: &NativeCallContext<'_>, name: &str, change: &FnPtr) -> Outcome<Dynamic> {
        for _ in 0..MAX_TRIES {
            let old = self.0.get(name);
            let new: Dynamic = change.call_within_context(context, (value_of(old.as_ref())?,))?;
            let copy = copy(context, &new)?;
            if self.0.swap(name, old.as_ref(), copy).or_else(|full| fail(full.to_string()))? {
                return Ok(new);
            }
        }
        fail(format!(
            "server.context.update: {name} was changed {MAX_TRIES} times while the function was at work: does the function \
             change it itself?"
        ))
    }
}

fn copy(context: &NativeCallContext<'_>, value: &Dynamic) -> Outcome<Option<Bytes>> {
    if value.is_unit() {
        return Ok(None);
    }
    copied(value, MAX_VALUE)?.map(Some).or_else(|error| match error {
        StashError::Type { place, type_name } => {
            let type_name = context.engine().map_type_name(&type_name);
            fail(format!(
                "cannot store a {type_name} in server.context (at {place})\n\
                 help: it stores numbers, strings, characters, bytes, booleans, (), and arrays and maps of them"
            ))
        }
        StashError::Depth(most) => fail(format!("server.context stores values at most {most} levels deep")),
        StashError::ValueTooLarge(most) => fail(format!("a value of server.context has at most {most} bytes as JSON")),
        error => fail(error.to_string()),
    })
}

fn value_of(octets: Option<&Bytes>) -> Outcome<Dynamic> {
    let Some(octets) = octets else { return Ok(Dynamic::UNIT) };
    restored(octets)?.map_or_else(|| fail("the values of server.context cannot be read"), Ok)
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "server", |_: &Server| "server".to_owned());
    engine.register_get("config", |server: &mut Server| server.0.config.clone());
    engine.register_get("stash", |server: &mut Server| server.0.stash.clone());
    engine.register_get("doc_root", |server: &mut Server| server.0.doc_root.clone());
    engine.register_get("context", |server: &mut Server| ServerContext(Arc::clone(&server.0.values)));
    // A global variable is a constant to Rhai, on which it calls nothing that is not pure.
    FuncRegistration::new_setter("context")
        .with_purity(true)
        .register_into_engine(engine, |_: &mut Server, _: ServerContext| {});
    types::register(engine, "server context", |context: &ServerContext| {
        format!("server.context with {}", context.0.names().join(", "))
    });
    engine.register_indexer_get(|context: &mut ServerContext, name: &str| context.get(name));
    engine.register_indexer_set(|call: NativeCallContext, context: &mut ServerContext, name: &str, value: Dynamic| {
        context.set(&call, name, &value)
    });
    engine.register_fn("contains", |context: &mut ServerContext, name: &str| context.0.get(name).is_some());
    engine.register_fn("remove", |context: &mut ServerContext, name: &str| value_of(context.0.remove(name).as_ref()));
    engine.register_fn("keys", |context: &mut ServerContext| -> Array {
        context.0.names().into_iter().map(Dynamic::from).collect()
    });
    engine.register_fn("clear", |context: &mut ServerContext| context.0.clear());
    engine.register_fn("update", |call: NativeCallContext, context: &mut ServerContext, name: &str, change: FnPtr| {
        context.update(&call, name, &change)
    });
}
