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
    /// The `boundary` parameter is missing, empty or longer than 70 octets (RFC 2046 §5.1.1).
    Boundary,
    /// The body has no opening delimiter.
    NoOpeningDelimiter,
    /// The body ends inside a part.
    Unfinished,
    /// A part's field line has no colon, or the part's fields do not end.
    PartHead,
    /// A part has no `content-disposition: form-data` with a name.
    NoName,
    /// More parts than the limit.
    TooManyParts,
    /// A part's fields take more octets than the limit.
    PartHeadTooLong,
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFormData => "the content type is not multipart/form-data",
            Self::Boundary => "the boundary parameter is missing, empty or longer than 70 octets",
            Self::NoOpeningDelimiter => "the body has no opening delimiter",
            Self::Unfinished => "the body ends inside a part",
            Self::PartHead => "the fields of a part are malformed",
            Self::NoName => "a part has no content-disposition with a name",
            Self::TooManyParts => "the form has too many parts",
            Self::PartHeadTooLong => "the fields of a part are too long",
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
    if boundary.is_empty() || boundary.len() > 70 { Err(MultipartError::Boundary) } else { Ok(boundary) }
}

/// Takes a complete body apart.
pub fn parse(content_type: &[u8], body: &Bytes, limits: MultipartLimits) -> Result<Vec<Part>, MultipartError> {
    let mut delimiter = b"\r\n--".to_vec();
    delimiter.extend_from_slice(&boundary(content_type)?);
    // The first delimiter may stand at the very beginning, without its line end.
    let mut at = if body.starts_with(delimiter.get(2..).unwrap_or_default()) {
        delimiter.len() - 2
    } else {
        find(body, 0, &delimiter).ok_or(MultipartError::NoOpeningDelimiter)? + delimiter.len()
    };
    let mut parts = Vec::new();
    loop {
        let after = body.get(at..).unwrap_or_default();
        if after.starts_with(b"--") {
            return Ok(parts);
        }
        if parts.len() == limits.max_parts {
            return Err(MultipartError::TooManyParts);
        }
        let line_end = find(body, at, b"\r\n").ok_or(MultipartError::Unfinished)?;
        if body.get(at..line_end).is_some_and(|padding| !padding.trim_ascii().is_empty()) {
            return Err(MultipartError::PartHead);
        }
        // A part without fields begins its content at the line end itself.
        let end = find(body, line_end, &delimiter).ok_or(MultipartError::Unfinished)?;
        parts.push(parse_part(body, line_end, end, limits)?);
        at = end + delimiter.len();
    }
}

/// `from` is at the CRLF that ends the delimiter line, `end` at the CRLF of the next delimiter.
fn parse_part(body: &Bytes, from: usize, end: usize, limits: MultipartLimits) -> Result<Part, MultipartError> {
    let part = body.slice(from..end);
    let head_end = find(&part, 0, b"\r\n\r\n").ok_or(MultipartError::PartHead)?;
    if head_end > limits.max_part_head {
        return Err(MultipartError::PartHeadTooLong);
    }
    let mut fields = Fields::new();
    let mut at = 2;
    while at < head_end {
        let line_end = find(&part, at, b"\r\n").unwrap_or(head_end).min(head_end);
        let line = part.slice(at..line_end);
        let colon = line.iter().position(|octet| *octet == b':').ok_or(MultipartError::PartHead)?;
        fields.append(trimmed(&line.slice(..colon)), trimmed(&line.slice(colon + 1..)));
        at = line_end + 2;
    }
    let disposition = fields.get("content-disposition").ok_or(MultipartError::NoName)?;
    let (kind, parameters) = parameters::parse(disposition);
    if !kind.eq_ignore_ascii_case(b"form-data") {
        return Err(MultipartError::NoName);
    }
    Ok(Part {
        name: parameters::find(&parameters, "name").ok_or(MultipartError::NoName)?,
        file_name: parameters::find(&parameters, "filename"),
        content_type: fields.get("content-type").cloned(),
        data: part.slice(head_end + 4..),
        fields,
    })
}

fn trimmed(octets: &Bytes) -> Bytes {
    octets.slice_ref(octets.trim_ascii())
}

fn find(octets: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let window = octets.get(from..)?;
    let first = *what.first()?;
    let mut at = 0;
    // By first octet, then compare: bodies are large and delimiters begin with the rare CR.
    while let Some(step) = window.get(at..)?.iter().position(|octet| *octet == first) {
        at += step;
        if window.get(at..)?.starts_with(what) {
            return Some(from + at);
        }
        at += 1;
    }
    None
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
              \xff\0\r\n--c\r\n\r\n--b\r\nContent-Disposition: form-data; name=e\r\n\r\n\r\n--b--epilogue",
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

    #[test]
    fn malformed_bodies() {
        assert_eq!(parts(b""), Err(MultipartError::NoOpeningDelimiter));
        assert_eq!(parts(b"--b"), Err(MultipartError::Unfinished));
        assert_eq!(parts(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1"), Err(MultipartError::Unfinished));
        assert_eq!(parts(b"--b\r\nx\r\n\r\n1\r\n--b--"), Err(MultipartError::PartHead));
        assert_eq!(parts(b"--b\r\na: b\r\n--b--"), Err(MultipartError::PartHead));
        assert_eq!(parts(b"--b\r\na: b\r\n\r\n\r\n--b--"), Err(MultipartError::NoName));
        assert_eq!(parts(b"--bx\r\n\r\n\r\n--b--"), Err(MultipartError::PartHead));
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
