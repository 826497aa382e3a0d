//! `wpt.toml` and the command line → a resolved [`Config`], each value with its origin.
//!
//! | module | what lives there |
//! |---|---|
//! | [`arguments`] | the command line |
//! | [`values`] | a value and where it comes from, log levels |
//! | [`hosts`] | every name that the server answers to |
//! | [`ports`], [`limits`] | the ports to open; every bound on clients and scripts |
//! | [`stash`], [`transcript`] | where scripts keep values; what is recorded of connections |
//! | [`error`] | what is wrong with a configuration, with its line |
//! | [`ready`] | the line that tells that all ports are open |
//! | [`flags`] | the flags of the command line over the file |
//! | [`mod@print`] | `wireserve config`: the resolved whole |
//! | `changes` | what an edit changes, at once or with the next start |
//! | `source`, `tree` | a file, TOML or JSON, as values with their places |
//! | `file`, `section`, `table` | reading those values, all errors at once |
//!
//! Flags win over the file, the file wins over the defaults. Paths in the file are relative to its
//! folder, paths on the command line to the current one.

pub mod arguments;
mod changes;
pub mod error;
mod file;
pub mod flags;
pub mod hosts;
pub mod limits;
pub mod ports;
pub mod print;
pub mod ready;
mod section;
mod source;
pub mod stash;
mod table;
pub mod transcript;
mod tree;
pub mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::arguments::{
    Arguments, CertsArguments, CertsCommand, CheckArguments, Command, ConfigArguments, HostsArguments, NewArguments,
    OpenArguments, ServeArguments,
};
pub use self::changes::Changes;
pub use self::error::{ConfigError, ConfigErrors};
pub use self::hosts::Hosts;
pub use self::limits::Limits;
pub use self::ports::{PortKind, Ports, ProfilePort};
pub use self::ready::Ready;
pub use self::stash::Stash;
pub use self::transcript::Transcript;
pub use self::values::{LogLevel, Origin, Port, Value};
use crate::site::{self, Alias, Rewrite, Route};

/// What a checkout of web-platform-tests has below its root.
const SUITE: &str = "resources/testharness.js";

/// The file that is read if there is one and no other is named.
const FILE: &str = "wpt.toml";
/// web-platform-tests' own, read if there is no [`FILE`].
const THEIR_FILE: &str = "config.json";

/// Those of web-platform-tests.
const SUBDOMAINS: [&str; 5] = ["www", "www1", "www2", "天気の良い日", "élève"];

/// How the server is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// The host name in the URLs of the server.
    pub browser_host: Value<String>,
    /// Other hosts that are this server too, by the name that tests use for them (`alt`), each another site than
    /// `browser_host`.
    pub alternate_hosts: Value<BTreeMap<String, String>>,
    /// Labels that, one or two of them joined by dots, stand before each host.
    pub subdomains: Value<Vec<String>>,
    /// Labels of names, made in the same way, that must not resolve.
    pub not_subdomains: Value<Vec<String>>,
    /// The host that the server is reached at from its own machine; `browser_host` unless told otherwise.
    pub server_host: Value<String>,
    /// Whether it is looked at start whether all these names lead here.
    pub check_subdomains: Value<bool>,
    /// The address on which ports are opened.
    pub bind_address: Value<IpAddr>,
    /// The folder that `/` shows.
    pub doc_root: Value<PathBuf>,
    /// The folder of web-platform-tests' WebSocket handlers: nothing but what `{{ws_doc_root}}` gives.
    pub ws_doc_root: Value<PathBuf>,
    /// Threads that serve connections.
    pub workers: Value<usize>,
    /// Time before each response.
    pub latency: Value<Duration>,
    /// A script that is put into every HTML page.
    pub inject_script: Value<Option<PathBuf>>,
    /// Whether HTTP/1.1 is refused for a URL with `.h2.` in its file name, and on ports for HTTP/2 over TLS.
    pub refuse_h2_over_http1: Value<bool>,
    /// Other folders and files that are mounted at a URL.
    pub aliases: Vec<Value<Alias>>,
    /// `[[routes]]`.
    pub routes: Vec<Value<Route>>,
    /// `[[rewrites]]`.
    pub rewrites: Vec<Value<Rewrite>>,
    /// The ports to open.
    pub ports: Ports,
    /// How long the server's preface in clear waits for a first request that may ask for a profile.
    pub h2c_profile_wait: Value<Duration>,
    /// Hosts, besides the server's own, that the pages below `/_wire/` are served to: `[inspector]`.
    pub allowed_hosts: Value<Vec<String>>,
    /// Ports of their own for profiles.
    pub profile_ports: Vec<Value<ProfilePort>>,
    /// Where certificates come from.
    pub ssl: Ssl,
    /// Folders with handlers, in the order in which they are searched. They need not be there.
    pub handler_roots: Value<Vec<PathBuf>>,
    /// Server-wide scripts, in the order in which they are called: `[hooks]`.
    pub hooks: Value<Vec<PathBuf>>,
    /// Where scripts keep values.
    pub stash: Stash,
    /// What is recorded of connections.
    pub transcript: Transcript,
    /// Bounds on clients and scripts.
    pub limits: Limits,
    /// How much is logged.
    pub log: Value<LogLevel>,
    /// Whether the error of a script is told in one line, without its source.
    pub suppress_handler_traceback: Value<bool>,
    /// Where the ready line is written to besides stdout.
    pub ready_file: Option<PathBuf>,
    /// What is right, but said better in another way: old names, keys without effect.
    pub hints: Vec<ConfigError>,
}

