use super::*;

fn places(folder: &Path) -> Places {
    Places { handlers: vec![folder.to_owned()], pages: folder.to_owned(), hooks: Vec::new() }
}

/// What `wireserve check` says of one script, and of `library.rhai` beside it.
fn check_text(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.rhai"), text).unwrap();
    let library = "export const K = 1; const HIDDEN = 2; fn double(x) { x + x } private fn secret(x) { double(x) }";
    std::fs::write(folder.path().join("library.rhai"), library).unwrap();
    let report = check(&[folder.path().join("a.rhai")], &places(folder.path()), &Limits::default(), |_| None);
    report.errors.iter().map(ToString::to_string).collect()
}

/// A line of a handler.
fn check_line(line: &str) -> Vec<String> {
    check_text(&format!("fn helper(x) {{ x }}\nconst LIMIT = 3;\nfn main(request, response) {{\n    {line}\n}}\n"))
}

#[test]
fn names_that_mean_nothing_are_errors_with_their_place_and_a_similar_name() {
    for (line, words) in [
        ("let w = response.writer; w.flsh();", ["no method `flsh` of `w`", "`flush`", "a.rhai:4:"]),
        ("write_raw_fram(1);", ["no function `write_raw_fram`", "`write_raw_frame`", ":4:5"]),
        ("frame::pong([1]);", ["no function `frame::pong`", "`frame::ping`", ":4:"]),
        ("frame::ping(1, 2, 3, 4);", ["`frame::ping` takes", "not 4", ":4:"]),
        ("fram::ping();", ["no module `fram`", "`frame`", ":4:"]),
        ("respons.status = 3;", ["no variable `respons`", "`response`", ":4:5"]),
        ("let x = || respons; x.call()", ["no variable `respons`", "`response`", ":4:"]),
        ("response.staus = 3;", ["`response` has no property `staus`", "`status`", ":4:"]),
        ("request.protocol = 3;", ["property `protocol` of `request` cannot be set", "", ":4:"]),
        ("log(request.metod);", ["`request` has no property `metod`", "`method`", ":4:"]),
        ("request.write_data(\"x\");", ["no method `write_data` of `request`", "", ":4:"]),
        ("response.writer.write_data();", ["the method `write_data` of `response.writer` takes", "not 0", ":4:"]),
        ("log();", ["the function `log` takes", "not 0", ":4:5"]),
        ("helper();", ["the function `helper` takes 1 argument, not 0", "", ":4:5"]),
        ("LIMIT", ["no variable `LIMIT`", "`global::LIMIT`", ":4:5"]),
        ("global::LIMT", ["no constant `global::LIMT`", "`LIMIT`", ":4:"]),
        ("error::CANCLE", ["no constant `error::CANCLE`", "`CANCEL`", ":4:"]),
        ("import \"library\" as lib; lib::duble(1)", ["no function `lib::duble`", "`lib::double`", ":4:"]),
        ("import \"library\" as lib; lib::double()", ["`lib::double` takes 1 argument, not 0", "", ":4:"]),
        ("import \"library\" as lib; lib::secret(1)", ["no function `lib::secret`", "", ":4:"]),
        ("import \"library\" as lib; lib::HIDDEN", ["no constant `lib::HIDDEN`", "", ":4:"]),
        ("let r = response; r.statuss = 3;", ["`r` has no property `statuss`", "`status`", ":4:"]),
        ("let r = response; let q = r; log(q.statuss);", ["`q` has no property `statuss`", "`status`", ":4:"]),
        ("let c = request.connection; log(c.protocl);", ["`c` has no property `protocl`", "`protocol`", ":4:"]),
        ("log(request.connection.protocl);", ["`request.connection` has no property `protocl`", "`protocol`", ":4:"]),
        ("response.writer.write_dat(\"x\");", ["no method `write_dat` of `response.writer`", "`write_data`", ":4:"]),
        (
            "let f = frame::ping(\"12345678\"); f.payloadd = \"x\";",
            ["`f` has no property `payloadd`", "`payload`", ":4:"],
        ),
        ("log(frame::ping(\"12345678\").flagz);", ["`frame::ping(…)` has no property `flagz`", "`flags`", ":4:"]),
        (
            "let p = response.writer.write_push(\"/x\"); p.contnt = 1;",
            ["`p` has no property `contnt`", "`content`", ":4:"],
        ),
        (
            "let w = response.writer; let send = || w.flsh(); send.call();",
            ["no method `flsh` of `w`", "`flush`", ":4:"],
        ),
        ("request.frames.filter(|frame| frame.typ == \"DATA\");", ["`frame` has no property `typ`", "`type`", ":4:"]),
        ("#{ status: 200 }", ["main returns a map", "[headers, content]", ":4:5"]),
        ("return #{ status: helper(1) };", ["main returns a map", "[headers, content]", ":4:"]),
        ("[1, 2, 3, 4]", ["main returns a list of 4", "[headers, content]", ":4:5"]),
    ] {
        let found = check_line(line);
        let [error] = &found[..] else { panic!("{line}: {found:#?}") };
        assert!(words.iter().all(|words| error.contains(words)), "{line}: {error}");
    }
    let found = check_text("fn mian(request, response) { \"x\" }");
    assert!(found.len() == 1 && found[0].contains("nothing calls the function `mian`"), "{found:?}");
    assert!(found[0].contains("`main(request, response)`") && found[0].contains("a.rhai:1:1"), "{found:?}");
    for (helper, words) in [
        ("fn send(response) { response.statuss = 3; }", "`response` has no property `statuss`"),
        ("fn send(frame) { log(frame.typ); }", "`frame` has no property `typ`"),
        (
            "fn send(r) { r.statuss = 3; } fn more(request, response) { send(response); }",
            "`r` has no property `statuss`",
        ),
        ("fn on_connection(connection) { connection.protocl }", "`connection` has no property `protocl`"),
    ] {
        let found = check_text(&format!("{helper} fn main(request, response) {{ \"x\" }}"));
        assert!(found.len() == 1 && found[0].contains(words), "{helper}: {found:?}");
    }
    let found = check_text("fn Handle_Header(f, request, response) { response.status = 201; }");
    assert!(found.len() == 1 && found[0].contains("handle_headers(frame, request, response)"), "{found:?}");
}

