//! Scripts in files: imports, edits, and what is confined to the roots.

use super::*;

/// A folder with scripts in it, and a host that may import them.
struct Folder {
    folder: tempfile::TempDir,
    runtime: Rc<Runtime>,
}

impl Folder {
    fn new(changes: Changes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("handlers");
        std::fs::create_dir(&root).unwrap();
        let roots = Roots { folders: vec![root], ..Roots::default() };
        Self { folder, runtime: Runtime::new(alone(), roots, changes, |_| {}) }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    fn answer(&self, name: &str) -> Result<String, String> {
        let script =
            self.runtime.load(&ScriptSource::Path(self.folder.path().join(name))).map_err(|error| error.to_string())?;
        let handler = self.runtime.start(&script, Subject::Server, |caller| caller.call("main", ())).unwrap();
        on_worker(handler).map(|value| value.to_string()).map_err(|error| error.to_string())
    }
}

#[test]
fn imports_are_confined_to_the_roots() {
    let folder = Folder::new(Changes::unwatched());
    folder.write("outside.rhai", "fn secret() { 1 }");
    folder.write(
        "handlers/lib/util.rhai",
        "import \"deeper\" as d; export const K = 5; fn twice(x) { d::one() * 2 * x }",
    );
    folder.write("handlers/lib/deeper.rhai", "fn one() { 1 }");
    folder.write("handlers/a.rhai", "import \"lib/util\" as u;\nfn main() { u::twice(21) + u::K }");
    assert_eq!(folder.answer("handlers/a.rhai").unwrap(), "47");
    folder.write(
        "handlers/sub/b.rhai",
        "import \"../lib/util\" as u; import \"lib/util.rhai\" as v; fn main() { u::twice(1) + v::twice(1) }",
    );
    assert_eq!(folder.answer("handlers/sub/b.rhai").unwrap(), "4");
    folder.write("handlers/c.rhai", "import \"../outside\" as o; fn main() { o::secret() }");
    assert!(folder.answer("handlers/c.rhai").unwrap_err().contains("there is no script"));
    std::os::unix::fs::symlink(
        folder.folder.path().join("outside.rhai"),
        folder.folder.path().join("handlers/link.rhai"),
    )
    .unwrap();
    folder.write("handlers/d.rhai", "import \"link\" as o; fn main() { o::secret() }");
    assert!(folder.answer("handlers/d.rhai").unwrap_err().contains("there is no script"));
}

#[test]
fn errors_in_imports_name_the_imported_file() {
    let folder = Folder::new(Changes::unwatched());
    folder.write("handlers/lib.rhai", "fn f(x) {\n\n  throw \"deep\";\n}");
    folder.write("handlers/a.rhai", "import \"lib\" as l;\nfn main() {\n  l::f(1)\n}");
    let text = folder.answer("handlers/a.rhai").unwrap_err();
    assert!(text.contains("lib.rhai:3:3") && text.contains("throw \"deep\";"), "{text}");
    assert!(text.contains("in `f`, called at") && text.contains("a.rhai:3:6"), "{text}");
    folder.write("handlers/broken.rhai", "fn f( {");
    folder.write("handlers/b.rhai", "import \"broken\" as l;\nfn main() { 1 }");
    let text = folder.answer("handlers/b.rhai").unwrap_err();
    assert!(text.contains("broken.rhai:1:7") && text.contains("fn f( {"), "{text}");
    folder.write("handlers/x.rhai", "import \"y\" as y; fn main() { 1 }");
    folder.write("handlers/y.rhai", "import \"x\" as x; fn f() { 1 }");
    let text = folder.answer("handlers/x.rhai").unwrap_err();
    assert!(text.contains("imports itself"), "{text}");
}

/// Waits for the watcher, which has its own thread.
fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let begin = std::time::Duration::from_secs(5);
    let start = Instant::now();
    while start.elapsed() < begin {
        if condition() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn an_edited_script_is_used_and_a_broken_one_answers_until_mended() {
    for changes in [Changes::watch(), Changes::unwatched()] {
        let folder = Folder::new(changes);
        folder.write("handlers/lib.rhai", "fn f() { 1 }");
        folder.write("handlers/a.rhai", "import \"lib\" as l; fn main() { l::f() }");
        assert_eq!(folder.answer("handlers/a.rhai").unwrap(), "1");
        folder.write("handlers/lib.rhai", "fn f() { 1 + 1 }");
        assert!(eventually(|| folder.answer("handlers/a.rhai").is_ok_and(|text| text == "2")));
        folder.write("handlers/a.rhai", "fn main() {\n  let = 5;\n}");
        assert!(eventually(|| folder.answer("handlers/a.rhai").is_err()));
        let text = folder.answer("handlers/a.rhai").unwrap_err();
        assert!(text.contains("a.rhai:2:7") && text.contains("let = 5;"), "{text}");
        folder.write("handlers/a.rhai", "fn main() { 3 }");
        assert!(eventually(|| folder.answer("handlers/a.rhai").is_ok_and(|text| text == "3")));
        std::fs::remove_file(folder.folder.path().join("handlers/a.rhai")).unwrap();
        assert!(eventually(|| folder.answer("handlers/a.rhai").is_err_and(|text| text.contains("cannot read"))));
    }
}

#[test]
fn an_edit_is_seen_at_once_without_a_watcher() {
    let folder = Folder::new(Changes::unwatched());
    for number in 100..400 {
        folder.write("handlers/a.rhai", &format!("fn main() {{ {number} }}"));
        assert_eq!(folder.answer("handlers/a.rhai").unwrap(), number.to_string());
    }
}

#[test]
fn the_watcher_counts_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.rhai");
    let changes = Changes::watch();
    changes.watch_folder_of(&file);
    let before = changes.generation();
    std::fs::write(&file, "1").unwrap();
    assert!(eventually(|| changes.generation() > before));
}
