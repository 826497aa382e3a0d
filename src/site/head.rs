//! The comment at the head of a script: what it sends, and what a client is expected to do about it.
//!
//! The index page shows it; tests and whatever judges a client take the expectation from it. Nothing else says it.
//!
//! ```text
//! // Sends SETTINGS of 5 bytes.
//! // Client: must end the connection (RFC 9113 §6.5).
//! // Try: ?kind=length ?kind=ack
//! // Expect: ?kind=length connection FRAME_SIZE_ERROR
//! // Expect: any
//! // Only: HTTP/2
//! ```
//!
//! An `Expect:` line is about the queries that it begins with, or, without any, about all that no other line names. Then
//! come one or more [`Reaction`]s, joined by `or`: each is correct.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

/// Bytes of a script that are looked at for its head.
const MAX_HEAD: u64 = 64 * 1024;

/// The comment's lines up to the first code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// What it sends: the lines before the others.
    pub sends: String,
    /// What a client must, should or may do, for people: from `Client:` on.
    pub client: String,
    /// Queries to try, each with its `?`.
    pub tries: Vec<String>,
    /// The protocol that it needs: `HTTP/2`, or `gRPC`.
    pub only: Option<String>,
    /// What a client is expected to do.
    pub expectations: Vec<Expectation>,
    /// Why `Expect:` lines could not be read.
    pub problems: Vec<String>,
}

/// One `Expect:` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The queries that it is about; none: all that no other line names.
    pub queries: Vec<String>,
    /// Each is correct; at least one.
    pub reactions: Vec<Reaction>,
}

/// What a client does that fetches the URL once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// `response`, `response 200`: it takes the response as complete, with that status, or any final one.
    Response(Option<u16>),
    /// `ignore`: it takes the response as complete, as if nothing else had been sent.
    Ignore,
    /// `stream PROTOCOL_ERROR`: RST_STREAM with that code ends the stream, sent by it, or, where it only has to accept
    /// that, by the server.
    Stream(String),
    /// `connection PROTOCOL_ERROR`: GOAWAY with that code ends the connection, sent by either side as above.
    Connection(String),
    /// `either PROTOCOL_ERROR`: a stream error, or a connection error, which a client may make of it (RFC 9113 §5.4.2).
    Either(String),
    /// `incomplete`: it does not take the response as complete.
    Incomplete,
    /// `retry`: it repeats the request, over another connection if this one ends.
    Retry,
    /// `any`: nothing is asked of it, except that it survives.
    Any,
}

impl Head {
    /// Reads the leading comment of a script; reading never fails, see [`Head::problems`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut head = Self::default();
        let mut in_client = false;
        for line in text.lines().map_while(|line| line.trim().strip_prefix("//")) {
            let line = line.trim_start_matches('/').trim();
            if let Some(tries) = line.strip_prefix("Try:") {
                head.tries.extend(tries.split_whitespace().map(str::to_owned));
            } else if let Some(only) = line.strip_prefix("Only:") {
                head.only = Some(only.trim().to_owned());
            } else if let Some(expected) = line.strip_prefix("Expect:") {
                match expected.parse() {
                    Ok(expectation) => head.expectations.push(expectation),
                    Err(why) => head.problems.push(why),
                }
            } else if let Some(client) = line.strip_prefix("Client:") {
                in_client = true;
                add(&mut head.client, client.trim());
            } else {
                add(if in_client { &mut head.client } else { &mut head.sends }, line);
            }
        }
        head
    }

    /// Reads the leading comment of the script in a file; `None` if it is no regular file.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        beginning(path).map(|text| Self::parse(&text))
    }

    /// Whether the script says that it is for HTTP/2 alone.
    #[must_use]
    pub fn is_for_http2(&self) -> bool {
        self.only.as_deref().is_some_and(|only| matches!(only, "HTTP/2" | GRPC))
    }

    /// What a client is expected to do that asks with this query (`""` for none); `None` if the head does not say.
    #[must_use]
    pub fn expected(&self, query: &str) -> Option<&Expectation> {
        let named = self.expectations.iter().find(|expectation| expectation.queries.iter().any(|named| named == query));
        named.or_else(|| self.expectations.iter().find(|expectation| expectation.queries.is_empty()))
    }

    /// Every query to try, or the empty one alone.
    #[must_use]
    pub fn queries(&self) -> Vec<&str> {
        if self.tries.is_empty() { vec![""] } else { self.tries.iter().map(String::as_str).collect() }
    }
}

/// What `Only:` says of handlers that respond to gRPC calls: a browser cannot use them.
pub(super) const GRPC: &str = "gRPC";

