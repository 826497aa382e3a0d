//! What is wrong with a pipe.

use crate::exchange::{ContentError, Exchange, Prepared, Protocol};
use crate::site::pages::status_page;
use crate::site::template::TemplateError;
use std::fmt;

/// Why a response cannot be piped; its text names the pipe, the argument and what is allowed. All are for the URL's
/// author to mend.
#[derive(Clone, Debug, PartialEq)]
pub enum PipeError {
    /// The text ends in a backslash.
    LoneBackslash,
    /// No such pipe.
    Unknown {
        /// As it is written.
        name: String,
        /// The name of one that it resembles.
        like: Option<&'static str>,
    },
    /// More pipes than this.
    TooMany(usize),
    /// Too few arguments, or too many.
    Count {
        /// How the pipe is written.
        usage: &'static str,
        /// How many there are.
        given: usize,
    },
    /// An argument of the wrong kind, or out of range.
    Argument {
        /// How the pipe is written.
        usage: &'static str,
        /// Counted from 1.
        place: usize,
        /// The argument.
        given: String,
        /// What it can be.
        allowed: String,
    },
    /// A pipe that exists over the other protocol only.
    Protocol {
        /// The pipe.
        name: &'static str,
        /// Where it exists.
        wanted: Protocol,
    },
    /// The content is not there, or too long for a pipe that needs all of it.
    Content {
        /// The pipe.
        name: &'static str,
        /// Why.
        error: ContentError,
    },
    /// The pipe `sub` found something in the file that means nothing.
    Template(TemplateError),
    /// A rhythm that would take longer than this many seconds.
    TooSlow(u64),
}

impl PipeError {
    /// What is answered in place of the response, and logged.
    pub fn page(&self, exchange: &Exchange) -> Prepared {
        tracing::warn!("{}: {self}", exchange.request().target.escape_ascii());
        status_page(500, &self.to_string())
    }
}

impl fmt::Display for PipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoneBackslash => f.write_str("The pipes end in a backslash, which escapes nothing."),
            Self::Unknown { name, like } => {
                write!(f, "There is no pipe {name:?}.")?;
                match like {
                    Some(like) => write!(f, " Did you mean {like}?"),
                    None => write!(f, " There are {}.", super::call::NAMES.join(", ")),
                }
            }
            Self::TooMany(most) => write!(f, "There are more than {most} pipes."),
            Self::Count { usage, given: 0 } => write!(f, "The pipe {usage} has no arguments here."),
            Self::Count { usage, given } => {
                write!(f, "The pipe {usage} has {given} argument{} here.", if *given == 1 { "" } else { "s" })?;
                // Parentheses with nothing in them are one empty argument, as in wptserve.
                if usage.contains('(') { Ok(()) } else { f.write_str(" It takes no arguments and no parentheses.") }
            }
            Self::Argument { usage, place, given, allowed } => {
                write!(f, "Argument {place} of the pipe {usage} must be {allowed}, not {given:?}.")
            }
            Self::Protocol { name, wanted } => {
                write!(f, "The pipe {name} exists over {wanted} only, and this request came over {}.", wanted.other())
            }
            Self::Content { name, error } => write!(f, "The pipe {name} needs all of the content. {error}"),
            Self::Template(error) => write!(f, "Substitution failed: {error}."),
            Self::TooSlow(most) => {
                write!(f, "The pipe trickle would take longer than {most} seconds with this content.")
            }
        }
    }
}

impl std::error::Error for PipeError {}
