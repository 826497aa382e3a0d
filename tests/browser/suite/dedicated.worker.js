importScripts("/resources/testharness.js");

test(() => {
  assert_equals(typeof WorkerGlobalScope, "function");
}, "a .worker.js runs in a worker");

done();
