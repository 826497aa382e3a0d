//! The flags of the command line over what the file says.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::ports::PortKind;
use super::source::Source;
use super::values::{LogLevel, Origin, Value};
use super::{Config, ServeArguments, SslType, derive};
use crate::site::Alias;

/// Puts the flags over what the file says, and closes the ports that were not asked for.
pub(super) fn apply(config: &mut Config, arguments: &ServeArguments, errors: &mut Vec<ConfigError>) {
    fn set<T: Clone>(value: &mut Value<T>, flag: &'static str, given: Option<&T>) {
        if let Some(given) = given {
            *value = Value { value: given.clone(), origin: Origin::Flag(flag) };
        }
    }
    set(&mut config.bind_address, "--bind", arguments.bind.as_ref());
    set(&mut config.workers, "--workers", arguments.workers.as_ref());
    if arguments.verbose {
        set(&mut config.log, "--verbose", Some(&LogLevel::Debug));
    }
    set(&mut config.log, "--log", arguments.log.as_ref());
    set(&mut config.latency, "--latency", arguments.latency.as_ref());
    ports(config, arguments, errors);

    let mut folder = |flag, path: Option<&PathBuf>, value: &mut Value<PathBuf>| {
        if let Some(path) = path.filter(|path| !path.is_dir()) {
            errors.push(ConfigError::of_flag(flag, format!("there is no folder {}", path.display())));
        }
        set(value, flag, path);
    };
    folder("--root", arguments.root.as_ref(), &mut config.doc_root);
    folder("--ws-doc-root", arguments.ws_doc_root.as_ref(), &mut config.ws_doc_root);
    if let Some(script) = &arguments.inject_script {
        if !script.is_file() {
            let what = format!("there is no file {}", script.display());
            errors.push(ConfigError::of_flag("--inject-script", what));
        }
        set(&mut config.inject_script, "--inject-script", Some(&Some(script.clone())));
    }
    config.use_certs(arguments.certs.as_deref());
    if let Some(file) = &arguments.alias_file {
        aliases(config, file, errors);
    }
    config.ready_file.clone_from(&arguments.ready_file);
    derive(config);
}

fn ports(config: &mut Config, arguments: &ServeArguments, errors: &mut Vec<ConfigError>) {
    let given = [
        (PortKind::Http, "--port", arguments.port),
        (PortKind::Https, "--https-port", arguments.https_port),
        (PortKind::H2, "--h2-port", arguments.h2_port),
        (PortKind::H2c, "--h2c-port", arguments.h2c_port),
    ];
    for (kind, flag, port) in given {
        if let Some(port) = port {
            config.ports.set_first(kind, port, flag);
        }
    }
    let asked = |flag: bool, port: Option<_>| flag || port.is_some();
    if !asked(arguments.h2, arguments.h2_port) {
        config.ports.close(PortKind::H2);
    }
    if !asked(arguments.h2c, arguments.h2c_port) {
        config.ports.close(PortKind::H2c);
    }
    if config.ssl.kind.value == SslType::None && arguments.certs.is_none() {
        if asked(arguments.h2, arguments.h2_port) {
            let what = format!("HTTP/2 over TLS is asked for, and no TLS by `ssl.type` ({})", config.ssl.kind.origin);
            errors.push(ConfigError::of_flag("--h2", what));
        }
        PortKind::ALL.into_iter().filter(|kind| kind.has_tls()).for_each(|kind| config.ports.close(kind));
    }
    config.ports.check(errors);
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
            _ => errors.push(source.error(span, "this is no alias", Some("write /path/, folder".to_owned()))),
        }
    }
}
