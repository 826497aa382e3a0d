//! The query of a page below `/_wire/`: known parameters only, so that a misspelled one is not ignored.

use crate::exchange::Request;
use crate::http::form::parse_urlencoded;
use crate::http::words::similar;
use bytes::Bytes;

/// Parameters by name.
pub(super) struct Query(Vec<(Bytes, Bytes)>);

impl Query {
    /// The query of a request for a page that has these parameters.
    ///
    /// # Errors
    /// It has another one: a sentence.
    pub fn of(request: &Request, known: &[&str]) -> Result<Self, String> {
        let query = Self(parse_urlencoded(request.query().unwrap_or_default()));
        let unknown = query.0.iter().map(|(name, _)| name).find(|name| !known.iter().any(|known| **name == known));
        let Some(unknown) = unknown else { return Ok(query) };
        let unknown = String::from_utf8_lossy(unknown);
        let advice = match similar(&unknown, known.iter().copied()) {
            Some(similar) => format!("Did you mean `{similar}`?"),
            None => format!("Known here: {}.", known.join(", ")),
        };
        Err(format!("This page has no parameter `{}`. {advice}", unknown.escape_debug()))
    }

    /// The value of a parameter; the first if there are several.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The value of a parameter as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The value of a parameter that is a number.
    ///
    /// # Errors
    /// It is another text: a sentence.
    pub fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        number.map(Some).ok_or_else(|| format!("`{name}` must be a whole number, not \"{}\".", value.escape_ascii()))
    }
}
