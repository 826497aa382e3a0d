//! web-platform-tests' own `config.json`.

use super::*;

fn resolve_json(text: &str, more: &[&str]) -> Result<Config, String> {
    let (folder, _) = folder_with("");
    let file = folder.path().join("config.json");
    fs::write(&file, text).unwrap();
    let arguments = ServeArguments { config: Some(file), ..flags(more) };
    resolve(&arguments)
        .map_err(|errors| brief(&errors.to_string()).replace(&format!("{}/", folder.path().display()), ""))
}

fn hints(config: &Config) -> String {
    config.hints.iter().map(|hint| format!("{}\n", brief(&hint.to_string()))).collect()
}

#[test]
fn a_configuration_of_wptserve_is_read_as_it_is() {
    let text = r#"{
        "browser_host": "web-platform.test",
        "alternate_hosts": {"alt": "not-web-platform.test"},
        "doc_root": null,
        "ws_doc_root": "pages",
        "server_host": null,
        "ports": {"http": [8000, "auto"], "https": [8443, null], "http-local": ["auto"], "ws": ["auto"], "h2": [9000]},
        "check_subdomains": false,
        "bind_address": false,
        "ssl": {
            "type": "pregenerated",
            "encrypt_after_connect": false,
            "openssl": {"openssl_binary": "openssl", "base_path": "_certs", "base_conf_path": null},
            "pregenerated": {"host_key_path": "k.pem", "host_cert_path": "c.pem"},
            "none": {}
        },
        "aliases": [{"url-path": "/a/", "local-dir": "pages"}],
        "logging": {"level": "DEBUG", "suppress_handler_traceback": true}
    }"#;
    let config = resolve_json(text, &["--h2"]).unwrap();
    assert_eq!(config.browser_host.value, "web-platform.test");
    assert_eq!(config.server_host.value, "web-platform.test");
    assert_eq!(config.ports.of(PortKind::Https), [Port::Number(8443)]);
    assert_eq!(config.ports.of(PortKind::HttpLocal), [Port::Auto]);
    assert_eq!(config.ports.of(PortKind::H2), [Port::Number(9000)]);
    assert_eq!(config.bind_address.to_string(), "0.0.0.0");
    assert_eq!((config.ssl.kind.value, config.ssl.own().is_some()), (SslType::Pregenerated, true));
    assert!(config.ssl.own().unwrap().key.ends_with("k.pem"));
    assert!(config.aliases[0].local_dir.ends_with("pages"));
    assert_eq!((config.log.value, config.suppress_handler_traceback.value), (LogLevel::Debug, true));
    assert!(!config.check_subdomains.value);
    let hints = hints(&config);
    assert!(hints.contains("config.json:13:43: `ssl.openssl.openssl_binary` has no effect"), "{hints}");
}

