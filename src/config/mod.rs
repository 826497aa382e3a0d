//! `wpt.toml` and the command line → a resolved [`Config`], each value with its origin.
//!
//! | module | what lives there |
//! |---|---|
//! | [`arguments`] | the command line |
//! | [`values`] | a value and where it comes from, ports, log levels |
//! | [`hosts`] | every name that the server answers to |
//! | [`limits`] | every bound on clients and scripts |
//! | [`error`] | what is wrong with a configuration, with its line |
//! | [`ready`] | the line that tells that all ports are open |
//! | `file`, `section` | reading `wpt.toml`, all errors at once |
//!
//! Flags win over the file, the file wins over the defaults. Paths in the file are relative to its
//! folder, paths on the command line to the current one.

pub mod arguments;
pub mod error;
mod file;
pub mod hosts;
pub mod limits;
pub mod ready;
mod section;
pub mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

pub use self::arguments::{Arguments, CheckArguments, Command, HostsArguments, NewArguments, ServeArguments};
pub use self::error::{ConfigError, ConfigErrors};
pub use self::hosts::Hosts;
pub use self::limits::Limits;
pub use self::ready::Ready;
pub use self::values::{LogLevel, Origin, Port, Value};

/// The file that is read if there is one and no other is named.
const FILE: &str = "wpt.toml";

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
    /// Threads that serve connections.
    pub workers: Value<usize>,
    /// The ports to open.
    pub ports: Ports,
    /// Where certificates come from.
    pub ssl: Ssl,
    /// Folders with handlers, in the order in which they are searched. They need not be there.
    pub handler_roots: Value<Vec<PathBuf>>,
    /// Bounds on clients and scripts.
    pub limits: Limits,
    /// How much is logged.
    pub log: Value<LogLevel>,
    /// Where the ready line is written to besides stdout.
    pub ready_file: Option<PathBuf>,
}

/// The ports to open; `None` for those that were not asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ports {
    /// HTTP/1.1 in clear.
    pub http: Value<Port>,
    /// HTTP/1.1 over TLS.
    pub https: Value<Port>,
    /// HTTP/2 over TLS.
    pub h2: Option<Value<Port>>,
    /// HTTP/2 in clear, with prior knowledge.
    pub h2c: Option<Value<Port>>,
}

/// Where certificates come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Ssl {
    /// The folder of our own authority and leaf.
    pub folder: Value<PathBuf>,
    /// The user's own certificate chain and key, in PEM form: nothing is made then.
    pub own: Option<OwnCertificate>,
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
            workers: Value::default_of(cores()),
            ports: Ports {
                http: Value::default_of(Port::Number(8000)),
                https: Value::default_of(Port::Number(8443)),
                h2: Some(Value::default_of(Port::Number(9000))),
                h2c: Some(Value::default_of(Port::Number(9001))),
            },
            ssl: Ssl { folder: Value::default_of(PathBuf::from("certs")), own: None },
            handler_roots: Value::default_of(vec![PathBuf::from("handlers")]),
            limits: Limits::default(),
            log: Value::default_of(LogLevel::Info),
            ready_file: None,
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

/// Reads `wpt.toml` (or the file that is named) and applies the flags of `wireserve serve`.
///
/// # Errors
/// Everything that is wrong, not only the first thing.
pub fn resolve(arguments: &ServeArguments) -> Result<Config, ConfigErrors> {
    let (mut config, mut errors) = check(arguments.config.as_deref());
    apply(&mut config, arguments, &mut errors);
    if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
}

/// The configuration as the file alone makes it, as far as it is right, and everything that is wrong with it:
/// for the commands that go on nevertheless.
pub fn check(file: Option<&Path>) -> (Config, Vec<ConfigError>) {
    let mut config = Config::default();
    let mut errors = Vec::new();
    match error::Source::open(file.unwrap_or(Path::new(FILE))) {
        Ok(source) => file::read(&source, &mut config, &mut errors),
        Err(error) if file.is_none() && error.is_missing() => (),
        Err(error) => errors.push(error),
    }
    derive(&mut config);
    hosts::check(&config, &mut errors);
    (config, errors)
}

/// Defaults that follow from other values.
fn derive(config: &mut Config) {
    if config.handler_roots.origin == Origin::Default {
        config.handler_roots.value = vec![values::join(&config.doc_root.value, Path::new("handlers"))];
    }
    if config.alternate_hosts.origin == Origin::Default {
        config.alternate_hosts.value = alternate_hosts(&config.browser_host.value);
    }
    if config.server_host.origin == Origin::Default {
        config.server_host.value.clone_from(&config.browser_host.value);
    }
}

/// Puts the flags over what the file says, and closes the ports that were not asked for.
fn apply(config: &mut Config, arguments: &ServeArguments, errors: &mut Vec<ConfigError>) {
    fn set<T: Clone>(value: &mut Value<T>, flag: &'static str, given: Option<&T>) {
        if let Some(given) = given {
            *value = Value { value: given.clone(), origin: Origin::Flag(flag) };
        }
    }
    set(&mut config.bind_address, "--bind", arguments.bind.as_ref());
    set(&mut config.workers, "--workers", arguments.workers.as_ref());
    set(&mut config.log, "--log", arguments.log.as_ref());
    set(&mut config.ports.http, "--port", arguments.port.as_ref());
    set(&mut config.ports.https, "--https-port", arguments.https_port.as_ref());
    if let Some(port) = &mut config.ports.h2 {
        set(port, "--h2-port", arguments.h2_port.as_ref());
    }
    if let Some(port) = &mut config.ports.h2c {
        set(port, "--h2c-port", arguments.h2c_port.as_ref());
    }
    config.ports.h2.take_if(|_| !arguments.h2 && arguments.h2_port.is_none());
    config.ports.h2c.take_if(|_| !arguments.h2c && arguments.h2c_port.is_none());
    check_ports(&config.ports, errors);

    if let Some(root) = &arguments.root {
        if !root.is_dir() {
            errors.push(ConfigError::of_flag("--root", format!("there is no folder {}", root.display())));
        }
        set(&mut config.doc_root, "--root", Some(root));
        if config.handler_roots.origin == Origin::Default {
            config.handler_roots.value = vec![values::join(root, Path::new("handlers"))];
        }
    }
    if let Some(folder) = &arguments.certs {
        set(&mut config.ssl.folder, "--certs", Some(folder));
        // A folder that is named is meant to be used.
        config.ssl.own = None;
    }
    config.ready_file.clone_from(&arguments.ready_file);
}

/// Two protocols on one port would be told as "in use by another program".
fn check_ports(ports: &Ports, errors: &mut Vec<ConfigError>) {
    let open: Vec<(&str, &Value<Port>)> = [
        ("http", Some(&ports.http)),
        ("https", Some(&ports.https)),
        ("h2", ports.h2.as_ref()),
        ("h2c", ports.h2c.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, port)| Some((name, port?)))
    .collect();
    for (index, (name, port)) in open.iter().enumerate() {
        let Port::Number(number) = port.value else { continue };
        if let Some((other, first)) = open.iter().take(index).find(|(_, first)| first.value == port.value) {
            errors.push(ConfigError::plain(format!(
                "port {number} is asked for twice: for {other} ({}) and for {name} ({})",
                first.origin, port.origin
            )));
        }
    }
}
