//! `multipart/form-data` from a complete body (RFC 7578, RFC 2046 §5.1).

use std::fmt;

use bytes::Bytes;

use super::fields::Fields;
use super::parameters;

/// One part of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The form control's name.
    pub name: Bytes,
    /// The file's name, if the part is a file.
    pub file_name: Option<Bytes>,
    /// The part's `content-type`, as written.
    pub content_type: Option<Bytes>,
    /// All fields of the part, in order.
    pub fields: Fields,
    /// The content; a view into the body, not a copy.
    pub data: Bytes,
}

/// Bounds on what is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultipartLimits {
    /// The greatest number of parts.
    pub max_parts: usize,
    /// The greatest number of octets of one part's fields.
    pub max_part_head: usize,
}

impl Default for MultipartLimits {
    fn default() -> Self {
        Self { max_parts: 1_000, max_part_head: 16 * 1024 }
    }
}

/// Why a body is not a form; always the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultipartError {
    /// The `content-type` is not `multipart/form-data`.
    NotFormData,
    /// The `boundary` parameter is missing, empty or longer than 200 bytes; RFC 2046 §5.1.1 allows 70.
    Boundary,
    /// No line of the body is a delimiter.
    NoOpeningDelimiter,
    /// More parts than the limit.
    TooManyParts,
    /// A part's fields take more octets than the limit.
    PartHeadTooLong,
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFormData => "the content type is not multipart/form-data",
            Self::Boundary => "the boundary parameter is missing, empty or longer than 200 bytes",
            Self::NoOpeningDelimiter => "the body has no opening delimiter",
            Self::TooManyParts => "the form has too many parts",
            Self::PartHeadTooLong => "the headers of a part are too long",
        })
    }
}

impl std::error::Error for MultipartError {}

/// The boundary of a `multipart/form-data` content type.
pub fn boundary(content_type: &[u8]) -> Result<Bytes, MultipartError> {
    let (media_type, parameters) = parameters::parse(content_type);
    if !media_type.eq_ignore_ascii_case(b"multipart/form-data") {
        return Err(MultipartError::NotFormData);
    }
    let boundary = parameters::find(&parameters, "boundary").ok_or(MultipartError::Boundary)?;
    if boundary.is_empty() || boundary.len() > 200 { Err(MultipartError::Boundary) } else { Ok(boundary) }
}

/// Takes a complete body apart, as leniently as Python's `cgi.FieldStorage` does: line ends may be LF alone, the last
/// delimiter may be missing, and a line is a delimiter only if it has nothing but white space after the boundary. What
/// comes before the first delimiter is passed over, and so is a part without a name.
pub fn parse(content_type: &[u8], body: &Bytes, limits: MultipartLimits) -> Result<Vec<Part>, MultipartError> {
    let delimiter = [b"--", &boundary(content_type)?[..]].concat();
    let mut lines = Lines { body, at: 0 };
    loop {
        let line = lines.next().ok_or(MultipartError::NoOpeningDelimiter)?;
        match line.trim_ascii().strip_prefix(&delimiter[..]) {
            Some(b"") => break,
            Some(b"--") => return Ok(Vec::new()),
            _ => {}
        }
    }
    let mut parts = Vec::new();
    let mut count = 0;
    while lines.at < body.len() {
        count += 1;
        if count > limits.max_parts {
            return Err(MultipartError::TooManyParts);
        }
        let fields = part_fields(&mut lines, limits.max_part_head)?;
        let (data, is_last) = part_data(&mut lines, &delimiter);
        parts.extend(part(fields, data));
        if is_last {
            break;
        }
    }
    Ok(parts)
}

/// The lines of a body.
struct Lines<'b> {
    body: &'b Bytes,
    /// Where the next one begins.
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Bytes;

    /// The next line without its end, which is LF or CRLF.
    fn next(&mut self) -> Option<Bytes> {
        let rest = self.body.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = self.body.slice(self.at..self.at + length);
        self.at += length;
        match line.strip_suffix(b"\n") {
            Some(text) => Some(line.slice_ref(text.strip_suffix(b"\r").unwrap_or(text))),
            None => Some(line),
        }
    }
}

/// The fields of a part, up to the empty line; what is no field is passed over.
fn part_fields(lines: &mut Lines<'_>, max: usize) -> Result<Fields, MultipartError> {
    let begin = lines.at;
    let mut fields: Vec<(Bytes, Bytes)> = Vec::new();
    for line in lines.take_while(|line| !line.trim_ascii().is_empty()) {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            // RFC 5322 §2.2.3: it goes on.
            if let Some((_, value)) = fields.last_mut() {
                *value = [&value[..], b" ", line.trim_ascii()].concat().into();
            }
        } else if let Some(colon) = line.iter().position(|octet| *octet == b':') {
            fields.push((trimmed(&line.slice(..colon)), trimmed(&line.slice(colon + 1..))));
        }
    }
    if lines.at - begin > max { Err(MultipartError::PartHeadTooLong) } else { Ok(fields.into_iter().collect()) }
}

