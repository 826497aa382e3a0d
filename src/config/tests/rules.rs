//! `[rules]`.

use super::*;
use crate::h2::{Action, Rule};

#[test]
fn each_rule_can_be_enforced_reported_or_ignored() {
    let text = "[rules]\n\"h2.ping.length\" = \"report\"\nh2.data.padding = \"ignore\"\n\"h2.hpack\" = \"enforce\"\n";
    let config = resolve_text(text, &[]).unwrap();
    let actions: Vec<_> = config.rules.iter().map(|(rule, action)| (rule.id(), action.value)).collect();
    let mut expected =
        [(Rule::PingLength, Action::Report), (Rule::DataPadding, Action::Ignore), (Rule::Compression, Action::Enforce)];
    expected.sort_by_key(|(rule, _)| *rule);
    assert_eq!(actions, expected.map(|(rule, action)| (rule.id(), action)));
    let printed = crate::config::print::print(&config, false);
    assert!(printed.contains("\n[rules]\n") && printed.contains("\"h2.ping.length\" = \"report\"  # "), "{printed}");
    assert_eq!(resolve_text(&printed, &[]).unwrap().rules, config.rules);
    for rule in Rule::ALL {
        assert!(resolve_text(&format!("[rules]\n\"{}\" = \"report\"\n", rule.id()), &[]).is_ok(), "{}", rule.id());
    }
}

#[test]
fn what_is_wrong_with_rules_is_told() {
    let cases = [
        ("[rules]\n\"h2.ping.lenght\" = \"report\"", "wpt.toml:2:1: unknown rule `h2.ping.lenght`"),
        ("[rules]\n\"h2.ping.lenght\" = \"report\"", "similar rules: `h2.ping.length`, "),
        ("[rules]\nh2.ping.lenght = \"report\"", "wpt.toml:2:9: unknown rule `h2.ping.lenght`"),
        ("[rules]\n\"h2.ping.length\" = \"Report\"", "wpt.toml:2:20: rule `h2.ping.length` must be one of three"),
        ("[rules]\n\"h2.ping.length\" = true", "rule `h2.ping.length` must be a string in quotes"),
        ("rules = 3", "`rules` must be a table"),
    ];
    for (text, expected) in cases {
        let told = wrong(text);
        assert!(told.contains(expected), "{text}\n{told}");
    }
}
