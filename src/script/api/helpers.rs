//! Functions without an object: `now`, `uuid`, `log`, base64, hex, hashes, `read_file`.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use rhai::{Dynamic, Engine, FLOAT, ImmutableString, NativeCallContext};

use super::arguments::octets;
use super::outcome::{Outcome, fail};
use crate::http::media_type;
use crate::script::aside::aside;
use crate::script::budget;
use crate::script::compiled::Script;
use crate::script::octet_functions::hex;
use crate::script::octets::{MAX_MADE, Octets};
use crate::script::types::{logged, shortened};

/// What scripts may read by `read_file`.
pub struct ReadableFiles {
    /// Folders below which the files lie.
    pub roots: Vec<PathBuf>,
    /// The folder of the pages.
    pub doc_root: PathBuf,
    /// Whether the file at a canonical path is one of `hidden`.
    pub is_hidden: fn(&Path, &[PathBuf]) -> bool,
    /// Canonical folders and files in them that may not be read: private keys, the configuration.
    pub hidden: Vec<PathBuf>,
    /// A file inside the program, by its path below `handlers/`'s parent.
    pub embedded: fn(&str) -> Option<Cow<'static, [u8]>>,
}

pub fn register(engine: &mut Engine, clock: fn() -> SystemTime, files: ReadableFiles) {
    engine.register_fn("now", move || -> FLOAT {
        clock().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
    });
    engine.register_fn("uuid", || uuid::Uuid::new_v4().to_string());
    register_log(engine);
    engine.register_fn("hex", |value: Dynamic| hex(&Octets(octets("what hex takes", &value)?)));
    engine.register_fn("from_hex", |text: &str| from_text(text, from_hex, "not an even number of hexadecimal digits"));
    engine.register_fn("base64", |value: Dynamic| {
        let octets = octets("what base64 takes", &value)?;
        aside(octets.len(), move || STANDARD.encode(&octets))
    });
    engine.register_fn("from_base64", |text: &str| from_text(text, from_base64, "not base64"));
    engine.register_fn("sha256", |value: Dynamic| -> Outcome<Octets> {
        let octets = octets("what sha256 takes", &value)?;
        let digest = aside(octets.len(), move || ring::digest::digest(&ring::digest::SHA256, &octets))?;
        Ok(Octets(Bytes::copy_from_slice(digest.as_ref())))
    });
    engine.register_fn("guess_content_type", |path: &str| {
        media_type::by_file_name(path.rsplit('/').next().unwrap_or(path))
    });
    engine.register_fn("script_path", || with_script(|script| script.path().to_owned()));
    engine.register_fn("script_directory", || {
        with_script(|script| script.path().parent().unwrap_or(script.path()).to_owned())
    });
    engine.register_fn("read_file", move |name: &str| read_file(&files, name));
}

/// Registers `log` with this many arguments.
macro_rules! loggers {
    ($engine:ident, $($($argument:ident)*);*) => {$(
        $engine.register_fn("log", |context: NativeCallContext<'_> $(, $argument: Dynamic)*| -> Outcome<()> {
            log(&context, vec![$($argument),*])
        });
    )*};
}

fn register_log(engine: &mut Engine) {
    loggers!(engine, a; a b; a b c; a b c d; a b c d e; a b c d e f; a b c d e f g; a b c d e f g h;
        a b c d e f g h i; a b c d e f g h i j; a b c d e f g h i j k; a b c d e f g h i j k l);
}

/// Writes the values to the log, as `print` shows them, with spaces between.
fn log(context: &NativeCallContext<'_>, values: Vec<Dynamic>) -> Outcome<()> {
    let mut line = String::new();
    for value in values {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&logged(&text_of(context, value)?));
    }
    tracing::info!(target: "script", "{line}");
    Ok(())
}

/// A path that the running script has, absolute; one inside the program begins with `handlers/`.
fn with_script(path: impl FnOnce(&Script) -> PathBuf) -> Outcome<String> {
    let run = budget::current();
    let Some(script) = run.as_ref().and_then(|run| run.script::<Script>()) else {
        return fail("there is no handler here");
    };
    let path = path(script);
    let absolute = if script.path().is_file() { std::path::absolute(&path).unwrap_or(path) } else { path };
    Ok(absolute.to_string_lossy().into_owned())
}

/// A value as `print` shows it.
pub fn text_of(context: &NativeCallContext<'_>, value: Dynamic) -> Outcome<ImmutableString> {
    if value.is_string() {
        return value.into_immutable_string().or_else(fail);
    }
    context.call_native_fn("to_string", (value,))
}

/// The octets that `read` makes of text, or an error that says what the text is.
fn from_text(text: &str, read: fn(&str) -> Option<Vec<u8>>, what: &str) -> Outcome<Octets> {
    let owned = text.to_owned();
    match aside(text.len(), move || read(&owned))? {
        Some(octets) => Ok(Octets(octets.into())),
        None => fail(format!("{:?} is {what}", shortened(text))),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|char| !char.is_ascii_whitespace())
        .map(|char| char.to_digit(16).map(|digit| digit as u8))
        .collect();
    let digits = digits?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Either alphabet, padded or not.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    engines.into_iter().find_map(|engine| engine.decode(text.trim()).ok())
}

/// A file beside the running script, or below the document root; both by their real place.
fn read_file(files: &ReadableFiles, name: &str) -> Outcome<Octets> {
    // With a slash in front, below the document root alone.
    let (relative, from_root) = match name.strip_prefix('/') {
        Some(rest) => (Path::new(rest), true),
        None => (Path::new(name), false),
    };
    let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir);
    if relative.as_os_str().is_empty() || !relative.components().all(plain) {
        return fail(format!("{name:?} is not a path in the served directory"));
    }
    let run = budget::current();
    let script = run.as_ref().and_then(|run| run.script::<Script>());
    let beside = script.and_then(|script| script.path().parent()).filter(|_| !from_root).map(Path::to_owned);
    for folder in beside.iter().chain([&files.doc_root]) {
        let Ok(real) = folder.join(relative).canonicalize() else { continue };
        let inside = |root: &PathBuf| root.canonicalize().is_ok_and(|root| real.starts_with(root));
        if real.is_file() && files.roots.iter().any(inside) && !(files.is_hidden)(&real, &files.hidden) {
            return read(&real, name);
        }
    }
    let shipped = beside.iter().map(|folder| folder.join(relative)).chain([relative.to_owned()]);
    for path in shipped {
        if let Some(octets) = path.to_str().and_then(|path| (files.embedded)(path)) {
            return Ok(Octets(match octets {
                Cow::Borrowed(octets) => Bytes::from_static(octets),
                Cow::Owned(octets) => octets.into(),
            }));
        }
    }
    fail(format!("there is no file {name:?} beside the script or in the served directory"))
}

fn read(file: &Path, name: &str) -> Outcome<Octets> {
    let size = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    if size > MAX_MADE as u64 {
        return fail(format!("{name:?} has {size} bytes; the limit of read_file is {MAX_MADE}"));
    }
    let path = file.to_owned();
    aside(usize::try_from(size).unwrap_or(usize::MAX), move || std::fs::read(path))?
        .map(|octets| Octets(octets.into()))
        .or_else(|error| fail(format!("cannot read {name:?}: {error}")))
}
