//! What scripts get of the stash.

use rhai::Dynamic;

use super::*;
use crate::script::ScriptSource;
use crate::script::api;
use crate::script::engine::set_globals;
use crate::script::error::ScriptError;
use crate::script::limits::Limits;
use crate::script::loader::Roots;
use crate::script::runtime::{Runtime, ScriptCall};
use crate::script::subject::Subject;
use crate::script::watch::Changes;

fn start(runtime: &std::rc::Rc<Runtime>, text: &str) -> ScriptCall<Dynamic> {
    let name = format!("test-{}.rhai", crate::script::octets::Octets(text.to_owned().into()).hex());
    let source = ScriptSource::Embedded { name: name.into(), text: text.to_owned().into() };
    let script = runtime.load(&source).unwrap_or_else(|error| panic!("{error}"));
    runtime.start(&script, Subject::Server, |caller| caller.call("main", ())).unwrap()
}

fn runtime(stash: &Arc<Stash>, limits: Limits) -> std::rc::Rc<Runtime> {
    Runtime::new(Limits { memory: 0, ..limits }, Roots::default(), Changes::unwatched(), |engine| {
        api::register(engine);
        api::stash::register(engine);
        let handle = api::stash::Handle(Arc::clone(stash));
        set_globals(engine, [("stash", Dynamic::from(handle))]);
    })
}

fn run(stash: &Arc<Stash>, body: &str) -> Result<Dynamic, ScriptError> {
    let runtime = runtime(stash, Limits::default());
    block_on(start(&runtime, &format!("fn main() {{ {body} }}")))
}

fn text(stash: &Arc<Stash>, body: &str) -> String {
    run(stash, body).unwrap_or_else(|error| panic!("{error}")).to_string()
}

fn error(stash: &Arc<Stash>, body: &str) -> String {
    run(stash, body).map(|value| panic!("{value}")).unwrap_or_else(|error| error.to_string())
}

