//! What Chromium and Firefox have to be told so that they trust the server and know its names, without root and without
//! a hosts file. `wireserve certs` prints it, `wireserve open` does it.

use crate::config::{Config, Hosts, hosts};
use crate::net::certificates::Certificates;
use serde_json::{Value, json};
use std::net::IpAddr;

/// What there is to trust, and to know.
pub(super) struct Trust {
    hosts: Hosts,
    /// The hosts of profiles, if browsers do not find them by themselves.
    profiles: Vec<String>,
    /// Where the names lead.
    address: IpAddr,
    spki: String,
    authority: Option<String>,
}

impl Trust {
    pub fn of(config: &Config, certificates: &Certificates) -> Trust {
        Trust {
            hosts: Hosts::of(config),
            profiles: profiles_in_need(config),
            address: hosts::reached_at(config.bind_address.value),
            spki: certificates.spki().to_owned(),
            authority: certificates.authority().map(str::to_owned),
        }
    }

    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    pub fn spki(&self) -> &str {
        &self.spki
    }

    /// The authority to trust, in PEM form, if it is known.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// For Chromium's command line. The list of keys, not `--ignore-certificate-errors`: that would keep it from
    /// using one connection for several hosts.
    pub fn chromium(&self) -> Vec<String> {
        vec![format!("--ignore-certificate-errors-spki-list={}", self.spki), self.resolver_rules()]
    }

    /// The first rule that fits counts, exceptions before all.
    fn resolver_rules(&self) -> String {
        let address = match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let mut rules: Vec<String> =
            self.hosts.not_domains_set().iter().map(|name| format!("MAP {name} ~NOTFOUND")).collect();
        let mut exceptions = vec!["EXCLUDE localhost".to_owned(), "EXCLUDE 127.0.0.1".to_owned()];
        for host in self.hosts.bases() {
            if host.parse::<IpAddr>().is_ok() {
                exceptions.push(format!("EXCLUDE {host}"));
            } else {
                rules.push(format!("MAP *.{host} {address}"));
                rules.push(format!("MAP {host} {address}"));
            }
        }
        // Keeps its own services off the network.
        rules.push("MAP * ~NOTFOUND".to_owned());
        exceptions.push(format!("EXCLUDE {}", self.address));
        exceptions.dedup();
        rules.append(&mut exceptions);
        format!("--host-resolver-rules={}", rules.join(", "))
    }

    /// Whether Firefox can only be told where all names lead, those included that must not resolve.
    pub fn is_imprecise_in_firefox(&self) -> bool {
        !self.address.is_loopback() && !self.hosts.in_need_of_set_up().is_empty()
    }

    /// Preferences of Firefox; `user.js` in a profile sets them.
    pub fn firefox(&self) -> Vec<(&'static str, Value)> {
        let mut preferences = Vec::new();
        let mut names = self.hosts.in_need_of_set_up();
        if self.is_imprecise_in_firefox() {
            preferences.push(("network.dns.forceResolve", json!(self.address)));
        } else if !names.is_empty() {
            // It knows no patterns: each profile's host is a name of its own.
            names.extend(self.profiles.iter().map(String::as_str));
            preferences.push(("network.dns.localDomains", json!(names.join(","))));
        }
        preferences.extend(FIREFOX.map(|(name, value)| (name, value.into())));
        preferences
    }
}

/// The hosts of profiles, unless they are below localhost, or none can be below an address.
fn profiles_in_need(config: &Config) -> Vec<String> {
    let host = &config.browser_host.value;
    if hosts::is_local(host) || host.parse::<IpAddr>().is_ok() { Vec::new() } else { super::profiles::hosts(config) }
}

