//! Each error names the line that it arose in, whatever raised it.

use super::*;

#[derive(Clone)]
struct Fragile;

/// A type whose every use is an error without a place.
fn register_fragile(engine: &mut Engine) {
    type Outcome<T> = Result<T, Box<rhai::EvalAltResult>>;
    let fail = || -> Box<rhai::EvalAltResult> { "it broke".into() };
    super::super::api::register(engine);
    engine.register_type_with_name::<Fragile>("fragile");
    engine.register_fn("fragile", || Fragile);
    engine.register_get("part", move |_: &mut Fragile| -> Outcome<INT> { Err(fail()) });
    engine.register_set("part", move |_: &mut Fragile, _: INT| -> Outcome<()> { Err(fail()) });
    engine.register_indexer_get(move |_: &mut Fragile, _: INT| -> Outcome<INT> { Err(fail()) });
    engine.register_indexer_set(move |_: &mut Fragile, _: INT, _: INT| -> Outcome<()> { Err(fail()) });
    engine.register_fn("touch", move |_: &mut Fragile| -> Outcome<()> { Err(fail()) });
    engine.register_fn("crack", move || -> Outcome<()> { Err(fail()) });
    engine.register_fn("+", move |_: Fragile, _: INT| -> Outcome<INT> { Err(fail()) });
    engine.register_fn("-", move |_: Fragile| -> Outcome<INT> { Err(fail()) });
    engine.register_fn("+=", move |_: &mut Fragile, _: INT| -> Outcome<()> { Err(fail()) });
    engine.register_fn("==", move |_: Fragile, _: Fragile| -> Outcome<bool> { Err(fail()) });
    engine.register_fn("contains", move |_: &mut Fragile, _: INT| -> Outcome<bool> { Err(fail()) });
    engine.register_fn("to_string", move |_: &mut Fragile| -> Outcome<String> { Err(fail()) });
}

/// What is said of an error of `script`, whose line 3 is at fault.
fn told(limits: Limits, script: &str) -> String {
    let runtime = runtime_with(limits, register_fragile);
    let source = ScriptSource::Embedded { name: "test.rhai".into(), text: script.to_owned().into() };
    let script = match runtime.load(&source) {
        Ok(script) => script,
        Err(error) => return error.to_string(),
    };
    match on_worker(runtime.start(&script, Subject::Server, |caller| caller.call("main", ())).unwrap()) {
        Ok(value) => format!("no error, but {value:?}"),
        Err(error) => error.to_string(),
    }
}

