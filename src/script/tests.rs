//! Promises of the script host: who loops, recurses, eats memory, throws or panics ends alone.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use rhai::{Dynamic, Engine, INT};
use tokio::time::Instant;

use super::check::Places;
use super::compiled::ScriptSource;
use super::coroutine::{NoStack, Stacks, Task, WaitError, wait};
use super::error::ScriptError;
use super::limits::{Ending, Limits};
use super::loader::Roots;
use super::runtime::{Runtime, ScriptCall};
use super::subject::Subject;
use super::watch::Changes;

mod aside;
mod documented;
mod files;
mod places;
mod values;

fn on_worker<F: Future>(future: F) -> F::Output {
    // Values nest deep enough to need more than a test thread's stack, as workers do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, future)
}

/// Without the guard on the memory of the process, which other tests share.
fn alone() -> Limits {
    // Time enough on a machine with other work to do: no test here waits for its end.
    Limits { memory: 0, time: Duration::from_secs(900), ..Limits::default() }
}

fn runtime(limits: Limits) -> Rc<Runtime> {
    runtime_with(limits, |_| {})
}

fn runtime_with(limits: Limits, register: impl FnOnce(&mut Engine)) -> Rc<Runtime> {
    Runtime::new(limits, Roots::default(), Changes::unwatched(), register)
}

fn start(runtime: &Rc<Runtime>, text: &str) -> ScriptCall<Dynamic> {
    let source =
        ScriptSource::Embedded { name: format!("test-{}.rhai", text.len()).into(), text: text.to_owned().into() };
    let script = runtime.load(&source).unwrap_or_else(|error| panic!("{error}"));
    runtime.start(&script, Subject::Server, |caller| caller.call("main", ())).unwrap()
}

fn run(text: &str) -> Result<Dynamic, ScriptError> {
    run_with(alone(), text)
}

fn run_with(limits: Limits, text: &str) -> Result<Dynamic, ScriptError> {
    on_worker(start(&runtime(limits), text))
}

fn ending(result: &Result<Dynamic, ScriptError>) -> Option<Ending> {
    match result {
        Err(ScriptError::Budget { ending, .. }) => Some(*ending),
        _ => None,
    }
}

#[test]
fn a_script_answers() {
    assert_eq!(run("fn main() { 40 + 2 }").unwrap().as_int(), Ok(42));
    assert_eq!(run("const X = 7; fn main() { global::X }").unwrap().as_int(), Ok(7));
    assert_eq!(run("fn main() { exit(3); 4 }").unwrap().as_int(), Ok(3));
}

#[test]
fn a_thousand_sleep_at_once() {
    on_worker(async {
        let runtime = runtime(alone());
        let begin = Instant::now();
        let sleepers: Vec<_> = (0..1000)
            .map(|_| tokio::task::spawn_local(start(&runtime, "fn main() { sleep(0.2); sleep(0); 1 }")))
            .collect();
        for sleeper in sleepers {
            assert_eq!(sleeper.await.unwrap().unwrap().as_int(), Ok(1));
        }
        assert!(begin.elapsed() >= Duration::from_millis(200));
        assert!(begin.elapsed() < Duration::from_secs(5), "they slept one after the other: {:?}", begin.elapsed());
    });
}

#[test]
fn waits_that_are_over_at_once_let_others_run() {
    on_worker(async {
        let has_run = Rc::new(Cell::new(false));
        let seen = Rc::clone(&has_run);
        let task = Task::new(&Stacks::new(1_000), move || {
            let begin = Instant::now();
            while !seen.get() && begin.elapsed() < Duration::from_secs(5) {
                wait(async {}).unwrap();
            }
            seen.get()
        });
        let task = tokio::task::spawn_local(task.unwrap());
        tokio::task::spawn_local(async move { has_run.set(true) });
        assert!(task.await.unwrap().unwrap(), "nothing else had its turn");
    });
}

