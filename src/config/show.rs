//! Values as TOML writes them, and the text that `wireserve config` makes of them.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::values::{LogFormat, LogLevel, Milliseconds, Origin, Port, Secret, Value};
use crate::script::stash::{Backend, masked};

/// Gathers the lines.
#[derive(Default)]
pub(super) struct Printer {
    text: String,
}

impl Printer {
    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    pub(super) fn comment(&mut self, text: impl Display) {
        self.push(format_args!("# {text}"));
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Begins a table.
    pub(super) fn table(&mut self, name: &str) {
        self.push(format_args!("\n[{name}]"));
    }

    /// Begins a table of a list.
    pub(super) fn element(&mut self, name: &str, origin: &Origin) {
        self.push(format_args!("\n[[{name}]]  # {}", Comment(origin)));
    }

    /// A key with its origin, or a comment if it is not set.
    pub(super) fn value<T: Show>(&mut self, key: &str, value: &Value<T>) {
        match value.value.show() {
            Some(text) => self.push(format_args!("{} = {text}  # {}", key_of(key), Comment(&value.origin))),
            None => self.comment(format_args!("{key} is not set.")),
        }
    }

    /// A key of a table of a list.
    pub(super) fn plain(&mut self, key: &str, value: &(impl Show + ?Sized)) {
        if let Some(text) = value.show() {
            self.push(format_args!("{key} = {text}"));
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// An origin that ends with its line, whatever the file is called.
struct Comment<'o>(&'o Origin);

impl Display for Comment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        text.chars().filter(|character| !character.is_control()).try_for_each(|character| f.write_char(character))
    }
}

/// A value as TOML writes it, without secrets.
pub(super) trait Show {
    /// `None` for a value that is not set.
    fn show(&self) -> Option<String>;
}

macro_rules! show {
    ($($type:ty: |$value:ident| $text:expr;)*) => {
        $(impl Show for $type {
            fn show(&self) -> Option<String> {
                let $value = self;
                Some($text)
            }
        })*
    };
}

show! {
    bool: |value| value.to_string();
    u16: |value| value.to_string();
    u32: |value| value.to_string();
    u64: |value| value.to_string();
    usize: |value| value.to_string();
    str: |value| quoted(value);
    String: |value| quoted(value);
    // As the file says it: relative to where the command runs.
    PathBuf: |value| quoted(&Path::to_string_lossy(value));
    IpAddr: |value| quoted(&value.to_string());
    Secret: |_value| quoted("***");
    LogLevel: |value| quoted(value.name());
    LogFormat: |value| quoted(value.name());
    Port: |value| match value {
        Port::Number(number) => number.to_string(),
        Port::Auto => quoted("auto"),
    };
    Backend: |value| match value {
        Backend::Memory => quoted("memory"),
        Backend::Redis(url) => quoted(&masked(url)),
    };
    Duration: |value| value.as_secs_f64().to_string();
    Milliseconds: |value| value.0.as_millis().to_string();
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Show::show)
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> Option<String> {
        Some(format!("[{}]", self.iter().filter_map(Show::show).collect::<Vec<_>>().join(", ")))
    }
}

impl<T: Show> Show for BTreeMap<String, T> {
    fn show(&self) -> Option<String> {
        let entry = |(key, value): (&String, &T)| Some(format!("{} = {}", key_of(key), value.show()?));
        let entries: Vec<_> = self.iter().filter_map(entry).collect();
        Some(if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) })
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key, in quotes only where TOML wants them.
fn key_of(key: &str) -> String {
    let bare = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
}