/// Scripts whose third line is at fault: what comes before, that line, what comes after.
const CASES: &[(&str, &str, &str)] = &[
    // Sizes.
    ("let out = []; for k in 0..20000 {", "out.push(k);", "}"),
    ("let a = [1]; loop {", "a += a;", "}"),
    ("let a = [1]; loop {", "a = a + a;", "}"),
    ("let a = []; a.pad(6000, 1);", "let b = [a, a];", ""),
    ("let a = []; a.pad(6000, 1);", "let m = #{ a: a, b: a };", ""),
    ("let a = [];", "a.pad(1000000000, 1);", ""),
    ("let a = []; a.pad(6000, 1); let m = #{};", "m.a = a; m.b = a;", ""),
    ("let a = []; a.pad(6000, 1); let m = #{ a: a };", "m.b = a;", ""),
    ("let a = []; a.pad(6000, 1); let b = [1];", "b[0] = [a, a];", ""),
    ("let s = \"x\"; loop {", "s += s;", "}"),
    ("let s = \"x\"; loop {", "s = s + s;", "}"),
    ("let s = \"x\"; for i in 0..24 { s += s; }", "let t = `${s}${s}`;", ""),
    ("let s = \"x\"; for i in 0..24 { s += s; }", "s.replace(\"x\", \"yy\");", ""),
    ("let s = \"x\"; for i in 0..24 { s += s; }", "s.split(\"x\");", ""),
    ("let s = \"x\"; for i in 0..24 { s += s; }", "s.to_chars();", ""),
    ("let s = \"\";", "s.pad(100000000000, 'x');", ""),
    ("", "blob(100000000000);", ""),
    ("let b = blob(40000000);", "b += b;", ""),
    // Functions of modules.
    ("", "frame::ping(\"abc\");", ""),
    ("", "frame::data(-1, \"abc\");", ""),
    ("", "frame::unknown(256, 0, 0, \"\");", ""),
    ("", "hpack::decode(\"\\xff\");", ""),
    ("", "hpack::encode(1);", ""),
    ("", "fuzz::mutate(1, 2);", ""),
    ("", "flood::ping(1);", ""),
    // Methods, properties, indexes and operators of the API's types.
    ("let block = hpack::block();", "block.indexed(-1);", ""),
    ("let f = frame::ping(\"12345678\");", "f.length = \"x\";", ""),
    ("let f = frame::ping(\"12345678\");", "f.type = 300;", ""),
    ("let f = frame::ping(\"12345678\");", "f.flags = 256;", ""),
    ("let f = fragile();", "f.touch();", ""),
    ("", "crack();", ""),
    ("let f = fragile();", "f.part;", ""),
    ("let f = fragile();", "let x = f.part;", ""),
    ("let f = fragile();", "f.part = 1;", ""),
    ("let f = fragile();", "f.part += 1;", ""),
    ("let f = fragile();", "f[0];", ""),
    ("let f = fragile();", "f[0] = 1;", ""),
    ("let f = fragile();", "f[0] += 1;", ""),
    ("let f = #{ inner: [fragile()] };", "f.inner[0].part;", ""),
    ("let f = #{ inner: [fragile()] };", "f.inner[0].part = 1;", ""),
    ("let f = #{ inner: [fragile()] };", "f.inner[0].touch();", ""),
    ("let f = fragile();", "f + 1;", ""),
    ("let f = fragile();", "-f;", ""),
    ("let f = fragile();", "f += 1;", ""),
    ("let f = fragile();", "f == f;", ""),
    ("let f = fragile();", "1 in f;", ""),
    ("let f = [fragile()];", "f == f;", ""),
    // Rhai's own.
    ("", "1 / 0;", ""),
    ("let x = 1;", "x /= 0;", ""),
    ("", "9223372036854775807 + 1;", ""),
    ("let x = 9223372036854775807;", "x += 1;", ""),
    ("", "\"a\" - 1;", ""),
    ("", "[1][7];", ""),
    ("", "\"abc\"[7];", ""),
    ("let a = [1];", "a[7] = 1;", ""),
    ("let x = 5;", "x.nothing();", ""),
    ("let x = 5;", "x.nothing;", ""),
    ("let x = 5;", "x.nothing = 1;", ""),
    ("let x = 5;", "x[\"y\"] = 1;", ""),
    ("", "nothing(1);", ""),
    ("", "nothing::at_all(1);", ""),
    ("", "nothing;", ""),
    ("", "for x in 5 { }", ""),
    ("", "if 1 { }", ""),
    ("", "import \"nothing\" as n;", ""),
    ("", "parse_json(\"{\");", ""),
    ("", "parse_int(\"x\");", ""),
    ("const K = 1;", "K = 2;", ""),
    ("", "throw \"x\";", ""),
    // Closures and functions.
    ("[1].map(|x|", "frame::ping(\"a\")", ")"),
    ("[1].map(|x| {", "1 / 0", "})"),
    ("let f = |x| {", "frame::ping(x)", "}; f.call(\"a\")"),
    ("let f = Fn(\"crack\");", "f.call();", ""),
    ("[3, 2, 1].filter(|a| {", "a.nothing()", "})"),
];

#[test]
fn every_error_has_its_line() {
    let mut wrong = Vec::new();
    for (before, line, after) in CASES {
        let text = told(alone(), &format!("fn main() {{\n{before}\n    {line}\n{after}\n}}\n"));
        let shown = format!("\n 3 |     {line}\n   | ");
        if !text.contains("test.rhai:3:") || !text.contains(&shown) {
            wrong.push(format!("{line}\n{text}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}
