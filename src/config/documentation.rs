//! The list of keys in `docs/configuration.md`, made from the table of keys. A test compares the page with it.

use super::Config;
use super::keys::{keys, keys_of, tables};
use super::table::{Key, When};

/// The line of `docs/configuration.md` that begins the list.
pub const BEGIN: &str =
    "<!-- The list of keys is generated: WIRESERVE_WRITE_DOCS=1 cargo test --lib config::tests::documentation -->\n";
/// The line that ends it.
pub const END: &str = "<!-- End of the list of keys -->\n";

fn head(text: &mut String, title: &str) {
    text.push_str("\n### ");
    text.push_str(title);
    text.push_str("\n\n| key | default | meaning | edited |\n|---|---|---|---|\n");
}

/// The default as the page has it.
fn default(key: &dyn Key<Config>, defaults: &Config) -> String {
    match key.name() {
        // As many as this machine has cores.
        "workers" => "`\"auto\"`".to_owned(),
        _ => key.show(defaults).map_or_else(|| "–".to_owned(), |value| format!("`{value}`")),
    }
}

fn row(key: &dyn Key<Config>, defaults: &Config) -> String {
    let flag = key.flag().map_or_else(String::new, |flag| format!(" (`{flag}`)"));
    let meaning: Vec<&str> = key.doc().iter().map(|line| line.trim()).collect();
    let edited = if key.when() == When::Start { "restart" } else { "at once" };
    let name = if key.name() == "rules" { "rules" } else { key.place().1 };
    format!("| `{name}`{flag} | {} | {} | {edited} |\n", default(key, defaults), meaning.join(" ").replace('|', "\\|"))
}

/// The list of all keys in Markdown, from its first line to its last.
pub fn list() -> String {
    let defaults = Config::default();
    let mut text = BEGIN.to_owned();
    for table in tables().into_iter().filter(|table| *table != "rules") {
        let title = if table.is_empty() { "At the top of the file".to_owned() } else { format!("`[{table}]`") };
        head(&mut text, &title);
        keys_of(table).for_each(|key| text.push_str(&row(key, &defaults)));
    }
    head(&mut text, "Lists of tables, and `[rules]`");
    keys().filter(|key| key.is_list() || key.name() == "rules").for_each(|key| text.push_str(&row(key, &defaults)));
    text.push('\n');
    text + END
}
