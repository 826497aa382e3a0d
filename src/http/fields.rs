//! The ordered field list (RFC 9110 §5).

use bytes::{Bytes, BytesMut};
use std::borrow::Cow;

/// Fields that control one HTTP/1.1 connection: HTTP/2 has none of them (RFC 9113 §8.2.2). `name` is in lower case.
pub const fn is_connection_specific(name: &[u8]) -> bool {
    matches!(name, b"connection" | b"proxy-connection" | b"keep-alive" | b"transfer-encoding" | b"upgrade")
}

/// Whether a field has no place in a trailer section, in any case of letters: it frames or routes the message, or it
/// controls the connection (RFC 9110 §6.5.1).
pub fn is_forbidden_in_trailers(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    is_connection_specific(&name) || matches!(&name[..], b"content-length" | b"host" | b"te" | b"trailer")
}

/// Whether an octet may be part of a token, of which names of fields and methods are made (RFC 9110 §5.6.2).
pub const fn is_token_octet(octet: u8) -> bool {
    matches!(octet, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|'
        | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')
}

/// One field line: name and value as octets, the name in the case it was written in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name, in its original case.
    pub name: Bytes,
    /// The value, without surrounding whitespace if it was parsed from a message; any octets.
    pub value: Bytes,
}

impl Field {
    /// A field of any octets; nothing is checked.
    pub fn new(name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Whether the field has this name, letter case aside (RFC 9110 §5.1).
    pub fn is(&self, name: impl AsRef<[u8]>) -> bool {
        self.name.eq_ignore_ascii_case(name.as_ref())
    }
}

impl<N: Into<Bytes>, V: Into<Bytes>> From<(N, V)> for Field {
    fn from((name, value): (N, V)) -> Self {
        Self::new(name, value)
    }
}

/// Fields in wire order; repeated names stay apart. Look-up ignores the case of ASCII letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    list: Vec<Field>,
}

impl Fields {
    /// An empty list.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// An empty list with room for `capacity` fields.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity) }
    }

    /// Makes room for this many more fields.
    pub fn reserve(&mut self, additional: usize) {
        self.list.reserve(additional);
    }

    /// The number of field lines.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The fields in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Field> {
        self.list.iter()
    }

    /// The fields in order.
    pub fn as_slice(&self) -> &[Field] {
        &self.list
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&Bytes> {
        let name = name.as_ref();
        self.list.iter().find(|field| field.is(name)).map(|field| &field.value)
    }

    /// The values of all fields of this name, in order.
    pub fn get_all<'a>(&'a self, name: &'a (impl AsRef<[u8]> + ?Sized)) -> impl Iterator<Item = &'a Bytes> {
        let name = name.as_ref();
        self.list.iter().filter(move |field| field.is(name)).map(|field| &field.value)
    }

    /// All values of this name as one, joined by `", "` (RFC 9110 §5.3), or `"; "` for `cookie` (RFC 9113 §8.2.3).
    /// No copy is made if there is only one.
    pub fn combined(&self, name: impl AsRef<[u8]>) -> Option<Bytes> {
        let name = name.as_ref();
        let mut values = self.list.iter().filter(|field| field.is(name)).map(|field| &field.value);
        let first = values.next()?;
        let Some(second) = values.next() else { return Some(first.clone()) };
        let separator: &[u8] = if name.eq_ignore_ascii_case(b"cookie") { b"; " } else { b", " };
        let mut joined = BytesMut::with_capacity(first.len() + separator.len() + second.len());
        joined.extend_from_slice(first);
        for value in std::iter::once(second).chain(values) {
            joined.extend_from_slice(separator);
            joined.extend_from_slice(value);
        }
        Some(joined.freeze())
    }

    /// Whether a field of this name is present.
    pub fn contains(&self, name: impl AsRef<[u8]>) -> bool {
        self.get(name).is_some()
    }

    /// Adds a field at the end, whether or not the name is there already.
    pub fn append(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.list.push(Field::new(name, value));
    }

    /// Adds a field at the end.
    pub fn push(&mut self, field: Field) {
        self.list.push(field);
    }

    /// Makes this the only field of its name: in the place of the first one, or at the end.
    pub fn set(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        let field = Field::new(name, value);
        let Some(place) = self.list.iter().position(|old| old.is(&field.name)) else {
            self.list.push(field);
            return;
        };
        let mut index = 0;
        self.list.retain(|old| {
            let keep = index <= place || !old.is(&field.name);
            index += 1;
            keep
        });
        if let Some(slot) = self.list.get_mut(place) {
            *slot = field;
        }
    }

    /// Removes all fields of this name; gives how many there were.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) -> usize {
        let name = name.as_ref();
        let before = self.list.len();
        self.list.retain(|field| !field.is(name));
        before - self.list.len()
    }

    /// Keeps only the fields that `keep` is true for.
    pub fn retain(&mut self, keep: impl FnMut(&Field) -> bool) {
        self.list.retain(keep);
    }

    /// Adds those of `others` whose names are not there.
    pub fn add_missing(&mut self, others: Self) {
        for field in others {
            if !self.contains(&field.name) {
                self.push(field);
            }
        }
    }

    /// The same as HTTP/2 wants them (RFC 9113 §8.2.1): names in lower case, and values without the whitespace around
    /// them, which has no meaning. Copies nothing if they are so already.
    pub fn for_http2(&self) -> Cow<'_, Self> {
        let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        let is_ready = |field: &Field| {
            !field.name.iter().any(u8::is_ascii_uppercase)
                && !is_blank(field.value.first())
                && !is_blank(field.value.last())
        };
        if self.list.iter().all(is_ready) {
            return Cow::Borrowed(self);
        }
        let mut fields = self.clone();
        for field in fields.list.iter_mut().filter(|field| !is_ready(field)) {
            field.name = field.name.to_ascii_lowercase().into();
            let start = field.value.iter().take_while(|byte| is_blank(Some(byte))).count();
            let end = field.value.iter().rposition(|byte| !is_blank(Some(byte))).map_or(start, |last| last + 1);
            field.value = field.value.slice(start..end);
        }
        Cow::Owned(fields)
    }

    /// Removes what HTTP/2 does not have (RFC 9113 §8.2.2).
    pub fn remove_connection_specific(&mut self) {
        // No other length is worth a copy.
        let may_be = |name: &[u8]| matches!(name.len(), 7 | 10 | 16 | 17);
        self.retain(|field| !(may_be(&field.name) && is_connection_specific(&field.name.to_ascii_lowercase())));
    }

    /// Whether they say by themselves where the content of HTTP/1.1 ends (RFC 9112 §6).
    pub fn delimit_content(&self) -> bool {
        self.contains("content-length") || self.contains("transfer-encoding")
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Whether a list-valued field (`connection`, `te`, `transfer-encoding` …) has this member in any of its lines,
    /// letter case and parameters aside (RFC 9110 §5.6.1).
    pub fn has_token(&self, name: impl AsRef<[u8]>, token: &str) -> bool {
        let name = name.as_ref();
        self.list
            .iter()
            .filter(|field| field.is(name))
            .flat_map(|field| field.value.split(|octet| *octet == b','))
            .map(|member| member.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii())
            .any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
    }
}