/// Where certificates come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Ssl {
    /// Whose certificates they are.
    pub kind: Value<SslType>,
    /// The folder of our own authority and leaf.
    pub folder: Value<PathBuf>,
    /// The user's own certificate chain and key, in PEM form: nothing is made then.
    pub own: Option<OwnCertificate>,
}

/// Whose certificates a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslType {
    /// Those that our own authority makes.
    Authority,
    /// The user's own.
    Pregenerated,
    /// Nobody's: no port with TLS is opened.
    None,
}

impl SslType {
    /// As it is written in `[ssl]`.
    pub fn name(self) -> &'static str {
        match self {
            SslType::Authority => "authority",
            SslType::Pregenerated => "pregenerated",
            SslType::None => "none",
        }
    }
}

/// A certificate that the user brings along.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnCertificate {
    /// The chain, leaf first.
    pub certificate: Value<PathBuf>,
    /// Its private key.
    pub key: Value<PathBuf>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            file: None,
            browser_host: Value::default_of("localhost".to_owned()),
            alternate_hosts: Value::default_of(alternate_hosts("localhost")),
            subdomains: Value::default_of(SUBDOMAINS.map(str::to_owned).to_vec()),
            not_subdomains: Value::default_of(vec!["nonexistent".to_owned()]),
            server_host: Value::default_of("localhost".to_owned()),
            check_subdomains: Value::default_of(true),
            bind_address: Value::default_of(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            doc_root: Value::default_of(PathBuf::from(".")),
            ws_doc_root: Value::default_of(PathBuf::from("websockets/handlers")),
            workers: Value::default_of(cores()),
            latency: Value::default_of(Duration::ZERO),
            inject_script: Value::default_of(None),
            refuse_h2_over_http1: Value::default_of(site::Options::default().refuse_h2_over_http1),
            aliases: Vec::new(),
            routes: Vec::new(),
            rewrites: Vec::new(),
            ports: Ports::default(),
            h2c_profile_wait: Value::default_of(Duration::from_millis(20)),
            allowed_hosts: Value::default_of(Vec::new()),
            profile_ports: Vec::new(),
            ssl: Ssl {
                kind: Value::default_of(SslType::Authority),
                folder: Value::default_of(PathBuf::from("certs")),
                own: None,
            },
            handler_roots: Value::default_of(vec![PathBuf::from("handlers")]),
            hooks: Value::default_of(Vec::new()),
            stash: Stash::default(),
            transcript: Transcript::default(),
            limits: Limits::default(),
            log: Value::default_of(LogLevel::Info),
            suppress_handler_traceback: Value::default_of(false),
            ready_file: None,
            hints: Vec::new(),
        }
    }
}

