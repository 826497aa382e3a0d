//! Which URL is generated from which file.

use super::pages::Kind;

/// A URL that is generated from a file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::site) struct Wrapper {
    /// How the URL's path ends.
    pub suffix: &'static str,
    /// How the file's path ends instead.
    pub source: &'static str,
    /// How the path ends that the page or script loads.
    pub(super) loads: &'static str,
    /// Where the test has to run for the page to be there.
    pub(super) global: Option<&'static str>,
    pub(super) kind: Kind,
}

const fn any(suffix: &'static str, loads: &'static str, global: &'static str, kind: Kind) -> Wrapper {
    Wrapper { suffix, source: ".any.js", loads, global: Some(global), kind }
}

const fn script(suffix: &'static str, kind: Kind) -> Wrapper {
    Wrapper { suffix, source: ".any.js", loads: ".any.js", global: None, kind }
}

/// As in serve.py; where a path has several of these ends, the first row whose file is there.
const WRAPPERS: [Wrapper; 26] = [
    any(".any.html", ".any.js", "window", Kind::AnyWindow),
    any(".any.window-module.html", ".any.js", "window-module", Kind::WindowModule),
    any(".any.worker.html", ".any.worker.js", "dedicatedworker", Kind::Worker),
    any(".any.worker-module.html", ".any.worker-module.js", "dedicatedworker-module", Kind::WorkerModule),
    any(".any.sharedworker.html", ".any.worker.js", "sharedworker", Kind::SharedWorker),
    any(".any.sharedworker-module.html", ".any.worker-module.js", "sharedworker-module", Kind::SharedWorkerModule),
    any(".any.serviceworker.html", ".any.worker.js", "serviceworker", Kind::ServiceWorker),
    any(".any.serviceworker-module.html", ".any.worker-module.js", "serviceworker-module", Kind::ServiceWorkerModule),
    any(".any.shadowrealm-in-window.html", ".any.js", "shadowrealm-in-window", Kind::ShadowRealm),
    any(".any.shadowrealm.html", ".any.js", "shadowrealm-in-window", Kind::ShadowRealm),
    any(
        ".any.shadowrealm-in-shadowrealm.html",
        ".any.js",
        "shadowrealm-in-shadowrealm",
        Kind::ShadowRealmInShadowRealm,
    ),
    any(
        ".any.shadowrealm-in-dedicatedworker.html",
        ".any.worker-shadowrealm.js",
        "shadowrealm-in-dedicatedworker",
        Kind::Worker,
    ),
    any(
        ".any.shadowrealm-in-sharedworker.html",
        ".any.worker-shadowrealm.js",
        "shadowrealm-in-sharedworker",
        Kind::SharedWorker,
    ),
    any(
        ".https.any.shadowrealm-in-serviceworker.html",
        ".any.serviceworker-shadowrealm.js",
        "shadowrealm-in-serviceworker",
        Kind::ServiceWorker,
    ),
    any(
        ".any.shadowrealm-in-serviceworker.html",
        ".any.serviceworker-shadowrealm.js",
        "shadowrealm-in-serviceworker",
        Kind::ServiceWorker,
    ),
    any(
        ".https.any.shadowrealm-in-audioworklet.html",
        ".any.audioworklet-shadowrealm.js",
        "shadowrealm-in-audioworklet",
        Kind::AudioWorklet,
    ),
    any(
        ".any.shadowrealm-in-audioworklet.html",
        ".any.audioworklet-shadowrealm.js",
        "shadowrealm-in-audioworklet",
        Kind::AudioWorklet,
    ),
    script(".any.worker.js", Kind::WorkerScript),
    script(".any.worker-module.js", Kind::WorkerModuleScript),
    script(".any.worker-shadowrealm.js", Kind::ShadowRealmWorkerScript),
    script(".any.serviceworker-shadowrealm.js", Kind::ShadowRealmServiceWorkerScript),
    script(".any.audioworklet-shadowrealm.js", Kind::ShadowRealmAudioWorkletScript),
    Wrapper {
        suffix: ".worker.html",
        source: ".worker.js",
        loads: ".worker.js",
        global: Some("dedicatedworker"),
        kind: Kind::Worker,
    },
    Wrapper {
        suffix: ".worker-module.html",
        source: ".worker.js",
        loads: ".worker.js",
        global: Some("dedicatedworker-module"),
        kind: Kind::WorkerModule,
    },
    Wrapper { suffix: ".window.html", source: ".window.js", loads: ".window.js", global: None, kind: Kind::Window },
    Wrapper {
        suffix: ".extension.html",
        source: ".extension.js",
        loads: ".extension.js",
        global: None,
        kind: Kind::Extension,
    },
];

/// The wrappers whose suffix `path` has.
pub(in crate::site) fn find(path: &[u8]) -> impl Iterator<Item = &'static Wrapper> + '_ {
    static TABLE: [Wrapper; WRAPPERS.len()] = WRAPPERS;
    // Most paths are told by their last letters.
    let may = path.ends_with(b".html") || path.ends_with(b".js");
    TABLE.iter().filter(move |wrapper| may && path.ends_with(wrapper.suffix.as_bytes()))
}
