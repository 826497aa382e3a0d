//! Parameters of a field value: `value; name=token; name="quoted"` (RFC 9110 §5.6.6).

use bytes::{BufMut, Bytes, BytesMut};

/// The value before the first `;`, trimmed, and the parameters in order, their names as written, quotes undone.
/// Lenient: whatever is no parameter is skipped.
pub fn parse(octets: &[u8]) -> (&[u8], Vec<(Bytes, Bytes)>) {
    let end = octets.iter().position(|octet| *octet == b';').unwrap_or(octets.len());
    let (value, mut rest) = octets.split_at(end);
    let mut parameters = Vec::new();
    while let Some(after) = rest.strip_prefix(b";") {
        let (parameter, next) = parse_one(after);
        parameters.extend(parameter);
        rest = next;
    }
    (value.trim_ascii(), parameters)
}

/// The first parameter of this name, letter case aside.
pub fn find(parameters: &[(Bytes, Bytes)], name: &str) -> Option<Bytes> {
    parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value.clone())
}

/// One parameter and what follows it, which is empty or begins with `;`.
fn parse_one(octets: &[u8]) -> (Option<(Bytes, Bytes)>, &[u8]) {
    let name_end = octets.iter().position(|octet| matches!(octet, b'=' | b';')).unwrap_or(octets.len());
    let (name, rest) = octets.split_at(name_end);
    let name = Bytes::copy_from_slice(name.trim_ascii());
    let Some(value) = rest.strip_prefix(b"=") else { return (None, rest) };
    let (value, rest) = match value.trim_ascii_start().strip_prefix(b"\"") {
        Some(quoted) => unquote(quoted),
        None => {
            let end = value.iter().position(|octet| *octet == b';').unwrap_or(value.len());
            let (token, rest) = value.split_at(end);
            (Bytes::copy_from_slice(token.trim_ascii()), rest)
        }
    };
    let parameter = if name.is_empty() { None } else { Some((name, value)) };
    (parameter, rest)
}

/// The content of a quoted string whose opening quote is gone, and what follows from the next `;` on.
fn unquote(octets: &[u8]) -> (Bytes, &[u8]) {
    let mut value = BytesMut::new();
    let mut walk = octets.iter().enumerate();
    let mut end = octets.len();
    while let Some((at, octet)) = walk.next() {
        match octet {
            b'"' => {
                end = at + 1;
                break;
            }
            b'\\' => match walk.next() {
                Some((_, escaped @ (b'"' | b'\\'))) => value.put_u8(*escaped),
                // Browsers put Windows paths in without escaping: a backslash before anything else is itself.
                Some((_, other)) => value.put_slice(&[b'\\', *other]),
                None => value.put_u8(b'\\'),
            },
            _ => value.put_u8(*octet),
        }
    }
    let rest = octets.get(end..).unwrap_or_default();
    let next = rest.iter().position(|octet| *octet == b';').unwrap_or(rest.len());
    (value.freeze(), rest.get(next..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(octets: &[u8]) -> String {
        let (value, parameters) = parse(octets);
        let mut out = value.escape_ascii().to_string();
        for (name, value) in parameters {
            out.push_str(&format!("|{}={}", name.escape_ascii(), value.escape_ascii()));
        }
        out
    }

    #[test]
    fn tokens_and_quoted_strings() {
        assert_eq!(shown(b"text/html; charset=utf-8"), "text/html|charset=utf-8");
        assert_eq!(shown(b"a ;B=\"x;y\\\"z\" ; c = d"), r#"a|B=x;y\"z|c=d"#);
        assert_eq!(shown(b"a;;b;=c;d=\"open"), "a|d=open");
        assert_eq!(shown(b"a;f=\"C:\\dir\\x.txt\"junk;g=1"), "a|f=C:\\\\dir\\\\x.txt|g=1");
        assert_eq!(shown(b"a;d=\"x\\"), "a|d=x\\\\");
    }

    #[test]
    fn names_ignore_case() {
        let (_, parameters) = parse(b"x; Charset=a; charset=b");
        assert_eq!(find(&parameters, "CHARSET").as_deref(), Some(&b"a"[..]));
        assert_eq!(find(&parameters, "none"), None);
    }
}
