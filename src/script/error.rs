//! What went wrong in a script, as text for the person who wrote it.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rhai::{Dynamic, EvalAltResult, ParseError, Position};

use super::limits::{Ending, Limits};
use crate::exchange::Excerpt;

/// Why a handler gave no answer. All are the script's fault, except [`ScriptError::Ended`] and
/// [`ScriptError::Panic`].
#[derive(Clone, Debug)]
pub enum ScriptError {
    /// The file cannot be used as a script, whatever is in it.
    Unreadable { file: PathBuf, why: String },
    /// The operating system did not read the file: the next attempt may succeed.
    System { file: PathBuf, kind: ErrorKind, why: String },
    /// The file does not compile.
    Compile(Box<Fault>),
    /// The file compiles, but is no handler: what is missing or wrong.
    NoHandler(Box<Fault>),
    /// An error at run time, or thrown by the script.
    Runtime(Box<Fault>),
    /// More than a handler may use.
    Budget { ending: Ending, fault: Box<Fault> },
    /// A function returned a value that cannot be used.
    BadReturn(Box<Fault>),
    /// The script found the request wrong, by `request.GET.integer` and the like: to be answered with a 4xx.
    BadRequest(BadRequest),
    /// A host function panicked: a mistake in the server.
    Panic { file: PathBuf, message: String },
    /// The stream, the connection or the server is over: nobody waits for an answer.
    Ended,
}

/// A message with its place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub file: PathBuf,
    /// Line and column, from 1; no column is 0.
    pub place: Option<(usize, usize)>,
    /// The line itself.
    pub line: Option<String>,
    /// Calls that led there, innermost first.
    pub calls: Vec<Call>,
    /// What to do about it.
    pub help: Option<String>,
}

/// What a helper throws when the request is wrong; see [`ScriptError::BadRequest`].
#[derive(Clone, Debug)]
pub struct BadRequest {
    /// The status to answer with, 400 to 499.
    pub status: u16,
    /// A sentence for people.
    pub text: String,
}

impl From<BadRequest> for Box<EvalAltResult> {
    fn from(error: BadRequest) -> Self {
        EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE).into()
    }
}

/// One call in a chain of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub function: String,
    pub file: PathBuf,
    /// Where it was called; not known for calls by the server.
    pub place: Option<(usize, usize)>,
}

/// Calls of a chain that are shown before the middle is left out.
const CALLS_SHOWN: usize = 12;

/// Octets of a message that are shown.
const MESSAGE: usize = 4096;

impl ScriptError {
    /// The error as text for people: in full, or `brief`, in one line without the script's lines and calls.
    pub fn text(&self, brief: bool) -> String {
        let full = self.to_string();
        match self.fault() {
            Some(fault) if brief => {
                let message = fault.message.lines().next().unwrap_or_default();
                format!("error: {message} ({})", Spot(&fault.file, fault.place))
            }
            _ => full,
        }
    }

    /// Whether there is no such file, or a directory in its place.
    pub fn is_missing(&self) -> bool {
        let missing = [ErrorKind::NotFound, ErrorKind::NotADirectory, ErrorKind::IsADirectory];
        matches!(self, Self::System { kind, .. } if missing.contains(kind))
    }

    /// The file that could not be read, and why.
    pub fn unreadable(&self) -> Option<(&Path, &str)> {
        match self {
            Self::Unreadable { file, why } | Self::System { file, why, .. } => Some((file, why)),
            _ => None,
        }
    }

    /// The place in a script, if it has one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Compile(fault)
            | Self::NoHandler(fault)
            | Self::Runtime(fault)
            | Self::BadReturn(fault)
            | Self::Budget { fault, .. } => Some(fault),
            Self::Unreadable { .. } | Self::System { .. } | Self::BadRequest(_) | Self::Panic { .. } | Self::Ended => {
                None
            }
        }
    }
}

impl std::error::Error for ScriptError {}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, why } | Self::System { file, why, .. } => {
                write!(f, "error: cannot read {}: {why}", file.display())
            }
            Self::Panic { file, message } => write!(
                f,
                "error: a function of the server failed inside this handler: {message}\n  --> {}\n\
                 This is a mistake in wireserve, not in the script.",
                file.display()
            ),
            Self::BadRequest(error) => f.write_str(&error.text),
            Self::Ended => f.write_str("the script was stopped: its stream, its connection or the server is closing"),
            Self::Compile(fault)
            | Self::NoHandler(fault)
            | Self::Runtime(fault)
            | Self::BadReturn(fault)
            | Self::Budget { fault, .. } => fault.fmt(f),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  --> {}", self.message, Spot(&self.file, self.place))?;
        if let (Some((number, column)), Some(line)) = (self.place, &self.line) {
            let number = number.to_string();
            let margin = " ".repeat(number.len());
            // Tabs stay tabs, so that the caret stands below its character.
            let before = line.chars().take(column.saturating_sub(1));
            let indent: String = before.map(|char| if char == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n {margin} |\n {number} | {line}")?;
            if column > 0 {
                write!(f, "\n {margin} | {indent}^")?;
            }
        }
        for call in self.calls_shown() {
            write!(f, "\n  {call}")?;
        }
        match &self.help {
            Some(help) => write!(f, "\n help: {help}"),
            None => Ok(()),
        }
    }
}

