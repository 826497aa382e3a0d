//! What README.md says to type, typed.

use crate::support::DEADLINE;
use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The section below a heading.
fn section(heading: &str) -> &'static str {
    README.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading is there")
}

/// A server that has the two handlers of the page.
fn server() -> Server {
    let code = |heading| {
        let block = section(heading).split("```rhai\n").nth(1).expect("a handler");
        block.split("```").next().unwrap_or_default()
    };
    let builder = Server::builder().handler("hi.rhai", code("Write a handler"));
    builder.handler("rule.rhai", code("Break a rule")).start()
}

/// What a command prints on both outputs, if it names this server's ports and authority.
fn say(server: &Server, command: &str) -> String {
    let typed = command.replace("certs/ca.pem", &server.ca().display().to_string()).replacen("curl ", "curl -sS ", 1);
    let typed = [("9000", "h2"), ("8000", "http")].iter().fold(typed, |typed, (port, kind)| {
        typed.replace(&format!("localhost:{port}/"), &format!("localhost:{}/", server.port(kind)))
    });
    run(Command::new("sh").args(["-c", &format!("({typed}) 2>&1")]), DEADLINE).text()
}

#[test]
fn each_command_with_a_prompt_prints_what_follows() {
    if require("curl").is_none() {
        return;
    }
    let server = server();
    let mut num_run = 0;
    for heading in ["Write a handler", "Break a rule"] {
        let mut lines = section(heading).lines().peekable();
        while let Some(line) = lines.next() {
            let Some(command) = line.strip_prefix("    $ ") else { continue };
            let is_output = |line: &&str| line.starts_with("    ") && !line.starts_with("    $ ");
            let mut expected = String::new();
            while let Some(output) = lines.next_if(is_output) {
                expected.push_str(&output[4..]);
                expected.push('\n');
            }
            assert_eq!(say(&server, command), expected, "{command}");
            num_run += 1;
        }
    }
    assert_eq!(num_run, 3);
}

#[test]
fn a_profile_a_flood_and_the_list_of_connections() {
    if require("curl").is_none() {
        return;
    }
    let server = server();
    let is_command = |line: &&str| line.starts_with("    curl -") || line.starts_with("    curl http");
    let commands: Vec<&str> = section("Break a rule").lines().filter(is_command).collect();
    let [profile, flood, list] = commands[..] else { panic!("other commands than three") };
    assert_eq!(say(&server, profile), "one byte at a time");
    let said = say(&server, flood);
    assert!(said.contains("5000 frames of unknown") && said.contains("acknowledged"), "{said}");
    let connections: serde_json::Value = serde_json::from_str(&say(&server, list)).expect("JSON");
    let is_tiny = |all: &Vec<serde_json::Value>| all.iter().any(|one| one["profile"] == "tiny-window");
    assert!(connections["connections"].as_array().is_some_and(is_tiny), "{connections}");
}
