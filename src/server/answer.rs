//! What answers a request: what the site says, and the script's source if a script does.

use crate::script::ScriptSource;
use crate::site::head::Head;
use crate::site::{self, Found, Meaning, Source};
use std::cell::OnceCell;
use std::path::Path;

/// What answers a request.
pub(super) struct Answer {
    /// The script, if one does.
    pub script: Option<ScriptSource>,
    /// What the site says.
    pub found: Found,
    /// The name of the file, or of the script, that answers; empty if none does.
    pub file_name: String,
    /// Whether the script says that it is for HTTP/2 alone, once that was asked.
    declared: OnceCell<bool>,
    /// That file is sent as it is.
    pub is_as_is: bool,
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
        let path = match (&script, &found.meaning) {
            (Some(script), _) => script.path(),
            (None, Meaning::File(path)) => path,
            _ => Path::new(""),
        };
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_as_is = path.extension().is_some_and(|extension| extension == "asis");
        Self { file_name, is_as_is, script, found, declared: OnceCell::new() }
    }

    /// Whether it is for HTTP/2 alone: the script's head says it. Looked up for requests over HTTP/1.1 only.
    pub fn is_declared_for_http2(&self) -> bool {
        *self.declared.get_or_init(|| {
            let head = match &self.script {
                Some(ScriptSource::Path(path)) => Head::of_file(path),
                Some(ScriptSource::Embedded { text, .. }) => Some(Head::parse(text)),
                None => None,
            };
            head.is_some_and(|head| head.is_for_http2())
        })
    }

    /// Whether there is anything to answer with.
    pub fn is_there(&self) -> bool {
        !matches!(self.found.meaning, Meaning::Missing | Meaning::NoHarness)
    }
}