struct Spot<'a>(&'a Path, Option<(usize, usize)>);

impl fmt::Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.display())?;
        match self.1 {
            Some((line, 0)) => write!(f, ":{line}"),
            Some((line, column)) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

fn place_of(position: Position) -> Option<(usize, usize)> {
    position.line().map(|line| (line, position.position().unwrap_or(0)))
}

impl Fault {
    /// A message about a whole file, or a line of it.
    pub fn new(message: impl Into<String>, file: &Path, text: &str, place: Option<(usize, usize)>) -> Box<Self> {
        Box::new(Self {
            message: message.into(),
            file: file.to_owned(),
            place,
            line: place.and_then(|(line, _)| line_of(text, line)),
            calls: Vec::new(),
            help: None,
        })
    }

    /// Why a file does not compile.
    pub fn compile(error: &ParseError, file: &Path, text: &str) -> Box<Self> {
        let message = match error.err_type().to_string() {
            message if message.is_empty() => "this does not compile".to_owned(),
            message => message,
        };
        Self::new(message, file, text, place_of(error.position()))
    }

    /// The calls as lines, the middle of a long chain left out.
    fn calls_shown(&self) -> Vec<String> {
        let count = self.calls.len();
        let line = |call: &Call| match call.place {
            Some(place) => format!("in `{}`, called at {}", call.function, Spot(&call.file, Some(place))),
            None => format!("in `{}` of {}", call.function, call.file.display()),
        };
        if count <= CALLS_SHOWN {
            return self.calls.iter().map(line).collect();
        }
        let (first, last) = (&self.calls[..CALLS_SHOWN / 2], &self.calls[count - CALLS_SHOWN / 2..]);
        let gap = std::iter::once(format!("… {} more calls …", count - CALLS_SHOWN));
        first.iter().map(line).chain(gap).chain(last.iter().map(line)).collect()
    }

    /// For a page of a request that `script` responds to.
    pub fn excerpt(&self, script: &Path) -> Excerpt {
        let (line, column) = self.place.unwrap_or_default();
        Excerpt {
            spot: Spot(&self.file, self.place).to_string(),
            // Messages may leave out the beginning of a path.
            is_at_url: script.ends_with(&self.file),
            line,
            column,
            code: self.line.clone().unwrap_or_default(),
            calls: self.calls_shown(),
            help: self.help.clone(),
        }
    }

    /// Says where `function` begins, for errors that Rhai gives no place.
    pub fn place_at_function(&mut self, function: &str, text: &str) {
        let head = format!("fn {function}");
        let begins = |line: &str| {
            let rest = line.trim_start().trim_start_matches("private ").strip_prefix(&head);
            rest.is_some_and(|rest| rest.trim_start().starts_with('('))
        };
        if let Some(at) = text.lines().position(begins) {
            self.place_at_line(at + 1, text);
        }
    }

    /// Places it at the beginning of a line, counted from 1.
    pub fn place_at_line(&mut self, number: usize, text: &str) {
        self.line = line_of(text, number);
        let indent = self.line.as_deref().map_or(0, |line| line.len() - line.trim_start().len());
        self.place = Some((number, indent + 1));
    }
}

/// One line of a text, counted from 1.
pub fn line_of(text: &str, number: usize) -> Option<String> {
    text.lines().nth(number.checked_sub(1)?).map(|line| line.trim_end().to_owned())
}

/// A message of a size for people: what a script throws may be as large as a string may be.
pub fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE {
        let length = message.len();
        let end = (0..=MESSAGE).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or_default());
        message.push_str(&format!("… ({length} octets)"));
    }
    message
}

/// What a budget's end means.
pub fn ending_message(ending: Ending, limits: &Limits) -> String {
    let key = |what: &str, key: &str, value: String| format!("{what} (limits.script.{key} = {value})");
    match ending {
        Ending::Cancelled => "the script was stopped: its stream, its connection or the server is closing".to_owned(),
        Ending::Operations => key(
            &format!("the script made more than {} operations: does it loop without end?", limits.operations),
            "operations",
            limits.operations.to_string(),
        ),
        Ending::Time => {
            let seconds = limits.time.as_secs_f64();
            key(&format!("the script took longer than {seconds} s"), "time", seconds.to_string())
        }
        Ending::CallDepth => key(
            &format!("calls nested deeper than {}: does a function call itself without end?", limits.call_depth),
            "call_depth",
            limits.call_depth.to_string(),
        ),
        Ending::Stack => "calls and expressions nested too deep for the stack of a script".to_owned(),
        Ending::Memory => key(
            &format!("the process grew by more than {} bytes while the script ran", limits.memory),
            "memory",
            limits.memory.to_string(),
        ),
        Ending::Nesting => "closures that contain each other are nested too deep".to_owned(),
    }
}