/// The content of a part, up to the line end before the next delimiter, and whether no other part follows.
fn part_data(lines: &mut Lines<'_>, delimiter: &[u8]) -> (Bytes, bool) {
    let begin = lines.at;
    let mut end = begin;
    loop {
        let line_begin = lines.at;
        let Some(line) = lines.next() else { return (lines.body.slice(begin..end), true) };
        if let Some(after) = line.strip_prefix(delimiter) {
            let after = after.trim_ascii_end();
            if after.is_empty() || after == b"--" {
                return (lines.body.slice(begin..end), !after.is_empty());
            }
        }
        end = line_begin + line.len();
    }
}

/// The part, if it has a name.
fn part(fields: Fields, data: Bytes) -> Option<Part> {
    let (_, parameters) = parameters::parse(fields.get("content-disposition")?);
    Some(Part {
        name: parameters::find(&parameters, "name")?,
        file_name: parameters::find(&parameters, "filename"),
        content_type: fields.get("content-type").cloned(),
        data,
        fields,
    })
}

fn trimmed(octets: &Bytes) -> Bytes {
    octets.slice_ref(octets.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &[u8] = b"multipart/form-data; boundary=\"b\"";

    fn parts(body: &'static [u8]) -> Result<Vec<Part>, MultipartError> {
        parse(TYPE, &Bytes::from_static(body), MultipartLimits::default())
    }

    #[test]
    fn text_and_files() {
        let parts = parts(
            b"preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b  \r\n\
              content-disposition: form-data; name=f; filename=\"x y.txt\"\r\nContent-Type: text/plain\r\n\r\n\
              \xff\0\r\n--c\r\n\r\n--b\r\nContent-Disposition: form-data; name=e\r\n\r\n\r\n--b--\r\nepilogue",
        )
        .unwrap();
        assert_eq!(parts.len(), 3);
        assert_eq!((&parts[0].name[..], &parts[0].data[..], &parts[0].file_name), (&b"a"[..], &b"1"[..], &None));
        assert_eq!(parts[1].file_name.as_deref(), Some(&b"x y.txt"[..]));
        assert_eq!(parts[1].content_type.as_deref(), Some(&b"text/plain"[..]));
        assert_eq!(&parts[1].data[..], b"\xff\0\r\n--c\r\n");
        assert_eq!((&parts[2].name[..], parts[2].data.len()), (&b"e"[..], 0));
        assert_eq!(parts[1].fields.len(), 2);
    }

    #[test]
    fn an_empty_form() {
        assert_eq!(parts(b"--b--\r\n"), Ok(vec![]));
    }

    fn shown(body: &'static [u8]) -> Vec<(String, String)> {
        let text = |octets: &Bytes| octets.escape_ascii().to_string();
        parts(body).unwrap().iter().map(|part| (text(&part.name), text(&part.data))).collect()
    }

    fn one(value: &str) -> Vec<(String, String)> {
        vec![("a".to_owned(), value.to_owned())]
    }

    #[test]
    fn bodies_that_are_read_as_python_does() {
        // LF line ends, with a line end in the content.
        let field = "Content-Disposition: form-data; name=a";
        assert_eq!(shown(b"--b\nContent-Disposition: form-data; name=a\n\n1\n2\n--b--\n"), one("1\\n2"), "{field}");
        // No last delimiter, with and without a line end.
        assert_eq!(shown(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1"), one("1"));
        assert_eq!(shown(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"), one("1"));
        assert_eq!(shown(b"--b\r\nContent-Disposition: form-data; name=a"), one(""));
        // A line that only begins with the boundary.
        assert_eq!(
            shown(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--bx\r\n--b-\r\n--b--"),
            one("1\\r\\n--bx\\r\\n--b-")
        );
        // White space after delimiters, folded fields, fields that are none.
        assert_eq!(
            shown(b"--b \t\r\nnonsense\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n--b-- \r\nepilogue"),
            one("1")
        );
        // No part, no name: no fields.
        for none in [&b"--b"[..], b"--b\r\n", b"--b--", b"--b\r\na: b\r\n\r\n1\r\n--b--"] {
            assert_eq!(parts(none), Ok(vec![]), "{}", none.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_form() {
        for body in [&b""[..], b"nothing\r\n--bx\r\n"] {
            assert_eq!(parts(body), Err(MultipartError::NoOpeningDelimiter));
        }
    }

    #[test]
    fn limits() {
        let one = MultipartLimits { max_parts: 0, max_part_head: 10 };
        let body = Bytes::from_static(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--");
        assert_eq!(parse(TYPE, &body, one), Err(MultipartError::TooManyParts));
        let short = MultipartLimits { max_parts: 1, max_part_head: 10 };
        assert_eq!(parse(TYPE, &body, short), Err(MultipartError::PartHeadTooLong));
    }

    #[test]
    fn boundaries() {
        assert_eq!(boundary(b"text/plain; boundary=x"), Err(MultipartError::NotFormData));
        assert_eq!(boundary(b"multipart/form-data"), Err(MultipartError::Boundary));
        assert_eq!(boundary(b"Multipart/Form-Data; Boundary=----x").as_deref(), Ok(&b"----x"[..]));
    }
}
