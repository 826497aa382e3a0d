//! What `serve` prints once all ports are open: a few lines for a person, or one line of JSON for a program.

use crate::config::ready::{Ready, Urls};
use crate::config::{LogLevel, PortKind};
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};

/// Announces the server on standard output: to a terminal the greeting, else the ready line, with a line for each port on
/// standard error. A stream that nothing reads is not an error.
pub(super) fn announce(ready: &Ready, log: LogLevel) {
    let mut stdout = io::stdout().lock();
    let text = if stdout.is_terminal() {
        Greeting(ready).to_string()
    } else {
        if log != LogLevel::Off {
            let _ = io::stderr().write_all(listening(ready).as_bytes());
        }
        format!("{}\n", ready.line())
    };
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// One line for each port, in a form that does not change.
fn listening(ready: &Ready) -> String {
    let mut lines = String::new();
    let of_kinds = ready.urls.iter().map(|(kind, url)| (kind.name().to_owned(), url));
    let of_profiles = ready
        .profiles
        .iter()
        .flat_map(|(name, urls)| urls.iter().map(move |url| (format!("profile {name}"), url.clone())));
    for (what, url) in of_kinds.chain(of_profiles) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(lines, "listening: {what} {url}");
    }
    lines
}

/// The greeting for people.
struct Greeting<'a>(&'a Ready);

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ready) = self;
        let urls = &ready.urls;
        let mut row = |name: &str, text: &str| writeln!(f, "  {name:<11}{text}");
        row("wireserve", &format!("{} is ready\n", env!("CARGO_PKG_VERSION")))?;
        let page = [PortKind::Http, PortKind::Https, PortKind::H2].into_iter().find_map(|kind| urls.first(kind));
        page.as_ref().map_or(Ok(()), |url| row("Handlers", url))?;
        match urls.first(PortKind::H2) {
            Some(url) => row("HTTP/2", &url)?,
            None => row("HTTP/2", "is off; `wireserve serve --h2` opens it")?,
        }
        urls.first(PortKind::H2c).map_or(Ok(()), |url| row("h2c", &format!("{url} (HTTP/2 without TLS)")))?;
        if page != urls.first(PortKind::Https) {
            urls.first(PortKind::Https).map_or(Ok(()), |url| row("HTTPS", &url))?;
        }
        row("Inspector", &ready.inspector)?;
        let second: Vec<String> = second_origins(urls).collect();
        if !second.is_empty() {
            row("Origins", &format!("{} are further origins, for cross-origin tests", second.join(" and ")))?;
        }
        for (name, urls) in &ready.profiles {
            row("Profile", &format!("{} ({name})", urls.join(" ")))?;
        }
        row("Browser", "`wireserve open` starts one that trusts this server's certificate")?;
        ready
            .key_log
            .as_ref()
            .map_or(Ok(()), |path| row("TLS keys", &format!("go to {} (SSLKEYLOGFILE)", path.display())))?;
        f.write_str("\n  Press Ctrl-C to stop.\n")
    }
}

/// The ports of HTTP and HTTPS after the first of each.
fn second_origins(urls: &Urls) -> impl Iterator<Item = String> {
    [PortKind::Http, PortKind::Https].into_iter().flat_map(|wanted| {
        urls.iter().filter(move |(kind, _)| *kind == wanted).skip(1).map(|(_, url)| url).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn ready(ports: &[(PortKind, u16)]) -> Ready {
        let mut urls = Urls::new("localhost");
        ports.iter().for_each(|(kind, port)| urls.push(*kind, *port));
        let profiles = BTreeMap::from([("slow".to_owned(), vec!["https://localhost:7/".to_owned()])]);
        Ready::new(urls, profiles, (Path::new("/certs/ca.pem"), "SPKI".to_owned()), None)
    }

    const ALL: [(PortKind, u16); 6] = [
        (PortKind::Http, 1),
        (PortKind::Http, 2),
        (PortKind::Https, 3),
        (PortKind::Https, 4),
        (PortKind::H2, 5),
        (PortKind::H2c, 6),
    ];

    #[test]
    fn a_person_reads_where_everything_is() {
        let text = Greeting(&Ready { key_log: Some("/tmp/keys".into()), ..ready(&ALL) }).to_string();
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "  wireserve  {version} is ready

  Handlers   http://localhost:1/
  HTTP/2     https://localhost:5/
  h2c        http://localhost:6/ (HTTP/2 without TLS)
  HTTPS      https://localhost:3/
  Inspector  http://localhost:1/_wire/
  Origins    http://localhost:2/ and https://localhost:4/ are further origins, for cross-origin tests
  Profile    https://localhost:7/ (slow)
  Browser    `wireserve open` starts one that trusts this server's certificate
  TLS keys   go to /tmp/keys (SSLKEYLOGFILE)

  Press Ctrl-C to stop.
"
        );
        assert_eq!(text, expected);
        let without = Greeting(&ready(&[(PortKind::Https, 3)])).to_string();
        assert!(without.contains("HTTP/2     is off; `wireserve serve --h2` opens it"), "{without}");
        assert_eq!(without.matches("https://localhost:3/\n").count(), 1, "{without}");
    }

    #[test]
    fn a_program_reads_one_line_for_each_port() {
        let lines = "listening: http http://localhost:1/\nlistening: http http://localhost:2/\n\
                     listening: https https://localhost:3/\nlistening: https https://localhost:4/\n\
                     listening: h2 https://localhost:5/\nlistening: h2c http://localhost:6/\n\
                     listening: profile slow https://localhost:7/\n";
        assert_eq!(listening(&ready(&ALL)), lines);
    }
}
