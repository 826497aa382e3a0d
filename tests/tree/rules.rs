//! The rules of the tree.

use super::source::{Name, Source};
use std::collections::BTreeMap;

/// Modules that are pure: no input or output, no clock, no randomness, no scripts.
const CORE: [&str; 5] = ["wire", "http", "h1", "h2", "exchange"];

/// What the core may not name, as the beginning of a path.
const BANNED: [&str; 18] = [
    "tokio",
    "tokio_rustls",
    "rustls",
    "std::net",
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::io::stdout",
    "std::io::stderr",
    "rand",
    "getrandom",
    "uuid",
    "tracing",
    "rhai",
    "corosensei",
    "serde",
    "serde_json",
];

/// What the core may not name, as the end of a path.
const BANNED_CALLS: [&str; 2] = ["Instant::now", "SystemTime::now"];

/// The one file that may be unsafe, with its proof.
const UNSAFE: &str = "script/coroutine.rs";

/// Longest file, in lines.
const LINES: usize = 600;

/// Which module may use which, as the table in `src/lib.rs` says.
pub struct Rules {
    uses: BTreeMap<String, Vec<String>>,
}

impl Rules {
    /// Reads rows like ``//! | [`h2`] | … | `wire`, `http` |``; "all above" means the rows before.
    pub fn from_table(library: &str) -> Option<Self> {
        let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in library.lines() {
            let Some(row) = line.strip_prefix("//! | [`") else { continue };
            let (module, rest) = row.split_once("`]")?;
            let cell = rest.trim_end().trim_end_matches('|').rsplit('|').next()?;
            let mut allowed: Vec<String> = if cell.contains("all above") {
                uses.keys().cloned().collect()
            } else {
                cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
            };
            allowed.sort_unstable();
            uses.insert(module.to_owned(), allowed);
        }
        (!uses.is_empty()).then_some(Self { uses })
    }

    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.uses.keys().map(String::as_str)
    }

    /// What a module may use, sorted.
    pub fn uses(&self, module: &str) -> &[String] {
        self.uses.get(module).map_or(&[], Vec::as_slice)
    }

    /// One line per breach.
    pub fn check(&self, source: &Source) -> Vec<String> {
        let path = &source.path;
        let mut broken = Vec::new();
        if source.lines > LINES {
            broken.push(format!("{path}: {} lines, more than {LINES}", source.lines));
        }
        if source.is_test() {
            return broken;
        }
        self.check_dependencies(source, &mut broken);
        let banned = [
            &[".", "unwrap", "(", ")"][..],
            &[".", "expect", "("],
            &["todo", "!"],
            &["unimplemented", "!"],
            &["dbg", "!"],
        ];
        for tokens in banned {
            let (lines, text) = (source.lines_with(tokens), tokens.concat());
            broken.extend(lines.iter().map(|line| format!("{path}:{line}: `{text}` outside tests")));
        }
        broken
    }

    fn check_dependencies(&self, source: &Source, broken: &mut Vec<String>) {
        let (path, module) = (&source.path, source.top_module());
        let is_module = !["lib", "main"].contains(&module);
        if is_module && !self.uses.contains_key(module) {
            broken.push(format!("{path}: module `{module}` is not in the table"));
        }
        for Name { line, segments } in source.names() {
            if segments[0] == "unsafe" && path != UNSAFE {
                broken.push(format!("{path}:{line}: `unsafe` belongs into {UNSAFE} alone"));
            }
            if !is_module {
                continue;
            }
            let used = segments.get(1).filter(|used| segments[0] == "crate" && *used != module);
            if let Some(used) = used.filter(|used| !self.uses(module).contains(used)) {
                broken.push(format!("{path}:{line}: `{module}` may not use `{used}`"));
            }
            let climbed = segments.iter().take_while(|segment| *segment == "super").count();
            if climbed >= source.module().len() {
                broken.push(format!("{path}:{line}: `{}` climbs out of its module", segments.join("::")));
            }
            if CORE.contains(&module) {
                let name = segments.join("::");
                let begins = BANNED.iter().find(|banned| {
                    name.strip_prefix(**banned)
                        .is_some_and(|rest| rest.is_empty() && banned.contains("::") || rest.starts_with("::"))
                });
                let ends = BANNED_CALLS.iter().find(|banned| name.ends_with(**banned));
                if let Some(banned) = begins.or(ends) {
                    broken.push(format!("{path}:{line}: the core may not name `{banned}`"));
                }
            }
        }
    }
}
