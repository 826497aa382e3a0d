//! Which profiles there are, in the handler roots and shipped, and the hosts that choose them.

use crate::config::Config;
use crate::script::ScriptSource;
use crate::script::handshake::is_name;
use crate::site;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The folder of profiles in a handler root.
const FOLDER: &str = "profiles";

/// The profile of this name below one of the handler roots, or else a shipped one.
pub fn find(roots: &[PathBuf], name: &str) -> Option<ScriptSource> {
    if !is_name(name) {
        return None;
    }
    let path = format!("{FOLDER}/{name}.rhai");
    let on_disk = roots.iter().map(|root| root.join(&path)).find(|file| file.is_file());
    on_disk.map(ScriptSource::Path).or_else(|| {
        let text = site::shipped_handler(&path)?;
        Some(ScriptSource::Embedded { name: format!("handlers/{path}").into(), text })
    })
}

/// The names of all profiles, on disk and shipped.
fn names(roots: &[PathBuf]) -> BTreeSet<String> {
    let shipped = site::shipped_handlers();
    let shipped = shipped.filter_map(|path| Some(path.strip_prefix("profiles/")?.to_owned()));
    let folders = roots.iter().filter_map(|root| root.join(FOLDER).read_dir().ok());
    let files = folders.flatten().filter_map(|file| file.ok()?.file_name().into_string().ok());
    let name = |file: String| file.strip_suffix(".rhai").filter(|name| is_name(name)).map(str::to_owned);
    shipped.chain(files).filter_map(name).collect()
}

/// Says that no profile has this name, and which names there are.
pub fn missing(roots: &[PathBuf], name: &str) -> String {
    let names: Vec<String> = names(roots).into_iter().collect();
    format!("there is no profile {name:?}; there are {}", names.join(", "))
}

/// What the host of every profile ends with: `.conn.localhost`.
pub fn host_suffix(config: &Config) -> String {
    format!(".conn.{}", config.browser_host.value)
}

/// The hosts of all profiles.
pub fn hosts(config: &Config) -> Vec<String> {
    let end = host_suffix(config);
    names(&config.handler_roots.value).into_iter().map(|name| format!("{name}{end}")).collect()
}

/// One message for each `[[profile_ports]]` whose profile does not exist.
pub fn unknown(config: &Config) -> Vec<String> {
    let roots = &config.handler_roots.value;
    let unknown = config.profile_ports.iter().filter(|port| find(roots, &port.value.profile).is_none());
    unknown.map(|port| format!("{}: {}", port.origin, missing(roots, &port.value.profile))).collect()
}
