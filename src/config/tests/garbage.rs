//! Whatever a file holds: errors, and no panic, in little time.

use proptest::prelude::*;

use super::*;

/// Resolves octets as a file of that name; what is told must be fit for a terminal.
fn resolve_octets(name: &str, octets: &[u8]) -> Result<Config, String> {
    let folder = tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, octets).unwrap();
    let told = resolve(&ServeArguments { config: Some(file), ..flags(&["--h2", "--h2c"]) });
    told.map_err(|errors| {
        let told = errors.to_string();
        let folder = folder.path().display().to_string();
        assert!(!told.chars().any(|character| character.is_control() && !"\n\t".contains(character)), "{told:?}");
        assert!(told.lines().all(|line| line.replace(&folder, "").chars().count() < 700), "{told}");
        assert!(errors.0.len() <= 201, "{}", errors.0.len());
        told
    })
}

fn resolve_as_both(octets: &[u8]) {
    for name in ["wpt.toml", "config.json"] {
        let _ = resolve_octets(name, octets);
    }
}

/// Pieces from which something nearly right comes.
const PIECES: [&str; 45] = [
    "browser_host",
    "alternate_hosts",
    "ports",
    "http",
    "ssl",
    "type",
    "routes",
    "path",
    "aliases",
    "limits.http1",
    "log",
    "host",
    "stash",
    "transcript",
    "inject_script",
    "=",
    ".",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "\"\"\"",
    "\n",
    " ",
    "true",
    "null",
    "1",
    "-1",
    "1e999",
    "0x_",
    "nan",
    "1979-05-27",
    "\"auto\"",
    "\"/\"",
    "\u{0}",
    "\u{1b}[2J",
    "é",
    "\\u12",
    "#",
];

proptest! {
    #![proptest_config(crate::properties::config(200))]

    #[test]
    fn any_octets_are_told_or_taken(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        resolve_as_both(&octets);
    }

    #[test]
    fn any_nearly_right_text_is_told_or_taken(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        resolve_as_both(pieces.concat().as_bytes());
    }

    #[test]
    fn any_value_of_any_key_is_told_or_taken(
        key in prop::sample::select(&["browser_host", "alternate_hosts", "subdomains", "bind_address", "doc_root", "workers",
            "latency", "h2c_profile_wait", "aliases", "routes", "rewrites", "ports", "ssl", "handlers", "hooks", "stash", "transcript", "limits", "logging"][..]),
        value in any_json(),
    ) {
        let json = serde_json::json!({ key: value }).to_string();
        let _ = resolve_octets("config.json", json.as_bytes());
        if let Ok(toml) = toml::to_string(&serde_json::from_str::<serde_json::Value>(&json).unwrap()) {
            let _ = resolve_octets("wpt.toml", toml.as_bytes());
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        prop::sample::select(&["auto", "/", "localhost", "GET", "memory", "info"][..]).prop_map(Into::into),
    ];
    let keys = prop::sample::select(
        &[
            "http",
            "level",
            "path",
            "script",
            "url-path",
            "local-dir",
            "from",
            "to",
            "type",
            "openssl",
            "http1",
            "",
            "x",
        ][..],
    );
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((keys.clone(), inner), 0..4).prop_map(|entries| {
                entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

#[test]
fn a_file_that_is_too_large_is_told() {
    for name in ["wpt.toml", "config.json"] {
        let told = resolve_octets(name, &vec![b' '; 10 << 20]).unwrap_err();
        assert!(told.ends_with(&format!("{name} is larger than 1 MiB, too large for a configuration")), "{told}");
    }
}

#[test]
fn what_is_as_large_as_it_may_be_is_told_soon() {
    let large = 1 << 20;
    let repeated = |piece: &str| piece.repeat(large / piece.len());
    let numbered = |one: &dyn Fn(usize) -> String| (0..40_000).map(one).collect::<String>();
    for text in [
        repeated("["),
        repeated("{\"a\":"),
        format!("a = {}", repeated("[")),
        repeated("a."),
        repeated("\u{0}"),
        repeated("é"),
        repeated("= \n"),
        format!("\"{}\" = 1", repeated("k")),
        format!("{{\"{}\": 1}}", repeated("k")),
        format!("workers = \"{}\"", repeated("v")),
        numbered(&|number| format!("key{number} = {number}\n")),
        format!("{{{}\"x\": 1}}", numbered(&|number| format!("\"key{number}\": {number},"))),
        numbered(&|_| "[[routes]]\n".to_owned()),
    ] {
        resolve_as_both(text.as_bytes());
    }
}

#[test]
fn what_is_no_file_is_told() {
    let folder = tempdir().unwrap();
    let told = |path: &Path| {
        let arguments = ServeArguments { config: Some(path.to_owned()), ..flags(&[]) };
        resolve(&arguments).unwrap_err().to_string()
    };
    assert!(told(folder.path()).starts_with("error: cannot read "), "{}", told(folder.path()));
    assert!(told(Path::new("a\0b")).starts_with("error: cannot read "));
    assert!(told(Path::new("/dev/zero")).contains("larger than 1 MiB"));
    #[cfg(unix)]
    {
        let circle = folder.path().join("circle.toml");
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        assert!(told(&circle).starts_with("error: cannot read "));
    }
}

#[test]
fn nothing_in_a_file_reaches_a_terminal_as_a_command() {
    let told = resolve_octets("wpt.toml", b"workers = \"\x1b[2J\x07\x7f\"\n").unwrap_err();
    assert!(told.contains('\u{fffd}'), "{told}");
    let told = resolve_octets("wpt.toml", "\"\\u001b[2J\" = 1\n".as_bytes()).unwrap_err();
    assert!(told.contains("unknown key"), "{told}");
}

#[test]
fn names_are_bounded() {
    let labels = |count: usize| (0..count).map(|label| format!("\"l{label}\"")).collect::<Vec<_>>().join(", ");
    for key in ["subdomains", "not_subdomains"] {
        assert!(resolve_octets("wpt.toml", format!("{key} = [{}]", labels(50)).as_bytes()).is_ok());
        let error = resolve_octets("wpt.toml", format!("{key} = [{}]", labels(20_000)).as_bytes()).unwrap_err();
        assert!(error.contains(&format!("`{key}` has more than 50 labels")), "{error}");
    }
    let hosts: Vec<String> = (0..51).map(|host| format!("h{host} = \"h{host}.test\"")).collect();
    let error = resolve_octets("wpt.toml", format!("[alternate_hosts]\n{}", hosts.join("\n")).as_bytes()).unwrap_err();
    assert!(error.contains("`alternate_hosts` has more than 50 hosts"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_pipe_is_refused_before_it_is_waited_for() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("wpt.toml");
    let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    let error = resolve(&ServeArguments { config: Some(file), ..flags(&[]) }).unwrap_err().to_string();
    assert!(error.contains("it is a pipe"), "{error}");
}