#[test]
fn an_endless_loop_takes_turns_until_its_budget_ends_it() {
    on_worker(async {
        let runtime = runtime(Limits { operations: 3_000_000, ..alone() });
        let endless: Vec<_> = (0..3)
            .map(|_| tokio::task::spawn_local(start(&runtime, "fn main() { let x = 0; loop {\n x += 1;\n } }")))
            .collect();
        tokio::task::yield_now().await;
        for _ in 0..100 {
            assert_eq!(start(&runtime, "fn main() { sleep(0); 5 }").await.unwrap().as_int(), Ok(5));
        }
        assert!(endless.iter().all(|task| !task.is_finished()), "the loops were to be still at it");
        for task in endless {
            let result = task.await.unwrap();
            assert_eq!(ending(&result), Some(Ending::Operations));
            let text = result.unwrap_err().to_string();
            assert!(text.contains(":2:2") && text.contains("x += 1;") && text.contains("3000000 operations"), "{text}");
        }
    });
}

#[test]
fn an_empty_loop_ends_and_says_where() {
    let result = run_with(Limits { operations: 10_000, ..alone() }, "\nfn main() { loop {} }");
    assert_eq!(ending(&result), Some(Ending::Operations));
    let text = result.unwrap_err().to_string();
    assert!(text.contains(":2") && text.contains("fn main() { loop {} }"), "{text}");
}

#[test]
fn callbacks_do_not_restart_the_count() {
    let script = "fn main() { let a = [1, 2, 3, 4]; loop { a.map(|x| { let i = 0; while i < 50 { i += 1 } x }); } }";
    assert_eq!(ending(&run_with(Limits { operations: 100_000, ..alone() }, script)), Some(Ending::Operations));
    let waiting = "fn main() { loop { sleep(0); } }";
    assert_eq!(ending(&run_with(Limits { operations: 10_000, ..alone() }, waiting)), Some(Ending::Operations));
}

