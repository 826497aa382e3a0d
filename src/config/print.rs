//! `wireserve config`: the resolved whole as TOML, each value with its origin, in a fixed order. What is printed can
//! be read again and says the same, except for the password of a URL. And the same as JSON, for scripts.

use super::Config;
use super::keys::{keys, keys_of, tables};
use super::show::Printer;
use super::table::Key;
use serde_json::{Map, Value as Json};

/// The configuration as TOML; with `comments`, each key below what it means.
pub fn print(config: &Config, comments: bool) -> String {
    let mut printer = Printer::default();
    match config.read_from() {
        Some(files) => printer.comment(format_args!("Read from {files}.")),
        None => printer.comment("No file was read."),
    }
    for table in tables() {
        if !table.is_empty() {
            printer.table(table);
        }
        keys_of(table).for_each(|key| print_key(key, config, comments, &mut printer));
    }
    keys().filter(|key| key.is_list()).for_each(|key| print_key(key, config, comments, &mut printer));
    printer.finish()
}

fn print_key(key: &dyn Key<Config>, config: &Config, comments: bool, printer: &mut Printer) {
    if comments {
        printer.blank();
        key.doc().iter().for_each(|line| printer.comment(line.trim()));
        if let Some(flag) = key.flag() {
            printer.comment(format_args!("Flag: {flag}"));
        }
    }
    key.print(config, printer);
}

impl Config {
    /// Every key with its value as JSON, tables in tables, lists of tables left out; without secrets. A key that is not set
    /// is null.
    pub fn to_json(&self) -> Json {
        let mut all = Map::new();
        for key in keys().filter(|key| !key.is_list()) {
            let (path, name) = key.name().rsplit_once('.').unwrap_or(("", key.name()));
            let mut parts = path.split('.').filter(|part| !part.is_empty());
            let table = parts.try_fold(&mut all, |table, part| {
                table.entry(part).or_insert_with(|| Json::Object(Map::new())).as_object_mut()
            });
            // What is shown is TOML, which has no null.
            let value =
                key.show(self).and_then(|text| toml::from_str::<Map<String, Json>>(&format!("x = {text}")).ok());
            let value = value.and_then(|mut value| value.remove("x")).unwrap_or_default();
            if let Some(table) = table {
                table.insert(name.to_owned(), value);
            }
        }
        Json::Object(all)
    }
}
