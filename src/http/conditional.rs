//! Entity tags and preconditions (RFC 9110 §8.8, §13).

use std::time::SystemTime;

use bytes::Bytes;

use super::date;
use super::fields::Fields;

/// An entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    /// Whether it was written with `W/`.
    pub weak: bool,
    /// What stands between the quotes.
    pub opaque: Bytes,
}

impl EntityTag {
    /// A strong tag of this opaque text, which must hold no double quote.
    pub fn strong(opaque: impl Into<Bytes>) -> Self {
        Self { weak: false, opaque: opaque.into() }
    }

    /// A weak tag of this opaque text, which must hold no double quote.
    pub fn weak(opaque: impl Into<Bytes>) -> Self {
        Self { weak: true, opaque: opaque.into() }
    }

    /// Reads exactly one tag.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let (tag, rest) = Self::take(octets.trim_ascii())?;
        rest.is_empty().then_some(tag)
    }

    fn take(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (weak, quoted) = match octets.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, octets),
        };
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|octet| *octet == b'"')?;
        Some((Self { weak, opaque: Bytes::copy_from_slice(inner.get(..end)?) }, inner.get(end + 1..)?))
    }

    /// The value of an `etag` field.
    pub fn to_value(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.opaque.len() + 4);
        out.extend_from_slice(if self.weak { b"W/\"" } else { b"\"" });
        out.extend_from_slice(&self.opaque);
        out.push(b'"');
        out.into()
    }

    /// Strong comparison: equal and neither weak (RFC 9110 §8.8.3.2).
    pub fn strongly_equals(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Weak comparison: equal, weak or not (RFC 9110 §8.8.3.2).
    pub fn weakly_equals(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }
}

/// What identifies the selected representation; both `None` if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// Whether a representation exists at all (what `*` asks).
    pub exists: bool,
    /// Its entity tag.
    pub etag: Option<EntityTag>,
    /// When it was last modified; the fraction of a second is ignored.
    pub last_modified: Option<SystemTime>,
}

/// What the preconditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Go on as if there were none.
    Proceed,
    /// Answer 304.
    NotModified,
    /// Answer 412.
    Failed,
}

/// Evaluates `if-match`, `if-unmodified-since`, `if-none-match`, `if-modified-since` in the order of RFC 9110 §13.2.2.
/// Dates that cannot be read are ignored.
pub fn evaluate(method: &[u8], fields: &Fields, validators: &Validators) -> Precondition {
    let reads = matches!(method, b"GET" | b"HEAD");
    if fields.contains("if-match") {
        if !matches_any(fields, "if-match", validators, EntityTag::strongly_equals) {
            return Precondition::Failed;
        }
    } else if let (Some(limit), Some(modified)) = (field_date(fields, "if-unmodified-since"), validators.last_modified)
        && date::whole_seconds(modified) > limit
    {
        return Precondition::Failed;
    }
    if fields.contains("if-none-match") {
        if matches_any(fields, "if-none-match", validators, EntityTag::weakly_equals) {
            return if reads { Precondition::NotModified } else { Precondition::Failed };
        }
    } else if let (true, Some(since), Some(modified)) =
        (reads, field_date(fields, "if-modified-since"), validators.last_modified)
        && date::whole_seconds(modified) <= since
    {
        return Precondition::NotModified;
    }
    Precondition::Proceed
}

/// Whether a `range` field is to be honoured (RFC 9110 §13.1.5): there is no `if-range`, or it names exactly this
/// representation. A date counts only if it is the exact last modification.
pub fn range_applies(fields: &Fields, validators: &Validators) -> bool {
    let Some(value) = fields.get("if-range") else { return true };
    if let Some(asked) = EntityTag::parse(value) {
        return validators.etag.as_ref().is_some_and(|etag| etag.strongly_equals(&asked));
    }
    match (date::parse(value), validators.last_modified) {
        (Some(asked), Some(modified)) => date::whole_seconds(modified) == asked,
        _ => false,
    }
}

