//! The names that the server answers to: hosts, their subdomains, and names that must not lead anywhere.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ascii::label_to_ascii;
use super::{Config, ConfigError};

/// By alternate host ("" for the browser host), by subdomain as the configuration writes it ("" for none): the whole
/// name in ASCII.
pub type Domains = BTreeMap<String, BTreeMap<String, String>>;

/// All names of a configuration, by wptserve's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Each host, and each subdomain of it.
    pub domains: Domains,
    /// Names below each host that must not resolve.
    pub not_domains: Domains,
}

impl Hosts {
    /// The names of `config`: each host alone, and with one or two of its labels before it. An IP address has none.
    pub fn of(config: &Config) -> Hosts {
        let hosts = || {
            let alternate = config.alternate_hosts.value.iter().map(|(name, host)| (name.as_str(), host.as_str()));
            std::iter::once(("", config.browser_host.as_str())).chain(alternate)
        };
        let of_each = |labels: &[String], alone: bool| {
            let subdomains = products(labels);
            hosts().map(|(name, host)| (name.to_owned(), below(host, &subdomains, alone))).collect()
        };
        Hosts {
            domains: of_each(&config.subdomains.value, true),
            not_domains: of_each(&config.not_subdomains.value, false),
        }
    }

    /// Every name that leads here, once, sorted from the last label to the first.
    pub fn domains_set(&self) -> Vec<&str> {
        sorted(&self.domains)
    }

    /// Every name that must not resolve, in the same order.
    pub fn not_domains_set(&self) -> Vec<&str> {
        sorted(&self.not_domains)
    }

    /// The hosts alone, without subdomains: IP addresses too.
    pub fn bases(&self) -> Vec<&str> {
        let mut bases: Vec<&str> =
            self.domains.values().filter_map(|names| names.get("")).map(String::as_str).collect();
        bases.dedup();
        bases
    }

    /// Names that browsers do not find by themselves: neither below localhost nor IP addresses.
    pub fn in_need_of_set_up(&self) -> Vec<&str> {
        self.domains_set().into_iter().filter(|name| !is_local(name) && name.parse::<IpAddr>().is_err()).collect()
    }

    /// The lines of a hosts file that make the names lead to `address`, as `wpt make-hosts-file` writes them.
    pub fn file(&self, address: IpAddr) -> String {
        let mut file = String::from("# Start web-platform-tests hosts\n");
        let names = |names: Vec<&str>, address: IpAddr| -> String {
            let names = names.into_iter().filter(|name| *name != "localhost" && name.parse::<IpAddr>().is_err());
            names.map(|name| format!("{address}\t{name}\n")).collect()
        };
        file.push_str(&names(self.domains_set(), address));
        // To Windows 0.0.0.0 is nowhere, to others it is this machine: there such names must simply be absent.
        if cfg!(windows) {
            file.push_str(&names(self.not_domains_set(), Ipv4Addr::UNSPECIFIED.into()));
        }
        file.push_str("# End web-platform-tests hosts\n");
        file
    }
}

/// Whether browsers lead the name to this machine by themselves (RFC 6761 §6.3).
pub fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// The address at which this machine reaches a server that is bound to `bind_address`.
pub fn reached_at(bind_address: IpAddr) -> IpAddr {
    match bind_address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// What is wrong with names that only come about by joining.
pub(super) fn check(config: &Config, errors: &mut Vec<ConfigError>) {
    let hosts = Hosts::of(config);
    let names = hosts.domains_set().into_iter().chain(hosts.not_domains_set());
    if let Some(name) = names.max_by_key(|name| name.len()).filter(|name| name.len() > MAX_NAME) {
        let what = format!("{name} is longer than {MAX_NAME} bytes: shorten the host or its subdomains");
        errors.push(ConfigError::plain(what));
    }
}

/// Octets of a host name, by RFC 1035 §2.3.4, without the length octets at its ends.
const MAX_NAME: usize = 253;

/// Each label, and each two of them (also one twice) joined by a dot: as written, and in ASCII.
fn products(labels: &[String]) -> Vec<(String, String)> {
    let single = labels.iter().filter_map(|label| Some((label.clone(), label_to_ascii(label)?)));
    let single: Vec<(String, String)> = single.collect();
    let join =
        |(a, ascii): &(String, String), (b, other): &(String, String)| (format!("{a}.{b}"), format!("{ascii}.{other}"));
    let double: Vec<_> = single.iter().flat_map(|a| single.iter().map(move |b| join(a, b))).collect();
    single.into_iter().chain(double).collect()
}

fn below(host: &str, subdomains: &[(String, String)], alone: bool) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    if alone {
        names.insert(String::new(), host.to_owned());
    }
    if host.parse::<IpAddr>().is_err() {
        names.extend(subdomains.iter().map(|(written, ascii)| (written.clone(), format!("{ascii}.{host}"))));
    }
    names
}

