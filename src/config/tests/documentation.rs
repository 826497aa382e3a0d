//! The list of keys in `docs/configuration.md`, the flags and the table say the same.

use clap::CommandFactory;

use super::*;
use crate::config::documentation::{BEGIN, END, list};
use crate::config::keys::keys;

#[test]
#[allow(clippy::disallowed_methods, reason = "the variable says whether to write the page")]
fn the_page_has_the_list_of_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the list begins");
    let (_, after) = rest.split_once(END).expect("the list ends");
    let expected = format!("{before}{}{after}", list());
    if std::env::var_os("WIRESERVE_WRITE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
    } else {
        assert!(page == expected, "docs/configuration.md is old: WIRESERVE_WRITE_DOCS=1 writes its list of keys");
    }
}

#[test]
fn each_flag_of_the_table_is_one_of_the_command_line_with_its_default() {
    let command = Arguments::command();
    let serve = command.find_subcommand("serve").unwrap();
    let defaults = Config::default();
    for key in keys().filter(|key| key.flag().is_some()) {
        let flag = key.flag().unwrap();
        let argument = serve.get_arguments().find(|argument| argument.get_long() == flag.strip_prefix("--"));
        let argument = argument.unwrap_or_else(|| panic!("there is no {flag}"));
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let Some((_, told)) = help.split_once("[default: ") else { continue };
        // Of a list of ports the flag is the first; one worker per core is said in words.
        let shown = key.show(&defaults).unwrap().trim_matches(['[', ']', '"']).split(',').next().unwrap().to_owned();
        assert!(key.name() == "workers" || told == format!("{shown}]"), "{flag}: {told} {shown}");
    }
}
