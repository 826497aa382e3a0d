//! Cookies: reading `cookie` (RFC 6265 §4.2), writing `set-cookie` (RFC 6265 §4.1).

use std::time::SystemTime;

use bytes::Bytes;

use super::date;
use super::fields::Fields;

/// One cookie of a request, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// What stands before the first `=`; empty if there is no `=`.
    pub name: Bytes,
    /// What stands after it, quotes included.
    pub value: Bytes,
}

impl Cookie {
    /// The value without a pair of double quotes around it.
    pub fn unquoted(&self) -> Bytes {
        match &self.value[..] {
            [b'"', inner @ .., b'"'] => self.value.slice_ref(inner),
            _ => self.value.clone(),
        }
    }
}

/// The cookies of all `cookie` fields, in order, repeated names kept; only empty pairs and outer whitespace are dropped.
pub fn parse(fields: &Fields) -> Vec<Cookie> {
    fields.get_all("cookie").flat_map(parse_value).collect()
}

fn parse_value(value: &Bytes) -> impl Iterator<Item = Cookie> {
    value.split(|octet| *octet == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).map(|pair| {
        match pair.iter().position(|octet| *octet == b'=') {
            Some(equals) => {
                let (name, rest) = pair.split_at(equals);
                Cookie {
                    name: value.slice_ref(name.trim_ascii()),
                    value: value.slice_ref(rest.get(1..).unwrap_or_default().trim_ascii()),
                }
            }
            None => Cookie { name: Bytes::new(), value: value.slice_ref(pair) },
        }
    })
}

/// A cookie to be set. The order of attributes is that of wptserve (alphabetical), so that its tests compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetCookie {
    /// The name, any octets.
    pub name: Vec<u8>,
    /// The value, any octets.
    pub value: Vec<u8>,
    /// `Path`
    pub path: Option<String>,
    /// `Domain`
    pub domain: Option<String>,
    /// `Max-Age`, seconds; 0 or less expires the cookie at once.
    pub max_age: Option<i64>,
    /// `expires`
    pub expires: Option<SystemTime>,
    /// `SameSite`
    pub same_site: Option<String>,
    /// `Secure`
    pub secure: bool,
    /// `HttpOnly`
    pub http_only: bool,
    /// `Comment`
    pub comment: Option<String>,
}

impl SetCookie {
    /// A session cookie with path `/`, wptserve's default.
    pub fn new(name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into(), path: Some("/".into()), ..Self::default() }
    }

    /// What makes a client forget the cookie: empty, `Max-Age` 0, expired a day before `now`.
    pub fn deletion(name: impl Into<Vec<u8>>, path: Option<String>, domain: Option<String>, now: SystemTime) -> Self {
        let yesterday = now.checked_sub(std::time::Duration::from_secs(86_400)).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { name: name.into(), path, domain, max_age: Some(0), expires: Some(yesterday), ..Self::default() }
    }

    /// The value of the `set-cookie` field. Nothing is checked: a name or value may hold any octet.
    pub fn to_value(&self) -> Bytes {
        let mut out = self.name.clone();
        out.push(b'=');
        out.extend_from_slice(&self.value);
        let mut attribute = |name: &str, value: Option<&str>| {
            out.extend_from_slice(b"; ");
            out.extend_from_slice(name.as_bytes());
            if let Some(value) = value {
                out.push(b'=');
                out.extend_from_slice(value.as_bytes());
            }
        };
        if let Some(comment) = &self.comment {
            attribute("Comment", Some(comment));
        }
        if let Some(domain) = &self.domain {
            attribute("Domain", Some(domain));
        }
        if let Some(expires) = self.expires {
            attribute("expires", Some(&date::format(expires)));
        }
        if self.http_only {
            attribute("HttpOnly", None);
        }
        if let Some(max_age) = self.max_age {
            attribute("Max-Age", Some(&max_age.to_string()));
        }
        if let Some(path) = &self.path {
            attribute("Path", Some(path));
        }
        if let Some(same_site) = &self.same_site {
            attribute("SameSite", Some(same_site));
        }
        if self.secure {
            attribute("Secure", None);
        }
        out.into()
    }
}

/// Takes back every `set-cookie` field of this cookie name (case-sensitive); gives how many there were.
pub fn unset(fields: &mut Fields, name: &[u8]) -> usize {
    let before = fields.len();
    fields.retain(|field| !(field.is("set-cookie") && set_cookie_name(&field.value) == name));
    before - fields.len()
}

fn set_cookie_name(value: &[u8]) -> &[u8] {
    value.split(|octet| matches!(octet, b'=' | b';')).next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reading_loses_nothing() {
        let fields = Fields::from([("cookie", &b"a=1; b=\"x y\"; a=2;; c"[..]), ("Cookie", b"=d;e=f=g; h=\xff")]);
        let shown: Vec<String> =
            parse(&fields).iter().map(|c| format!("{}:{}", c.name.escape_ascii(), c.value.escape_ascii())).collect();
        assert_eq!(shown, ["a:1", r#"b:\"x y\""#, "a:2", ":c", ":d", "e:f=g", "h:\\xff"]);
        assert_eq!(&parse(&fields)[1].unquoted()[..], b"x y");
        assert_eq!(&Cookie { name: Bytes::new(), value: "\"".into() }.unquoted()[..], b"\"");
    }

    #[test]
    fn writing_as_wptserve() {
        let mut cookie = SetCookie::new("n", &b"v\xe9"[..]);
        assert_eq!(&cookie.to_value()[..], b"n=v\xe9; Path=/");
        cookie.domain = Some("example.org".into());
        cookie.max_age = Some(10);
        cookie.expires = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        cookie.same_site = Some("Lax".into());
        cookie.secure = true;
        cookie.http_only = true;
        cookie.comment = Some("c".into());
        assert_eq!(
            cookie.to_value().escape_ascii().to_string(),
            "n=v\\xe9; Comment=c; Domain=example.org; expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; Max-Age=10; \
             Path=/; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn taking_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
        let value = SetCookie::deletion("n", Some("/".into()), None, now).to_value();
        assert_eq!(&value[..], b"n=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/");
        let mut fields =
            Fields::from([("Set-Cookie", "a=1; Path=/"), ("x", "a=1"), ("set-cookie", "b=1"), ("set-cookie", "a=2")]);
        assert_eq!(unset(&mut fields, b"a"), 2);
        assert_eq!(fields.len(), 2);
        assert_eq!(unset(&mut fields, b"B"), 0);
    }
}
