//! Work on large values is done apart from the worker.

use std::sync::mpsc;
use std::thread;

use super::*;
use crate::script::api::helpers::ReadableFiles;
use crate::script::api::stash::Handle;
use crate::script::aside::{LARGE, TURN, aside};
use crate::script::engine::set_globals;
use crate::script::octets::Octets;
use crate::script::stash::{self, Stash};

/// Calls a script with octets and a text of `bytes` bytes. It has the functions of the API that need no request.
fn call(bytes: usize, body: &str) -> ScriptCall<Dynamic> {
    let runtime = runtime_with(alone(), |engine| {
        crate::script::api::register(engine);
        let files = ReadableFiles {
            roots: vec![],
            doc_root: PathBuf::new(),
            is_hidden: |_, _| false,
            hidden: vec![],
            embedded: |_| None,
        };
        crate::script::api::register_for_host(engine, || std::time::UNIX_EPOCH, files, &Rc::default());
        let stash = Handle(Stash::new(stash::Options { any_key: true, ..Default::default() }).unwrap());
        set_globals(engine, [("stash", Dynamic::from(stash))]);
    });
    let text = format!("fn main(octets, text) {{ {body} }}");
    let source = ScriptSource::Embedded { name: "test.rhai".into(), text: text.into() };
    let script = runtime.load(&source).unwrap_or_else(|error| panic!("{error}"));
    let arguments = move || (Octets(vec![b'a'; bytes].into()), "a".repeat(bytes));
    runtime.start(&script, Subject::Server, move |caller| caller.call("main", arguments())).unwrap()
}

/// Whether the script waits as long as nothing is done aside.
fn is_done_aside(bytes: usize, body: &str) -> bool {
    on_worker(async {
        let turn = TURN.with(std::sync::Arc::clone).acquire_owned().await;
        let outcome = Rc::new(RefCell::new(None));
        let task = tokio::task::spawn_local({
            let (outcome, call) = (Rc::clone(&outcome), call(bytes, body));
            async move { *outcome.borrow_mut() = Some(call.await) }
        });
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        let waits = outcome.borrow().is_none();
        drop(turn);
        task.await.unwrap();
        let outcome = outcome.take().unwrap();
        assert!(outcome.is_ok(), "{body}: {outcome:?}");
        waits
    })
}

#[test]
fn nothing_of_the_host_goes_over_large_values_on_the_worker() {
    for body in [
        "octets.text()",
        "octets.to_hex()",
        "octets.latin1()",
        "octets.index_of(\"b\")",
        "octets.contains(\"b\")",
        "let other = octets; other.push(1)",
        "let other = octets; other[0] = 1",
        "octets + text",
        "blob(octets.len, 1)",
        "text.to_blob(\"latin1\")",
        "hex(octets)",
        "from_hex(text)",
        "base64(octets)",
        "from_base64(text)",
        "sha256(octets)",
        "sha256(text)",
        "to_json(octets)",
        "to_json([text])",
        "to_json(#{a: text}, 2)",
        "parse_json(`\"${text}\"`)",
        "stash.put(\"k\", octets, \"/\")",
        "stash.put(\"k\", [text], \"/\")",
    ] {
        assert!(is_done_aside(2 * LARGE, body), "{body}");
        assert!(!is_done_aside(1024, body), "{body}, of little");
    }
}

#[test]
fn the_worker_goes_on_meanwhile() {
    let (sender, receiver) = mpsc::channel();
    let receiver = Cell::new(Some(receiver));
    let runtime = runtime_with(alone(), |engine| {
        let wait = move |bytes: INT| {
            let receiver = receiver.take().unwrap();
            aside(bytes as usize, move || receiver.recv().unwrap())
        };
        engine.register_fn("wait", wait);
    });
    let sum = on_worker(async {
        let call = tokio::task::spawn_local(start(&runtime, "fn main() { wait(10_000_000) + 1 }"));
        tokio::task::yield_now().await;
        // Were it done on this thread, nothing would come to this line.
        sender.send(41_i64).unwrap();
        call.await.unwrap().unwrap()
    });
    assert_eq!(sum.as_int(), Ok(42));
}

#[test]
fn what_is_small_or_outside_of_a_handler_is_done_at_once() {
    let here = thread::current().id();
    assert_eq!(aside(usize::MAX, || thread::current().id()).unwrap(), here);
    let runtime = runtime_with(alone(), |engine| {
        let id = || Ok::<_, Box<rhai::EvalAltResult>>(format!("{:?}", aside(LARGE - 1, || thread::current().id())?));
        engine.register_fn("id", id);
    });
    let id = on_worker(start(&runtime, "fn main() { id() }")).unwrap();
    assert_eq!(id.into_string(), Ok(format!("{here:?}")));
}

#[test]
fn a_panic_there_ends_that_handler_only() {
    let runtime = runtime_with(alone(), |engine| {
        let explode = || aside(LARGE, || -> INT { panic!("boom") });
        engine.register_fn("explode", explode);
    });
    on_worker(async {
        let error = start(&runtime, "fn main() { explode() }").await.unwrap_err();
        assert!(matches!(error, ScriptError::Panic { .. }), "{error}");
        assert_eq!(start(&runtime, "fn main() { 5 }").await.unwrap().as_int(), Ok(5));
    });
}

#[test]
fn what_is_read_as_json_is_bounded() {
    let error = on_worker(call(1, "parse_json(`[${\"0,\" + text}`)")).unwrap_err().to_string();
    assert!(error.contains("this is not valid JSON"), "{error}");
    let many = "let s = \"0,\"; for i in 0..16 { s += s; } parse_json(`[${s}0]`)";
    let error = on_worker(call(1, many)).unwrap_err().to_string();
    assert!(error.contains("more than 30000 values"), "{error}");
    let kept = "parse_json(`{\"a\": [1, -2, 2.5, true, null, \"x\", 18446744073709551615], \"a b\": {}}`).to_json()";
    let text = on_worker(call(1, kept)).unwrap().into_string().unwrap();
    assert_eq!(text, "{\"a\":[1,-2,2.5,true,null,\"x\",1.8446744073709552e+19],\"a b\":{}}");
}

#[test]
fn long_lines_of_the_log_are_cut() {
    let long = "x".repeat(100_000);
    let logged = crate::script::types::logged(&long);
    assert!(logged.len() < 17_000 && logged.ends_with("… (100000 bytes)"), "{}", logged.len());
}
