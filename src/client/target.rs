//! What a URL means for a client.

use super::exit::Failure;
use ::http::Uri;

/// A server, as URLs name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https`, else `http`.
    pub is_tls: bool,
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A URL in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL as it was given.
    pub url: String,
    /// Where to connect to.
    pub origin: Origin,
    /// Host and port as in the URL.
    pub authority: String,
    /// Path and query; at least `/`.
    pub path: String,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// It is not a URL with http:// or https://.
    pub fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::usage(format!("{url} is not a URL: {why}\nhelp: write http://HOST:PORT/PATH or https://HOST/PATH"))
        };
        let uri: Uri = url.parse().map_err(|error| wrong(&format!("{error}")))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(wrong("only http and https are supported")),
            None => return Err(wrong("it has no scheme")),
        };
        let (Some(host), Some(authority)) = (uri.host(), uri.authority()) else { return Err(wrong("it has no host")) };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let authority = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, authority)| authority);
        let is_number = |port: &str| port.is_empty() || port.contains(']') || port.parse::<u16>().is_ok();
        if authority.rsplit_once(':').is_some_and(|(_, port)| !is_number(port)) {
            return Err(wrong("its port is not a number from 0 to 65535"));
        }
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let origin = Origin { is_tls, host, port };
        Ok(Self { url: url.to_owned(), origin, authority: authority.to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_an_origin_an_authority_and_a_path() {
        let target = Target::parse("https://[::1]:9000/a?b#c").unwrap();
        assert_eq!(target.origin, Origin { is_tls: true, host: "::1".to_owned(), port: 9000 });
        assert_eq!((&*target.authority, &*target.path), ("[::1]:9000", "/a?b"));
        let target = Target::parse("http://user@example.org").unwrap();
        assert_eq!((&*target.authority, &*target.path, target.origin.port), ("example.org", "/", 80));
        for url in ["example.org", "ftp://a/", "http://", "https:///x", "http://a:99999/", "http://a/ b"] {
            let error = Target::parse(url).unwrap_err();
            assert!(error.text.contains("is not a URL"), "{url}: {error}");
        }
    }
}
