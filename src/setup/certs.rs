//! `wireserve certs`: what there is to trust, and how.

use super::trust::{Trust, certutil, user_js};
use crate::config::Config;
use crate::net::certificates::{self, CertificateError, Certificates, Facts, Paths, Renew};
use crate::net::wall_clock;
use httpdate::fmt_http_date;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// Stands for a folder that the user chooses.
const PROFILE: &str = "PROFILE";

/// Makes the leaf anew, or the authority too; what it says is for the user.
///
/// # Errors
/// A sentence: the certificates are not ours, or can't be made.
pub fn renew(config: &Config, what: Renew) -> Result<String, String> {
    if let Some(own) = config.ssl.own() {
        let (path, origin) = (own.certificate.value.display(), &own.certificate.origin);
        return Err(format!("{path} ({origin}) is your own certificate: this renews only what the server made"));
    }
    let folder = &config.ssl.folder.value;
    Certificates::renew(folder, &super::certificates::names(config), what, wall_clock())
        .map_err(|error| error.to_string())?;
    let paths = Paths::of(folder);
    Ok(match what {
        Renew::Leaf => {
            format!("{} is new. A running server uses the old one until it is restarted.", paths.leaf.display())
        }
        Renew::Authority => format!(
            "{} and {} are new, and not trusted yet. Everything that trusted the old authority, by its file or its key, must trust \
             the new one: see `wireserve certs`. A running server uses the old ones until it is restarted.",
            paths.authority.display(),
            paths.leaf.display()
        ),
    })
}

/// All there is to know of the certificates of a configuration; what is missing was made.
pub struct Report {
    trust: Trust,
    /// What each is, its files, what stands in it.
    certificates: Vec<Shown>,
    /// What Firefox and others can be told to trust.
    trusted: String,
    own: bool,
}

struct Shown {
    what: &'static str,
    certificate: String,
    key: String,
    facts: Facts,
}

impl Shown {
    fn read(what: &'static str, certificate: &Path, key: &Path) -> Result<Shown, CertificateError> {
        let text = |path: &Path| path.display().to_string();
        Ok(Shown { what, certificate: text(certificate), key: text(key), facts: certificates::facts(certificate)? })
    }
}

impl Report {
    /// # Errors
    /// The certificates are of no use.
    pub fn of(config: &Config) -> Result<Report, CertificateError> {
        let certificates = super::certificates::of(config)?;
        let paths = Paths::of(&config.ssl.folder.value);
        let shown = match config.ssl.own() {
            Some(own) => vec![Shown::read("leaf", &own.certificate.value, &own.key.value)?],
            None => vec![
                Shown::read("authority", &paths.authority, &paths.authority_key)?,
                Shown::read("leaf", &paths.leaf, &paths.leaf_key)?,
            ],
        };
        Ok(Report {
            trust: Trust::of(config, &certificates),
            certificates: shown,
            trusted: certificates.trusted().display().to_string(),
            own: config.ssl.own().is_some(),
        })
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let mut report = json!({
            "spki": self.trust.spki(),
            "hosts": self.trust.hosts().domains_set(),
            "not_hosts": self.trust.hosts().not_domains_set(),
            "chromium": { "arguments": self.trust.chromium() },
            "firefox": {
                "certutil": self.authority().map(|authority| certutil(PROFILE, &authority)),
                "preferences": self.trust.firefox().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            },
        });
        for Shown { what, certificate, key, facts } in &self.certificates {
            report[what] = json!({
                "certificate": certificate,
                "key": key,
                "subject": facts.subject,
                "names": facts.names,
                "not_before": fmt_http_date(facts.not_before),
                "not_after": fmt_http_date(facts.not_after),
                "spki": facts.spki,
            });
        }
        report
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for shown in &self.certificates {
            describe(&mut text, shown);
        }
        text.push_str("\n`wireserve open` starts a browser with all that follows, and a profile of its own.\n\n");
        self.write_chromium(&mut text);
        self.write_firefox(&mut text);
        if self.own {
            text.push_str("Other programs: as usual with this certificate.\n");
        } else {
            let authority = quoted(&self.trusted);
            let _ = write!(
                text,
                "Other programs need the authority as a file:\n\n    curl --cacert {authority} URL\n    \
                 NODE_EXTRA_CA_CERTS={authority} node …\n\n\
                 With the key {}, other people can make certificates that you then trust. So do not \
                 install the authority system-wide.\n",
                self.certificates.first().map(|shown| shown.key.as_str()).unwrap_or_default()
            );
        }
        text
    }

    fn write_chromium(&self, text: &mut String) {
        text.push_str("Chromium needs these arguments, and neither the authority nor a hosts file:\n\n");
        let _ = write!(text, "    chromium --user-data-dir={PROFILE}");
        for argument in self.trust.chromium() {
            let _ = write!(text, " \\\n        {}", quoted(&argument));
        }
        text.push_str(" \\\n        URL\n\n");
    }

    fn write_firefox(&self, text: &mut String) {
        text.push_str("Firefox needs a profile that trusts the authority (certutil is in Debian's libnss3-tools):\n\n");
        let _ = writeln!(text, "    mkdir {PROFILE}");
        let placeholder = "AUTHORITY.pem".to_owned();
        for arguments in certutil(PROFILE, &self.authority().unwrap_or(placeholder)) {
            let arguments: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
            let _ = writeln!(text, "    certutil {}", arguments.join(" "));
        }
        let _ = writeln!(text, "    cat > {PROFILE}/user.js <<'END'");
        text.push_str(&user_js(&self.trust.firefox()));
        let _ = writeln!(text, "END\n    firefox -no-remote -profile {PROFILE} URL\n");
        if self.own {
            text.push_str("AUTHORITY.pem is the one that signed your certificate, in a file of its own.\n\n");
        }
    }

    /// The file of the authority, if it has one of its own.
    fn authority(&self) -> Option<String> {
        (!self.own).then(|| self.trusted.clone())
    }
}

fn describe(text: &mut String, Shown { what, certificate, key, facts }: &Shown) {
    let _ = writeln!(text, "{what:9}  {certificate} (its key: {key})");
    let mut line = |of: &str| {
        let _ = writeln!(text, "           {of}");
    };
    line(&facts.subject);
    line(&format!("valid from {} to {}", fmt_http_date(facts.not_before), fmt_http_date(facts.not_after)));
    line(&format!("SHA-256 of its public key: {}", facts.spki));
    if !facts.names.is_empty() {
        line(&format!("for {}", facts.names.join(", ")));
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./:=,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_cut_them() {
        assert_eq!(quoted("--a=b/c.pem"), "--a=b/c.pem");
        assert_eq!(quoted("MAP * ~NOTFOUND"), "'MAP * ~NOTFOUND'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