#[test]
fn put_take_and_peek_are_those_of_wptserve() {
    let stash = Stash::new(Options::default()).unwrap();
    let id = r#"let id = "0f8fad5b-d9cb-469f-a165-70867728950e";"#;
    assert_eq!(text(&stash, &format!("{id} stash.put(id, #{{a: [1, 'x']}}, \"/p\"); stash.peek(id, \"/q\")")), "");
    assert_eq!(text(&stash, &format!("{id} stash.peek(id.to_upper(), \"/p\").a[0]")), "1");
    let twice = error(&stash, &format!("{id} stash.put(id, 1, \"/p\")"));
    assert!(twice.contains(r#"already has a value for "0f8fad5b-d9cb-469f-a165-70867728950e" (path "/p")"#), "{twice}");
    assert_eq!(text(&stash, &format!("{id} stash.take(id, \"/p\").a[1]")), "x");
    assert_eq!(text(&stash, &format!("{id} stash.take(id, \"/p\")")), "");
    let unit = error(&stash, &format!("{id} stash.put(id, (), \"/p\")"));
    assert!(unit.contains("it means that there is no value"), "{unit}");
    let key = error(&stash, "stash.put(\"counter\", 1, \"/p\")");
    assert!(key.contains(r#""counter" is not a UUID"#) && key.contains("any_key"), "{key}");
    let outside = error(&stash, &format!("{id} stash.take(id)"));
    assert!(outside.contains("needs a path"), "{outside}");
}

#[test]
fn what_cannot_be_kept_is_named_as_scripts_know_it() {
    let stash = stash();
    let closure = error(&stash, "let f = |x| x; stash.put(\"k\", #{list: [1, f]}, \"/p\")");
    assert!(closure.contains("cannot store a Fn in the stash (at value.list[1])"), "{closure}");
    let handle = error(&stash, "stash.put(\"k\", [stash], \"/p\")");
    assert!(handle.contains("cannot store a stash in the stash (at value[0])"), "{handle}");
    let shared =
        "let n = [1]; let f = || { n.push(2); }; f.call(); stash.put(\"k\", n, \"/p\"); stash.take(\"k\", \"/p\").len";
    assert_eq!(text(&stash, shared), "2");
}

#[test]
fn a_script_may_call_something_else_stash() {
    let stash = stash();
    assert_eq!(text(&stash, "let stash = 3; let f = || stash + 1; f.call()"), "4");
    assert_eq!(text(&stash, "let f = |stash| stash + 1; f.call(4)"), "5");
    assert_eq!(
        text(&stash, "let mine = stash; mine.put(\"k\", 1, \"/p\"); let f = || mine.take(\"k\", \"/p\"); f.call()"),
        "1"
    );
    let runtime = runtime(&stash, Limits::default());
    let nested = "fn f() { stash.put(\"k\", 6, \"/p\"); } fn main() { f(); [1].map(|x| stash.take(\"k\", \"/p\"))[0] }";
    assert_eq!(block_on(start(&runtime, nested)).unwrap().as_int(), Ok(6));
}

#[test]
fn the_limits_are_told_with_their_keys() {
    let limits = Options { any_key: true, max_entries: 1, max_value: 10, max_octets: 8, ..Options::default() };
    let stash = Stash::new(limits).unwrap();
    let large = error(&stash, "stash.put(\"k\", \"123456789\", \"/p\")");
    assert!(large.contains("at most 10 bytes") && large.contains("max_value"), "{large}");
    let full = error(&stash, "stash.put(\"k\", \"12345\", \"/p\")");
    assert!(full.contains("more than 8 bytes") && full.contains("max_octets"), "{full}");
    let many = error(&stash, "stash.put(\"k\", 1, \"/p\"); stash.put(\"l\", 1, \"/p\")");
    assert!(many.contains("1 unclaimed values") && many.contains("max_entries"), "{many}");
}

#[test]
fn an_update_loses_nothing_however_many_meet() {
    let stash = stash();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let stash = Arc::clone(&stash);
            std::thread::Builder::new()
                .stack_size(crate::script::coroutine::OUTER_STACK_SIZE)
                .spawn(move || {
                    let runtime = runtime(&stash, Limits::default());
                    block_on(async {
                        let script = "fn main() { for i in 0..50 { stash.update(\"k\", |old| { sleep(0); (if old == () { 0 } else { old }) + 1 }, \"/p\"); } }";
                        let all: Vec<_> = (0..4).map(|_| tokio::task::spawn_local(start(&runtime, script))).collect();
                        for one in all {
                            let _: Dynamic = one.await.unwrap().unwrap();
                        }
                    });
                })
                .unwrap()
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert_eq!(text(&stash, "stash.take(\"k\", \"/p\")"), "800");
    assert_eq!(text(&stash, "stash.update(\"k\", |old| 7, \"/p\")"), "7");
    assert_eq!(text(&stash, "stash.update(\"k\", |old| (), \"/p\"); stash.peek(\"k\", \"/p\")"), "", "() removes");
}

#[test]
fn with_a_lock_take_and_put_are_one_step() {
    let stash = stash();
    let runtime = runtime(&stash, Limits::default());
    let script = "fn main() { for i in 0..20 { stash.with_lock(|| { let n = stash.take(\"k\", \"/p\"); sleep(0); \
                  stash.put(\"k\", (if n == () { 0 } else { n }) + 1, \"/p\"); }, \"/p\"); } }";
    block_on(async {
        let all: Vec<_> = (0..5).map(|_| tokio::task::spawn_local(start(&runtime, script))).collect();
        for one in all {
            let _: Dynamic = one.await.unwrap().unwrap_or_else(|error| panic!("{error}"));
        }
    });
    assert_eq!(text(&stash, "stash.take(\"k\", \"/p\")"), "100");
    assert_eq!(text(&stash, "stash.with_lock(|| 5, \"/p\")"), "5");
}

#[test]
fn a_lock_is_free_again_whatever_ends_its_holder() {
    let stash = stash();
    let thrown = error(&stash, "stash.with_lock(|| { throw \"no\"; }, \"/p\")");
    assert!(thrown.contains("error: no"), "{thrown}");
    assert!(!stash.is_locked("/p"));
    let quick = runtime(&stash, Limits { time: Duration::from_millis(20), ..Limits::default() });
    let asleep = block_on(start(&quick, "fn main() { stash.with_lock(|| sleep(60), \"/p\") }"));
    assert!(matches!(asleep, Err(ScriptError::Budget { .. })), "{asleep:?}");
    assert!(!stash.is_locked("/p"));
    block_on(async {
        let mut left = Box::pin(start(&quick, "fn main() { stash.with_lock(|| sleep(60), \"/p\") }"));
        assert!(poll(left.as_mut()).is_pending() && stash.is_locked("/p"));
        drop(left);
        assert!(!stash.is_locked("/p"));
    });
    let twice = error(&stash, "stash.with_lock(|| stash.with_lock(|| 1, \"/p\"), \"/p\")");
    assert!(twice.contains("already has the stash lock for \"/p\""), "{twice}");
}

#[test]
fn who_kept_a_lock_too_long_is_told_at_the_next_step() {
    let stash = Stash::with_lease(Options { any_key: true, ..Options::default() }, Duration::from_millis(10)).unwrap();
    let late = error(
        &stash,
        "stash.with_lock(|| { stash.put(\"k\", 1, \"/p\"); sleep(0.02); stash.take(\"k\", \"/p\") }, \"/p\")",
    );
    assert!(late.contains("held it for more than 0.01 s"), "{late}");
    let update = error(&stash, "stash.with_lock(|| stash.update(\"k\", |old| { sleep(0.02); 2 }, \"/p\"), \"/p\")");
    assert!(update.contains("held it for more than 0.01 s"), "{update}");
    assert_eq!(text(&stash, "stash.take(\"k\", \"/p\")"), "1", "and nothing was changed");
    let other = "stash.with_lock(|| { sleep(0.02); stash.with_lock(|| 1, \"/q\") }, \"/p\")";
    assert!(error(&stash, other).contains("held it for more than 0.01 s"), "nothing but another lock is a step too");
    assert!(!stash.is_locked("/q"));
}

#[test]
fn a_script_that_waits_ends_with_its_time_and_takes_nothing_with_it() {
    let stash = stash();
    assert_eq!(text(&stash, "stash.wait(\"k\", 0.01, \"/p\")"), "");
    let nonsense = error(&stash, "stash.wait(\"k\", -1, \"/p\")");
    assert!(nonsense.contains("-1 is not a time"), "{nonsense}");
    let quick = runtime(&stash, Limits { time: Duration::from_millis(20), ..Limits::default() });
    let ended = block_on(start(&quick, "fn main() { stash.wait(\"k\", 60, \"/p\") }"));
    assert!(matches!(ended, Err(ScriptError::Budget { .. })), "{ended:?}");
    assert_eq!(text(&stash, "stash.put(\"k\", 1, \"/p\"); stash.wait(\"k\", 60, \"/p\")"), "1");
}
