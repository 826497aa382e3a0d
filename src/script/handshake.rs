//! What a profile says of the TLS handshake, which comes before any of its functions: `const ALPN`, `const SPEAKS`,
//! `const HANDSHAKE`.

use rhai::{Array, Dynamic};

use super::compiled::Script;
use super::error::ScriptError;
use crate::exchange::Protocol;

/// How a profile's connections begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// What is selected in answer to the client's offer (RFC 7301); `None`: as usual.
    pub alpn: Option<Alpn>,
    /// What is spoken then; `None`: what was selected.
    pub speaks: Option<Protocol>,
    /// The client's first message is read, and never answered.
    pub stalls: bool,
}

/// What is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// `()`: nothing.
    Nothing,
    /// A name: this, offered or not.
    Always(String),
    /// An array: the first of these that is offered; without any, the handshake is refused.
    Among(Vec<String>),
}

impl Handshake {
    /// Whether it is that of any other connection.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What a script says of the handshake of its connections, if it is a profile.
    ///
    /// # Errors
    /// [`ScriptError::NoHandler`]: a value that means nothing.
    pub fn of(script: &Script) -> Result<Self, ScriptError> {
        let mut handshake = Self::default();
        for (name, _, value) in script.ast().iter_literal_variables(true, false) {
            let known = match name {
                "ALPN" => alpn(value).map(|alpn| handshake.alpn = Some(alpn)),
                "SPEAKS" => speaks(&value).map(|protocol| handshake.speaks = Some(protocol)),
                "HANDSHAKE" => stalls(&value).map(|()| handshake.stalls = true),
                _ => continue,
            };
            known.map_err(|message| wrong_constant(script, name, &message))?;
        }
        // One that has to be computed is not known before the script runs.
        let known = [
            ("ALPN", handshake.alpn.is_some()),
            ("SPEAKS", handshake.speaks.is_some()),
            ("HANDSHAKE", handshake.stalls),
        ];
        for (name, known) in known {
            if !known && line_of_constant(script.text(), name).is_some() {
                return Err(wrong_constant(script, name, "it is to be written out as a value"));
            }
        }
        Ok(handshake)
    }
}

/// Whether a profile can be called so: it is a label of a host name.
pub fn is_name(name: &str) -> bool {
    let allowed = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') && !name.ends_with('-')
}

fn line_of_constant(text: &str, name: &str) -> Option<usize> {
    let declares = |line: &str| {
        let rest = line.strip_prefix("const ").and_then(|rest| rest.trim_start().strip_prefix(name));
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(declares)
}

fn wrong_constant(script: &Script, name: &str, message: &str) -> ScriptError {
    let mut fault = script.fault(format!("const {name}: {message}"));
    if let Some(at) = line_of_constant(script.text(), name) {
        fault.place_at_line(at + 1, script.text());
    }
    ScriptError::NoHandler(fault)
}

fn alpn(value: Dynamic) -> Result<Alpn, String> {
    if value.is_unit() {
        return Ok(Alpn::Nothing);
    }
    if value.is_string() {
        return protocol_name(value).map(Alpn::Always);
    }
    let names = value.try_cast::<Array>().ok_or_else(|| {
        "it is the name of a protocol, an array of those that are accepted, or () for none".to_owned()
    })?;
    names.into_iter().map(protocol_name).collect::<Result<_, _>>().map(Alpn::Among)
}

fn protocol_name(value: Dynamic) -> Result<String, String> {
    let name = value.into_string().map_err(|other| format!("the name of a protocol is a string, not {other}"))?;
    if (1..=255).contains(&name.len()) {
        Ok(name)
    } else {
        Err(format!("the name of a protocol has 1 to 255 bytes, not {} (RFC 7301 §3.1)", name.len()))
    }
}

fn speaks(value: &Dynamic) -> Result<Protocol, String> {
    match value.read_lock::<rhai::ImmutableString>().as_deref().map(rhai::ImmutableString::as_str) {
        Some("h2") => Ok(Protocol::Http2),
        Some("http/1.1") => Ok(Protocol::Http1),
        _ => Err("it is \"h2\" or \"http/1.1\"".to_owned()),
    }
}

fn stalls(value: &Dynamic) -> Result<(), String> {
    match value.read_lock::<rhai::ImmutableString>().as_deref().map(rhai::ImmutableString::as_str) {
        Some("stall") => Ok(()),
        _ => Err("it is \"stall\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;

    use super::*;
    use crate::script::limits::Limits;
    use crate::script::loader::{Loader, Roots};
    use crate::script::roles::check_is_profile;
    use crate::script::watch::Changes;

    fn told(text: &str) -> Result<Handshake, String> {
        let loader = Loader::new(Rc::new(Limits::default()), Roots::default(), Changes::unwatched());
        let script = loader.compile(Path::new("p.rhai"), text).map_err(|error| error.to_string())?;
        check_is_profile(&script).and_then(|()| Handshake::of(&script)).map_err(|error| error.to_string())
    }

    #[test]
    fn constants_say_what_is_selected_and_spoken() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        for (text, alpn, speaks) in [
            ("const ALPN = ();", Some(Alpn::Nothing), None),
            ("const ALPN = [];", Some(Alpn::Among(Vec::new())), None),
            ("const ALPN = [\"h2\", \"http/1.1\"];", Some(Alpn::Among(names(&["h2", "http/1.1"]))), None),
            ("const ALPN = \"h3\"; const SPEAKS = \"h2\";", Some(Alpn::Always("h3".into())), Some(Protocol::Http2)),
            ("const SPEAKS = \"http/1.1\";", None, Some(Protocol::Http1)),
            ("const OTHER = 1; fn on_connect(connection) { const ALPN = 1; }", None, None),
        ] {
            assert_eq!(told(text), Ok(Handshake { alpn, speaks, stalls: false }), "{text}");
        }
    }

    #[test]
    fn a_handshake_may_stall() {
        assert_eq!(told("const HANDSHAKE = \"stall\";"), Ok(Handshake { stalls: true, ..Handshake::default() }));
    }

    #[test]
    fn constants_that_mean_nothing_are_told_with_their_line() {
        for (text, message) in [
            ("\nconst ALPN = 1;", "const ALPN: it is the name of a protocol, an array"),
            ("\nconst ALPN = [1];", "the name of a protocol is a string"),
            ("\nconst ALPN = \"\";", "has 1 to 255 bytes"),
            ("\nconst SPEAKS = \"h3\";", "const SPEAKS: it is \"h2\" or"),
            ("\nconst HANDSHAKE = true;", "const HANDSHAKE: it is \"stall\""),
            ("\nconst ALPN = uuid(); fn on_connect(connection) {}", "written out"),
        ] {
            let error = told(text).unwrap_err();
            assert!(error.contains(message) && error.contains("p.rhai:2"), "{text}: {error}");
        }
    }
}
