//! What to open: a URL, or a path on the server that runs.

use super::super::trust::Trust;
use super::error::OpenError;
use crate::config::{Config, OpenArguments, Port, PortKind, hosts, ready};
use crate::net::lookup;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;

/// The ports that a browser can use, the best first.
const KINDS: [PortKind; 3] = [PortKind::H2, PortKind::Https, PortKind::Http];

pub(super) fn url(arguments: &OpenArguments, config: &Config, trust: &Trust) -> Result<String, OpenError> {
    let wanted = arguments.url.as_deref().unwrap_or("/");
    let Some(path) = wanted.strip_prefix('/') else {
        return if has_scheme(wanted) { Ok(wanted.to_owned()) } else { Err(OpenError::Url(wanted.to_owned())) };
    };
    let base = match &arguments.ready_file {
        Some(file) => announced(file, trust)?,
        None => running(config)?,
    };
    Ok(format!("{base}{path}"))
}

/// Whether a scheme stands first (RFC 3986 §3.1), and no host with its port.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
            && !rest.starts_with(|first: char| first.is_ascii_digit())
    })
}

/// The first URL of the server that wrote the ready file.
fn announced(file: &Path, trust: &Trust) -> Result<String, OpenError> {
    let fail = |why: String| OpenError::ReadyFile(file.to_owned(), why);
    let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
    let ready: Value = serde_json::from_str(&text).map_err(|error| fail(format!("no ready line: {error}")))?;
    if ready["spki"].as_str().is_some_and(|spki| spki != trust.spki()) {
        return Err(fail(
            "that server shows other certificates\nhelp: pass its `--config`, or its directory with `--certs`"
                .to_owned(),
        ));
    }
    let urls = KINDS.iter().find_map(|kind| ready["urls"][kind.name()][0].as_str());
    urls.map(str::to_owned).ok_or_else(|| fail("it names no URL".to_owned()))
}

/// The first URL of the configuration where somebody listens.
fn running(config: &Config) -> Result<String, OpenError> {
    let address = hosts::reached_at(config.bind_address.value);
    let mut tried = Vec::new();
    for kind in KINDS {
        for port in config.ports.of(kind) {
            let Port::Number(port) = *port else { continue };
            let url = ready::url(kind.scheme(), &config.browser_host.value, port);
            if lookup::listens(SocketAddr::new(address, port)) {
                return Ok(url);
            }
            tried.push(url);
        }
    }
    Err(if tried.is_empty() { OpenError::NoPort } else { OpenError::NoServer(tried) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::certificates::Certificates;

    fn opened(arguments: &OpenArguments, config: &Config) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(folder.path(), &[], crate::net::wall_clock()).unwrap();
        url(arguments, config, &Trust::of(config, &certificates)).map_err(|error| error.to_string())
    }

    fn of(url: &str) -> OpenArguments {
        OpenArguments { url: Some(url.to_owned()), ..OpenArguments::default() }
    }

    #[test]
    fn a_url_is_taken_as_it_is() {
        for url in ["https://www.a.test:9000/x", "about:config", "file:///tmp/x"] {
            assert_eq!(opened(&of(url), &Config::default()).as_deref(), Ok(url));
        }
        for none in ["localhost:8000", "localhost", "x.html", "--flag", ":x"] {
            assert!(opened(&of(none), &Config::default()).unwrap_err().contains("is not a URL"), "{none}");
        }
    }

    #[test]
    fn a_path_is_one_of_the_server_that_listens() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let number = listener.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wpt.toml");
        // A port of a kind that no page can come from is no place to go to.
        let ports = format!("[ports]\nh2 = 1\nh2c = 2\nhttps = \"auto\"\nhttp = [3, {number}]\n");
        std::fs::write(&file, format!("browser_host = \"a.test\"\n{ports}")).unwrap();
        let (config, errors) = crate::config::check(Some(&file));
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(opened(&of("/x?y"), &config), Ok(format!("http://a.test:{number}/x?y")));
        assert_eq!(opened(&OpenArguments::default(), &config), Ok(format!("http://a.test:{number}/")));
        drop(listener);
        let told = opened(&of("/"), &config).unwrap_err();
        assert!(told.starts_with("no server at https://a.test:1/, http://a.test:3/"), "{told}");
        assert!(told.contains("serve --h2"), "{told}");
    }

    #[test]
    fn a_ready_file_names_the_ports() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready.json");
        let arguments = OpenArguments { ready_file: Some(file.clone()), ..of("/x") };
        let told = |text: &str| {
            std::fs::write(&file, text).unwrap();
            opened(&arguments, &Config::default())
        };
        let urls = r#"{"event":"ready","urls":{"http":["http://a:1/"],"h2":["https://a:2/"]}}"#;
        assert_eq!(told(urls).as_deref(), Ok("https://a:2/x"));
        assert!(told(r#"{"urls":{},"spki":"other"}"#).unwrap_err().contains("other certificates"));
        assert!(told(r#"{"urls":{}}"#).unwrap_err().contains("names no URL"));
        assert!(told("garbage").unwrap_err().contains("no ready line"));
    }
}
