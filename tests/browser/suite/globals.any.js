// META: title=The same file in every kind of global
// META: global=window,window-module,dedicatedworker,dedicatedworker-module,sharedworker,sharedworker-module,serviceworker,serviceworker-module
// META: script=support/helper.js

test(() => {
  assert_equals(typeof helper, "object");
}, "META script is loaded");

promise_test(async () => {
  assert_equals(await helper.protocolOf("support/hello.txt"), "h2");
}, "a fetch goes over HTTP/2");

promise_test(async () => {
  const response = await fetch("support/hello.txt");
  assert_equals(response.headers.get("content-type"), "text/plain");
  assert_equals(await response.text(), "hello\n");
}, "a file arrives whole");
