//! `wireserve config`: the resolved whole as TOML, each value with its origin, in a fixed order. What is printed can
//! be read again and says the same, except for the password of a URL.

use super::Config;
use super::keys::{keys, keys_of, tables};
use super::show::Printer;

/// The configuration as TOML.
pub fn print(config: &Config) -> String {
    let mut printer = Printer::default();
    match &config.file {
        Some(file) => printer.comment(format_args!("Read from {}.", file.display())),
        None => printer.comment("No file was read."),
    }
    for table in tables() {
        if !table.is_empty() {
            printer.table(table);
        }
        keys_of(table).for_each(|key| key.print(config, &mut printer));
    }
    keys().filter(|key| key.is_list()).for_each(|key| key.print(config, &mut printer));
    printer.finish()
}