#[test]
fn time_ends_who_sleeps_and_who_is_busy() {
    let limits = Limits { time: Duration::from_millis(50), operations: 0, ..alone() };
    let begin = Instant::now();
    let asleep = run_with(limits.clone(), "fn f() {\n sleep(3600)\n }\nfn main() { f() }");
    assert_eq!(ending(&asleep), Some(Ending::Time));
    let text = asleep.unwrap_err().to_string();
    assert!(text.contains(":2:2") && text.contains("sleep(3600)") && text.contains("in `f`, called at"), "{text}");
    assert_eq!(ending(&run_with(limits, "fn main() { loop {} }")), Some(Ending::Time));
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_catch_all_cannot_swallow_the_end() {
    let limits = Limits { operations: 100_000, time: Duration::from_millis(200), ..alone() };
    for script in [
        "fn main() { loop { try { let x = 0; loop { x += 1 } } catch { } } }",
        "fn main() { loop { try { loop { } } catch (e) { } } }",
        "fn main() { loop { try { sleep(60) } catch { } } }",
        "fn f() { f() } fn main() { loop { try { f() } catch { } } }",
        "fn f(n) { f(n + 1) } fn main() { loop { try { f(0) } catch { } } }",
        "fn f() { loop { } } fn main() { loop { try { [1].map(|x| f()) } catch { } } }",
    ] {
        assert!(run_with(limits.clone(), script).is_err(), "{script}");
    }
}

#[test]
fn recursion_ends_cleanly() {
    let result = run("fn f(n) {\n f(n + 1)\n }\nfn main() { f(0) }");
    assert_eq!(ending(&result), Some(Ending::CallDepth));
    let text = result.unwrap_err().to_string();
    assert!(text.contains("nested deeper than 64") && text.contains(":2:4") && text.contains("more calls"), "{text}");
    assert!(run("fn f() { f() } fn main() { f() }").is_err());
    // The deepest that the limits allow: 64 calls, each inside the deepest expression and a native callback.
    let deep = format!(
        "fn f(n) {{ if n == 0 {{ 0 }} else {{ {}f(n - 1){} }} }} fn main() {{ f(62) }}",
        "(1+".repeat(14),
        ")".repeat(14)
    );
    assert_eq!(run(&deep).unwrap().as_int(), Ok(62 * 14));
    let callbacks = "fn f(n) { if n == 0 { return 0; } [n].map(|x| f(x - 1))[0] } fn main() { f(20) }";
    assert_eq!(run(callbacks).unwrap().as_int(), Ok(0));
    assert!(run("fn f(n) { [n].map(|x| f(x + 1))[0] } fn main() { f(0) }").is_err());
}

#[test]
fn memory_eaters_end_cleanly() {
    for script in [
        "fn main() { let s = \"x\"; loop { s += s } }",
        "fn main() { let a = [1]; loop { a += a } }",
        "fn main() { let b = blob(1); loop { b += b } }",
        "fn main() { let m = #{}; let i = 0; loop { m[i.to_string()] = i; i += 1 } }",
        "fn main() { let a = []; a.pad(1000000000, 1) }",
        "fn main() { let s = \"\"; s.pad(100000000000, 'x') }",
        "fn main() { blob(100000000000) }",
        "fn main() { let a = []; let q = \"x\"; for i in 0..16 { q += q; } loop { a.push(q + a.len()) } }",
    ] {
        let begin = Instant::now();
        let result = run_with(Limits { operations: 100_000, ..Limits::default() }, script);
        assert!(begin.elapsed() < Duration::from_secs(20), "{script}: {result:?}");
        assert!(result.is_err(), "{script}");
    }
}

/// As deep as the size limits allow: an array in a map in an array and so on.
fn nested(depth: INT) -> Dynamic {
    (0..depth).fold(Dynamic::UNIT, |inner, _| {
        let array = Dynamic::from_array(vec![inner]);
        Dynamic::from_map(rhai::Map::from_iter([("a".into(), array)]))
    })
}

#[test]
fn nested_values_do_not_overflow_the_stack() {
    for script in [
        "let b = a; a == b",
        "a.to_string().len()",
        "a.to_debug().len()",
        "a.to_json().len()",
        "print(a); debug(a);",
        "a.a.push(1); a.keys()",
        "let all = [1]; all.contains(a)",
        "throw a",
        "a",
    ] {
        let runtime = runtime_with(alone(), |engine| {
            engine.register_fn("nested", nested);
            super::api::register(engine);
        });
        // Ends well or with an error, but ends.
        let _ = on_worker(start(&runtime, &format!("fn main() {{ let a = nested(9990); {script}; 1 }}")));
    }
    assert!(run("fn main() { let a = []; for i in 0..200 { a = [a]; } a.to_string().len() }").is_ok());
}

#[test]
fn nested_function_pointers_do_not_overflow_the_stack() {
    for script in [
        "fn main() { let p = || 0; loop { let q = p; p = || q.call(); } }",
        "fn main() { let p = || 0; let all = []; loop { let q = `${all.len()}`; for i in 0..22 { q += q; } all.push(|| q.len()); } }",
        "fn main() { let p = || 0; let i = 0; while i < 300000 { let q = p; p = || q; i += 1; } }",
        "fn main() { let p = || 0; let f = |n| { for i in 0..n { let q = p; p = || q; } }; loop { f.call(100000); } }",
        "fn grow() { loop { let q = this[0]; this[0] = || q; } } fn main() { let a = [|| 0]; a.grow(); }",
    ] {
        let begin = Instant::now();
        let result = run_with(Limits { operations: 5_000_000, ..Limits::default() }, script);
        assert!(begin.elapsed() < Duration::from_secs(20), "{script}: {result:?}");
        assert!(result.is_err(), "{script}");
    }
}

#[test]
fn a_thrown_error_has_its_place_and_calls() {
    let script = "fn inner(x) {\n    throw \"no such thing\";\n}\nfn outer() {\n    inner(1);\n}\nfn main() {\n    outer();\n}\n";
    let result = run(script);
    let text = result.unwrap_err().to_string();
    let expected = "error: no such thing\n  --> test-101.rhai:2:5\n   |\n 2 |     throw \"no such thing\";\n   |     ^\n  \
                    in `inner`, called at test-101.rhai:5:5\n  in `outer`, called at test-101.rhai:8:5\n  in `main` of test-101.rhai";
    let name = format!("test-{}.rhai", script.len());
    assert_eq!(text, expected.replace("test-101.rhai", &name));
}

#[test]
fn an_error_of_a_host_function_has_its_place() {
    let text = run("fn main() {\n  let a = [1];\n  a[7]\n}").unwrap_err().to_string();
    assert!(text.contains(":3:5") && text.contains("Array index 7 out of bounds"), "{text}");
    let text = run("fn main() {\n  nothing(1)\n}").unwrap_err().to_string();
    assert!(text.contains("there is no function `nothing` for (integer)") && text.contains(":2:3"), "{text}");
}

struct Guard(Rc<Cell<u32>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn a_dropped_handler_unwinds_in_good_order() {
    on_worker(async {
        let runtime = runtime(alone());
        let dropped = Rc::new(Cell::new(0));
        let seen = Rc::new(RefCell::new(None));
        let source = ScriptSource::Embedded {
            name: "sleeper.rhai".into(),
            text:
                "fn f(n) { if n == 0 { sleep(60) } else { f(n - 1) } } fn main() { try { f(20) } catch { sleep(60) } }"
                    .into(),
        };
        let script = runtime.load(&source).unwrap();
        for _ in 0..300 {
            let guard = Guard(Rc::clone(&dropped));
            let seen = Rc::clone(&seen);
            let mut handler = runtime
                .start(&script, Subject::Server, move |caller| {
                    let _guard = guard;
                    let result = caller.call("main", ());
                    *seen.borrow_mut() = Some(matches!(result, Err(ScriptError::Ended)));
                    result
                })
                .unwrap();
            let poll =
                std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut handler).poll(context)));
            assert!(poll.await.is_pending());
            drop(handler);
        }
        assert_eq!(dropped.get(), 300);
        assert_eq!(*seen.borrow(), Some(true));
    });
}

