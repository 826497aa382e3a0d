//! `connection.policy`: what the server does when the client breaks a rule of HTTP/2.

use rhai::Engine;

use super::outcome::{Outcome, fail, other_protocol};
use crate::exchange::{Action, Connection, Protocol, Rule};
use crate::http::words::most_similar;

/// Rules that are suggested in place of one that there is not.
const MAX_SUGGESTED: usize = 5;

pub fn register(engine: &mut Engine) {
    engine.register_fn("policy", |connection: &mut Connection, rule: &str| -> Outcome<String> {
        match connection.policy(rule_of(rule)?) {
            Some(action) => Ok(action.name().to_owned()),
            None => other_protocol("connection.policy", Protocol::Http2),
        }
    });
    engine.register_fn("policy", |connection: &mut Connection, rule: &str, action: &str| -> Outcome<()> {
        let rule = rule_of(rule)?;
        let Some(action) = Action::by_name(action) else {
            return fail(format!(
                "there is no action {action:?}\nhelp: actions are {}",
                Action::ALL.map(|action| format!("{:?}", action.name())).join(", ")
            ));
        };
        if connection.set_policy(rule, action) { Ok(()) } else { other_protocol("connection.policy", Protocol::Http2) }
    });
}

fn rule_of(id: &str) -> Outcome<Rule> {
    if let Some(rule) = Rule::by_id(id) {
        return Ok(rule);
    }
    let near = most_similar(id, Rule::ALL.iter().map(|rule| rule.id()), MAX_SUGGESTED);
    let help = match near.is_empty() {
        true => "docs/profiles.md lists all rules".to_owned(),
        false => format!("similar rules: {}", near.join(", ")),
    };
    fail(format!("there is no rule {id:?}\nhelp: {help}"))
}
