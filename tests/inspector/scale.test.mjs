import assert from "node:assert/strict";
import test from "node:test";
import { short } from "../../src/server/pages/assets/charts.js";
import { label, scale, stalls } from "../../src/server/pages/assets/scale.js";

test("records that share a time have places of their own, in order", () => {
  const { place, breaks } = scale([[3, 0.1], [1, 0.1], [2, 0.1]]);
  assert.deepEqual([place(1), place(2), place(3), breaks], [0, 0.5, 1, []]);
});

test("a long wait is cut, and said to be", () => {
  const records = [...Array.from({ length: 10 }, (_, index) => [index, index / 1000]), [10, 60]];
  const { place, breaks, ticks } = scale(records);
  assert.equal(breaks.length, 1);
  assert.ok(Math.abs(breaks[0].gap - 59.991) < 1e-9);
  assert.ok(place(9) > 0.5, "what happened has most of the room");
  assert.equal(place(10), 1);
  assert.equal(ticks[0].label, "0");
});

test("even steps are not cut, and what has no record is where the one before it is", () => {
  const { place, breaks } = scale([[1, 0], [2, 1], [3, 2], [9, 4]]);
  assert.deepEqual(breaks, []);
  assert.equal(place(5), place(3));
  assert.equal(scale([]).ticks.length, 0);
  assert.equal(scale([[1, 1]]).ticks[0].label, "1 s");
});

test("where a window was used up", () => {
  assert.deepEqual(stalls([[1, 0, 10], [2, 1, 0], [3, 1.5, -5], [4, 3, 1], [9, 4, 0]]), [{ from: 2, to: 4, seconds: 2 }, { from: 9, to: null, seconds: null }]);
});

test("times and sizes for people", () => {
  assert.deepEqual([0, 0.000595, 0.0123, 0.25, 1, 59.99, 120].map(label), ["0", "0.6 ms", "12.3 ms", "250 ms", "1 s", "60 s", "120 s"]);
  assert.deepEqual([0, 999, -5, 65_535, 1024 * 1024, 3 * 1024 ** 3].map(short), ["0", "999", "-5", "64 Ki", "1 Mi", "3 Gi"]);
});