#[test]
fn a_panic_in_a_host_function_ends_that_handler_only() {
    on_worker(async {
        let runtime = runtime_with(alone(), |engine| {
            engine.register_fn("explode", || -> INT { panic!("as told") });
            engine.register_fn("explode_later", || -> INT { wait(async { panic!("later") }).unwrap_or(0) });
        });
        for script in ["fn main() { sleep(0); [1].map(|x| explode()) }", "fn main() { explode_later() }"] {
            match start(&runtime, script).await {
                Err(ScriptError::Panic { message, .. }) => {
                    assert!(message == "as told" || message == "later", "{message}")
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(start(&runtime, "fn main() { sleep(0); 6 }").await.unwrap().as_int(), Ok(6));
        }
    });
}

#[test]
fn waiting_is_possible_in_a_handler_only() {
    assert_eq!(wait(async {}), Err(WaitError::NotInHandler));
}

#[test]
fn the_number_of_stacks_is_limited() {
    on_worker(async {
        let runtime = runtime(Limits { live: 0, ..alone() });
        let source = ScriptSource::Embedded { name: "a.rhai".into(), text: "fn main() { }".into() };
        let script = runtime.load(&source).unwrap();
        let refused = runtime.start(&script, Subject::Server, |caller| caller.call("main", ()));
        assert!(matches!(refused, Err(NoStack::Limit(0))));
    });
}

#[test]
fn eval_and_files_are_out_of_reach() {
    let source = |text: &'static str| ScriptSource::Embedded { name: "e.rhai".into(), text: text.into() };
    assert!(runtime(alone()).load(&source("fn main() { eval(\"1\") }")).is_err());
    assert!(run("import \"/etc/passwd\" as p; fn main() { 1 }").is_err());
}

#[test]
fn octets_are_like_a_blob() {
    for (script, expected) in [
        ("let b = blob(3, 65); b.text()", "AAA"),
        ("let b = \"abcdef\".to_blob(); b[1..3].text() + b[-1] + b[2..=3].text()", "bc102cd"),
        ("let b = blob(\"ab\"); let c = b; c[0] = 0x7a; c.push(0x21); c += \"?\"; b.text() + c.text()", "abzb!?"),
        ("(blob(\"a\") + \"b\" + blob([99])).as_hex()", "616263"),
        (
            "let n = 0; for o in blob([1, 2, 3]) { n += o; } `${n} ${blob(\"x\") == \"x\"} ${blob(\"x\") != blob(\"y\")}`",
            "6 true true",
        ),
        (
            "let b = blob(\"hello\"); `${b.len} ${b.contains(\"ell\")} ${b.index_of(\"lo\")} ${b.extract(1, 2).text()} ${0x68 in b}`",
            "5 true 3 el true",
        ),
    ] {
        let result = run(&format!("fn main() {{ {script} }}")).unwrap_or_else(|error| panic!("{script}: {error}"));
        assert_eq!(result.into_string().unwrap(), expected, "{script}");
    }
    for script in ["blob(1)[1]", "let b = blob(1); b[0] = 256", "blob([300])", "blob(-1)"] {
        assert!(run(&format!("fn main() {{ {script} }}")).is_err(), "{script}");
    }
}

#[test]
fn check_finds_every_error() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("good.rhai", "import \"library\" as library; fn main(request, response) { 1 }");
    write("library.rhai", "fn helper(x) { x }");
    write("profiles/p.rhai", "fn on_connect(connection) { }");
    write("deep/syntax.rhai", "fn main(request, response) { let x = ; }");
    write("statements.rhai", "print(1);");
    write("parameters.rhai", "\nfn main(request) { 1 }");
    write("empty.rhai", "");
    write("notes.txt", "fn (");
    let paths = [folder.path().to_owned(), folder.path().join("missing")];
    let report = super::check::check(&paths, &Places::default(), &alone(), |_| None);
    assert_eq!(report.good.len(), 3, "{report:?}");
    let text: Vec<String> = report.errors.iter().map(ToString::to_string).collect();
    assert_eq!(text.len(), 5, "{text:#?}");
    assert!(text[0].contains("syntax.rhai:1:38"), "{}", text[0]);
    assert!(text[1].contains("this script is empty"), "{}", text[1]);
    assert!(
        text[2].contains("main must have 2 parameters (request, response), not 1") && text[2].contains("rhai:2"),
        "{}",
        text[2]
    );
    assert!(text[3].contains("has no handler function"), "{}", text[3]);
    assert!(text[4].contains("missing"), "{}", text[4]);
}

/// Sources that make the compiler, the optimiser or the interpreter recurse as deep as they can.
fn deep_sources() -> Vec<String> {
    let many = |part: &str, count: usize| part.repeat(count);
    vec![
        format!("fn main() {{ 1{} }}", many("+1", 400_000)),
        format!("fn main() {{ let x = 1; x{} }}", many("+x", 400_000)),
        format!("fn main() {{ {}1{} }}", many("(", 400_000), many(")", 400_000)),
        format!("fn main() {{ {}1{} }}", many("[", 400_000), many("]", 400_000)),
        format!("fn main() {{ {}1 }}", many("-", 900_000)),
        format!("fn main() {{ {}true }}", many("!", 900_000)),
        format!("fn main() {{ let a = #{{}}; a{} }}", many(".a", 400_000)),
        format!("fn main() {{ let a = []; a{} }}", many("[0]", 300_000)),
        format!("fn main() {{ {}{} }}", many("if true {", 90_000), many("}", 90_000)),
        format!("fn main() {{ if false {{ }} {} }}", many("else if false { }", 50_000)),
        format!("fn main() {{ {}1{} }}", many("{", 400_000), many("}", 400_000)),
        format!("fn main() {{ {}1{} }}", many("||", 400_000), many("", 1)),
        format!("fn main() {{ {}{} }}", many("`${", 200_000), many("}`", 200_000)),
        format!("fn main() {{ {} 1 }}", many("true || ", 100_000)),
        format!("fn main() {{ {} 1 }}", many("() ?? ", 100_000)),
        format!("fn main() {{ let x = 1; {} x }}", many("x = ", 200_000)),
    ]
}

#[test]
fn deep_sources_do_not_overflow_the_stack() {
    let worker = std::thread::Builder::new().stack_size(super::coroutine::OUTER_STACK_SIZE).spawn(|| {
        for (number, text) in deep_sources().into_iter().enumerate() {
            let runtime = runtime(alone());
            let name = format!("deep-{number}.rhai");
            let source = ScriptSource::Embedded { name: name.into(), text: text.into() };
            if let Ok(script) = runtime.load(&source) {
                let _ = on_worker(runtime.start(&script, Subject::Server, |caller| caller.call("main", ())).unwrap());
            }
        }
    });
    worker.unwrap().join().unwrap();
}

#[test]
fn a_closure_that_holds_what_it_is_given_to_is_explained() {
    let error = run("fn main() { let m = []; let f = || m; m.push(f); }").unwrap_err().to_string();
    assert!(error.contains("a closure uses the same variable"), "{error}");
    assert_eq!(
        run("fn main() { let m = []; let copy = m; let f = || copy; m.push(f); m.len }").unwrap().as_int(),
        Ok(1)
    );
}
