// META: title=Files, their fields, ranges and revalidation
// META: global=window,dedicatedworker,sharedworker,serviceworker

promise_test(async () => {
  const response = await fetch("support/fields.txt");
  assert_equals(response.headers.get("x-once"), "one");
  assert_equals(response.headers.get("x-twice"), "first, second");
  assert_equals(response.headers.get("content-type"), "text/plain; charset=latin1");
}, ".headers beside a file");

promise_test(async () => {
  const response = await fetch("support/substituted.txt?name=value");
  assert_equals(response.headers.get("x-host"), location.hostname);
  assert_equals(response.headers.get("x-asked"), "value");
}, ".sub.headers beside a file");

promise_test(async () => {
  const response = await fetch("support/values.sub.json?name=a%26b");
  const values = await response.json();
  assert_equals(values.host, location.hostname);
  assert_equals(values.scheme, "https");
  assert_equals(values.name, "a&b", "JSON is not escaped as HTML is");
  assert_equals(values.same[0], values.same[1], "a variable keeps its value");
}, ".sub. in a file's name");

promise_test(async () => {
  const response = await fetch("support/hello.txt", { headers: { range: "bytes=1-3" } });
  assert_equals(response.status, 206);
  assert_equals(response.headers.get("content-range"), "bytes 1-3/6");
  assert_equals(await response.text(), "ell");
}, "one range");

promise_test(async () => {
  const first = await fetch("support/hello.txt", { cache: "no-store" });
  const tag = first.headers.get("etag");
  const again = await fetch("support/hello.txt", { cache: "no-store", headers: { "if-none-match": tag } });
  assert_equals(again.status, 304);
}, "If-None-Match");

promise_test(async () => {
  const response = await fetch("support", { cache: "no-store" });
  assert_true(response.redirected);
  assert_true((await response.text()).includes("hello.txt"));
}, "a folder's list, at the address with a slash");