impl<F: Into<Field>> FromIterator<F> for Fields {
    fn from_iter<I: IntoIterator<Item = F>>(fields: I) -> Self {
        Self { list: fields.into_iter().map(Into::into).collect() }
    }
}

impl<F: Into<Field>> Extend<F> for Fields {
    fn extend<I: IntoIterator<Item = F>>(&mut self, fields: I) {
        self.list.extend(fields.into_iter().map(Into::into));
    }
}

impl<F: Into<Field>, const N: usize> From<[F; N]> for Fields {
    fn from(fields: [F; N]) -> Self {
        fields.into_iter().collect()
    }
}

impl IntoIterator for Fields {
    type Item = Field;
    type IntoIter = std::vec::IntoIter<Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Field;
    type IntoIter = std::slice::Iter<'a, Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Fields {
        Fields::from([("X-A", "1"), ("cookie", "a=1"), ("x-a", "2"), ("Cookie", "b=2"), ("host", "h")])
    }

    fn shown(fields: &Fields) -> Vec<String> {
        fields.iter().map(|f| format!("{}={}", f.name.escape_ascii(), f.value.escape_ascii())).collect()
    }

    #[test]
    fn for_http2_names_are_lower_case_and_values_have_no_whitespace_around_them() {
        let fields = Fields::from([("X-A", " 1"), ("b", "2\t "), ("c", " \t"), ("d", "a b"), ("e", "")]);
        assert_eq!(shown(&fields.for_http2()), ["x-a=1", "b=2", "c=", "d=a b", "e="]);
        assert!(matches!(Fields::from([("d", "a b")]).for_http2(), Cow::Borrowed(_)));
    }

    #[test]
    fn order_case_and_repetition_are_kept() {
        let fields = sample();
        assert_eq!(shown(&fields), ["X-A=1", "cookie=a=1", "x-a=2", "Cookie=b=2", "host=h"]);
        assert_eq!(fields.get("x-A").map(|v| &v[..]), Some(&b"1"[..]));
        assert_eq!(fields.get_all("X-a").count(), 2);
        assert!(fields.contains("HOST") && !fields.contains("hos"));
    }

    #[test]
    fn lines_are_joined_by_comma_and_cookies_by_semicolon() {
        let fields = sample();
        assert_eq!(fields.combined("x-a").as_deref(), Some(&b"1, 2"[..]));
        assert_eq!(fields.combined("COOKIE").as_deref(), Some(&b"a=1; b=2"[..]));
        assert_eq!(fields.combined("host").as_deref(), Some(&b"h"[..]));
        assert_eq!(fields.combined("absent"), None);
    }

    #[test]
    fn set_takes_the_first_place_and_removes_the_others() {
        let mut fields = sample();
        fields.set("x-A", "3");
        assert_eq!(shown(&fields), ["x-A=3", "cookie=a=1", "Cookie=b=2", "host=h"]);
        fields.set("new", "n");
        assert_eq!(fields.remove("COOKIE"), 2);
        assert_eq!(shown(&fields), ["x-A=3", "host=h", "new=n"]);
    }

    #[test]
    fn tokens_are_found_in_any_line() {
        let fields = Fields::from([("Connection", "keep-alive , Upgrade"), ("connection", "close;q=1"), ("te", "x")]);
        assert!(fields.has_token("connection", "upgrade") && fields.has_token("connection", "close"));
        assert!(!fields.has_token("connection", "keep") && !fields.has_token("connection", "x"));
    }
}
