//! A testharness.js suite (`suite/`) in both browsers: generated pages, files, pipes, the stash and other origins, over
//! HTTP/2.

use super::{Browser, PATIENCE, Trust};
use crate::support::process::run;
use crate::support::programs::npm;
use crate::support::server::Server;
use std::path::Path;
use std::process::Command;
use walkdir::WalkDir;

/// The npm package that brings `testharness.js`.
const PACKAGE: &str = "wpt-runner@7.0.0";

/// Every page of the suite, and the subtests of it.
const PAGES: [(&str, usize); 25] = [
    ("/globals.any.html", 3),
    ("/globals.any.window-module.html", 3),
    ("/globals.any.worker.html", 3),
    ("/globals.any.worker-module.html", 3),
    ("/globals.any.sharedworker.html", 3),
    ("/globals.any.sharedworker-module.html", 3),
    ("/globals.any.serviceworker.html", 3),
    ("/globals.any.serviceworker-module.html", 3),
    ("/files.any.html", 6),
    ("/files.any.worker.html", 6),
    ("/files.any.sharedworker.html", 6),
    ("/files.any.serviceworker.html", 6),
    ("/pipes.any.html", 6),
    ("/pipes.any.worker.html", 6),
    ("/pipes.any.sharedworker.html", 6),
    ("/pipes.any.serviceworker.html", 6),
    ("/stash.any.html", 2),
    ("/stash.any.worker.html", 2),
    ("/stash.any.sharedworker.html", 2),
    ("/stash.any.serviceworker.html", 2),
    ("/outcomes.any.html", 2),
    ("/outcomes.any.worker.html", 2),
    ("/origins.sub.window.html", 5),
    ("/dedicated.worker.html", 1),
    ("/checkout.sub.window.html", 5),
];

/// `testharness.js` from the npm registry.
fn testharness() -> Option<Vec<u8>> {
    let folder = npm(&["pack", "--silent"], PACKAGE)?;
    let archive = format!("{}.tgz", PACKAGE.replace('@', "-"));
    let tar = ["xzOf", &archive, "package/testharness/testharness.js"];
    let unpacked = run(Command::new("tar").args(tar).current_dir(folder), PATIENCE);
    assert_eq!(unpacked.code(), Some(0), "tar: {}", unpacked.stderr);
    Some(unpacked.stdout)
}

/// The suite as a document root, without any configuration: a checkout of web-platform-tests needs none.
fn serve() -> Option<Server> {
    let harness = testharness()?;
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/suite");
    let mut builder = Server::builder().file("resources/testharness.js", harness);
    for entry in WalkDir::new(&suite).into_iter().map(|entry| entry.expect("the suite can be read")) {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(&suite).expect("it is below the suite").to_string_lossy().into_owned();
            builder = builder.file(&path, std::fs::read(entry.path()).expect("the suite can be read"));
        }
    }
    Some(builder.start())
}

#[test]
fn every_subtest_of_the_suite_passes_over_h2() {
    let Some(server) = serve() else { return };
    let pages = PAGES.map(|(page, _)| page).join(",");
    for browser in Browser::ALL {
        let url = server.url("h2", &format!("/runner.html?pages={pages}"));
        let Some(report) = browser.report(&Trust::of(&server), &url) else { continue };
        assert_eq!(report["protocol"], "h2", "{browser:?}");
        for (number, (page, subtests)) in PAGES.iter().enumerate() {
            let result = &report["results"][number];
            assert_eq!(result["page"], *page, "{browser:?}: {result:#}");
            assert_eq!(result["status"], 0, "{browser:?}: {result:#}");
            let all = result["subtests"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(all.len(), *subtests, "{browser:?}: {result:#}");
            assert!(all.iter().all(|subtest| subtest["status"] == 0), "{browser:?}: {result:#}");
        }
    }
}
