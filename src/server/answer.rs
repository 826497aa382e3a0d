//! What answers a request: what the site says, and the script's source if a script does.

use crate::script::ScriptSource;
use crate::site::{self, Found, Meaning, Source};

/// What answers a request.
pub(super) struct Answer {
    /// The script, if one does.
    pub script: Option<ScriptSource>,
    /// What the site says.
    pub found: Found,
}

impl Answer {
    /// With the script's source, if `found` is a script. One that is not there any more is missing.
    pub fn new(mut found: Found) -> Self {
        let script = match &found.meaning {
            Meaning::Script(Source::File(path)) => Some(ScriptSource::Path(path.clone())),
            Meaning::Script(Source::Shipped(name)) => site::shipped_handler(name)
                .map(|text| ScriptSource::Embedded { name: format!("handlers/{name}").into(), text }),
            _ => None,
        };
        if script.is_none() && matches!(found.meaning, Meaning::Script(_)) {
            found.meaning = Meaning::Missing;
        }
        Self { script, found }
    }

    /// Whether there is anything to answer with.
    pub fn is_there(&self) -> bool {
        !matches!(self.found.meaning, Meaning::Missing | Meaning::NoHarness)
    }
}
