//! `cargo xtask COMMAND`: what a contributor runs. Each command prints what it runs, so that it can be run by hand.

// The clock and the environment are kept out of the server's core, not out of here.
#![allow(clippy::disallowed_methods)]

mod pictures;

use std::env;
use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  fast                      format, lints, library tests and one test of the running server
  full                      everything that CI runs (.ci/run; installs what is missing)
  record                    write again what tests keep in fixtures/, docs/configuration.md, docs/api/README.md
  bench [ARGUMENT...]       cargo bench -- ARGUMENT...
  pictures                  make the pictures of README.md again; needs Chromium and the default ports
  fuzz [TARGET] [SECONDS]   run one fuzz target, or each (default: 60 seconds each)
";

/// The test that `fast` runs against a server: two handlers are asked, one of them a raw one.
const SMOKE: &str = "docs::the_handlers_of_the_readme_do_what_it_says";

type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let begun = Instant::now();
    // `cargo xtask` may be called in any directory of the tree.
    if let Err(error) = env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")) {
        eprintln!("error: the source tree is gone: {error}");
        return ExitCode::FAILURE;
    }
    let outcome = match arguments.as_slice() {
        ["fast"] => fast(),
        ["full"] => run(&mut Command::new("./.ci/run")),
        ["record"] => record(),
        ["pictures"] => cargo(&["build"]).and_then(|()| pictures::make()),
        ["bench", rest @ ..] => cargo(&[&["bench", "--"], rest].concat()),
        ["fuzz"] => fuzz(None, "60"),
        ["fuzz", target] => fuzz(Some(target), "60"),
        ["fuzz", target, seconds] => fuzz(Some(target), seconds),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => {
            eprintln!("done after {} s", begun.elapsed().as_secs());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fast() -> Outcome {
    cargo(&["fmt", "--check"])?;
    cargo(&["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"])?;
    cargo(&["test", "--quiet", "--lib", "--test", "architecture"])?;
    cargo(&["test", "--quiet", "--test", "server", "--", SMOKE])
}

/// Records what each client does that is installed, and lists the keys of the configuration and what scripts can call.
fn record() -> Outcome {
    let clients = ["test", "--test", "foreign", "--", "clients::malformed", "clients::profiles", "clients::cookbook"];
    run(command("cargo", &clients).env("WIRESERVE_RECORD", "1"))?;
    let keys = ["test", "--lib", "config::tests::documentation"];
    run(command("cargo", &keys).env("WIRESERVE_WRITE_DOCS", "1"))?;
    let functions = ["test", "--lib", "server::reference"];
    run(command("cargo", &functions).env("WIRESERVE_WRITE_DOCS", "1"))
}

/// The names of the files of fuzz/fuzz_targets/.
fn fuzz_targets() -> Result<Vec<String>, String> {
    let files = std::fs::read_dir("fuzz/fuzz_targets").map_err(|error| format!("fuzz/fuzz_targets: {error}"))?;
    let names = files.filter_map(Result::ok).map(|file| file.file_name().to_string_lossy().into_owned());
    let mut targets: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned())).collect();
    targets.sort();
    Ok(targets)
}

fn fuzz(wanted: Option<&str>, seconds: &str) -> Outcome {
    let targets = fuzz_targets()?;
    if let Some(wanted) = wanted.filter(|wanted| !targets.iter().any(|target| target == wanted)) {
        return Err(format!("there is no fuzz target {wanted}; there are {}", targets.join(", ")));
    }
    let limit = format!("-max_total_time={seconds}");
    for target in targets.iter().filter(|target| wanted.is_none_or(|wanted| *target == wanted)) {
        let (corpus, seeds) = (format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}"));
        std::fs::create_dir_all(&corpus).map_err(|error| format!("{corpus}: {error}"))?;
        cargo(&["+nightly", "fuzz", "run", target, &corpus, &seeds, "--", &limit])?;
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Outcome {
    run(&mut command("cargo", arguments))
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn run(command: &mut Command) -> Outcome {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let shown = format!("{} {}", command.get_program().to_string_lossy(), words.join(" "));
    eprintln!("$ {shown}");
    let status = command.status().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("failed: {shown}")) }
}