/// A value of a preference.
#[derive(Clone, Copy)]
enum Preference {
    Is(bool),
    Number(i32),
    Text(&'static str),
}

impl From<Preference> for Value {
    fn from(preference: Preference) -> Value {
        match preference {
            Preference::Is(value) => value.into(),
            Preference::Number(value) => value.into(),
            Preference::Text(value) => value.into(),
        }
    }
}

use Preference::{Is, Number, Text};

const FIREFOX: [(&str, Preference); 21] = [
    // With it on, Firefox never uses one connection for several hosts.
    ("network.http.happy_eyeballs_enabled", Is(false)),
    // DNS over HTTPS knows none of our names.
    ("network.trr.mode", Number(5)),
    // No questions and pages of its own.
    ("browser.shell.checkDefaultBrowser", Is(false)),
    ("browser.startup.homepage_override.mstone", Text("ignore")),
    ("startup.homepage_welcome_url", Text("")),
    ("browser.aboutwelcome.enabled", Is(false)),
    ("datareporting.policy.dataSubmissionEnabled", Is(false)),
    ("datareporting.policy.firstRunURL", Text("")),
    // No requests of its own.
    ("toolkit.telemetry.enabled", Is(false)),
    ("toolkit.telemetry.server", Text("")),
    ("app.normandy.enabled", Is(false)),
    ("app.update.enabled", Is(false)),
    ("services.settings.server", Text("data:,")),
    ("extensions.update.enabled", Is(false)),
    ("browser.newtabpage.enabled", Is(false)),
    ("browser.safebrowsing.downloads.enabled", Is(false)),
    ("browser.safebrowsing.malware.enabled", Is(false)),
    ("browser.safebrowsing.phishing.enabled", Is(false)),
    ("network.captive-portal-service.enabled", Is(false)),
    ("network.connectivity-service.enabled", Is(false)),
    ("network.prefetch-next", Is(false)),
];

/// `user.js` with these preferences.
pub(super) fn user_js(preferences: &[(&str, Value)]) -> String {
    // JSON's texts, numbers and truths are JavaScript's.
    preferences.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n")).collect()
}

/// What `certutil` (of Debian's libnss3-tools) is to be called with, in this order, so that Firefox with a fresh
/// profile trusts an authority: it asks nobody else.
pub(super) fn certutil(profile: &str, authority: &str) -> [Vec<String>; 2] {
    let database = format!("sql:{profile}");
    [
        vec!["-N", "--empty-password", "-d", &database],
        vec!["-A", "-n", "wireserve", "-t", "C,,", "-i", authority, "-d", &database],
    ]
    .map(|arguments| arguments.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(host: &str, alternate: Option<&str>, bind: &str) -> Trust {
        let mut config = Config::default();
        config.browser_host.value = host.to_owned();
        config.alternate_hosts.value = alternate.map(|host| ("alt".to_owned(), host.to_owned())).into_iter().collect();
        config.subdomains.value = vec!["www".to_owned()];
        config.bind_address.value = bind.parse().unwrap();
        let address = hosts::reached_at(config.bind_address.value);
        let profiles = profiles_in_need(&config).into_iter().filter(|host| host.starts_with("tiny-")).collect();
        Trust { hosts: Hosts::of(&config), profiles, address, spki: "KEY=".to_owned(), authority: None }
    }

    #[test]
    fn chromium_knows_the_names_and_no_others() {
        let trust = trust("web-platform.test", Some("not-web-platform.test"), "127.0.0.1");
        let arguments = trust.chromium();
        assert_eq!(arguments[0], "--ignore-certificate-errors-spki-list=KEY=");
        assert_eq!(
            arguments[1],
            "--host-resolver-rules=MAP nonexistent.not-web-platform.test ~NOTFOUND, \
             MAP nonexistent.nonexistent.not-web-platform.test ~NOTFOUND, \
             MAP nonexistent.web-platform.test ~NOTFOUND, MAP nonexistent.nonexistent.web-platform.test ~NOTFOUND, \
             MAP *.web-platform.test 127.0.0.1, MAP web-platform.test 127.0.0.1, \
             MAP *.not-web-platform.test 127.0.0.1, MAP not-web-platform.test 127.0.0.1, \
             MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
        );
    }

    #[test]
    fn chromium_finds_a_server_at_another_address() {
        let rules = |trust: &Trust| trust.chromium().remove(1);
        let at_v6 = rules(&trust("a.test", None, "::"));
        assert!(at_v6.contains("MAP a.test [::1]") && at_v6.ends_with("EXCLUDE ::1"), "{at_v6}");
        let at_address = rules(&trust("192.0.2.7", Some("a.test"), "192.0.2.7"));
        assert!(at_address.contains("MAP a.test 192.0.2.7"), "{at_address}");
        assert!(!at_address.contains("MAP 192.0.2.7") && !at_address.contains("*.192"), "{at_address}");
        assert!(at_address.ends_with("EXCLUDE 127.0.0.1, EXCLUDE 192.0.2.7"), "{at_address}");
    }

    #[test]
    fn firefox_is_told_the_names_that_need_it() {
        let first = |trust: &Trust| trust.firefox().remove(0);
        assert_eq!(
            first(&trust("a.test", Some("b.localhost"), "0.0.0.0")),
            ("network.dns.localDomains", json!("a.test,www.a.test,www.www.a.test,tiny-window.conn.a.test"))
        );
        assert_eq!(first(&trust("a.test", None, "192.0.2.7")), ("network.dns.forceResolve", json!("192.0.2.7")));
        assert_eq!(first(&trust("localhost", None, "127.0.0.1")).0, "network.http.happy_eyeballs_enabled");
    }

    #[test]
    fn preferences_are_javascript() {
        let text = user_js(&[("a", json!("x\"y")), ("b", json!(true)), ("c", json!(5))]);
        assert_eq!(text, "user_pref(\"a\", \"x\\\"y\");\nuser_pref(\"b\", true);\nuser_pref(\"c\", 5);\n");
    }
}
