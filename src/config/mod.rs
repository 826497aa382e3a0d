//! `wpt.toml` and the command line → a resolved [`Config`], each value with its origin.
//!
//! | module | what lives there |
//! |---|---|
//! | [`arguments`] | the command line |
//! | [`values`] | a value and where it comes from, log levels |
//! | [`hosts`], `ascii` | every name that the server answers to; names as browsers send them |
//! | `resolved` | [`Config`]: every key with its value |
//! | `ssl` | where certificates come from |
//! | [`ports`], [`limits`] | the ports to open; every bound on clients and scripts |
//! | [`stash`], [`transcript`] | where scripts keep values; what is recorded of connections |
//! | [`error`] | what is wrong with a configuration, with its line |
//! | [`ready`] | the line that tells that all ports are open |
//! | [`flags`] | the flags of the command line over the file |
//! | `table`, `keys`, `lists`, `rules` | **the table of keys**, from which the rest comes |
//! | [`mod@print`], `show` | `wireserve config`: the resolved whole |
//! | `documentation` | the list of keys for `docs/configuration.md`, which a test writes |
//! | `changes` | what an edit changes, at once or with the next start |
//! | `source`, `tree` | a file, TOML or JSON, as values with their places |
//! | `file`, `section` | reading those values by the table, all errors at once |
//!
//! A new key is one row of `keys!`: in `resolved`, or in the file of its table. Its default is that of the module that it goes
//! to, and `wpt.toml` gets a line.
//!
//! Flags win over the file, the file wins over the defaults. Paths in the file are relative to its
//! folder, paths on the command line to the current one.

pub mod arguments;
mod ascii;
mod changes;
#[cfg(test)]
mod documentation;
pub mod error;
mod file;
pub mod flags;
pub mod hosts;
mod keys;
pub mod limits;
mod lists;
pub mod ports;
pub mod print;
pub mod ready;
mod resolved;
mod rules;
mod section;
mod show;
mod source;
mod ssl;
pub mod stash;
mod table;
pub mod transcript;
mod tree;
pub mod values;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use self::arguments::{
    ApiArguments, Arguments, CertsArguments, CertsCommand, CheckArguments, CheckFormat, Command, CompletionsArguments,
    ConfigArguments, DefinitionsArguments, DocsArguments, HostsArguments, ManArguments, NewArguments, OpenArguments,
    SchemaArguments, SchemaFormat, ServeArguments, ShowArguments, ViewArguments,
};
pub use self::changes::Changes;
pub use self::error::{ConfigError, ConfigErrors};
pub use self::hosts::Hosts;
pub use self::ports::{PortKind, ProfilePort};
pub use self::ready::Ready;
pub use self::resolved::Config;
use self::resolved::{FILE, THEIR_FILE};
use self::source::Source;
pub use self::ssl::{Ssl, SslType};
pub use self::stash::Stash;
pub use self::transcript::Transcript;
pub use self::values::{LogFormat, LogLevel, Origin, Port, Value};

/// Reads `wpt.toml` over `config.json` (or the file that is named) and applies the flags of `wireserve serve`.
///
/// # Errors
/// Everything that is wrong, not only the first thing.
pub fn resolve(arguments: &ServeArguments) -> Result<Config, ConfigErrors> {
    let (config, errors) = resolve_all(arguments);
    if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
}

/// As [`resolve`]: the configuration as far as it is right, and everything that is wrong.
pub fn resolve_all(arguments: &ServeArguments) -> (Config, Vec<ConfigError>) {
    let (mut config, mut errors) = check(arguments.config.as_deref());
    flags::apply(&mut config, arguments, &mut errors);
    (config, errors)
}

/// The configuration as the file alone makes it, as far as it is right, and everything that is wrong with it:
/// for the commands that go on nevertheless.
pub fn check(file: Option<&Path>) -> (Config, Vec<ConfigError>) {
    let mut config = Config::default();
    let mut errors = Vec::new();
    for source in open(file) {
        match source {
            Ok(source) => file::read(&source, &mut config, &mut errors),
            Err(error) => errors.push(error),
        }
    }
    config.derive();
    hosts::check(&config, &mut errors);
    (config, errors)
}

/// The file that is named; else web-platform-tests', over which ours is read: as far as they are there.
fn open(file: Option<&Path>) -> Vec<Result<Source, ConfigError>> {
    if let Some(file) = file {
        return vec![Source::open(file)];
    }
    let opened = [THEIR_FILE, FILE].map(|file| (file, Source::open(Path::new(file))));
    let is_there = |(file, opened): &(&str, Result<Source, ConfigError>)| match opened {
        // Many programs have a file of that name.
        Ok(source) => *file == FILE || file::is_of_wptserve(source),
        Err(error) => !error.is_missing(),
    };
    opened.into_iter().filter(is_there).map(|(_, opened)| opened).collect()
}

/// As [`check`], with the folder of `--certs`, for the commands about certificates.
///
/// # Errors
/// Everything that is wrong.
pub fn with_certs(file: Option<&Path>, certs: Option<&Path>) -> Result<Config, ConfigErrors> {
    let (mut config, errors) = check(file);
    config.use_certs(certs);
    if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
}
