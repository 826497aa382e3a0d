//! Generated pages and scripts that run a test in a ShadowRealm, with WPT's `/resources/testharness-shadowrealm-*.js`.

use super::pages::{Parts, evaluate, imports, page};

const OUTER: &str = "/resources/testharness-shadowrealm-outer.js";

/// Loads the harness into a realm, where a realm can import.
const HARNESS: &str = "await import(\"/resources/testharness-shadowrealm-inner.js\");\n\
                       await import(\"/resources/testharness.js\");\n";

/// The same where the host has to fetch for it.
const FETCHED_HARNESS: &str = "await fakeDynamicImport(\"/resources/testharness-shadowrealm-inner.js\");\n\
                               await fakeDynamicImport(\"/resources/testharness.js\");\n";

fn import(url: &str) -> String {
    format!("await import({url});")
}

fn fetched_import(url: &str) -> String {
    format!("await fakeDynamicImport({url});")
}

/// The test with the scripts that it asks for.
fn test(parts: &Parts<'_>, import: fn(&str) -> String, title: bool) -> String {
    format!("{}{}\n", imports(parts.meta, import, title), import(&format!("\"{}\"", parts.path)))
}

/// A page in whose script `code` runs; what it throws ends the test with an error.
fn realm_page(parts: &Parts<'_>, code: &str) -> String {
    let body = format!(
        "<script>\n(async () => {{\n{code}done();\n}})().catch(error => setup(() => {{ throw error; }}));\n</script>\n"
    );
    page(parts, "", &[OUTER], &body)
}

pub(super) fn in_window(parts: &Parts<'_>) -> String {
    let mut code = String::from("const realm = new ShadowRealm();\n");
    code.push_str(&evaluate("realm", HARNESS));
    code.push_str("realm.evaluate(\"setShadowRealmGlobalProperties\")(location.search, fetchAdaptor);\n");
    code.push_str(&evaluate("realm", &test(parts, import, false)));
    code.push_str("await fetch_tests_from_shadow_realm(realm);\n");
    realm_page(parts, &code)
}

pub(super) fn in_realm(parts: &Parts<'_>) -> String {
    let mut code =
        String::from("const outer = new ShadowRealm();\nouter.evaluate(\"var inner = new ShadowRealm();\");\n");
    let load = format!("await import(\"{OUTER}\");\n{}", evaluate("inner", HARNESS));
    code.push_str(&evaluate("outer", &load));
    code.push_str(
        "outer.evaluate(`inner.evaluate(\"setShadowRealmGlobalProperties\")`)(location.search, fetchAdaptor);\n",
    );
    code.push_str(&evaluate("outer", &evaluate("inner", &test(parts, import, false))));
    code.push_str(
        "outer.evaluate(`function begin_shadow_realm_tests(callback) {\n  \
         inner.evaluate(\"begin_shadow_realm_tests\")(callback);\n}`);\n\
         await fetch_tests_from_shadow_realm(outer);\n",
    );
    realm_page(parts, &code)
}

pub(super) fn audio_worklet(parts: &Parts<'_>) -> String {
    let Parts { path, query, .. } = parts;
    let body = format!(
        "<script>\n(async () => {{\nconst context = new AudioContext();\n\
         for (const url of [\"{OUTER}\", \"/resources/testharness-shadowrealm-audioworkletprocessor.js\", \"{path}{query}\"]) {{\n  \
         await context.audioWorklet.addModule(url);\n}}\n\
         const node = new AudioWorkletNode(context, \"test-runner\");\nsetupFakeFetchOverMessagePort(node.port);\n\
         fetch_tests_from_worker(node.port);\n}})();\n</script>\n"
    );
    page(parts, "", &[OUTER], &body)
}

pub(super) fn worker_script(parts: &Parts<'_>) -> String {
    let properties =
        format!("realm.evaluate(\"setShadowRealmGlobalProperties\")(\"{}\", fetchAdaptor);\n", parts.query);
    let code = [evaluate("realm", HARNESS), properties, evaluate("realm", &test(parts, import, true))].concat();
    hosted("", &code)
}

pub(super) fn service_worker_script(parts: &Parts<'_>) -> String {
    let properties =
        format!("realm.evaluate(\"setShadowRealmGlobalProperties\")(\"{}\", fetchAdaptor);\n", parts.query);
    let code = [evaluate("realm", FETCHED_HARNESS), properties, evaluate("realm", &test(parts, fetched_import, true))]
        .concat();
    hosted("setupFakeDynamicImportInShadowRealm(realm, fetchAdaptor);\n", &code)
}

/// The script of a worker that has a realm and passes on what the tests in it say.
fn hosted(prepare: &str, code: &str) -> String {
    format!(
        "importScripts(\"{OUTER}\");\n(async () => {{\nconst postMessageFunc = await getPostMessageFunc();\ntry {{\n\
         const realm = new ShadowRealm();\n{prepare}{code}\
         realm.evaluate(\"begin_shadow_realm_tests\")(message => postMessageFunc(JSON.parse(message)));\n\
         }} catch (error) {{\n  postMessageFunc(createSetupErrorResult(error));\n}}\n}})();\n"
    )
}

pub(super) fn audio_worklet_script(parts: &Parts<'_>) -> String {
    format!(
        "TestRunner.prototype.createShadowRealmAndStartTests = async function() {{\ntry {{\n\
         const query = import.meta.url.split(\"?\")[1];\nconst realm = new ShadowRealm();\n\
         const fetchOverPort = this.fetchOverPortExecutor.bind(this);\n\
         setupFakeDynamicImportInShadowRealm(realm, fetchOverPort);\n{}\
         realm.evaluate(\"setShadowRealmGlobalProperties\")(query ? \"?\" + query : \"\", fetchOverPort);\n{}\
         realm.evaluate(\"begin_shadow_realm_tests\")(message => this.port.postMessage(JSON.parse(message)));\n\
         }} catch (error) {{\n  this.port.postMessage(createSetupErrorResult(error));\n}}\n}};\n",
        evaluate("realm", FETCHED_HARNESS),
        evaluate("realm", &test(parts, fetched_import, true)),
    )
}
