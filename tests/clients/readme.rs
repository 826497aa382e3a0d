//! What README.md says to type, typed.

use crate::support::DEADLINE;
use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The commands below a heading.
fn commands(heading: &str) -> Vec<&'static str> {
    let section = README.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading is there");
    section.lines().filter_map(|line| line.strip_prefix("    ")).collect()
}

#[test]
fn a_profile_a_flood_and_the_list_of_connections() {
    if require("curl").is_none() {
        return;
    }
    let server = Server::start();
    let ports = [("9000", "h2"), ("8000", "http")];
    let say = |command: &str| {
        let typed = command.replace("certs/ca.pem", &server.ca().display().to_string());
        let typed = ports.iter().fold(typed, |typed, (port, kind)| {
            typed.replace(&format!("localhost:{port}/"), &format!("localhost:{}/", server.port(kind)))
        });
        run(Command::new("sh").args(["-c", &typed]), DEADLINE).text()
    };
    let [profile, flood, list] = commands("A whole connection")[..] else { panic!("other commands than three") };
    assert_eq!(say(profile), "octet by octet");
    let said = say(flood);
    assert!(said.contains("5000 frames of unknown") && said.contains("acknowledged"), "{said}");
    let connections: serde_json::Value = serde_json::from_str(&say(list)).expect("JSON");
    let shaped =
        connections["connections"].as_array().is_some_and(|all| all.iter().any(|one| one["profile"] == "tiny-window"));
    assert!(shaped, "{connections}");
}
