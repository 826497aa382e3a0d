//! `wireserve definitions`

use super::super::reference;
use super::output::finish;
use crate::config::DefinitionsArguments;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(arguments: &DefinitionsArguments) -> ExitCode {
    finish(write(&arguments.directory))
}

fn write(directory: &Path) -> Result<String, String> {
    let failed = |path: &Path, error: std::io::Error| format!("{} cannot be written: {error}", path.display());
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let files = reference::files();
    for (name, text) in &files {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    Ok(format!("wrote {} files to {}", files.len(), directory.display()))
}
