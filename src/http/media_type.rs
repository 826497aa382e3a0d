//! Media types by file extension. Whether a charset is added is the caller's rule.

use bytes::Bytes;

use super::parameters;

/// What a file of unknown kind is.
pub const DEFAULT: &str = "application/octet-stream";

/// The media type of a file name's extension (without the dot; letter case aside), without parameters.
pub fn by_extension(extension: &str) -> &'static str {
    let lower = extension.to_ascii_lowercase();
    wpt_type(&lower).or_else(|| mime_guess::from_ext(&lower).first_raw()).unwrap_or(DEFAULT)
}

/// The media type by the last extension of a file name.
pub fn by_file_name(name: &str) -> &'static str {
    name.rsplit_once('.').map_or(DEFAULT, |(_, extension)| by_extension(extension))
}

/// Exactly the types of wptserve 4.0.3: browser tests depend on them, and they come before the general table.
fn wpt_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "json" => "application/json",
        "wasm" => "application/wasm",
        "xht" | "xhtm" | "xhtml" => "application/xhtml+xml",
        "xml" => "application/xml",
        "xpi" => "application/x-xpinstall",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "oga" => "audio/ogg",
        "weba" => "audio/webm",
        "wav" => "audio/x-wav",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "manifest" => "text/cache-manifest",
        "css" => "text/css",
        "event_stream" => "text/event-stream",
        "htm" | "html" => "text/html",
        "js" | "mjs" => "text/javascript",
        "txt" | "md" => "text/plain",
        "vtt" => "text/vtt",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        // Not in that table: a `.headers` file is there to be read, not to be downloaded.
        "headers" => "text/plain",
        _ => return None,
    })
}

/// A media type in lower case and its parameters in order, from the value of a `content-type` field.
pub fn parse(value: &[u8]) -> (String, Vec<(Bytes, Bytes)>) {
    let (media_type, parameters) = parameters::parse(value);
    (super::latin1::latin1(media_type).to_ascii_lowercase(), parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_get_what_they_expect() {
        for (name, expected) in [
            ("a.html", "text/html"),
            ("a.b.JS", "text/javascript"),
            ("a.mjs", "text/javascript"),
            ("a.xml", "application/xml"),
            ("a.event_stream", "text/event-stream"),
            ("a.wav", "audio/x-wav"),
            ("a.html.headers", "text/plain"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.woff2", "font/woff2"),
            ("a.unheard-of", DEFAULT),
            ("Makefile", DEFAULT),
        ] {
            assert_eq!(by_file_name(name), expected, "{name}");
        }
    }

    #[test]
    fn content_types() {
        let (media_type, parameters) = parse(b"Text/HTML; charset=\"utf-8\"");
        assert_eq!(media_type, "text/html");
        assert_eq!(parameters::find(&parameters, "charset").as_deref(), Some(&b"utf-8"[..]));
    }
}
