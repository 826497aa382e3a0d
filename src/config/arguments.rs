//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::values::{LogLevel, MAX_LATENCY, MAX_WORKERS, Port};

/// A web-platform-tests style HTTP/2 test server whose answers are small Rhai scripts, down to the raw frame.
#[derive(Clone, Debug, Parser)]
#[command(name = "wireserve", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serves a folder and its handlers until Ctrl-C
    Serve(Box<ServeArguments>),
    /// Compiles every handler and reads wpt.toml; prints all errors with their lines
    Check(CheckArguments),
    /// Prints the resolved configuration as TOML, each value with its origin
    Config(Box<ConfigArguments>),
    /// Writes a commented first handler and a page that shows what it answers
    New(NewArguments),
    /// Prints the lines for /etc/hosts; not needed with names below localhost
    Hosts(HostsArguments),
    /// Shows the certificates, or makes them anew; prints how browsers come to trust them
    Certs(CertsArguments),
    /// Starts Chromium or Firefox with a fresh profile that trusts the server and knows its names
    Open(OpenArguments),
}

/// Options of `wireserve serve`: each wins over wpt.toml.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArguments {
    /// Also opens a port for HTTP/2 over TLS
    #[arg(long, overrides_with = "no_h2")]
    pub h2: bool,
    /// As without --h2: for those who know wptserve
    #[arg(long, hide = true, overrides_with = "h2")]
    pub no_h2: bool,
    /// Also opens a port for HTTP/2 in clear, with prior knowledge
    #[arg(long)]
    pub h2c: bool,
    /// Configuration [default: wpt.toml, or else config.json, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder that / shows [default: .]
    #[arg(long, value_name = "DIR", aliases = ["doc-root", "doc_root"])]
    pub root: Option<PathBuf>,
    /// What {{ws_doc_root}} gives
    #[arg(long, value_name = "DIR", hide = true, alias = "ws_doc_root")]
    pub ws_doc_root: Option<PathBuf>,
    /// More aliases, in wptserve's form: lines such as /path/, folder
    #[arg(long, value_name = "FILE", alias = "alias_file")]
    pub alias_file: Option<PathBuf>,
    /// A script to put into every HTML page
    #[arg(long, value_name = "FILE", alias = "inject_script")]
    pub inject_script: Option<PathBuf>,
    /// Milliseconds to wait before each response [default: 0]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub latency: Option<Duration>,
    /// Port for HTTP/1.1 in clear: a number, or auto for any that is free [default: 8000]
    #[arg(long, value_name = "PORT")]
    pub port: Option<Port>,
    /// Port for HTTP/1.1 over TLS [default: 8443]
    #[arg(long, value_name = "PORT")]
    pub https_port: Option<Port>,
    /// Port for HTTP/2 over TLS; opens it as --h2 does [default: 9000]
    #[arg(long, value_name = "PORT")]
    pub h2_port: Option<Port>,
    /// Port for HTTP/2 in clear; opens it as --h2c does [default: 9001]
    #[arg(long, value_name = "PORT")]
    pub h2c_port: Option<Port>,
    /// Address to open the ports on; 0.0.0.0 or :: lets other machines in [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<IpAddr>,
    /// Also writes the line that tells that all ports are open to this file
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Threads that serve connections [default: one for each core]
    #[arg(long, value_name = "N", value_parser = workers)]
    pub workers: Option<usize>,
    /// The folder of the certificate authority and leaf, made at first start [default: certs]
    #[arg(long, value_name = "DIR")]
    pub certs: Option<PathBuf>,
    /// How much is logged to stderr [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<LogLevel>,
    /// As --log debug
    #[arg(long, hide = true)]
    pub verbose: bool,
}

/// Options of `wireserve config`.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArguments {
    /// Those of `wireserve serve`.
    #[command(flatten)]
    pub serve: ServeArguments,
}

/// Options of `wireserve check`.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckArguments {
    /// Configuration [default: wpt.toml, or else config.json, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Handlers, or folders of handlers [default: the handler folders of wpt.toml]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Options of `wireserve new`.
#[derive(Args, Clone, Debug)]
pub struct NewArguments {
    /// Configuration [default: wpt.toml, or else config.json, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The name of the handler, as in its URL
    pub name: String,
}

/// Options of `wireserve hosts`.
#[derive(Args, Clone, Debug, Default)]
pub struct HostsArguments {
    /// Configuration [default: wpt.toml, or else config.json, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What the names shall lead to, as seen from the machine of the browser [default: the bind_address]
    #[arg(value_name = "ADDRESS")]
    pub address: Option<IpAddr>,
}

/// Options of `wireserve certs`.
#[derive(Args, Clone, Debug, Default)]
pub struct CertsArguments {
    #[command(subcommand)]
    pub command: Option<CertsCommand>,
    /// Configuration [default: wpt.toml, or else config.json, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of the certificate authority and leaf, made if need be [default: certs]
    #[arg(long, global = true, value_name = "DIR")]
    pub certs: Option<PathBuf>,
    /// Prints one JSON value instead of text
    #[arg(long)]
    pub json: bool,
}

/// What to do with the certificates besides showing them.
#[derive(Clone, Debug, Subcommand)]
pub enum CertsCommand {
    /// Makes the leaf certificate anew, for the names of the configuration
    Renew {
        /// Also makes the authority anew: whoever trusted the old one has to trust the new one
        #[arg(long)]
        authority: bool,
    },
}

/// Options of `wireserve open`.
#[derive(Args, Clone, Debug, Default)]
pub struct OpenArguments {
    /// What to open: a URL, or a path on the running server [default: /]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// chromium, firefox, or a program [default: the first that is found; CHROME and FIREFOX may name them]
    #[arg(long, value_name = "BROWSER")]
    pub browser: Option<PathBuf>,
    /// Without a window
    #[arg(long)]
    pub headless: bool,
    /// Configuration of the server [default: wpt.toml, or else config.json, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The server's folder of certificates [default: certs]
    #[arg(long, value_name = "DIR")]
    pub certs: Option<PathBuf>,
    /// The server's ready file, which tells its ports [default: the ports of the configuration]
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// More arguments for the browser
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<String>,
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(milliseconds @ 0..=MAX_LATENCY) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(format!("a number of milliseconds, up to {MAX_LATENCY}")),
    }
}

fn workers(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MAX_WORKERS).contains(count));
    count.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| format!("a number from 1 to {MAX_WORKERS}"))
}
