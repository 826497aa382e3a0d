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

/// Types that browser tests depend on, as wptserve has them; they come before the general table.
fn wpt_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "html" | "htm" => "text/html",
        "xht" | "xhtm" | "xhtml" => "application/xhtml+xml",
        "xml" => "application/xml",
        "js" | "mjs" => "text/javascript",
        "json" => "application/json",
        "css" => "text/css",
        "txt" | "md" => "text/plain",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "vtt" => "text/vtt",
        "event_stream" => "text/event-stream",
        "manifest" => "text/cache-manifest",
        "webmanifest" => "application/manifest+json",
        "mp4" | "m4v" => "video/mp4",
        "ogg" | "ogv" => "video/ogg",
        "oga" => "audio/ogg",
        "webm" => "video/webm",
        "weba" => "audio/webm",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "wav" => "audio/x-wav",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "apng" => "image/apng",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "xpi" => "application/x-xpinstall",
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