/// The first bytes of a regular file, for its comment. What else may have a name (a pipe, a device, a folder) is no
/// handler, and reading it might never end.
pub(super) fn beginning(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    // An unreadable handler is listed all the same: asked for, it says what is wrong.
    if let Ok(file) = File::open(path) {
        let _ = file.take(MAX_HEAD).read_to_end(&mut bytes);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn add(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let named = words.iter().take_while(|word| word.starts_with('?')).count();
        let reactions = words[named..].split(|word| *word == "or").map(Reaction::read).collect::<Result<_, _>>();
        let reactions = reactions.map_err(|why| format!("cannot read `Expect: {}`: {why}", text.trim()))?;
        Ok(Self { queries: words[..named].iter().map(|word| (*word).to_owned()).collect(), reactions })
    }
}

impl Reaction {
    fn read(words: &[&str]) -> Result<Self, String> {
        Ok(match *words {
            ["response"] => Self::Response(None),
            ["response", status] => {
                let code = status.parse().ok().filter(|code| (200..=999).contains(code));
                Self::Response(Some(code.ok_or_else(|| format!("`{status}` is not a final status"))?))
            }
            ["ignore"] => Self::Ignore,
            ["stream", code] => Self::Stream(code.to_owned()),
            ["connection", code] => Self::Connection(code.to_owned()),
            ["either", code] => Self::Either(code.to_owned()),
            ["incomplete"] => Self::Incomplete,
            ["retry"] => Self::Retry,
            ["any"] => Self::Any,
            _ => {
                return Err(format!(
                    "`{}` must be one of response, response STATUS, ignore, stream CODE, connection CODE, either CODE, \
                     incomplete, retry, any",
                    words.join(" ")
                ));
            }
        })
    }

    /// The error code that it names, as it is written: a name of RFC 9113 §7, or a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Stream(code) | Self::Connection(code) | Self::Either(code) => Some(code),
            Self::Response(_) | Self::Ignore | Self::Incomplete | Self::Retry | Self::Any => None,
        }
    }
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(None) => f.write_str("response"),
            Self::Response(Some(status)) => write!(f, "response {status}"),
            Self::Ignore => f.write_str("ignore"),
            Self::Stream(code) => write!(f, "stream {code}"),
            Self::Connection(code) => write!(f, "connection {code}"),
            Self::Either(code) => write!(f, "either {code}"),
            Self::Incomplete => f.write_str("incomplete"),
            Self::Retry => f.write_str("retry"),
            Self::Any => f.write_str("any"),
        }
    }
}

/// The reactions alone, as an `Expect:` line has them.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, reaction) in self.reactions.iter().enumerate() {
            write!(f, "{}{reaction}", if at == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_up_to_the_first_code() {
        let text = "// Sends a frame\n// of two lines.\n// Client: must not crash\n// at all.\n// Try:  ?a=1 ?b=2\n\
                    // Try: ?c=3\n// Expect: any\n// Only: HTTP/2\nfn main() {}\n// not this";
        let head = Head::parse(text);
        assert_eq!(head.sends, "Sends a frame of two lines.");
        assert_eq!(head.client, "must not crash at all.");
        assert_eq!(head.queries(), ["?a=1", "?b=2", "?c=3"]);
        assert_eq!(head.only.as_deref(), Some("HTTP/2"));
        assert_eq!(head.expected("?a=1").map(|expected| &*expected.reactions), Some(&[Reaction::Any][..]));
        assert_eq!(Head::parse("// Sends.\nfn main(request, response) { }\n").queries(), [""]);
    }

    #[test]
    fn an_expectation_is_about_the_queries_that_it_names_or_all_others() {
        let text = "// Try: ?a=1 ?a=2 ?a=3\n// Expect: ?a=1 ?a=2 stream CANCEL or connection 0xb or either 7\n\
                    // Expect: response 200 or response or ignore or incomplete or retry or any";
        let head = Head::parse(text);
        let expected = |query| head.expected(query).map(ToString::to_string).unwrap_or_default();
        assert_eq!(expected("?a=1"), expected("?a=2"));
        assert_eq!(expected("?a=1"), "stream CANCEL or connection 0xb or either 7");
        assert_eq!(expected("?a=3"), "response 200 or response or ignore or incomplete or retry or any");
        assert_eq!(expected(""), expected("?a=3"));
        let codes: Vec<&str> = head.expectations[0].reactions.iter().filter_map(Reaction::code).collect();
        assert_eq!(codes, ["CANCEL", "0xb", "7"]);
        assert_eq!(Head::parse("// Expect: ?a=1 any").expected("?a=2"), None);
    }

    #[test]
    fn what_cannot_be_read_is_a_problem() {
        for wrong in
            ["", "?a=1", "stream", "response 99", "response ok", "any or", "crash", "any any", "connection A B"]
        {
            let head = Head::parse(&format!("// Expect: {wrong}"));
            assert!(head.expectations.is_empty(), "{wrong}");
            assert!(head.problems[0].starts_with(&format!("cannot read `Expect: {wrong}`: `")), "{:?}", head.problems);
        }
    }
}
