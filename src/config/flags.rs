//! The flags of the command line over what the file says.

use std::path::Path;

use super::error::ConfigError;
use super::keys::keys;
use super::ports::PortKind;
use super::section::{not_a_file, not_a_folder};
use super::source::Source;
use super::values::{LogLevel, Origin, Value};
use super::{Config, ServeArguments, SslType};
use crate::site::Alias;

/// Puts the flags over what the file says, and closes the ports that were not asked for.
pub(super) fn apply(config: &mut Config, arguments: &ServeArguments, errors: &mut Vec<ConfigError>) {
    if arguments.verbose {
        config.log = Value { value: LogLevel::Debug, origin: Origin::Flag("--verbose") };
    }
    keys().for_each(|key| key.apply_flag(config, arguments));
    let folders = [("--root", &arguments.root), ("--ws-doc-root", &arguments.ws_doc_root)];
    let folders = folders.map(|(flag, path)| (flag, path.as_deref().and_then(not_a_folder)));
    let script = ("--inject-script", arguments.inject_script.as_deref().and_then(not_a_file));
    for (flag, why) in folders.into_iter().chain([script]) {
        errors.extend(why.map(|why| ConfigError::of_flag(flag, why)));
    }
    config.use_certs(arguments.certs.as_deref());
    ports(config, arguments, errors);
    if let Some(file) = &arguments.alias_file {
        aliases(config, file, errors);
    }
    config.ready_file.clone_from(&arguments.ready_file);
    config.derive();
}

fn ports(config: &mut Config, arguments: &ServeArguments, errors: &mut Vec<ConfigError>) {
    if let Some(port) = arguments.ports {
        config.profile_ports.iter_mut().for_each(|profile| profile.value.port = port);
    }
    let h2 = arguments.h2 || arguments.h2_port.is_some();
    let h2c = arguments.h2c || arguments.h2c_port.is_some();
    for (kind, _) in [(PortKind::H2, h2), (PortKind::H2c, h2c)].into_iter().filter(|(_, asked)| !asked) {
        if let Some(origin @ Origin::File { .. }) = config.ports.close(kind) {
            let name = kind.name();
            config.notes.push(format!("ports.{name} ({origin}) stays closed without --{name}"));
        }
    }
    if config.ssl.kind.value == SslType::None {
        if h2 {
            let what = format!("HTTP/2 over TLS needs TLS, which `ssl.type` ({}) turns off", config.ssl.kind.origin);
            errors.push(ConfigError::of_flag("--h2", what));
        }
        if let Some(port) = config.profile_ports.iter().find(|port| port.value.kind.has_tls()) {
            let (profile, origin) = (&port.value.profile, &port.origin);
            errors.push(ConfigError::plain(format!(
                "the port of the profile {profile} ({origin}) needs TLS, which `ssl.type` ({}) turns off",
                config.ssl.kind.origin
            )));
        }
        PortKind::ALL.into_iter().filter(|kind| kind.has_tls()).for_each(|kind| drop(config.ports.close(kind)));
    }
    config.ports.check(&config.profile_ports, errors);
}

/// wptserve's file of aliases: lines such as `/path/, folder`.
fn aliases(config: &mut Config, file: &Path, errors: &mut Vec<ConfigError>) {
    let source = match Source::open(file) {
        Ok(source) => source,
        Err(error) => return errors.push(ConfigError::of_flag("--alias-file", error)),
    };
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        match line.split_once(',').map(|(url_path, folder)| (url_path.trim(), folder.trim())) {
            _ if line.trim().is_empty() => {}
            Some((url_path, folder)) if url_path.starts_with('/') && !folder.is_empty() => {
                let alias = Alias { url_path: url_path.to_owned(), local_dir: folder.into() };
                config.aliases.push(Value { value: alias, origin: source.origin(span.start) });
            }
            _ => errors.push(source.error(span, "not an alias", Some("write /path/, directory".to_owned()))),
        }
    }
}
