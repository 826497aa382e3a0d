import assert from "node:assert/strict";
import test from "node:test";
import { format, parse } from "../../src/server/pages/assets/state.js";

const NOTHING = { connections: [], filter: "", frame: null, own: false, paused: false };

test("a fragment names a view, and a view gives the fragment", () => {
  const view = { connections: [7, 8], filter: 'type:HEADERS,DATA -from:server "a & b"', frame: { connection: 7, number: 12 }, own: true, paused: true };
  assert.deepEqual(parse(format(view)), view);
  assert.equal(format(view), "#connection=7,8&filter=type:HEADERS,DATA%20-from:server%20%22a%20%26%20b%22&frame=7:12&own&paused");
  assert.equal(format(NOTHING), "");
  assert.deepEqual(parse(""), NOTHING);
});

test("a stream is a filter, too", () => {
  assert.deepEqual(parse("#connection=7&stream=1"), { ...NOTHING, connections: [7], filter: "stream:1" });
  assert.equal(parse("#stream=3&filter=is:error").filter, "stream:3 is:error");
  assert.equal(parse("#stream=x").filter, "");
});

test("what makes no sense is left out", () => {
  assert.deepEqual(parse("#connection=7,x,-1,7,0,1.5&frame=7&nothing=1&filter="), { ...NOTHING, connections: [7] });
  assert.deepEqual(parse("#frame=a:b"), NOTHING);
  assert.equal(parse("#filter=%zz").filter, "%zz");
});
