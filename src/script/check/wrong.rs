//! One mistake in the names of a script, as an error with its place.

use crate::http::words::similar;
use crate::script::compiled::Script;
use crate::script::error::{Fault, ScriptError};
use rhai::Position;

/// One mistake.
pub(super) struct Wrong {
    /// Where; what is wrong with a whole function has its name instead.
    pub place: Result<Position, String>,
    pub message: String,
    pub help: Option<String>,
}

impl Wrong {
    pub fn new(place: Position, message: String) -> Self {
        Self { place: Ok(place), message, help: None }
    }

    /// Says which of the known names is similar.
    pub fn similar<'n>(mut self, what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        self.help = similar(name, known).map(|near| format!("a similar {what} exists: `{near}`"));
        self
    }

    pub fn error(self, script: &Script) -> ScriptError {
        let mut fault = match self.place {
            Ok(place) => {
                let place = place.line().map(|line| (line, place.position().unwrap_or(0)));
                Fault::new(self.message, script.path(), script.text(), place)
            }
            Err(function) => script.fault_at_function(self.message, &function),
        };
        fault.help = self.help;
        ScriptError::NoHandler(fault)
    }
}
