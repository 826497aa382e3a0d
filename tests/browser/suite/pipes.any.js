// META: title=Pipes: what a file becomes on its way
// META: global=window,dedicatedworker,sharedworker,serviceworker

const hello = (pipe) => fetch(`support/hello.txt?pipe=${encodeURIComponent(pipe)}`, { cache: "no-store" });

promise_test(async () => {
  const response = await hello("status(404)|header(X-Pipe,a\\,b)|slice(1,4)");
  assert_equals(response.status, 404);
  assert_equals(response.headers.get("x-pipe"), "a,b");
  assert_equals(await response.text(), "ell");
}, "status, header and slice, from left to right");

promise_test(async () => {
  const response = await hello("gzip");
  assert_equals(await response.text(), "hello\n");
}, "gzip is undone by the browser");

promise_test(async () => {
  const response = await hello("trickle(2:d0.05:r2)");
  assert_equals(await response.text(), "hello\n");
  assert_equals(response.headers.get("cache-control"), "no-cache, no-store, must-revalidate");
}, "trickle gives all of it, bit by bit");

promise_test(async () => {
  const response = await hello("split(1)|pad(7)");
  assert_equals(await response.text(), "hello\n");
}, "split and pad do not show");

promise_test(async (t) => {
  const response = await hello("reset(CANCEL,2)").catch(() => null);
  if (response) await promise_rejects_js(t, TypeError, response.text());
}, "reset breaks the response off");

promise_test(async () => {
  const response = await hello("delay(0.05)");
  assert_equals(await response.text(), "hello\n");
}, "delay holds the fields back, and no more");
