//! The resolved configuration: every key with its value, and what follows from them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ConfigError;
use super::file::{names, readers};
use super::limits::Limits;
use super::ports::{Ports, ProfilePort};
use super::rules::Actions;
use super::section::{self, boolean, milliseconds};
use super::ssl::{Ssl, SslType};
use super::stash::Stash;
use super::table::keys;
use super::transcript::Transcript;
use super::values::{self, LogFormat, LogLevel, MAX_LATENCY, Milliseconds, Origin, Secret, Value};
use crate::site::{self, Alias, Rewrite, Route};

/// What a checkout of web-platform-tests has below its root.
const SUITE: &str = "resources/testharness.js";

/// The `browser_host` of a checkout.
const SUITE_HOST: &str = "web-platform.test";

/// The `interim_delay` of a checkout.
const SUITE_DELAY: Milliseconds = Milliseconds(Duration::from_millis(3));

/// The file that is read if there is one and no other is named, over [`THEIR_FILE`].
pub(super) const FILE: &str = "wpt.toml";
/// web-platform-tests' own.
pub(super) const THEIR_FILE: &str = "config.json";

/// Those of web-platform-tests.
const SUBDOMAINS: [&str; 5] = ["www", "www1", "www2", "天気の良い日", "élève"];

keys! {
    /// The resolved configuration of a server.
    Config in "" {
        /// The host name in the server's URLs and its certificate. Default in a [checkout](wpt.md): `web-platform.test`.
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
        bind_address: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST), readers::address, Start, "--bind" => |given| given.bind;
        /// The directory to serve.
        doc_root: PathBuf = PathBuf::from("."), section::folder, Reload, "--root" => |given| given.root.clone();
        /// What `{{ws_doc_root}}` gives: there are no WebSocket handlers here.
        ws_doc_root: PathBuf = PathBuf::from("websockets/handlers"), section::future_folder, Reload,
            "--ws-doc-root" => |given| given.ws_doc_root.clone();
        /// Threads that serve connections: a number, or `"auto"` for one per core.
        workers: usize = readers::cores(), readers::workers, Start, "--workers" => |given| given.workers;
        /// Milliseconds to wait before each response.
        latency: Milliseconds = Milliseconds(Duration::ZERO), milliseconds(0..=MAX_LATENCY), Reload,
            "--latency" => |given| given.latency.map(Milliseconds);
        /// Milliseconds from a request to its first interim response (1xx), at least. Default in a [checkout](wpt.md): 3,
        /// because Chromium drops a 103 that arrives before it has handled the end of its own request.
        interim_delay: Milliseconds = Milliseconds(Duration::ZERO), milliseconds(0..=MAX_LATENCY), Reload;
        /// Over HTTP/1.1, end the connection after each file, as wptserve does. Default in a [checkout](wpt.md): true, because
        /// tests there measure how long connections take.
        close_after_files: bool = site::Options::default().close_after_files, boolean, Reload;
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
        hooks as "hooks.scripts": Vec<PathBuf> = Vec::new(), readers::scripts, Reload;
        /// Host names or addresses, besides the server's own, under which a browser may read the pages below `/_wire/`.
        allowed_hosts as "inspector.allowed_hosts": Vec<String> = Vec::new(), |item| section::list(item, names::host), Reload;
        /// The token with which `DELETE /_wire/state` forgets transcripts, stash and `server.context`. Without it nothing does.
        state_token as "inspector.state_token": Option<Secret> = None, |item| section::text(item).map(Secret).map(Some), Start,
            "--state-token" => |given| given.state_token.clone().map(Secret).map(Some);
        /// `off`, `error`, `warn`, `info`, `access`, `debug` or `trace`; Python's names in any case, too. On a terminal the default
        /// is `access`.
        log as "logging.level": LogLevel = LogLevel::Info, readers::level, Reload, "--log" => |given| given.log;
        /// `"text"`, or `"json"` for one JSON object per line.
        log_format as "logging.format": LogFormat = LogFormat::Text, readers::log_format, Start,
            "--log-format" => |given| given.log_format;
        /// Log a script's error in one line, without its source.
        suppress_handler_traceback as "logging.suppress_handler_traceback": bool = false, boolean, Reload;
    } with {
        /// The files that were read, each over those before it.
        files: Vec<PathBuf> = Vec::new();
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
        rules: Actions = Actions::new();
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

/// The alternate hosts of a browser host, unless the configuration names others. Names below localhost need no set-up.
fn alternate_hosts(browser_host: &str) -> BTreeMap<String, String> {
    let host = match browser_host {
        "localhost" => "alt.localhost".to_owned(),
        address if address.parse::<IpAddr>().is_ok() => return BTreeMap::new(),
        host => format!("not-{host}"),
    };
    BTreeMap::from([("alt".to_owned(), host)])
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
            close_after_files: self.close_after_files.value,
        }
    }

    /// The files that say how the server is to be, or would if they were there.
    pub fn candidates(&self) -> Vec<PathBuf> {
        let own = [FILE, THEIR_FILE].map(PathBuf::from);
        // A file that is named is read alone.
        if self.files.iter().any(|file| !own.contains(file)) { self.files.clone() } else { own.to_vec() }
    }

    /// The files of which nothing may be served: those that were read, and the one that would be if it appeared.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        // A config.json that was not read may be another program's.
        let mut files = self.files.clone();
        files.push(PathBuf::from(FILE));
        files
    }

    /// The files that were read, for people; `None` if there is none.
    pub fn read_from(&self) -> Option<String> {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        (!files.is_empty()).then(|| files.join(" and "))
    }

    /// `server_host`, also while the file is read.
    fn server_host(&self) -> &str {
        match self.server_host.origin {
            Origin::Default => &self.browser_host.value,
            _ => &self.server_host.value,
        }
    }

    /// Puts the directory of `--root`, if it is named, over what the file says, with what follows from it.
    pub fn use_root(&mut self, root: Option<&Path>) {
        if let Some(root) = root {
            self.doc_root = Value { value: root.to_owned(), origin: Origin::Flag("--root") };
            self.derive();
        }
    }

    /// Puts the directory of `--certs`, if it is named, over what the file says of certificates.
    pub(super) fn use_certs(&mut self, folder: Option<&Path>) {
        if let Some(folder) = folder {
            self.ssl.folder = Value { value: folder.to_owned(), origin: Origin::Flag("--certs") };
            // A directory that is named is meant to be used.
            (self.ssl.certificate.value, self.ssl.key.value) = (None, None);
            self.ssl.kind = Value { value: SslType::Authority, origin: Origin::Flag("--certs") };
        }
    }

    /// The address of `server_host`, as far as it is written in its name: other names of test servers lead to this
    /// machine.
    pub(super) fn server_address(&self) -> IpAddr {
        self.server_host().parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// Sets the defaults that follow from other values.
    pub(super) fn derive(&mut self) {
        fn set<T>(value: &mut Value<T>, derived: T) {
            if value.origin == Origin::Default {
                value.value = derived;
            }
        }
        let join = |path| values::join(&self.doc_root.value, Path::new(path));
        let (handlers, sockets) = (join("handlers"), join("websockets/handlers"));
        set(&mut self.handler_roots, vec![handlers]);
        set(&mut self.ws_doc_root, sockets);
        let is_suite = self.doc_root.value.join(SUITE).is_file();
        let (host, delay) = match is_suite {
            true => (SUITE_HOST.to_owned(), SUITE_DELAY),
            false => {
                let Self { browser_host, interim_delay, .. } = Self::default();
                (browser_host.value, interim_delay.value)
            }
        };
        set(&mut self.browser_host, host);
        set(&mut self.interim_delay, delay);
        set(&mut self.close_after_files, is_suite);
        let (alternate, server) = (alternate_hosts(&self.browser_host.value), self.browser_host.value.clone());
        set(&mut self.alternate_hosts, alternate);
        set(&mut self.server_host, server);
        let address = self.server_address();
        set(&mut self.bind_address, address);
        if is_suite {
            self.ports.open_for_suite(self.ssl.kind.value != SslType::None);
        }
    }
}
