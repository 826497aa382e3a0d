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
//! | `table`, `keys`, `lists`, `rules` | **the table of keys**, from which the rest comes |
//! | [`mod@print`], `show` | `wireserve config`: the resolved whole |
//! | [`documentation`] | the list of keys for `docs/configuration.md` |
//! | `changes` | what an edit changes, at once or with the next start |
//! | `source`, `tree` | a file, TOML or JSON, as values with their places |
//! | `file`, `section` | reading those values by the table, all errors at once |
//!
//! A new key is one row of `keys!`: in this file, or in that of its table. Its default is that of the module that it goes
//! to, and `wpt.toml` gets a line.
//!
//! Flags win over the file, the file wins over the defaults. Paths in the file are relative to its
//! folder, paths on the command line to the current one.

pub mod arguments;
mod changes;
pub mod documentation;
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
mod rules;
mod section;
mod show;
mod source;
pub mod stash;
mod table;
pub mod transcript;
mod tree;
pub mod values;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json};
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
use self::file::names;
pub use self::hosts::Hosts;
pub use self::limits::Limits;
pub use self::ports::{PortKind, Ports, ProfilePort};
pub use self::ready::Ready;
use self::section::{boolean, milliseconds};
pub use self::stash::Stash;
use self::table::keys;
pub use self::transcript::Transcript;
use self::values::MAX_LATENCY;
pub use self::values::{LogLevel, Milliseconds, Origin, Port, Value};
use crate::h2::{Action, Rule};
use crate::site::{self, Alias, Rewrite, Route};

/// What a checkout of web-platform-tests has below its root.
const SUITE: &str = "resources/testharness.js";

/// The file that is read if there is one and no other is named.
const FILE: &str = "wpt.toml";
/// web-platform-tests' own, read if there is no [`FILE`].
const THEIR_FILE: &str = "config.json";

/// Those of web-platform-tests.
const SUBDOMAINS: [&str; 5] = ["www", "www1", "www2", "天気の良い日", "élève"];

keys! {
    /// The resolved configuration of a server.
    Config at |config| *config, in "" {
        /// The host name in the server's URLs and its certificate.
        browser_host: String = "localhost".to_owned(), names::host, Start;
        /// Other hosts of this server, by the names that tests use for them (`{{hosts[alt][]}}`). Each must be another site.
        /// Default for other browser hosts: `not-` and the browser host.
        alternate_hosts: BTreeMap<String, String> = alternate_hosts("localhost"), names::alternate_hosts, Reload;
        /// Subdomains of every host, up to 50, alone and in pairs.
        subdomains: Vec<String> = SUBDOMAINS.map(str::to_owned).to_vec(), names::labels, Reload;
        /// Subdomains, made in the same way, that must not resolve.
        not_subdomains: Vec<String> = vec!["nonexistent".to_owned()], names::labels, Reload;
        /// The host at which this machine reaches the server. Default: `browser_host`.
        server_host: String = "localhost".to_owned(), names::host, Start;
        /// At startup, warn if one of these names does not resolve to this server.
        check_subdomains: bool = true, boolean, Start;
        /// The address to open the ports on. wptserve's `true` is the address of `server_host` (127.0.0.1 if it is a name), its
        /// `false` is `"0.0.0.0"`.
        bind_address: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST), file::address, Start, "--bind" => |given| given.bind;
        /// The directory to serve.
        doc_root: PathBuf = PathBuf::from("."), section::folder, Reload, "--root" => |given| given.root.clone();
        /// What `{{ws_doc_root}}` gives: there are no WebSocket handlers here.
        ws_doc_root: PathBuf = PathBuf::from("websockets/handlers"), section::future_folder, Reload,
            "--ws-doc-root" => |given| given.ws_doc_root.clone();
        /// Threads that serve connections: a number, or `"auto"` for one per core.
        workers: usize = cores(), file::workers, Start, "--workers" => |given| given.workers;
        /// Milliseconds to wait before each response.
        latency: Milliseconds = Milliseconds(Duration::ZERO), milliseconds(0..=MAX_LATENCY), Reload,
            "--latency" => |given| given.latency.map(Milliseconds);
        /// Milliseconds to wait for the first request of an h2c connection before the server's preface: `?wire-profile=NAME` of
        /// that request chooses a [profile](profiles.md). 0: do not wait.
        h2c_profile_wait: Milliseconds = Milliseconds(Duration::from_millis(20)), milliseconds(0..=MAX_LATENCY), Reload;
        /// A script to put into every HTML page.
        inject_script: Option<PathBuf> = None, |item| section::file(item).map(Some), Reload,
            "--inject-script" => |given| given.inject_script.clone().map(Some);
        /// Refuse HTTP/1.1 for a URL with `.h2.` in its file name, and on ports for HTTP/2 over TLS.
        refuse_h2_over_http1: bool = site::Options::default().refuse_h2_over_http1, boolean, Reload;
        /// Directories with handlers, in the order in which they are searched. Default: `handlers` in `doc_root`.
        handler_roots as "handlers.roots": Vec<PathBuf> = vec![PathBuf::from("handlers")],
            |item| section::list(item, section::future_folder), Reload;
        /// Server-wide scripts, in the order in which they are called: see [hooks.md](hooks.md).
        hooks as "hooks.scripts": Vec<PathBuf> = Vec::new(), file::scripts, Reload;
        /// Host names or addresses, besides the server's own, under which a browser may read the pages below `/_wire/`.
        allowed_hosts as "inspector.allowed_hosts": Vec<String> = Vec::new(), |item| section::list(item, names::host), Reload;
        /// `off`, `error`, `warn`, `info`, `debug` or `trace`; Python's names in any case, too.
        log as "logging.level": LogLevel = LogLevel::Info, file::level, Reload, "--log" => |given| given.log;
        /// Log a script's error in one line, without its source.
        suppress_handler_traceback as "logging.suppress_handler_traceback": bool = false, boolean, Reload;
    } with {
        /// The file that was read, if any.
        file: Option<PathBuf> = None;
        /// `[[aliases]]`: other directories and files that are mounted at a URL.
        aliases: Vec<Value<Alias>> = Vec::new();
        /// `[[routes]]`.
        routes: Vec<Value<Route>> = Vec::new();
        /// `[[rewrites]]`.
        rewrites: Vec<Value<Rewrite>> = Vec::new();
        /// The ports to open.
        ports: Ports = Ports::default();
        /// `[[profile_ports]]`: ports of their own for profiles.
        profile_ports: Vec<Value<ProfilePort>> = Vec::new();
        /// `[rules]`: what happens when a client breaks one of these rules of HTTP/2.
        rules: BTreeMap<Rule, Value<Action>> = BTreeMap::new();
        /// Where certificates come from.
        ssl: Ssl = Ssl::default();
        /// Where scripts keep values.
        stash: Stash = Stash::default();
        /// What is recorded of connections.
        transcript: Transcript = Transcript::default();
        /// Bounds on clients and scripts.
        limits: Limits = Limits::default();
        /// Where the ready line is written to besides stdout.
        ready_file: Option<PathBuf> = None;
        /// What is valid, but better said in another way: old names, keys without effect.
        hints: Vec<ConfigError> = Vec::new();
        /// What the log says at the start: ports of the file that stay closed.
        notes: Vec<String> = Vec::new();
    }
}

