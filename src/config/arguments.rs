//! The command line.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::client::{DecodeArguments, FetchArguments, ReplayArguments};

use super::values::{LogFormat, LogLevel, MAX_LATENCY, MAX_WORKERS, Port};

/// The help of a command: what it does, how it is called, examples, options by topic.
const HELP: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

/// A scriptable HTTP/2 test server, down to the raw frame
#[derive(Clone, Debug, Parser)]
#[command(name = "wireserve", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve a directory and its handlers until Ctrl-C
    #[command(help_template = HELP, before_help = "Examples:
  wireserve serve --h2                         HTTP/1.1, HTTPS and HTTP/2, at localhost
  wireserve serve --h2 tests                   the pages, handlers and wpt.toml of that directory
  wireserve serve --h2 --ports auto --ready-file ready.json
  wireserve serve --h2 --open                  and a browser that trusts the server
  wireserve serve --h2 --bind 0.0.0.0          also for other machines")]
    Serve(Box<ServeArguments>),
    /// Check all scripts and wpt.toml for errors
    #[command(help_template = HELP, before_help = "Examples:
  wireserve check                              the scripts that wpt.toml names
  wireserve check handlers/my-test.rhai        one script
  wireserve check --watch                      again whenever a file is written

Exit code: 0 no errors, 1 errors.")]
    Check(CheckArguments),
    /// Print the effective configuration, and where each value comes from
    #[command(help_template = HELP, before_help = "Examples:
  wireserve config > all.toml                  a file that can be read again
  wireserve config --comments > wpt.toml       with what each key means
  wireserve config --h2 --port auto            with flags of serve")]
    Config(Box<ConfigArguments>),
    /// Write a commented first handler and a page that shows its response
    #[command(help_template = HELP, before_help = "Examples:
  wireserve new my-test                        writes handlers/my-test.rhai and my-test.html
  wireserve new my-goaway --from connection/goaway")]
    New(NewArguments),
    /// Print the source of a handler, or list all handlers
    #[command(help_template = HELP, before_help = "Examples:
  wireserve show                               all handlers, shipped and yours
  wireserve show connection/goaway             its source")]
    Show(ShowArguments),
    /// Print the lines for /etc/hosts; not needed for names below localhost
    #[command(help_template = HELP, before_help = "Examples:
  wireserve hosts | sudo tee -a /etc/hosts
  wireserve hosts 192.0.2.7                    for a browser on another machine")]
    Hosts(HostsArguments),
    /// Show or renew the certificates, and how to make browsers trust them
    #[command(help_template = HELP, before_help = "Examples:
  wireserve certs                              what there is, and how to trust it
  wireserve certs renew                        a new certificate for the names in wpt.toml")]
    Certs(CertsArguments),
    /// Print a script that completes the commands and options of wireserve in your shell
    #[command(help_template = HELP, before_help = "Examples:
  wireserve completions bash > ~/.local/share/bash-completion/completions/wireserve
  wireserve completions zsh > ~/.zfunc/_wireserve
  wireserve completions fish > ~/.config/fish/completions/wireserve.fish")]
    Completions(CompletionsArguments),
    /// Write manual pages
    #[command(help_template = HELP, before_help = "Example:
  wireserve man ~/.local/share/man/man1        then man wireserve-serve shows one")]
    Man(ManArguments),
    /// Show saved transcripts in the inspector
    #[command(help_template = HELP, before_help = "Examples:
  wireserve view connection-7.jsonl            prints the URL of the page
  wireserve view --open transcripts/*.jsonl    several connections, in a browser")]
    View(ViewArguments),
    /// Print what the documentation says about a word, or the list of its pages
    #[command(help_template = HELP, before_help = "Examples:
  wireserve docs                               the list of pages
  wireserve docs profiles                      a page, or a section by its heading
  wireserve docs write_push                    what a function does
  wireserve docs playwright certificate        sections that have these words

Markdown if the output is not a terminal. The same pages are at /_wire/docs/ of a running server.

Exit code: 0 found; 1 nothing has these words.")]
    Docs(DocsArguments),
    /// Print what scripts can call: all, one function, or those of an object
    #[command(help_template = HELP, before_help = "Examples:
  wireserve api                                everything on one page
  wireserve api goaway                         types of the parameters, and what the docs say
  wireserve api response.headers               the members of an object

Markdown if the output is not a terminal.

Exit code: 0 found; 1 nothing has this name.")]
    Api(ApiArguments),
    /// Write Rhai definition files (.d.rhai) for editors
    #[command(help_template = HELP, before_help = "Example:
  wireserve definitions .rhai/definitions      for editors that read Rhai's definition files")]
    Definitions(DefinitionsArguments),
    /// Print the JSON Schema of a format
    #[command(help_template = HELP, before_help = "Examples:
  wireserve schema transcript > transcript.schema.json
  wireserve schema outcome > outcome.schema.json")]
    Schema(SchemaArguments),
    /// Start Chromium or Firefox with a fresh profile that trusts the server
    #[command(help_template = HELP, before_help = "Examples:
  wireserve open /my-test.html                 a page of the running server
  wireserve open --browser firefox --headless /my-test.html")]
    Open(OpenArguments),
    /// Fetch URLs over HTTP/2 and print every frame
    #[command(help_template = HELP, before_help = "Examples:
  wireserve fetch https://localhost:9000/handlers/hello.rhai
  wireserve fetch -d text --only HEADERS,RST_STREAM https://localhost:9000/handlers/echo.rhai
  wireserve fetch --plan plan.json http://localhost:9001/
  wireserve fetch --replay browser.jsonl https://localhost:9000/

Frames are printed on standard output: seconds, direction, type, stream, flags, length.
How it ended, and what a strict client says of the same bytes, is printed on standard error.

Exit code: 0 complete; 2 wrong arguments or files; 3 a stream was reset, or its response is malformed;
4 the connection ended early or with an error; 5 TLS failed; 6 no such host or server; 7 --timeout.")]
    Fetch(Box<FetchArguments>),
    /// Print captured bytes of HTTP/2 as readable frames
    #[command(help_template = HELP, before_help = "Examples:
  wireserve decode capture.pcapng              all connections of HTTP/2 without TLS in it
  echo '000000040100000000' | wireserve decode one frame, as hexadecimal digits
  echo 828684 | wireserve decode --hpack       a header block, and the dynamic table after it

A caret points at the first invalid byte; decoding continues where frames begin again.

Exit code: 0 no faults; 1 some bytes are invalid; 2 wrong arguments or files; 3 this is not HTTP/2.")]
    Decode(DecodeArguments),
    /// Serve to a client what the server of a recorded connection sent
    #[command(help_template = HELP, before_help = "Examples:
  wireserve replay bad-server.jsonl --port 9100
  wireserve replay bad-server.jsonl --as-script > handlers/profiles/bad-server.rhai

It serves over TLS if the recorded connection had TLS, one connection at a time, and waits where
the recorded server had waited for the client.

Exit code: 0 done; 2 wrong arguments or files.")]
    Replay(ReplayArguments),
}

/// Options of `wireserve serve`: each overrides wpt.toml.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArguments {
    /// Serve as if started in this directory: its files, its handlers, its wpt.toml
    #[arg(value_name = "DIR", conflicts_with = "root")]
    pub folder: Option<PathBuf>,
    /// Also open a port for HTTP/2 over TLS
    #[arg(long, alias = "http2", overrides_with = "no_h2", help_heading = "Ports")]
    pub h2: bool,
    /// As without --h2: a flag of wptserve
    #[arg(long, hide = true, overrides_with = "h2")]
    pub no_h2: bool,
    /// Also open a port for HTTP/2 without TLS, with prior knowledge
    #[arg(long, help_heading = "Ports")]
    pub h2c: bool,
    /// Port for HTTP/1.1 without TLS: a number, or auto for any free port [default: 8000]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub port: Option<Port>,
    /// Port for HTTP/1.1 over TLS [default: 8443]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub https_port: Option<Port>,
    /// Port for HTTP/2 over TLS; implies --h2 [default: 9000]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub h2_port: Option<Port>,
    /// Port for HTTP/2 without TLS; implies --h2c [default: 9001]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub h2c_port: Option<Port>,
    /// Use any free port wherever no other flag names one, so that servers can run side by side
    #[arg(long, value_name = "auto", value_parser = all_ports, help_heading = "Ports")]
    pub ports: Option<Port>,
    /// Address to open the ports on; 0.0.0.0 or :: lets other machines connect [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", help_heading = "Ports")]
    pub bind: Option<IpAddr>,
    /// Configuration file [default: config.json of web-platform-tests, then wpt.toml, if present]
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub config: Option<PathBuf>,
    /// Directory to serve [default: .]
    #[arg(long, value_name = "DIR", aliases = ["doc-root", "doc_root"], help_heading = "Files")]
    pub root: Option<PathBuf>,
    /// What {{ws_doc_root}} gives
    #[arg(long, value_name = "DIR", hide = true, alias = "ws_doc_root")]
    pub ws_doc_root: Option<PathBuf>,
    /// More aliases, in wptserve's form: lines such as /path/, directory
    #[arg(long, value_name = "FILE", alias = "alias_file", help_heading = "Files")]
    pub alias_file: Option<PathBuf>,
    /// Put this script into every HTML page
    #[arg(long, value_name = "FILE", alias = "inject_script", help_heading = "Files")]
    pub inject_script: Option<PathBuf>,
    /// Directory of the certificates, made at first start [default: certs]
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub certs: Option<PathBuf>,
    /// Also write the ready line (JSON with all URLs) to this file
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub ready_file: Option<PathBuf>,
    /// Also write a transcript of each connection to this directory, as JSON Lines
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub transcript: Option<PathBuf>,
    /// Milliseconds to wait before each response [default: 0]
    #[arg(long, value_name = "MS", value_parser = milliseconds, help_heading = "Serving")]
    pub latency: Option<Duration>,
    /// Threads that serve connections [default: one per core]
    #[arg(long, value_name = "N", value_parser = workers, help_heading = "Serving")]
    pub workers: Option<usize>,
    /// Also open this page, or /, in a browser that trusts the server, as `wireserve open` does
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "/", value_parser = page, help_heading = "Serving")]
    pub open: Option<String>,
    /// Let requests with this token delete transcripts, stash and server.context: DELETE /_wire/state
    #[arg(long, value_name = "TOKEN", help_heading = "Serving")]
    pub state_token: Option<String>,
    /// Stop when standard input ends, as it does when the parent process exits
    #[arg(long, help_heading = "Serving")]
    pub exit_with_stdin: bool,
    /// Stop when the process that started the server has ended, whatever standard input is
    #[cfg(unix)]
    #[arg(long, help_heading = "Serving")]
    pub exit_with_parent: bool,
    /// What to log to stderr, from least to most; on a terminal access is the default, else info
    #[arg(long, value_name = "LEVEL", help_heading = "Logging")]
    pub log: Option<LogLevel>,
    /// How to write the log [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Logging")]
    pub log_format: Option<LogFormat>,
    /// As --log debug
    #[arg(long, hide = true)]
    pub verbose: bool,
}

impl ServeArguments {
    /// Goes to the directory that is to be served; paths of other options stay what they are.
    ///
    /// # Errors
    /// For people: it is not there, or no directory.
    pub fn enter_folder(&mut self) -> Result<(), String> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let paths = [
            &mut self.config,
            &mut self.ws_doc_root,
            &mut self.alias_file,
            &mut self.inject_script,
            &mut self.certs,
            &mut self.ready_file,
            &mut self.transcript,
        ];
        for path in paths.into_iter().flatten() {
            *path = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        }
        std::env::set_current_dir(folder).map_err(|error| format!("cannot serve {}: {error}", folder.display()))
    }
}

/// Options of `wireserve config`.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArguments {
    /// Say above each key what it means
    #[arg(long, help_heading = "Output")]
    pub comments: bool,
    /// Those of `wireserve serve`.
    #[command(flatten)]
    pub serve: ServeArguments,
}

/// Options of `wireserve check`.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckArguments {
    /// How to print what is wrong
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,
    /// As --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Configuration file [default: config.json of web-platform-tests, then wpt.toml, if present]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Handlers, or directories of handlers [default: the handler roots of wpt.toml]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// How `wireserve check` prints what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the line itself, for people
    #[default]
    Text,
    /// file:line:column: message, for editors and CI
    Short,
    /// One JSON value in one line
    Json,
}

impl CheckArguments {
    /// How to print what is wrong.
    pub fn format(&self) -> CheckFormat {
        if self.json { CheckFormat::Json } else { self.format }
    }
}

/// Options of `wireserve new`.
#[derive(Args, Clone, Debug)]
pub struct NewArguments {
    /// Configuration file [default: config.json of web-platform-tests, then wpt.toml, if present]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Copy this handler or profile, such as connection/goaway, instead of writing a first one
    #[arg(long, value_name = "HANDLER")]
    pub from: Option<String>,
    /// Name of the handler, as in its URL
    pub name: String,
}

/// Options of `wireserve show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArguments {
    /// Configuration file [default: config.json of web-platform-tests, then wpt.toml, if present]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Name of the handler, such as connection/goaway, or a file [default: list all]
    #[arg(value_name = "HANDLER")]
    pub handler: Option<String>,
}

/// Options of `wireserve completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArguments {
    /// Your shell
    pub shell: clap_complete::Shell,
}

/// Options of `wireserve man`.
#[derive(Args, Clone, Debug)]
pub struct ManArguments {
    /// Directory for the pages, one for each command; made if it is missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Options of `wireserve hosts`.
#[derive(Args, Clone, Debug, Default)]
pub struct HostsArguments {
    /// Configuration file [default: config.json of web-platform-tests, then wpt.toml, if present]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory that the server serves, on which its host names may depend [default: doc_root of the configuration]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// IP address for the names, as the browser's machine reaches this server [default: bind_address]
    #[arg(value_name = "ADDRESS")]
    pub address: Option<IpAddr>,
}

/// Options of `wireserve certs`.
#[derive(Args, Clone, Debug, Default)]
pub struct CertsArguments {
    #[command(subcommand)]
    pub command: Option<CertsCommand>,
    /// Configuration file [default: config.json of web-platform-tests, then wpt.toml, if present]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the certificates, made if necessary [default: certs]
    #[arg(long, global = true, value_name = "DIR")]
    pub certs: Option<PathBuf>,
    /// Print one JSON value instead of text
    #[arg(long)]
    pub json: bool,
}

/// What to do with the certificates besides showing them.
#[derive(Clone, Debug, Subcommand)]
pub enum CertsCommand {
    /// Make a new leaf certificate, for the names of the configuration
    Renew {
        /// Also make a new authority: every client that trusts the old one must trust the new one
        #[arg(long)]
        authority: bool,
    },
}

/// Options of `wireserve docs`.
#[derive(Args, Clone, Debug, Default)]
pub struct DocsArguments {
    /// A heading, a page, a function, or words to look for
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}

/// Options of `wireserve api`.
#[derive(Args, Clone, Debug, Default)]
pub struct ApiArguments {
    /// A function, a property, an object or a module; or part of a name
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
}

/// Options of `wireserve definitions`.
#[derive(Args, Clone, Debug)]
pub struct DefinitionsArguments {
    /// Directory to write the files to, made if necessary
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}

/// Options of `wireserve schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArguments {
    /// What to print the schema of
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: SchemaFormat,
}

/// A format with a published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// Transcripts, as JSON and as JSON Lines
    Transcript,
    /// Outcomes, the JSON of /_wire/outcome/TOKEN
    Outcome,
}

/// Options of `wireserve open`.
#[derive(Args, Clone, Debug, Default)]
pub struct OpenArguments {
    /// What to open: a URL, or a path on the running server [default: /]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// chromium, firefox, or a program [default: the first found; CHROME and FIREFOX can name them]
    #[arg(long, value_name = "BROWSER")]
    pub browser: Option<PathBuf>,
    /// Run without a window, where there is no display, or for a page that reports its result to the server
    #[arg(long)]
    pub headless: bool,
    /// Configuration file of the server [default: config.json, then wpt.toml, if present]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory that the server serves, on which its host names may depend [default: doc_root of the configuration]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Directory of the server's certificates [default: certs]
    #[arg(long, value_name = "DIR")]
    pub certs: Option<PathBuf>,
    /// Ready file of the server, which has its ports [default: the ports of the configuration]
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// More arguments for the browser
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<String>,
}

/// Options of `wireserve view`.
#[derive(Args, Clone, Debug, Default)]
pub struct ViewArguments {
    /// Transcripts as JSON Lines or JSON, one connection per file
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Port on 127.0.0.1 [default: any free port]
    #[arg(long, value_name = "PORT")]
    pub port: Option<Port>,
    /// Also open the page in a browser
    #[arg(long)]
    pub open: bool,
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(milliseconds @ 0..=MAX_LATENCY) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(format!("a number of milliseconds, up to {MAX_LATENCY}")),
    }
}

/// A page to open. A directory's name here is one that was meant for DIR: `--open` takes what follows it.
fn page(text: &str) -> Result<String, String> {
    if !text.starts_with('/') && Path::new(text).is_dir() {
        return Err(format!("this is a directory, not a page; to serve it, put it first: serve {text} --open"));
    }
    Ok(text.to_owned())
}

fn all_ports(text: &str) -> Result<Port, &'static str> {
    if text == "auto" { Ok(Port::Auto) } else { Err("only auto; --port, --h2-port and so on take numbers") }
}

fn workers(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MAX_WORKERS).contains(count));
    count.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| format!("a number from 1 to {MAX_WORKERS}"))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_directory_is_no_page_to_open() {
        assert!(page("src").unwrap_err().ends_with("put it first: serve src --open"));
        for text in ["/", "/src", "https://a.test/", "about:config"] {
            assert_eq!(page(text).as_deref(), Ok(text));
        }
    }
}
