//! The functions by which the server calls a hook script.

use std::path::Path;

use crate::script::error::{Fault, ScriptError};
use crate::script::loader::{Entry, Script};
use crate::script::similar::similar;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// The server has started.
    Start,
    /// A worker has compiled a script.
    ScriptLoad,
    /// A worker goes by the compiled script no more.
    ScriptUnload,
    /// A connection is open.
    Connection,
    /// A connection is over.
    ConnectionClose,
    /// A request has come.
    Request,
    /// A response is about to be sent.
    Response,
    /// Somebody looks at the status page.
    Status,
}

impl Hook {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::ScriptLoad,
        Self::ScriptUnload,
        Self::Connection,
        Self::ConnectionClose,
        Self::Request,
        Self::Response,
        Self::Status,
    ];

    /// Its name in a script.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "on_start",
            Self::ScriptLoad => "on_script_load",
            Self::ScriptUnload => "on_script_unload",
            Self::Connection => "on_connection",
            Self::ConnectionClose => "on_connection_close",
            Self::Request => "on_request",
            Self::Response => "on_response",
            Self::Status => "on_status",
        }
    }

    /// Its parameters.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Start => &["server"],
            Self::ScriptLoad | Self::ScriptUnload => &["path"],
            Self::Connection => &["connection"],
            Self::ConnectionClose => &["connection", "reason"],
            Self::Request | Self::Response => &["request", "response"],
            Self::Status => &["status"],
        }
    }

    /// How many of them there must be.
    const fn least(self) -> usize {
        match self {
            Self::Request => 1,
            _ => self.parameters().len(),
        }
    }

    fn call(self) -> String {
        format!("{}({})", self.name(), self.parameters().join(", "))
    }
}

/// Which of them a script defines, and with how many parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defined([Option<usize>; Hook::ALL.len()]);

impl Defined {
    /// The number of its parameters, if the script defines it.
    pub fn parameters(&self, hook: Hook) -> Option<usize> {
        self.0[hook as usize]
    }
}

/// What a hook script defines.
///
/// # Errors
/// [`ScriptError::NoHandler`]: a hook with the wrong parameters, a name that is none of them, or nothing to call at all.
pub fn defined(script: &Script) -> Result<Defined, ScriptError> {
    let mut defined = Defined::default();
    let mut registers = script.text().contains("hooks::register");
    for function in script.ast().iter_functions() {
        let wrong = |message: String| Err(fault(script, message, Some(function.name)));
        let found = function.params.len();
        let Some(hook) = Hook::ALL.into_iter().find(|hook| hook.name() == function.name) else {
            let known = Hook::ALL.map(Hook::name);
            let other = Entry::ALL.iter().any(|entry| entry.name() == function.name);
            if function.name.starts_with("on_") && !other && !function.name.starts_with("anon$") {
                let advice = similar(function.name, known)
                    .map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean {near}?"));
                return wrong(format!("the server calls no {}: {advice}", function.name));
            }
            continue;
        };
        if !(hook.least()..=hook.parameters().len()).contains(&found) {
            return wrong(format!("{} is written {}, not with {found} parameters", hook.name(), hook.call()));
        }
        defined.0[hook as usize] = Some(found);
        registers = true;
    }
    if registers {
        return Ok(defined);
    }
    let hooks: Vec<String> = Hook::ALL.iter().map(|hook| hook.call()).collect();
    let message = format!("this is no hook script: it registers nothing, and defines none of {}", hooks.join(", "));
    Err(fault(script, message, None))
}

fn fault(script: &Script, message: String, function: Option<&str>) -> ScriptError {
    let path: &Path = script.path();
    let mut fault = Fault::new(message, path, script.text(), None);
    if let Some(function) = function {
        fault.place_at_function(function, script.text());
    }
    ScriptError::NoHandler(fault)
}
