// Run by tests/clients/wire_js.rs: WIRESERVE and WIRESERVE_H2C are the URLs of a server.
import assert from "node:assert/strict";
import http2 from "node:http2";
import { test } from "node:test";

const base = process.env.WIRESERVE;
const { NGHTTP2_CANCEL, NGHTTP2_PROTOCOL_ERROR } = http2.constants;

// As docs/outcomes.md says it for Node.
const source = await (await fetch(`${base}/resources/wire.js`)).text();
await import(`data:text/javascript,${encodeURIComponent(source)}`);
const { wire, assert_frames, assert_goaway, assert_retried, assert_stream_reset, assert_why } = globalThis;

test("without a server it says what to set", async () => {
  await assert.rejects(() => wire.outcome("t"), /wire\.server = "http/);
  wire.server = base;
});

/** Asks for `path` over HTTP/2, and lets `act` do something once the response has begun. */
const begin = (path, act) => new Promise((resolve, reject) => {
  const session = http2.connect(process.env.WIRESERVE_H2C);
  const request = session.request({ ":path": path });
  session.on("error", reject);
  request.on("error", () => {});
  request.on("data", () => {
    request.removeAllListeners("data");
    act(request, session);
    resolve(session);
  });
});

const message = act => {
  try {
    act();
  } catch (error) {
    assert.equal(error.name, "AssertionError");
    return error.message;
  }
  throw new Error("it passes");
};

test("tokens differ and fit into a URL", async () => {
  const tokens = new Set(Array.from({ length: 100 }, () => wire.token()));
  assert.equal(tokens.size, 100);
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9._~-]{1,128}$/);
  assert.equal(wire.url("/a?b=c#d", "t~1"), `${base}/a?b=c&wire=t%7E1#d`);
});

test("a fetch and its outcome", async () => {
  const { response, text, error, outcome } = await wire.fetch("/handlers/hello.rhai");
  assert.deepEqual([response.status, text, error], [200, "Hello, world!\n", null]);
  assert_why(outcome, "stream-ended");
  assert.equal(outcome.attempts[0].protocol, "HTTP/1.1");
});

test("a fetch that fails is no exception", async () => {
  const { error, outcome } = await wire.fetch(`http://localhost:1/`, {}, { wait: 0 });
  assert.ok(error instanceof TypeError);
  assert_why(outcome, "never-came");
});

test("a client that resets its stream", async () => {
  const token = wire.token();
  const session = await begin(`/handlers/half.rhai?wire=${token}`, request => request.close(NGHTTP2_CANCEL));
  const outcome = await wire.outcome(token, { for: "reset" });
  session.destroy();
  assert_stream_reset(outcome);
  assert_stream_reset(outcome, "CANCEL");
  assert_stream_reset(outcome, 8);
  assert_frames(outcome, ["HEADERS", { type: "RST_STREAM", code: "CANCEL" }]);
  assert_frames(outcome, ["HEADERS", "DATA"], { from: "server" });
  const text = message(() => assert_stream_reset(outcome, "NO_ERROR"));
  const { connection, stream } = outcome.attempts[0];
  assert.match(text, /^assert_stream_reset: expected RST_STREAM NO_ERROR from the client, but it sent CANCEL\n/);
  assert.match(text, /← RST_STREAM stream 1 4 bytes CANCEL$/);
  assert.ok(text.includes(`${base}/_wire/#connection=${connection}&stream=${stream}\n`), text);
});

test("a client that ends the connection with an error", async () => {
  const token = wire.token();
  const debug = Buffer.from("because");
  const session = await begin(`/handlers/half.rhai?wire=${token}`,
    (request, session) => session.goaway(NGHTTP2_PROTOCOL_ERROR, 0, debug));
  const outcome = await wire.outcome(token);
  session.destroy();
  assert_why(outcome, "goaway");
  assert_goaway(outcome, "PROTOCOL_ERROR");
  assert.equal(outcome.attempts[0].client.goaway.debug, "because");
  assert.match(message(() => assert_goaway(outcome, "NO_ERROR")), /but it sent PROTOCOL_ERROR\n/);
  assert.match(message(() => assert_stream_reset(outcome)), /but it sent none\n/);
});

test("a client that leaves", async () => {
  const token = wire.token();
  await begin(`/handlers/half.rhai?wire=${token}`, (request, session) => session.destroy());
  assert_why(await wire.outcome(token, { for: "closed" }), "connection-lost");
});

test("a client that repeats its request", async () => {
  const token = wire.token();
  await fetch(wire.url("/handlers/hello.rhai", token));
  const once = await wire.outcome(token);
  assert_retried(once, 0);
  assert.match(message(() => assert_retried(once)), /expected 1 or more retries, but there were 0\n/);
  await fetch(wire.url("/handlers/hello.rhai", token));
  const twice = await wire.outcome(token, { attempts: 2 });
  assert_retried(twice);
  assert_retried(twice, 1);
  await wire.forget(token);
  assert_why(await wire.outcome(token, { wait: 0 }), "never-came");
});

test("what is not an outcome is a TypeError", () => {
  for (const act of [assert_goaway, assert_stream_reset, assert_retried, assert_why, assert_frames])
    assert.throws(() => act(undefined, []), TypeError);
});

test("frames that are not as expected are listed", async () => {
  const token = wire.token();
  const session = await begin(`/handlers/half.rhai?wire=${token}`, request => request.close(NGHTTP2_CANCEL));
  const outcome = await wire.outcome(token, { for: "reset" });
  session.destroy();
  const text = message(() => assert_frames(outcome, ["HEADERS", { type: "RST_STREAM", code: "NO_ERROR" }]));
  assert.match(text, /expected HEADERS, \{"type":"RST_STREAM","code":"NO_ERROR"\} from client, but there were HEADERS, RST_STREAM\n/);
  assert.match(message(() => assert_frames(outcome, [], { attempt: 7 })), /no such attempt/);
  const cut = structuredClone(outcome);
  cut.attempts[0].records_dropped = 3;
  assert.match(message(() => assert_frames(cut, ["HEADERS", "RST_STREAM"])), /3 older records are not in the outcome/);
});

test("mistakes are told in the server's words", async () => {
  await assert.rejects(() => wire.outcome("a b"), /wire\.outcome: A token is 1 to 128 characters/);
  await assert.rejects(() => wire.outcome("t", { wait: 61 }), /`wait` must be a number of seconds from 0 to 60/);
  await assert.rejects(() => wire.outcome("t", { for: "rain" }), /goaway, reset or closed/);
});
