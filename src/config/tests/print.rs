//! `wireserve config`.

use super::*;
use crate::config::print::print;

/// What is printed, read again, with the flags that opened the ports.
fn again(text: &str, flags_too: &[&str]) -> Config {
    resolve_text(text, flags_too).unwrap_or_else(|told| panic!("{told}\n{text}"))
}

fn same(mut left: Config, mut right: Config) {
    for config in [&mut left, &mut right] {
        config.files.clear();
        config.hints.clear();
        config.notes.clear();
    }
    assert_eq!(left, right);
}

#[test]
fn what_is_printed_says_the_same() {
    let (folder, file) = folder_with("");
    let root = folder.path().display();
    let (pages, certs) = (format!("{root}/pages"), format!("{root}/certs"));
    let arguments = flags(&["--h2", "--h2c", "--root", &pages, "--certs", &certs]);
    let config = resolve(&ServeArguments { config: Some(file.clone()), ..arguments }).unwrap();
    same(again(&print(&config, false), &["--h2", "--h2c"]), config);

    fs::write(folder.path().join("a.js"), "").unwrap();
    let text = format!(
        r#"
        browser_host = "web-platform.test"
        alternate_hosts = {{ alt = "not-web-platform.test", "an other" = "other.test" }}
        subdomains = ["www", "天気の良い日"]
        bind_address = false
        doc_root = "{root}"
        latency = 250
        inject_script = "{root}/a.js"
        aliases = [{{ url-path = "/\"x\\/", local-dir = "{root}/pages" }}]
        [ports]
        http = ["auto", 8001]
        ws = 8002
        [ssl]
        folder = "{root}/certs"
        certificate = "{root}/c.pem"
        key = "{root}/k.pem"
        [hooks]
        scripts = ["{root}/a.js"]
        [stash]
        backend = "redis://127.0.0.1/3"
        max_age = 0.25
        [limits.http1]
        idle_timeout = 0.1
        [[routes]]
        methods = ["GET", "HEAD"]
        path = "/a/{{b}}/*"
        script = "{root}/a.js"
        [[routes]]
        path = "/gone"
        status = 410
        [[rewrites]]
        from = "/x"
        to = "/y"
        "#
    );
    fs::write(&file, &text).unwrap();
    let config = resolve(&ServeArguments { config: Some(file), ..flags(&[]) }).unwrap();
    assert_eq!((config.aliases.len(), config.routes.len(), config.rewrites.len()), (1, 2, 1));
    same(again(&print(&config, false), &[]), config.clone());
    same(again(&print(&config, true), &[]), config);
}

#[test]
fn each_value_is_printed_with_its_origin_in_a_fixed_order() {
    let config = resolve_text("\nworkers = 3\n[ports]\nhttp = 81\n", &["--https-port", "auto"]).unwrap();
    let printed = print(&config, false);
    for line in [
        "browser_host = \"localhost\"  # default\n",
        "http = [81]  # ",
        "wpt.toml:4\n",
        "https = [\"auto\", \"auto\"]  # --https-port\n",
        "alternate_hosts = { alt = \"alt.localhost\" }  # default\n",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    assert_eq!(printed, print(&config, false));
    let at = |key: &str| printed.find(&format!("\n{key}")).unwrap();
    assert!(at("workers") < at("[ports]") && at("[ports]") < at("[limits]"));
}

#[test]
fn comments_say_what_each_key_means() {
    let printed = print(&Config::default(), true);
    let keys = printed.lines().filter(|line| line.starts_with("latency = ")).count();
    let at = printed.find("\nlatency = 0").unwrap();
    let above = printed[..at].rsplit("\n\n").next().unwrap();
    assert!(
        keys == 1 && above.lines().all(|line| line.starts_with("# ")) && above.contains("# Flag: --latency"),
        "{above}"
    );
}
