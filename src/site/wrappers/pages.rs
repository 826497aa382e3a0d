//! The text of generated pages and scripts.

use super::meta::Metadata;
use super::test262;
use crate::site::escape::{attribute, content, string, template};
use std::fmt::Write;

/// What is generated around a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page that runs the test in itself.
    Window,
    /// The same, telling the test where it runs.
    AnyWindow,
    /// The same, with the test as a module.
    WindowModule,
    /// The same, with the helpers for tests of browser extensions.
    Extension,
    /// A page that starts a dedicated worker.
    Worker,
    /// The same, with a module worker.
    WorkerModule,
    /// A page that starts a shared worker.
    SharedWorker,
    /// The same, with a module worker.
    SharedWorkerModule,
    /// A page that registers a service worker.
    ServiceWorker,
    /// The same, with a module worker.
    ServiceWorkerModule,
    /// A page that runs the test in a ShadowRealm.
    ShadowRealm,
    /// A page that runs the test in a ShadowRealm within a ShadowRealm.
    ShadowRealmInShadowRealm,
    /// A page that starts an audio worklet.
    AudioWorklet,
    /// A page that shows a test of test262 in a frame.
    Test262,
    /// The page in that frame.
    Test262Frame,
    /// The same, with the test as a module.
    Test262ModuleFrame,
    /// A test of test262 in strict mode.
    StrictScript,
    /// The script of a classic worker.
    WorkerScript,
    /// The script of a module worker.
    WorkerModuleScript,
    /// The script of a worker that runs the test in a ShadowRealm.
    ShadowRealmWorkerScript,
    /// The same for a service worker, where nothing can be imported dynamically.
    ShadowRealmServiceWorkerScript,
    /// The same for an audio worklet.
    ShadowRealmAudioWorkletScript,
}

/// What goes into the text.
pub(super) struct Parts<'a> {
    pub meta: &'a Metadata,
    /// The path of what the page or script loads, encoded.
    pub path: &'a str,
    /// The query of the request with its `?`, encoded; empty without one.
    pub query: &'a str,
    /// The text of the test itself, where it is needed.
    pub text: &'a str,
    /// What a reader should know of a page that cannot work.
    pub note: Option<&'a str>,
}

impl Kind {
    /// Whether it is a page, not a script.
    pub fn is_page(self) -> bool {
        !matches!(
            self,
            Self::StrictScript
                | Self::WorkerScript
                | Self::WorkerModuleScript
                | Self::ShadowRealmWorkerScript
                | Self::ShadowRealmServiceWorkerScript
                | Self::ShadowRealmAudioWorkletScript
        )
    }

    /// Whether the test's own text goes into it.
    pub fn needs_text(self) -> bool {
        matches!(self, Self::Test262Frame | Self::Test262ModuleFrame | Self::StrictScript)
    }

    /// Fields besides the type: tests of test262 use SharedArrayBuffer.
    pub fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Test262Frame | Self::Test262ModuleFrame => {
                &[("cross-origin-opener-policy", "same-origin"), ("cross-origin-embedder-policy", "require-corp")]
            }
            _ => &[],
        }
    }

    pub fn text(self, parts: &Parts<'_>) -> String {
        match self {
            Self::Window | Self::AnyWindow | Self::WindowModule | Self::Extension => window(self, parts),
            Self::Worker => worker(parts, "Worker", ""),
            Self::WorkerModule => worker(parts, "Worker", ", { type: \"module\" }"),
            Self::SharedWorker => worker(parts, "SharedWorker", ""),
            Self::SharedWorkerModule => worker(parts, "SharedWorker", ", { type: \"module\" }"),
            Self::ServiceWorker => service_worker(parts, "{ scope }"),
            Self::ServiceWorkerModule => service_worker(parts, "{ scope, type: \"module\" }"),
            Self::ShadowRealm => super::realms::in_window(parts),
            Self::ShadowRealmInShadowRealm => super::realms::in_realm(parts),
            Self::AudioWorklet => super::realms::audio_worklet(parts),
            Self::Test262 => test262::frame(parts),
            Self::Test262Frame => test262::test(parts, test262::Record::read(parts.text).as_ref(), false),
            Self::Test262ModuleFrame => test262::test(parts, test262::Record::read(parts.text).as_ref(), true),
            Self::StrictScript => format!("\n\"use strict\";\n{}\n", parts.text),
            Self::WorkerScript => worker_script(parts, |url| format!("importScripts({});", string(url))),
            Self::WorkerModuleScript => worker_script(parts, |url| format!("import {};", specifier(url))),
            Self::ShadowRealmWorkerScript => super::realms::worker_script(parts),
            Self::ShadowRealmServiceWorkerScript => super::realms::service_worker_script(parts),
            Self::ShadowRealmAudioWorkletScript => super::realms::audio_worklet_script(parts),
        }
    }
}

