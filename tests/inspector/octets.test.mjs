import assert from "node:assert/strict";
import test from "node:test";
import { ascii, covering, fromHex, hexOf, spaced, walk } from "../../src/server/pages/assets/octets.js";

const part = (name, from, to, parts = []) => ({ name, from, to, parts });
const PARTS = [
  part("header", 0, 9, [part("length", 0, 3), part("stream", 5, 9, [part("reserved", 5, 6)])]),
  part("block", 9, 20, [part(":status", 9, 10), part("x", 10, 20, [part("value", 12, 20), part("empty", 12, 12)])]),
];
const names = offset => covering(PARTS, offset).map(one => one.name);

test("a byte names the deepest part that covers it, and those around it", () => {
  assert.deepEqual(names(0), ["header", "length"]);
  assert.deepEqual(names(4), ["header"]);
  assert.deepEqual(names(5), ["header", "stream", "reserved"]);
  assert.deepEqual(names(6), ["header", "stream"]);
  assert.deepEqual(names(12), ["block", "x", "value"]);
  assert.deepEqual(names(20), []);
  assert.deepEqual(covering(undefined, 0), []);
});

test("of neighbors that share a byte the narrower one is named", () => {
  assert.deepEqual(covering([part("wide", 0, 8), part("narrow", 2, 3)], 2).map(one => one.name), ["narrow"]);
});

test("a tree is walked parents first", () => {
  assert.deepEqual([...walk(PARTS)].map(({ path }) => path.map(one => one.name).join("/")).slice(0, 4), ["header", "header/length", "header/stream", "header/stream/reserved"]);
});

test("bytes become text and come back", () => {
  assert.deepEqual([...fromHex("00ff7a")], [0, 255, 122]);
  assert.equal(hexOf(fromHex("00ff7a")), "00ff7a");
  assert.equal(spaced("00ff7a"), "00 ff 7a");
  assert.equal(spaced(""), "");
  assert.equal([0x41, 0x20, 0x7f, 0xe9].map(ascii).join(""), "A ··");
});
