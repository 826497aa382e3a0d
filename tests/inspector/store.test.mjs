import assert from "node:assert/strict";
import test from "node:test";
import { MAX_ROWS, Store } from "../../src/server/pages/assets/store.js";

const page = (connection, rows, more = {}) => ({ connection, rows: rows.map(([seq, time]) => ({ seq, time })), after: rows.at(-1)?.[0] ?? 0, seen: rows.length, missed: 0, ...more });
const order = store => store.rows.map(row => `${row.connection}:${row.seq}`).join(" ");

test("rows of several connections are in the order of time", () => {
  const store = new Store();
  assert.equal(store.add(page(1, [[1, 0], [2, 5], [3, 5]]), 100), 0);
  // It began three seconds later.
  assert.equal(store.add(page(2, [[1, 0], [2, 2]]), 103), 1);
  assert.equal(order(store), "1:1 2:1 1:2 1:3 2:2");
  assert.equal(store.add(page(1, [[4, 9]]), 100), 5);
  assert.equal(store.add(page(2, [[3, 4]]), 103), 5);
  assert.equal(order(store), "1:1 2:1 1:2 1:3 2:2 2:3 1:4");
  assert.deepEqual([store.seen, store.find(2, 3), store.find(2, 9)], [7, 5, -1]);
  assert.deepEqual([...store.after], [[1, 4], [2, 3]]);
});

test("what came already does not come again", () => {
  const store = new Store();
  store.add(page(1, [[1, 0], [2, 1]]), 0);
  store.add(page(1, [[2, 1], [3, 2]]), 0);
  store.add(page(1, [[1, 0]]), 0);
  assert.equal(order(store), "1:1 1:2 1:3");
});

test("what went is counted, and a filter's page may be empty", () => {
  const store = new Store();
  store.add(page(1, [], { after: 50, seen: 40, missed: 10 }), 0);
  assert.deepEqual([store.rows.length, store.seen, store.missed, store.after.get(1)], [0, 40, 10, 50]);
});

test("a hundred thousand rows are added and searched at once, and there is a bound", () => {
  const store = new Store();
  for (let start = 0; start < 100_000; start += 2000) store.add(page(1 + ((start / 2000) % 2), Array.from({ length: 2000 }, (_, index) => [start + index + 1, (start + index) / 1e4])), 0);
  assert.equal(store.rows.length, 100_000);
  assert.ok(store.rows.every((row, index) => index === 0 || store.rows[index - 1].at <= row.at));
  assert.equal(store.next(-1, 1, row => row.seq === 99_999), 99_998);
  store.add(page(3, Array.from({ length: 201_000 }, (_, index) => [index + 1, 100])), 0);
  assert.deepEqual([store.rows.length, store.left], [MAX_ROWS, 1000]);
});

test("errors are found forwards and backwards", () => {
  const store = new Store();
  store.add(page(1, [[1, 0], [2, 1], [3, 2]]), 0);
  store.rows[1].error = true;
  const wrong = row => row.error;
  assert.deepEqual([store.next(-1, 1, wrong), store.next(1, 1, wrong), store.next(2, -1, wrong)], [1, -1, 1]);
});
