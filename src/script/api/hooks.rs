//! `hooks::`: functions that scripts offer to each other; what hooks add to the status page.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{CallFnOptions, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, Scope};
use serde_json::Value;

use super::functions::Functions;
use super::json::to_json;
use super::outcome::{Outcome, fail};
use crate::script::budget;
use crate::script::compiled::KeptScripts;
use crate::script::nesting::may_last;
use crate::script::offers::{Offer, Offers, RunningHook};
use crate::script::types;

/// Lines that one script may add to the status page.
const MAX_LINES: usize = 1000;

/// Octets of one of them, as JSON.
const MAX_LINE: usize = 64 * 1024;

/// Octets of the name that a function is offered under.
const MAX_NAME: usize = 1000;

/// A line that a hook adds to the status page.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusLine {
    /// What it is about.
    pub name: String,
    /// How that stands.
    pub value: Value,
}

/// The argument of `on_status`.
#[derive(Clone)]
pub struct StatusLines(pub Rc<RefCell<Vec<StatusLine>>>);

fn offer(offers: &Offers, name: &str, function: FnPtr) -> Outcome<()> {
    let Some(RunningHook { script, may_offer }) = budget::current().and_then(|run| RunningHook::of(&run)) else {
        return fail(
            "hooks::register is for hook scripts, those that [hooks] in wpt.toml lists: they are loaded on every \
             worker, and so the function is there for every request",
        );
    };
    if name.is_empty() || name.len() > MAX_NAME {
        return fail(format!("the name of a function has 1 to {MAX_NAME} bytes"));
    }
    if !may_offer {
        // What stands outside of functions runs again before each call.
        let known = offers.find(name).ok();
        if known
            .is_some_and(|known| known.script.path() == script.path() && known.function.fn_name() == function.fn_name())
        {
            return Ok(());
        }
        return fail(
            "here hooks::register would reach this worker alone: call it outside of functions, or in on_script_load, \
             which happens on every worker",
        );
    }
    if !script.ast().iter_functions().any(|defined| defined.name == function.fn_name()) {
        return fail(format!(
            "{} is not a function of this script: register a closure that calls it",
            function.fn_name()
        ));
    }
    offers.register(name, Offer { function, script }).or_else(|error| fail(error.to_string()))
}

/// Calls what a script offers, in the time of whoever calls.
fn call(offers: &Offers, context: &NativeCallContext<'_>, name: &str, arguments: Vec<Dynamic>) -> Outcome<Dynamic> {
    let Some(run) = budget::current() else { return fail("hooks::call is possible inside a script at work only") };
    let Offer { function, script } = offers.find(name).or_else(|error| fail(error.to_string()))?;
    if arguments.iter().any(Dynamic::is_fnptr) {
        return fail("a function belongs to its script, and no other can call it: hand over values alone");
    }
    if !function.iter_curry().all(may_last) {
        return fail(format!(
            "the values that the function {name:?} holds are nested too deep: does each call put it into one more closure or list?"
        ));
    }
    KeptScripts::keep(&run, &script);
    let arguments: Vec<Dynamic> = function.iter_curry().cloned().chain(arguments).collect();
    let outer = RunningHook::replace(&run, Some(RunningHook { script: Rc::clone(&script), may_offer: false }));
    let options = CallFnOptions::new().eval_ast(true).rewind_scope(true);
    let outcome = context.engine().call_fn_with_options::<Dynamic>(
        options,
        &mut Scope::new(),
        script.ast(),
        function.fn_name(),
        arguments,
    );
    RunningHook::replace(&run, outer);
    outcome.map_err(|error| {
        let source = script.path().to_string_lossy().into_owned();
        let called = format!("hooks::call({name:?})");
        EvalAltResult::ErrorInFunctionCall(called, source, error, context.call_position()).into()
    })
}

/// Registers `hooks::call` with this many arguments after the name.
macro_rules! callable {
    ($module:ident, $offers:ident, $($($argument:ident)*);*) => {$({
        let offers = Rc::clone($offers);
        $module.add("call", move |context: NativeCallContext<'_>, name: &str $(, $argument: Dynamic)*| {
            call(&offers, &context, name, vec![$($argument),*])
        });
    })*};
}

pub fn register(engine: &mut Engine, offers: &Rc<Offers>) {
    let mut module = Functions::default();
    let own = Rc::clone(offers);
    module.add("register", move |name: &str, function: FnPtr| offer(&own, name, function));
    callable!(module, offers, ; a; a b; a b c; a b c d; a b c d e; a b c d e f);
    module.register(engine, "hooks");
    types::register(engine, "status", |lines: &StatusLines| {
        format!("status page with {} lines", lines.0.borrow().len())
    });
    engine.register_fn("add", |lines: &mut StatusLines, name: &str, value: Dynamic| -> Outcome<()> {
        let value = to_json(&value)?;
        let mut lines = lines.0.borrow_mut();
        if lines.len() >= MAX_LINES {
            return fail(format!("a script adds up to {MAX_LINES} lines to the status page"));
        }
        if name.len() + value.to_string().len() > MAX_LINE {
            return fail(format!("a line of the status page has at most {MAX_LINE} bytes, as JSON"));
        }
        lines.push(StatusLine { name: name.to_owned(), value });
        Ok(())
    });
}
