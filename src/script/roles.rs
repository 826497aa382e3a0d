//! What a script can serve as, by the functions that it defines: a handler, a profile, a hook script, a library.

use std::ffi::OsStr;
use std::path::Path;

use super::compiled::Script;
use super::entries::{Entry, Hook};
use super::error::ScriptError;
use super::handshake::{Handshake, is_name};
use crate::http::words::similar;

/// Whether a script is a handler.
///
/// # Errors
/// [`ScriptError::NoHandler`]: an entry function with the wrong parameters, or none at all.
pub fn check_is_handler(script: &Script) -> Result<(), ScriptError> {
    check_entries(script)?;
    if script.defines_any(&Entry::HANDLER) {
        return Ok(());
    }
    let message = if script.defines_any(&Entry::PROFILE) {
        "this is a profile: it controls connections, and does not respond to requests".to_owned()
    } else {
        format!("this script has no handler function: define one of {}", listed(&Entry::HANDLER))
    };
    Err(ScriptError::NoHandler(script.fault(message)))
}

/// Whether a script is a profile.
///
/// # Errors
/// [`ScriptError::NoHandler`]: an entry function with the wrong parameters, a name that is nearly one, or none at all.
pub fn check_is_profile(script: &Script) -> Result<(), ScriptError> {
    check_entries(script)?;
    check_profile_names(script)?;
    if !Handshake::of(script)?.is_usual() || script.defines_any(&Entry::PROFILE) {
        return Ok(());
    }
    let message =
        format!("this script is not a profile: define one of {}, const ALPN, const SPEAKS", listed(&Entry::PROFILE));
    Err(ScriptError::NoHandler(script.fault(message)))
}

/// Looks whether each name that looks like one of a profile's functions is one, or a hook's.
fn check_profile_names(script: &Script) -> Result<(), ScriptError> {
    let is_known = |name: &str| {
        Entry::PROFILE.iter().any(|entry| entry.name() == name) || Hook::ALL.iter().any(|hook| hook.name() == name)
    };
    let mut names = script.ast().iter_functions().map(|function| function.name);
    let Some(name) = names.find(|name| name.starts_with("on_") && !is_known(name)) else { return Ok(()) };
    let near = similar(name, Entry::PROFILE.map(Entry::name));
    let advice =
        near.map_or_else(|| format!("there are {}", listed(&Entry::PROFILE)), |near| format!("did you mean {near}?"));
    let message = format!("nothing calls {name} of a profile: {advice}");
    Err(ScriptError::NoHandler(script.fault_at_function(message, name)))
}

/// Whether each entry function of a script has the right number of parameters.
///
/// # Errors
/// [`ScriptError::NoHandler`]
pub fn check_entries(script: &Script) -> Result<(), ScriptError> {
    if !script.is_misshapen() {
        return Ok(());
    }
    for entry in Entry::ALL.into_iter().filter(|entry| !script.defines(*entry)) {
        let wanted = entry.parameters();
        if let Some(wrong) = script.ast().iter_functions().find(|function| function.name == entry.name()) {
            let message = format!(
                "{} must have {} parameter{} ({}), not {}",
                entry.name(),
                wanted.len(),
                if wanted.len() == 1 { "" } else { "s" },
                wanted.join(", "),
                wrong.params.len()
            );
            return Err(ScriptError::NoHandler(script.fault_at_function(message, entry.name())));
        }
    }
    Ok(())
}

/// Entry functions as messages name them.
pub fn listed(entries: &[Entry]) -> String {
    entries.iter().map(|entry| entry.call()).collect::<Vec<_>>().join(", ")
}

/// Which hooks a script defines, and with how many parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefinedHooks([Option<usize>; Hook::ALL.len()]);

impl DefinedHooks {
    /// The number of its parameters, if the script defines it.
    pub fn parameters(&self, hook: Hook) -> Option<usize> {
        self.0[hook as usize]
    }

    /// What a hook script defines.
    ///
    /// # Errors
    /// [`ScriptError::NoHandler`]: a hook with the wrong parameters, a name that is nearly one, or nothing to call at all.
    pub fn of(script: &Script) -> Result<Self, ScriptError> {
        let mut defined = Self::default();
        let mut registers = script.text().contains("hooks::register");
        for function in script.ast().iter_functions() {
            let wrong = |message: String| Err(ScriptError::NoHandler(script.fault_at_function(message, function.name)));
            let found = function.params.len();
            let Some(hook) = Hook::ALL.into_iter().find(|hook| hook.name() == function.name) else {
                let known = Hook::ALL.map(Hook::name);
                let other = Entry::ALL.iter().any(|entry| entry.name() == function.name);
                if function.name.starts_with("on_") && !other && !function.name.starts_with("anon$") {
                    let advice = similar(function.name, known).map_or_else(
                        || format!("there are {}", known.join(", ")),
                        |near| format!("did you mean {near}?"),
                    );
                    return wrong(format!("the server calls no {}: {advice}", function.name));
                }
                continue;
            };
            if !(hook.min_parameters()..=hook.parameters().len()).contains(&found) {
                return wrong(format!("{} must be written {}, not with {found} parameters", hook.name(), hook.call()));
            }
            defined.0[hook as usize] = Some(found);
            registers = true;
        }
        if registers {
            return Ok(defined);
        }
        let hooks: Vec<String> = Hook::ALL.iter().map(|hook| hook.call()).collect();
        let message = format!("this script is not a hook: it registers nothing; define one of {}", hooks.join(", "));
        Err(ScriptError::NoHandler(script.fault(message)))
    }
}

/// Whether a script found on disk can be used: as a profile in a folder `profiles`; elsewhere as a handler, or as a
/// library, which has other functions only.
///
/// # Errors
/// [`ScriptError::NoHandler`]
pub fn check_is_usable(script: &Script) -> Result<(), ScriptError> {
    check_entries(script)?;
    let path = script.path();
    if path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "profiles") {
        check_is_profile(script)?;
        if path.file_stem().and_then(OsStr::to_str).is_none_or(|name| !is_name(name)) {
            let message =
                "a profile's name is a label of a host name: 1 to 63 letters in lower case, digits and hyphens";
            return Err(ScriptError::NoHandler(script.fault(message)));
        }
        return Ok(());
    }
    if script.has_functions() {
        return Ok(());
    }
    if script.text().trim().is_empty() {
        return Err(ScriptError::NoHandler(script.fault("this script is empty")));
    }
    check_is_handler(script)
}