keys! {
    /// Where certificates come from: `[ssl]`.
    Ssl at |config| config.ssl, in "ssl." {
        /// `"authority"`: wireserve makes the certificates (wptserve's `"openssl"` is the same); `"pregenerated"`: you bring
        /// them; `"none"`: no TLS ports. Default with a certificate: `"pregenerated"`.
        kind as "ssl.type": SslType = SslType::Authority, file::ssl::ssl_type, Start;
        /// Where wireserve keeps its certificate authority and its certificates.
        folder: PathBuf = PathBuf::from("certs"), section::path, Start, "--certs" => |given| given.certs.clone();
        /// Your certificate chain, leaf first, in PEM form.
        certificate: Option<PathBuf> = None, |item| section::path(item).map(Some), Start;
        /// Its private key, in PEM form.
        key: Option<PathBuf> = None, |item| section::path(item).map(Some), Start;
    }
}

impl Ssl {
    /// The user's own certificate, if it is to be shown.
    pub fn own(&self) -> Option<OwnCertificate> {
        let value =
            |path: &Value<Option<PathBuf>>| Some(Value { value: path.value.clone()?, origin: path.origin.clone() });
        let own = OwnCertificate { certificate: value(&self.certificate)?, key: value(&self.key)? };
        (self.kind.value != SslType::Authority).then_some(own)
    }
}

/// Whose certificates a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslType {
    /// Those that our own authority makes.
    Authority,
    /// The user's own.
    Pregenerated,
    /// None: no port with TLS is opened.
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

/// The alternate hosts of a browser host, if nobody names others: names below localhost resolve without set-up.
fn alternate_hosts(browser_host: &str) -> BTreeMap<String, String> {
    let host = match browser_host {
        "localhost" => "alt.localhost".to_owned(),
        address if address.parse::<IpAddr>().is_ok() => return BTreeMap::new(),
        host => format!("not-{host}"),
    };
    BTreeMap::from([("alt".to_owned(), host)])
}

/// One worker per core.
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

    /// Every key with its value as JSON, tables in tables, lists of tables left out; without secrets. A key that is not set
    /// is null.
    pub fn to_json(&self) -> Json {
        let mut all = Map::new();
        for key in keys::keys().filter(|key| !key.is_list()) {
            let (path, name) = key.name().rsplit_once('.').unwrap_or(("", key.name()));
            let mut parts = path.split('.').filter(|part| !part.is_empty());
            let table = parts.try_fold(&mut all, |table, part| {
                table.entry(part).or_insert_with(|| Json::Object(Map::new())).as_object_mut()
            });
            // What is shown is TOML, which has no null.
            let value =
                key.show(self).and_then(|text| toml::from_str::<Map<String, Json>>(&format!("x = {text}")).ok());
            let value = value.and_then(|mut value| value.remove("x")).unwrap_or_default();
            if let Some(table) = table {
                table.insert(name.to_owned(), value);
            }
        }
        Json::Object(all)
    }

    /// Puts the directory of `--certs`, if it is named, over what the file says of certificates.
    fn use_certs(&mut self, folder: Option<&Path>) {
        if let Some(folder) = folder {
            self.ssl.folder = Value { value: folder.to_owned(), origin: Origin::Flag("--certs") };
            // A directory that is named is meant to be used.
            (self.ssl.certificate.value, self.ssl.key.value) = (None, None);
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
