//! The options of `wireserve fetch`, `decode` and `replay`.

use clap::{ArgAction, Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How records are printed.
#[derive(Args, Clone, Debug, Default)]
pub struct PrintArguments {
    /// Also print the bytes of each frame
    #[arg(long, help_heading = "Output", conflicts_with = "json")]
    pub hex: bool,
    /// Print the records of the transcript as JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print only frames of these types, such as HEADERS,DATA
    #[arg(long, value_name = "TYPE", value_delimiter = ',', help_heading = "Output")]
    pub only: Vec<String>,
}

/// Options of `wireserve fetch`.
#[derive(Args, Clone, Debug)]
pub struct FetchArguments {
    /// What to fetch; URLs of one origin share a connection. http:// is HTTP/2 without TLS, by prior knowledge
    #[arg(value_name = "URL", required_unless_present = "replay")]
    pub urls: Vec<String>,
    /// Method of the requests [default: GET, or POST with a body]
    #[arg(short = 'X', long, value_name = "METHOD", help_heading = "Request")]
    pub method: Option<String>,
    /// Header of the requests; `:authority: NAME` and the like set pseudo-headers
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", help_heading = "Request")]
    pub headers: Vec<String>,
    /// Body of the requests
    #[arg(short, long, value_name = "TEXT", conflicts_with = "data_file", help_heading = "Request")]
    pub data: Option<String>,
    /// File with the body of the requests; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub data_file: Option<PathBuf>,
    /// Send the frames of a plan (see docs/fetch-and-decode.md) instead of requests
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "headers", "data", "data_file", "replay", "http1"], help_heading = "Request")]
    pub plan: Option<PathBuf>,
    /// Send what the client of a recorded connection sent: a transcript as JSON Lines or JSON
    #[arg(long, value_name = "TRANSCRIPT", conflicts_with_all = ["method", "headers", "data", "data_file", "http1"], help_heading = "Request")]
    pub replay: Option<PathBuf>,
    /// Speak HTTP/1.1
    #[arg(long, help_heading = "Connection")]
    pub http1: bool,
    /// Trust only the authorities in this PEM file [default: the system's, and certs/ca.pem in the current directory]
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub cacert: Vec<PathBuf>,
    /// Accept any certificate
    #[arg(long, conflicts_with = "cacert", help_heading = "Connection")]
    pub insecure: bool,
    /// Give up an unfinished connection after this many seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Connection")]
    pub timeout: Duration,
    #[command(flatten)]
    pub print: PrintArguments,
    /// Print only how it ended
    #[arg(short, long, action = ArgAction::SetTrue, help_heading = "Output")]
    pub quiet: bool,
}

/// Options of `wireserve decode`.
#[derive(Args, Clone, Debug)]
pub struct DecodeArguments {
    /// Bytes, hexadecimal digits, base64, a transcript, or a capture (pcap, pcapng); - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// Decode field blocks (HPACK), one per line, and print the dynamic table after each
    #[arg(long, conflicts_with_all = ["from", "keylog", "hex", "only"], help_heading = "Input")]
    pub hpack: bool,
    /// Which end sent the bytes [default: the client if they begin with its preface]
    #[arg(long, value_name = "END", help_heading = "Input")]
    pub from: Option<Sender>,
    /// Decrypt the capture with this key log (from SSLKEYLOGFILE); needs tshark
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub keylog: Option<PathBuf>,
    #[command(flatten)]
    pub print: PrintArguments,
}

/// Options of `wireserve replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArguments {
    /// Transcript of the connection, as JSON Lines or JSON; - is standard input
    #[arg(value_name = "TRANSCRIPT")]
    pub transcript: PathBuf,
    /// Print a profile (a script for wireserve serve) that does the same, instead of serving
    #[arg(long)]
    pub as_script: bool,
    /// Port to serve on [default: any free port]
    #[arg(long, value_name = "PORT", help_heading = "Serving")]
    pub port: Option<u16>,
    /// Address to open the port on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", help_heading = "Serving")]
    pub bind: IpAddr,
    /// Directory of the certificates, made if necessary
    #[arg(long, value_name = "DIR", default_value = "certs", help_heading = "Serving")]
    pub certs: PathBuf,
    /// Exit after sending the whole recording once
    #[arg(long, help_heading = "Serving")]
    pub once: bool,
    #[command(flatten)]
    pub print: PrintArguments,
    /// Print no frames
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sender {
    /// The end that opened the connection
    Client,
    /// The end that accepted it
    Server,
}

/// A number of seconds, fractions allowed, up to a day.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds, up to 86400".to_owned())
}
