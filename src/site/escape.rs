//! Text of files and requests inside of HTML, of URLs and of JavaScript, so that it stays text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The character reference in whose form an octet stands in HTML text, and in an attribute's value in quotes.
pub(super) const fn reference(octet: u8) -> Option<&'static str> {
    match octet {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#x27;"),
        _ => None,
    }
}

/// Text as HTML text, or as an attribute's value in quotes.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(character).ok().and_then(reference) {
            Some(reference) => escaped.push_str(reference),
            None => escaped.push(character),
        }
    }
    escaped
}

/// The path of a file as a URL path.
pub(super) fn url_path(path: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(path, ENCODED).to_string()
}

/// Text as the value of an attribute in double quotes, as serve.py writes it.
pub(super) fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;")
}

/// Text as the content of an element, as serve.py writes it.
pub(super) fn content(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Text as a string literal of JavaScript, in double quotes. It cannot end a `<script>` either.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            '<' | '\u{2028}' | '\u{2029}' | '\0'..'\u{20}' => {
                literal.push_str(&format!("\\u{:04x}", character as u32));
            }
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// Code as a template literal of JavaScript that has that code as its value.
pub(super) fn template(code: &str) -> String {
    format!("`{}`", code.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out() {
        assert_eq!(attribute("a&\"b\""), "a&amp;&quot;b&quot;");
        assert_eq!(content("a<b>&amp;"), "a&lt;b>&amp;amp;");
        assert_eq!(string("a\"\\</script>\u{2028}\r"), r#""a\"\\\u003c/script>\u2028\u000d""#);
        assert_eq!(template("a(`${b}`, \"\\n\")"), r#"`a(\`\${b}\`, "\\n")`"#);
    }
}
