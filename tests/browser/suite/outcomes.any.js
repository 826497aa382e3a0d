// META: script=/resources/wire.js
"use strict";

promise_test(async () => {
  const { text, outcome } = await wire.fetch("/support/hello.txt");
  assert_equals(text.trim(), "hello");
  assert_why(outcome, "stream-ended");
  assert_frames(outcome, ["HEADERS"]);
  assert_frames(outcome, ["HEADERS", "DATA"], { from: "server" });
}, "a page asks what became of its request");

promise_test(async () => {
  const outcome = await wire.outcome(wire.token(), { wait: 0 });
  let message = "";
  try {
    assert_goaway(outcome);
  } catch (error) {
    message = error.message;
  }
  assert_regexp_match(message, /expected GOAWAY from the client, but it sent none[^]*never-came/);
}, "an assertion that fails says what there was");