#[test]
fn what_may_mean_something_is_no_error() {
    for line in [
        "let f = helper; f.call(1);",
        "let m = main;",
        "let o = #{ grow: |x| x, n: 1 }; o.grow(2); o.other = 3; o.other.deep = 4; o.n",
        "let o = parse_json(\"{}\"); log(o.whatever); o.x = 1;",
        "request.context.mine = 1; response.headers.set(\"a\", \"b\");",
        "let request = #{}; request.own = 1;",
        "let r = response; r = #{}; r.own = 1;",
        "let r = if request.path == \"/\" { response } else { #{} }; r.own = 1;",
        "let c = request.context; c.grow = |x| x; c.grow(1); log(c.own); let d = request.context; d.unknown(1);",
        "for response in [#{ own: 1 }] { log(response.own); }",
        "let w = response.writer; w.write_data(\"x\", true); w.flush();",
        "let show = |frame| frame.own; show.call(#{ own: 1 });",
        "let s = \"abc\"; s.len(); s.to_upper(); [1].map(|x| x + 1).filter(|x| x > global::LIMIT).len();",
        "for i in 0..3 { let j = i; log(j); } try { throw 1; } catch (e) { log(e); }",
        "switch 1 { 1 => helper(1), _ => () }",
        "import \"library\" as lib; lib::double(lib::K)",
        "import `${request.path}` as lib; lib::anything(1, 2, 3)",
        "log(global::LIMIT); log(server.context); log(stash); log(error::CANCEL); log(frame_type::DATA);",
        "let h = request.headers; h[\"x\"]; 1 in [1]; print(type_of(1)); is_def_var(\"x\");",
    ] {
        assert_eq!(check_line(line), [""; 0], "{line}");
    }
}