#[test]
fn errors_in_json_have_their_place() {
    let cases = [
        ("{\"prots\": {}}", "config.json:1:2: unknown key `prots`", "a similar key exists: `ports`"),
        ("{\n \"workers\": \"x\"}", "config.json:2:13: `workers` must be a whole number", "^^^"),
        ("{\n \"ports\": 3}", "config.json:2:11: `ports` must be a table", "write \"ports\": {…}"),
        ("{\"ports\": {\"http\": [1,\n2,\n 70000]}}", "config.json:3:2: `ports.http` is not a port", "^^^^^"),
        ("{\"workers\": 1, \"workers\": 2}", "config.json:1:16: duplicate key", ""),
        ("{\n \"workers\": 1,}", "config.json:2:14: ", "railing comma"),
        ("{\n \"workers\" 1}", "config.json:2:", "colon"),
        ("{\n // no\n}", "config.json:2:2: ", "omments are not allowed"),
        ("", "config.json:1:1: there is nothing here", ""),
        ("[]", "config.json:1:1: a configuration is an object", ""),
        ("{\"aliases\": [3]}", "config.json:1:14: `aliases` must be a list of tables", ""),
        ("{\"latency\": 1e3}", "config.json:1:13: `latency` must be a whole number", ""),
    ];
    for (text, place, rest) in cases {
        let told = resolve_json(text, &[]).unwrap_err();
        assert!(told.starts_with(place) && told.contains(rest), "{text}\n{told}");
    }
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_file() {
    let config = resolve_json("\u{feff}{\"workers\": 3}", &[]).unwrap();
    assert_eq!(config.workers.value, 3);
    let told = resolve_json("\u{feff}{\"workers\": \"x\"}", &[]).unwrap_err();
    assert!(told.starts_with("config.json:1:13: "), "{told}");
    assert_eq!(resolve_text("\u{feff}workers = 3\n", &[]).unwrap().workers.value, 3);
}

#[test]
fn old_names_are_taken_with_a_hint() {
    let text = r#"{"host": "a.test", "external_host": "10.0.0.1", "bind_hostname": true, "log_level": "WARNING"}"#;
    let config = resolve_json(text, &[]).unwrap();
    assert_eq!((config.browser_host.as_str(), config.server_host.as_str()), ("a.test", "10.0.0.1"));
    assert_eq!((config.bind_address.to_string().as_str(), config.log.value), ("10.0.0.1", LogLevel::Warn));
    let hints = hints(&config);
    for hint in [
        "config.json:1:2: `host` is an old name\n",
        "write `browser_host`",
        "`external_host` is an old name",
        "`bind_hostname` is an old name",
        "`log_level` is an old name",
        "write `level` in [logging]",
    ] {
        assert!(hints.contains(hint), "{hint}\n{hints}");
    }
    let told = resolve_json(r#"{"host": "a.test", "browser_host": "b.test"}"#, &[]).unwrap_err();
    assert!(told.contains("1:2: `host` is the old name of `browser_host`, which is there too"), "{told}");
    let told = resolve_json(r#"{"host_ip": "10.0.0.1", "external_host": "10.0.0.2"}"#, &[]).unwrap_err();
    assert!(told.contains("is the old name of `server_host`"), "{told}");
    assert!(resolve_text("[log]\nlevel = \"info\"", &[]).unwrap().hints.len() == 1);
}

#[test]
fn a_key_without_effect_is_told() {
    let config = resolve_json(r#"{"ports": {"webtransport-h3": ["auto"]}}"#, &[]).unwrap();
    assert!(hints(&config).contains("1:31: `ports.webtransport-h3` opens no port"), "{}", hints(&config));
    let config = resolve_json(r#"{"ssl": {"type": "pregenerated"}}"#, &[]).unwrap();
    assert_eq!(config.ssl.kind.value, SslType::Authority);
    assert!(hints(&config).contains("our own authority makes one"));
}

/// The default `ports` of the suite in 2023, and of today.
#[test]
fn the_ports_of_every_year_are_known() {
    let of_2023 = r#"{"ports": {"http": [8000, "auto"], "http-private": ["auto"], "http-public": ["auto"], "https": [8443, 8444],
        "https-private": ["auto"], "https-public": ["auto"], "ws": ["auto"], "wss": ["auto"], "webtransport-h3": [11000]}}"#;
    let config = resolve_json(of_2023, &[]).unwrap();
    assert_eq!(config.ports.of(PortKind::HttpPrivate), [Port::Auto]);
    assert_eq!(config.ports.of(PortKind::HttpsPrivate), [Port::Auto]);
    assert!(PortKind::HttpsPrivate.has_tls() && !PortKind::HttpPrivate.has_tls());
    assert!(config.ports.all().all(|wanted| wanted.kind.is_served()));
    assert_eq!(config.ports.of(PortKind::WebTransportH3), [Port::Number(11000)]);
    let of_2025 = r#"{"ports": {"http-local": ["auto"], "https-local": [1], "webtransport-h3": [], "dns": [1]}}"#;
    assert!(resolve_json(of_2025, &[]).is_ok());
    let told = resolve_json(r#"{"ports": {"http-privat": ["auto"]}}"#, &[]).unwrap_err();
    assert!(told.contains("http-private"), "{told}");
}

#[test]
fn without_tls_its_ports_stay_closed() {
    let config = resolve_json(r#"{"ssl": {"type": "none"}, "ports": {"wss": [1]}}"#, &["--h2c"]).unwrap();
    assert_eq!(config.ports.all().map(|wanted| wanted.kind.name()).collect::<Vec<_>>(), ["http", "http", "h2c"]);
    let told = resolve_json(r#"{"ssl": {"type": "none"}}"#, &["--h2"]).unwrap_err();
    assert!(told.contains("--h2: HTTP/2 over TLS needs TLS, which `ssl.type` (config.json:1) turns off"), "{told}");
    assert!(resolve_json(r#"{"ssl": {"type": "none"}}"#, &["--h2", "--certs", "c"]).is_ok());
    let told = resolve_json(r#"{"ssl": {"type": "opnessl"}}"#, &[]).unwrap_err();
    assert!(told.contains("a similar type exists: \"openssl\""), "{told}");
    let told = resolve_json(r#"{"ssl": {"encrypt_after_connect": true}}"#, &[]).unwrap_err();
    assert!(told.contains("`ssl.encrypt_after_connect` is not supported"), "{told}");
    let told = resolve_json(r#"{"ssl": {"type": "openssl", "certificate": "c", "key": "k"}}"#, &[]).unwrap_err();
    assert!(told.contains("leaves no use for `ssl.certificate`"), "{told}");
}

#[test]
fn no_port_at_all_is_an_error() {
    let told = resolve_json(r#"{"ports": {"http": [], "https": [null]}}"#, &[]).unwrap_err();
    assert_eq!(told, "there is no port to open: add one to [ports]");
    let config = resolve_json(r#"{"ports": {"http": [], "https": [8443]}}"#, &["--port", "auto"]).unwrap();
    assert_eq!(config.ports.of(PortKind::Http), [Port::Auto]);
}

#[test]
fn a_file_of_another_program_is_not_taken_for_ours() {
    let of_wptserve = |text: &str| file::is_of_wptserve(&Source::new(Path::new("config.json"), text.to_owned()));
    for theirs in [r#"{"ports": {}}"#, r#"{"x": 1, "browser_host": "a.test"}"#, "{\"ports\": "] {
        assert!(of_wptserve(theirs), "{theirs}");
    }
    for other in [r#"{"name": "app", "port": 80}"#, "{}", r#"{"url": "http://localhost/"}"#] {
        assert!(!of_wptserve(other), "{other}");
    }
}
