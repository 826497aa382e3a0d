// META: title=The stash: what one request leaves for another
// META: global=window,dedicatedworker,sharedworker,serviceworker

const ask = async (what) => {
  const response = await fetch("support/stash.rhai?" + new URLSearchParams(what), { cache: "no-store" });
  return response.text();
};
const key = () => crypto.randomUUID();

promise_test(async () => {
  const id = key();
  await ask({ do: "put", key: id, value: "v" });
  assert_equals(await ask({ do: "peek", key: id }), "v");
  assert_equals(await ask({ do: "take", key: id }), "v");
  assert_equals(await ask({ do: "take", key: id }), "nothing");
}, "put, peek, take");

promise_test(async () => {
  const id = key();
  const waiting = ask({ do: "wait", key: id });
  await ask({ do: "put", key: id, value: "came" });
  assert_equals(await waiting, "came");
}, "wait gets what a later request puts");
