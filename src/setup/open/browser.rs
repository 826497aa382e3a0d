//! Which browser, and how it is started beside what it has to trust.

use super::error::OpenError;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Browsers are started in one of two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Chromium,
    Firefox,
}

/// A browser that is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Browser {
    pub kind: Kind,
    pub program: PathBuf,
}

const CHROMIUM: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const FIREFOX: [&str; 4] =
    ["firefox", "firefox-esr", "firefox-developer-edition", "/Applications/Firefox.app/Contents/MacOS/firefox"];

impl Kind {
    /// The variable of the environment that may name its program.
    fn variable(self) -> &'static str {
        match self {
            Kind::Chromium => "CHROME",
            Kind::Firefox => "FIREFOX",
        }
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Kind::Chromium => &CHROMIUM,
            Kind::Firefox => &FIREFOX,
        }
    }
}

impl Browser {
    /// The browser that the user names, by its kind or its program, or the first that is there.
    ///
    /// # Errors
    /// [`OpenError::NoBrowser`].
    pub fn find(wanted: Option<&Path>) -> Result<Browser, OpenError> {
        choose(&candidates(wanted, environment), environment("PATH").as_deref())
    }
}

fn candidates(wanted: Option<&Path>, environment: impl Fn(&str) -> Option<OsString>) -> Vec<Browser> {
    let kinds: &[Kind] = match wanted.map(Path::as_os_str) {
        None => &[Kind::Chromium, Kind::Firefox],
        Some(name) if name == "chromium" => &[Kind::Chromium],
        Some(name) if name == "firefox" => &[Kind::Firefox],
        Some(program) => return vec![Browser { kind: kind_of(program), program: program.into() }],
    };
    let programs = |kind: Kind| {
        let named = environment(kind.variable()).filter(|value| !value.is_empty()).map(PathBuf::from);
        let known = kind.programs().iter().map(PathBuf::from);
        let all: Vec<PathBuf> = match named {
            // What the user names is meant.
            Some(named) => vec![named],
            None => known.collect(),
        };
        all.into_iter().map(move |program| Browser { kind, program })
    };
    kinds.iter().flat_map(|kind| programs(*kind)).collect()
}

/// Programs that descend from Firefox take its arguments, all others Chromium's.
fn kind_of(program: &OsStr) -> Kind {
    let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy().to_lowercase();
    if ["firefox", "librewolf", "waterfox"].iter().any(|word| name.contains(word)) {
        Kind::Firefox
    } else {
        Kind::Chromium
    }
}

fn choose(candidates: &[Browser], path: Option<&OsStr>) -> Result<Browser, OpenError> {
    let there = |browser: &Browser| {
        let program = find(&browser.program, path)?;
        Some(Browser { kind: browser.kind, program })
    };
    candidates.iter().find_map(there).ok_or_else(|| {
        OpenError::NoBrowser(candidates.iter().map(|browser| browser.program.display().to_string()).collect())
    })
}

/// The file of a program: where its path says, or in a folder of `path` as the shell looks.
fn find(program: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let mut name = program.as_os_str().to_owned();
    if program.extension().is_none() {
        name.push(std::env::consts::EXE_SUFFIX);
    }
    std::env::split_paths(path?).map(|folder| folder.join(&name)).find(|candidate| candidate.is_file())
}

#[expect(clippy::disallowed_methods, reason = "which browser there is belongs to the user's environment")]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Arguments of Chromium beside those of its trust.
pub(super) fn chromium(profile: &Path, headless: bool) -> Vec<OsString> {
    let mut folder = OsString::from("--user-data-dir=");
    folder.push(profile);
    let mut arguments = vec![folder];
    arguments.extend(["--no-first-run", "--no-default-browser-check", "--password-store=basic"].map(OsString::from));
    // Only what is tested shall be on the network. QUIC would go another way than the test server.
    let quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    arguments.extend(quiet.map(OsString::from));
    // A container's /dev/shm may be too small.
    arguments.push("--disable-dev-shm-usage".into());
    if headless {
        arguments.extend(["--headless", "--disable-gpu"].map(OsString::from));
    }
    if is_root() {
        tracing::warn!("Chromium runs without its sandbox, because it refuses to run with it as root");
        arguments.push("--no-sandbox".into());
    }
    arguments
}

/// Arguments of Firefox, before the folder of its profile.
pub(super) fn firefox(headless: bool) -> Vec<OsString> {
    let headless = headless.then_some("-headless");
    headless.into_iter().chain(["-no-remote", "-profile"]).map(OsString::from).collect()
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(wanted: Option<&str>, variables: &[(&str, &str)]) -> Vec<(Kind, String)> {
        let environment = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(*value))
        };
        let found = candidates(wanted.map(Path::new), environment);
        found.iter().map(|browser| (browser.kind, browser.program.display().to_string())).collect()
    }

    #[test]
    fn the_users_choice_comes_first() {
        use Kind::{Chromium, Firefox};
        assert_eq!(named(None, &[])[0], (Chromium, "chromium".to_owned()));
        assert_eq!(named(None, &[]).len(), 11);
        assert_eq!(named(Some("firefox"), &[("CHROME", "/c")])[0], (Firefox, "firefox".to_owned()));
        assert_eq!(named(Some("firefox"), &[("FIREFOX", "/f")]), [(Firefox, "/f".to_owned())]);
        assert_eq!(named(None, &[("CHROME", "/c")])[..2], [(Chromium, "/c".into()), (Firefox, "firefox".into())]);
        assert_eq!(named(Some("/opt/firefox-nightly"), &[]), [(Firefox, "/opt/firefox-nightly".to_owned())]);
        assert_eq!(named(Some("/firefox/brave"), &[]), [(Chromium, "/firefox/brave".to_owned())]);
    }

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("some-browser{}", std::env::consts::EXE_SUFFIX);
        let file = folder.path().join(&name);
        std::fs::write(&file, "").unwrap();
        let path = folder.path().as_os_str();
        assert_eq!(find(Path::new("some-browser"), Some(path)), Some(file.clone()));
        assert_eq!(find(&file, None), Some(file));
        assert_eq!(find(Path::new("other-browser"), Some(path)), None);
        assert_eq!(find(Path::new("some-browser"), None), None);

        let none = choose(&candidates(Some(Path::new("chromium")), |_| None), Some(path)).unwrap_err().to_string();
        for part in ["chromium-browser", "google-chrome", "--browser", "CHROME"] {
            assert!(none.contains(part), "{none}");
        }
    }
}