/// A page up to where its own scripts begin. `before` goes before the harness, `after` follows it.
pub(super) fn page(parts: &Parts<'_>, before: &str, after: &[&str], body: &str) -> String {
    let mut page = String::from("<!doctype html>\n<meta charset=utf-8>\n");
    for (name, value) in parts.meta.iter() {
        let _ = match name {
            "title" => writeln!(page, "<title>{}</title>", content(value)),
            "timeout" if value == "long" => writeln!(page, "<meta name=\"timeout\" content=\"long\">"),
            _ => Ok(()),
        };
    }
    page.push_str(before);
    for source in ["/resources/testharness.js", "/resources/testharnessreport.js"].iter().chain(after) {
        let _ = writeln!(page, "<script src=\"{source}\"></script>");
    }
    if let Some(note) = parts.note {
        let _ = writeln!(page, "<p>{}</p>", content(note));
    }
    page.push_str(body);
    page
}

/// What tells a test where it runs.
pub(super) fn global(window: bool, worker: bool) -> String {
    format!(
        "self.GLOBAL = {{\n  isWindow() {{ return {window}; }},\n  isWorker() {{ return {worker}; }},\n  \
         isShadowRealm() {{ return false; }},\n}};\n"
    )
}

fn window(kind: Kind, parts: &Parts<'_>) -> String {
    let before = match kind {
        Kind::AnyWindow => format!("<script>\n{}</script>\n", global(true, false)),
        _ => String::new(),
    };
    let after: &[&str] = match kind {
        Kind::Extension => &[
            "/resources/testdriver.js?feature=extensions",
            "/resources/testdriver-vendor.js",
            "/resources/web-extensions-helper.js",
        ],
        _ => &[],
    };
    let mut body = String::new();
    for (_, source) in parts.meta.iter().filter(|(name, _)| *name == "script") {
        let _ = writeln!(body, "<script src=\"{}\"></script>", attribute(source));
    }
    let module = if kind == Kind::WindowModule { "type=module " } else { "" };
    let _ = writeln!(body, "<div id=log></div>\n<script {module}src=\"{}\"></script>", attribute(parts.path));
    page(parts, &before, after, &body)
}

fn worker(parts: &Parts<'_>, constructor: &str, options: &str) -> String {
    let Parts { path, query, .. } = parts;
    let body = format!(
        "<div id=log></div>\n<script>\nfetch_tests_from_worker(new {constructor}(\"{path}{query}\"{options}));\n</script>\n"
    );
    page(parts, "", &[], &body)
}

fn service_worker(parts: &Parts<'_>, options: &str) -> String {
    let Parts { path, query, .. } = parts;
    // The scope has no client: the worker stays alive for its tests, and controls nothing.
    let body = format!(
        "<div id=log></div>\n<script>\n(async () => {{\n  const scope = \"does/not/exist\";\n  \
         const old = await navigator.serviceWorker.getRegistration(scope);\n  if (old) await old.unregister();\n  \
         const registration = await navigator.serviceWorker.register(\"{path}{query}\", {options});\n  \
         fetch_tests_from_worker(registration.installing);\n}})();\n</script>\n"
    );
    page(parts, "", &[], &body)
}

fn worker_script(parts: &Parts<'_>, import: fn(&str) -> String) -> String {
    let mut script = global(false, true);
    let _ = writeln!(script, "{}", import("/resources/testharness.js"));
    script.push_str(&imports(parts.meta, import, true));
    let _ = writeln!(script, "{}\ndone();", import(parts.path));
    script
}

/// The address of a script as a module specifier, in quotes: without a slash or dots in front, `import` would look for a
/// name in an import map.
pub(super) fn specifier(url: &str) -> String {
    let has_scheme = url.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
    if has_scheme || ["/", "./", "../"].iter().any(|start| url.starts_with(start)) {
        string(url)
    } else {
        string(&format!("./{url}"))
    }
}

/// The scripts that a test asks for, imported; where there is no page to have a title, the title too.
pub(super) fn imports(meta: &Metadata, import: fn(&str) -> String, title: bool) -> String {
    let mut lines = String::new();
    for (name, value) in meta.iter() {
        let _ = match name {
            "script" => writeln!(lines, "{}", import(value)),
            "title" if title => writeln!(lines, "self.META_TITLE = {};", string(value)),
            _ => Ok(()),
        };
    }
    lines
}

/// A call of `shadowRealmEvalAsync` for some code.
pub(super) fn evaluate(realm: &str, code: &str) -> String {
    format!("await shadowRealmEvalAsync({realm}, {});\n", template(code))
}