fn matches_any(
    fields: &Fields,
    name: &str,
    validators: &Validators,
    equal: fn(&EntityTag, &EntityTag) -> bool,
) -> bool {
    fields.get_all(name).any(|value| {
        if value.trim_ascii() == b"*" {
            return validators.exists;
        }
        let Some(current) = &validators.etag else { return false };
        let mut rest: &[u8] = value;
        loop {
            rest = rest.trim_ascii_start();
            rest = match EntityTag::take(rest) {
                Some((tag, _)) if equal(current, &tag) => return true,
                Some((_, after)) => after,
                // Not a tag: skip to the next member.
                None => match rest.iter().position(|octet| *octet == b',') {
                    Some(comma) => rest.get(comma + 1..).unwrap_or_default(),
                    None => return false,
                },
            };
        }
    })
}

fn field_date(fields: &Fields, name: &str) -> Option<SystemTime> {
    date::parse(fields.get(name)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn validators() -> Validators {
        let last_modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        Validators { exists: true, etag: Some(EntityTag::strong("x")), last_modified: Some(last_modified) }
    }

    fn outcome(method: &str, fields: &[(&'static str, &'static str)]) -> Precondition {
        evaluate(method.as_bytes(), &fields.iter().copied().collect(), &validators())
    }

    #[test]
    fn tags() {
        assert_eq!(EntityTag::parse(b" W/\"a,b\" "), Some(EntityTag::weak("a,b")));
        assert_eq!(&EntityTag::weak("a").to_value()[..], b"W/\"a\"");
        assert_eq!(&EntityTag::strong("").to_value()[..], b"\"\"");
        for bad in [&b"a"[..], b"\"a", b"w/\"a\"", b"\"a\"b", b""] {
            assert_eq!(EntityTag::parse(bad), None);
        }
        let (weak, strong) = (EntityTag::weak("x"), EntityTag::strong("x"));
        assert!(weak.weakly_equals(&strong) && !weak.strongly_equals(&strong) && !weak.strongly_equals(&weak));
        assert!(strong.strongly_equals(&strong));
    }

    #[test]
    fn if_none_match() {
        use Precondition::*;
        assert_eq!(outcome("GET", &[("if-none-match", "\"y\", W/\"x\"")]), NotModified);
        assert_eq!(outcome("HEAD", &[("If-None-Match", "junk, \"x\"")]), NotModified);
        assert_eq!(outcome("PUT", &[("if-none-match", "\"x\"")]), Failed);
        assert_eq!(outcome("PUT", &[("if-none-match", "*")]), Failed);
        assert_eq!(outcome("GET", &[("if-none-match", "\"y\"")]), Proceed);
        assert_eq!(outcome("GET", &[("if-none-match", "\"y\""), ("if-modified-since", AT)]), Proceed);
    }

    #[test]
    fn if_modified_since() {
        use Precondition::*;
        assert_eq!(outcome("GET", &[("if-modified-since", AT)]), NotModified);
        assert_eq!(outcome("GET", &[("if-modified-since", BEFORE)]), Proceed);
        assert_eq!(outcome("POST", &[("if-modified-since", AT)]), Proceed);
        assert_eq!(outcome("GET", &[("if-modified-since", "junk")]), Proceed);
    }

    #[test]
    fn if_match_and_if_unmodified_since() {
        use Precondition::*;
        assert_eq!(outcome("PUT", &[("if-match", "\"x\"")]), Proceed);
        assert_eq!(outcome("PUT", &[("if-match", "W/\"x\"")]), Failed);
        assert_eq!(outcome("PUT", &[("if-match", "*")]), Proceed);
        assert_eq!(outcome("PUT", &[("if-unmodified-since", BEFORE)]), Failed);
        assert_eq!(outcome("PUT", &[("if-unmodified-since", AT)]), Proceed);
        assert_eq!(outcome("PUT", &[("if-match", "\"x\""), ("if-unmodified-since", BEFORE)]), Proceed);
        assert_eq!(evaluate(b"PUT", &Fields::from([("if-match", "*")]), &Validators::default()), Failed);
    }

    #[test]
    fn if_range() {
        let applies = |value: &'static str| range_applies(&Fields::from([("if-range", value)]), &validators());
        assert!(applies("\"x\"") && applies(AT));
        assert!(!applies("W/\"x\"") && !applies("\"y\"") && !applies(BEFORE) && !applies("junk"));
        assert!(range_applies(&Fields::new(), &validators()));
    }
}