#[test]
fn what_a_helper_is_given_may_be_anything() {
    for helper in [
        "fn show(response) { response.own } fn main(request, other) { show(#{ own: 1 }) }",
        "fn show(frame) { frame.own } fn main(request, response) { show(parse_json(\"{}\")) }",
        "fn show(r) { r.own } fn main(request, response) { show(response); show(1); \"x\" }",
        "fn show(frame) { frame.own } fn main(request, response) { let all = parse_json(\"[]\"); all.map(show); }",
    ] {
        assert_eq!(check_text(helper), [""; 0], "{helper}");
    }
}

#[test]
fn a_script_that_nothing_uses_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("alone.rhai", "fn double(x) { x + x }");
    write("used.rhai", "fn double(x) { x + x }");
    write("uses.rhai", "import \"used\" as used; fn main(request, response) { `${used::double(1)}` }");
    for paths in [vec![], vec![folder.path().join("alone.rhai"), folder.path().join("used.rhai")]] {
        let report = check(&paths, &places(folder.path()), &Limits::default(), |_| None);
        let [error] = &report.errors[..] else { panic!("{report:?}") };
        let error = error.to_string();
        assert!(error.contains("alone.rhai") && error.contains("no script imports it"), "{error}");
        assert!(error.contains("`import \"alone\" as alone`") && error.contains("main(request, response)"), "{error}");
    }
    write("other.rhai", "fn main(request, response) { import `${request.path}` as any; any::double(1) }");
    let report = check(&[], &places(folder.path()), &Limits::default(), |_| None);
    assert!(report.errors.is_empty(), "{report:?}");
}

#[test]
fn every_shipped_script_passes() {
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers");
    let report = check(&[], &places(&handlers), &Limits::default(), |_| None);
    let errors: Vec<String> = report.errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert!(report.good.len() > 100, "{}", report.good.len());
}

#[test]
fn every_example_of_the_documentation_passes() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let loader = Rc::new(Loader::new(Rc::new(Limits::default()), Roots::default(), Changes::unwatched()));
    let engine = engine_of(&Limits::default(), &loader);
    let known = Known::of(&engine);
    let (mut count, mut wrong) = (0, Vec::new());
    for page in WalkDir::new(docs).into_iter().filter_map(Result::ok).filter(|page| page.file_type().is_file()) {
        let Ok(text) = std::fs::read_to_string(page.path()) else { continue };
        for block in text.split("```rhai\n").skip(1) {
            let code = block.split("\n```").next().unwrap_or_default();
            let script = loader.compile(page.path(), code).unwrap_or_else(|error| panic!("{error}"));
            wrong.extend(wrong_names(&script, &known, &loader).iter().map(ToString::to_string));
            count += 1;
        }
    }
    // The page about hooks shows what a mistake looks like.
    wrong.retain(|wrong: &String| !wrong.contains("`no_such_thing`"));
    assert!(count > 100, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn scripts_below_the_document_root_count_and_links_that_lead_out_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    for (name, text) in [
        ("pages/a.rhai", "fn main(request, response) { \"a\" }"),
        ("pages/profiles/b.rhai", "fn main(request, response) { \"b\" }"),
        ("pages/handlers/c.rhai", "fn main(request, response) { \"c\" }"),
        ("pages/.git/d.rhai", "fn ("),
        ("elsewhere/e.rhai", "fn ("),
    ] {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    #[cfg(unix)]
    for (from, to) in [("elsewhere", "pages/link"), ("gone", "pages/gone")] {
        std::os::unix::fs::symlink(folder.path().join(from), folder.path().join(to)).unwrap();
    }
    let places = Places { handlers: vec![pages.join("handlers")], pages, hooks: Vec::new() };
    let report = check(&[], &places, &Limits::default(), |_| None);
    assert_eq!((report.good.len(), report.errors.len()), (3, 0), "{report:?}");
}
