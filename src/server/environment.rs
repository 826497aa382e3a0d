//! What templates and scripts can know of the server: the configuration by wptserve's names.

use crate::config::{self, Config, PortKind, ready};
use crate::site;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What templates can name, of which scripts see `config` as `request.server.config`.
pub(super) fn environment(config: &Config, urls: &ready::Urls, unserved: &[(PortKind, u16)]) -> site::Environment {
    let hosts = config::Hosts::of(config);
    let mut ports: BTreeMap<String, Vec<u16>> =
        urls.ports().map(|(kind, ports)| (kind.name().to_owned(), ports.to_vec())).collect();
    for (kind, port) in unserved {
        ports.entry(kind.name().to_owned()).or_default().push(*port);
    }
    site::Environment {
        browser_host: config.browser_host.value.clone(),
        ports: ports.clone(),
        doc_root: absolute(&config.doc_root.value),
        config: shown(config, &hosts, ports, urls),
        hosts: hosts.domains,
        not_hosts: hosts.not_domains,
    }
}

/// Every key, and what wptserve computes of them.
fn shown(config: &Config, hosts: &config::Hosts, ports: BTreeMap<String, Vec<u16>>, urls: &ready::Urls) -> Json {
    let mut all_domains = hosts.domains.clone();
    for (host, names) in &hosts.not_domains {
        all_domains.entry(host.clone()).or_default().extend(names.clone());
    }
    let (doc_root, ws_doc_root) = (absolute(&config.doc_root.value), absolute(&config.ws_doc_root.value));
    let aliases = config.aliases.iter().map(|alias| json!({"url-path": alias.url_path, "local-dir": alias.local_dir}));
    let mut shown = config.to_json();
    for (key, value) in [
        ("doc_root", json!(doc_root)),
        ("ws_doc_root", json!(ws_doc_root)),
        ("paths", json!({ "doc_root": doc_root, "ws_doc_root": ws_doc_root })),
        ("domains", json!(hosts.domains)),
        ("not_domains", json!(hosts.not_domains)),
        ("all_domains", json!(all_domains)),
        ("domains_set", json!(hosts.domains_set())),
        ("not_domains_set", json!(hosts.not_domains_set())),
        ("all_domains_set", json!([hosts.domains_set(), hosts.not_domains_set()].concat())),
        ("ports", json!(ports)),
        ("urls", json!(urls)),
        ("aliases", aliases.collect()),
    ] {
        shown[key] = value;
    }
    shown["ssl"]["encrypt_after_connect"] = json!(false);
    // As Python's `logging` calls it.
    shown["logging"]["level"] = json!(config.log.name().to_uppercase());
    shown
}

/// As it is written, should the working directory be gone.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::stash::Backend;

    fn environment_of(config: &Config) -> site::Environment {
        let mut urls = ready::Urls::new("localhost");
        urls.push(PortKind::Http, 8000);
        urls.push(PortKind::H2, 9000);
        urls.push(PortKind::Http, 8001);
        environment(config, &urls, &[(PortKind::WebTransportH3, 11000)])
    }

    #[test]
    fn templates_know_every_name_and_port() {
        let environment = environment_of(&Config::default());
        assert_eq!(environment.hosts[""]["www"], "www.localhost");
        assert_eq!(environment.hosts["alt"][""], "alt.localhost");
        assert_eq!(environment.hosts["alt"]["élève"], "xn--lve-6lad.alt.localhost");
        assert_eq!(environment.not_hosts[""]["nonexistent"], "nonexistent.localhost");
        assert_eq!((&environment.ports["h2"], &environment.ports["http"]), (&vec![9000], &vec![8000, 8001]));
        assert_eq!(environment.ports.get("https"), None);
        assert_eq!(environment.ports["webtransport-h3"], [11000]);
        assert!(environment.doc_root.is_absolute());
    }

    #[test]
    fn the_configuration_has_wptserves_names_and_no_password() {
        let mut config = Config::default();
        config.stash.backend.value = Backend::Redis("redis://me:secret@127.0.0.1/".to_owned());
        let shown = environment_of(&config).config;
        for key in [
            "browser_host",
            "alternate_hosts",
            "doc_root",
            "ws_doc_root",
            "server_host",
            "ports",
            "check_subdomains",
            "bind_address",
            "ssl",
            "aliases",
            "logging",
            "subdomains",
            "not_subdomains",
            "inject_script",
            "paths",
            "domains",
            "not_domains",
            "all_domains",
            "domains_set",
            "not_domains_set",
            "all_domains_set",
        ] {
            assert!(shown.get(key).is_some(), "{key}");
        }
        assert_eq!(shown["limits"]["http2"]["streams"], 250);
        assert_eq!((&shown["latency"], &shown["inject_script"]), (&json!(0), &Json::Null));
        assert_eq!(shown["domains"][""]["www"], "www.localhost");
        assert_eq!(shown["all_domains"]["alt"]["nonexistent"], "nonexistent.alt.localhost");
        assert_eq!(shown["logging"]["level"], "INFO");
        assert!(!shown.to_string().contains("secret"));
    }
}