/// The alternate hosts of a browser host, if nobody names others: names below localhost resolve without set-up.
fn alternate_hosts(browser_host: &str) -> BTreeMap<String, String> {
    let host = match browser_host {
        "localhost" => "alt.localhost".to_owned(),
        address if address.parse::<IpAddr>().is_ok() => return BTreeMap::new(),
        host => format!("not-{host}"),
    };
    BTreeMap::from([("alt".to_owned(), host)])
}

/// One worker for each core.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The address of a host, as far as it is written in its name: other names of test servers lead to this machine.
fn address_of(host: &str) -> IpAddr {
    host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

impl Config {
    /// What URLs mean.
    pub fn site(&self) -> site::Options {
        fn plain<T: Clone>(values: &[Value<T>]) -> Vec<T> {
            values.iter().map(|value| value.value.clone()).collect()
        }
        site::Options {
            aliases: plain(&self.aliases),
            routes: plain(&self.routes),
            rewrites: plain(&self.rewrites),
            inject_script: self.inject_script.value.clone(),
            refuse_h2_over_http1: self.refuse_h2_over_http1.value,
        }
    }

    /// The files that say how the server is to be, or would if they were there.
    pub fn candidates(&self) -> Vec<PathBuf> {
        match &self.file {
            Some(file) => vec![file.clone()],
            None => [FILE, THEIR_FILE].map(PathBuf::from).to_vec(),
        }
    }

    /// The files of which nothing may be served: the one that was read, or would be if it appeared.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        // A config.json that was not read may be another program's.
        vec![self.file.clone().unwrap_or_else(|| PathBuf::from(FILE))]
    }

    /// `server_host`, also while the file is read.
    fn server_host(&self) -> &str {
        match self.server_host.origin {
            Origin::Default => &self.browser_host.value,
            _ => &self.server_host.value,
        }
    }

    /// Puts the folder of `--certs`, if it is named, over what the file says of certificates.
    fn use_certs(&mut self, folder: Option<&Path>) {
        if let Some(folder) = folder {
            self.ssl.folder = Value { value: folder.to_owned(), origin: Origin::Flag("--certs") };
            // A folder that is named is meant to be used.
            self.ssl.own = None;
            self.ssl.kind = Value { value: SslType::Authority, origin: Origin::Flag("--certs") };
        }
    }
}

/// Reads `wpt.toml` (or the file that is named) and applies the flags of `wireserve serve`.
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
    match open(file) {
        Ok(Some(source)) => file::read(&source, &mut config, &mut errors),
        Ok(None) => {}
        Err(error) => errors.push(error),
    }
    derive(&mut config);
    hosts::check(&config, &mut errors);
    (config, errors)
}

/// The file that is named, else ours, else web-platform-tests', else none.
fn open(file: Option<&Path>) -> Result<Option<source::Source>, ConfigError> {
    if let Some(file) = file {
        return source::Source::open(file).map(Some);
    }
    match source::Source::open(Path::new(FILE)) {
        Err(error) if error.is_missing() => {}
        opened => return opened.map(Some),
    }
    match source::Source::open(Path::new(THEIR_FILE)) {
        Err(error) if error.is_missing() => Ok(None),
        // Many programs have a file of that name.
        Ok(source) if !file::is_of_wptserve(&source) => Ok(None),
        opened => opened.map(Some),
    }
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

/// Defaults that follow from other values.
fn derive(config: &mut Config) {
    fn set<T>(value: &mut Value<T>, derived: T) {
        if value.origin == Origin::Default {
            value.value = derived;
        }
    }
    let join = |path| values::join(&config.doc_root.value, Path::new(path));
    let (handlers, sockets) = (join("handlers"), join("websockets/handlers"));
    set(&mut config.handler_roots, vec![handlers]);
    set(&mut config.ws_doc_root, sockets);
    let (alternate, server) = (alternate_hosts(&config.browser_host.value), config.browser_host.value.clone());
    set(&mut config.alternate_hosts, alternate);
    set(&mut config.server_host, server);
    let address = address_of(&config.server_host.value);
    set(&mut config.bind_address, address);
    if config.doc_root.value.join(SUITE).is_file() {
        config.ports.open_for_suite(config.ssl.kind.value != SslType::None);
    }
}