fn sorted(domains: &Domains) -> Vec<&str> {
    let mut names: Vec<&str> = domains.values().flat_map(BTreeMap::values).map(String::as_str).collect();
    names.sort_by(|a, b| a.rsplit('.').cmp(b.rsplit('.')));
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Value;

    fn config(host: &str, alternate: &[(&str, &str)], labels: &[&str]) -> Config {
        let own = |text: &&str| (*text).to_owned();
        Config {
            browser_host: Value::default_of(host.to_owned()),
            alternate_hosts: Value::default_of(alternate.iter().map(|(name, host)| (own(name), own(host))).collect()),
            subdomains: Value::default_of(labels.iter().map(own).collect()),
            ..Config::default()
        }
    }

    #[test]
    fn the_names_are_those_of_web_platform_tests() {
        let config = Config {
            browser_host: Value::default_of("web-platform.test".to_owned()),
            alternate_hosts: Value::default_of([("alt".to_owned(), "not-web-platform.test".to_owned())].into()),
            ..Config::default()
        };
        let hosts = Hosts::of(&config);
        let domains = &hosts.domains[""];
        assert_eq!(domains.len(), 31);
        assert_eq!(domains[""], "web-platform.test");
        assert_eq!(domains["天気の良い日"], "xn--n8j6ds53lwwkrqhv28a.web-platform.test");
        assert_eq!(domains["élève"], "xn--lve-6lad.web-platform.test");
        assert_eq!(domains["élève.www"], "xn--lve-6lad.www.web-platform.test");
        assert_eq!(domains["www.www"], "www.www.web-platform.test");
        assert_eq!(hosts.domains["alt"]["www2"], "www2.not-web-platform.test");
        let not: Vec<_> = hosts.not_domains["alt"].iter().map(|(key, name)| (key.as_str(), name.as_str())).collect();
        assert_eq!(
            not,
            [
                ("nonexistent", "nonexistent.not-web-platform.test"),
                ("nonexistent.nonexistent", "nonexistent.nonexistent.not-web-platform.test")
            ]
        );
        assert_eq!(hosts.domains_set().len(), 62);
        assert_eq!(hosts.not_domains_set().len(), 4);
        assert_eq!(hosts.bases(), ["web-platform.test", "not-web-platform.test"]);
    }

    #[test]
    fn a_hosts_file_is_the_one_of_web_platform_tests() {
        let config = config("foo.bar", &[("alt", "foo2.bar")], &["b", "a"]);
        let lines: Vec<String> =
            Hosts::of(&config).file([192, 168, 42, 42].into()).lines().map(str::to_owned).collect();
        let name = |name: &str| format!("192.168.42.42\t{name}");
        assert_eq!(lines.first().unwrap(), "# Start web-platform-tests hosts");
        let of = |host: &str| {
            ["", "a.", "a.a.", "b.a.", "b.", "a.b.", "b.b."].map(|before| name(&format!("{before}{host}"))).to_vec()
        };
        assert_eq!(lines[1..8], of("foo.bar"));
        assert_eq!(lines[8..15], of("foo2.bar"));
        if !cfg!(windows) {
            assert_eq!(lines[15..], ["# End web-platform-tests hosts"]);
        }
    }

    #[test]
    fn an_address_has_no_subdomains_and_localhost_needs_no_set_up() {
        let hosts = Hosts::of(&config("127.0.0.1", &[("alt", "a.localhost"), ("far", "far.test")], &["www"]));
        assert_eq!(hosts.domains[""].len(), 1);
        assert_eq!(hosts.domains[""][""], "127.0.0.1");
        assert_eq!(hosts.not_domains[""].len(), 0);
        assert_eq!(hosts.in_need_of_set_up(), ["far.test", "www.far.test", "www.www.far.test"]);
        assert!(!hosts.file([127, 0, 0, 1].into()).contains("\t127.0.0.1"));
        assert!(Hosts::of(&Config::default()).in_need_of_set_up().is_empty());
        assert!(!Hosts::of(&Config::default()).file([127, 0, 0, 1].into()).contains("\tlocalhost"));
    }

    #[test]
    fn a_name_that_grows_too_long_is_told() {
        let label = "l".repeat(60);
        let mut errors = Vec::new();
        check(&config(&[&*label; 2].join("."), &[], &[&label]), &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        check(&config(&[&*label; 3].join("."), &[], &[&label]), &mut errors);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().contains("longer than 253 bytes"), "{}", errors[0]);
    }

    #[test]
    fn a_server_on_every_address_is_reached_at_the_loopback_one() {
        let reached = |text: &str| reached_at(text.parse().unwrap()).to_string();
        assert_eq!(["0.0.0.0", "::", "192.0.2.7"].map(reached), ["127.0.0.1", "::1", "192.0.2.7"]);
    }
}
