import assert from "node:assert/strict";
import test from "node:test";
import { Element, install } from "./page.mjs";

const { drawn } = install();
const { VirtualList } = await import("../../src/server/pages/assets/list.js");
const { rowElement, shortFlags, milliseconds } = await import("../../src/server/pages/assets/row.js");
const connections = await import("../../src/server/pages/assets/connections.js");
const detail = await import("../../src/server/pages/assets/detail.js");

test("of a hundred thousand rows only those on screen are in the document", () => {
  const element = new Element("div");
  const chosen = [];
  const made = [];
  const list = new VirtualList(element, {
    height: 24,
    draw: index => (made.push(index), Object.assign(new Element("div"), { index })),
    choose: index => chosen.push(index),
  });
  list.update(100_000);
  const rows = () => element.children[0].children;
  assert.ok(rows().length < 30 && made.length < 60, `${rows().length} rows`);
  element.scrollTop = 50_000 * 24;
  element.dispatch("scroll");
  drawn();
  assert.ok(rows().length < 40 && rows().some(row => row.index === 50_000));
  list.select(99_999);
  assert.equal(element.scrollTop, 100_000 * 24 - 240);
  assert.equal(element.getAttribute("aria-activedescendant"), "row-99999");
  for (const key of ["ArrowUp", "ArrowDown", "Home", "PageUp"]) element.dispatch("keydown", { key });
  assert.deepEqual(chosen, [99_998, 99_999, 0, 99_990]);
  list.update(5);
  assert.ok(rows().every(row => row.index < 5));
});

test("a row says what matters, and a client's error says so without its color", () => {
  const row = rowElement({ connection: 7, seq: 9, at: 0, time: 0.0005951, from: "client", stream: 0, type: "GOAWAY", flags: "", length: 8, says: "PROTOCOL_ERROR, last stream 0", effect: "ends", error: true, section: "RFC 9113 §7" }, false);
  assert.equal(row.textContent, "0.595←70GOAWAY8✗ client PROTOCOL_ERROR, last stream 09113 §7");
  assert.ok(row.classList.contains("error") && row.classList.contains("ends"));
  assert.deepEqual([shortFlags("END_STREAM|END_HEADERS|0x40"), shortFlags(undefined)], ["ES EH 0x40", ""]);
  assert.deepEqual([milliseconds(0), milliseconds(100.25)], ["0.000", "100250.0"]);
});

const facts = (id, more = {}) => ({
  id, protocol: "HTTP/2", client_address: "127.0.0.1:1", tls: {}, profile: null, opened: 0, closed: null, requests: [], requests_total: 0,
  errors: { violations: 0, peer_resets: 0, peer_goaway: null }, expectations_failed: 0, records_dropped: 0, ...more,
});
const asked = (...paths) => ({ requests: paths.map((path, at) => ({ stream: 2 * at + 1, method: "GET", path, status: 200 })), requests_total: paths.length });

test("connections of the inspector itself are not listed unless asked for", () => {
  const all = new connections.Connections();
  all.take([facts(1, asked("/_wire/", "/favicon.ico", "/_wire/live?watch=")), facts(2, asked("/a")), facts(3), facts(4, asked("/_wire/outcome/t"))]);
  all.take([facts(2, asked("/a", "/_wire/"))]);
  assert.deepEqual(all.listed(false).map(one => one.id), [4, 3, 2]);
  assert.deepEqual(all.listed(true).map(one => one.id), [4, 3, 2, 1]);
  all.forget([3, 1]);
  assert.deepEqual(all.listed(true).map(one => one.id), [4, 2]);
});

test("a connection's entry names what went wrong", () => {
  const pane = new Element("section");
  const errors = { violations: 2, peer_resets: 1, peer_goaway: "PROTOCOL_ERROR" };
  const chosen = [];
  connections.show(pane, { listed: [facts(8, { errors, requests: [...asked("/a").requests, { method: "GET", path: "/b", status: null }], requests_total: 9, profile: "goaway" })], chosen: [8] }, { choose: (...what) => chosen.push(what) });
  const entry = pane.children[1];
  assert.match(entry.textContent, /⚠ 8h2● open.*profile goaway.*client: GOAWAY PROTOCOL_ERROR, 2 violations, 1 stream reset by the client.*9 requests, the newest:GET\/a200GET\/b–/);
  assert.equal(entry.getAttribute("aria-pressed"), "true");
  entry.dispatch("click", { ctrlKey: true });
  pane.children[0].dispatch("click", {});
  assert.deepEqual(chosen, [[8, true], [null, false]]);
});

test("a part shows its bytes, and a byte the deepest part", () => {
  const pane = new Element("section");
  const parts = [{ name: "frame header", value: "", from: 0, to: 9, parts: [{ name: "length", value: "1", from: 0, to: 3 }] },
    { name: "header block", value: "1 bytes", from: 9, to: 10, parts: [{ name: ":status", value: "200", note: "indexed 8", main: true, from: 9, to: 10 }] }];
  const record = { seq: 3, time: 0.001, from: "server", cause: "raw", what: "frame", type: "HEADERS", type_code: 1, stream: 1, flags: 4, length: 1, whole: true, octets: "00000101040000000188" };
  const went = [];
  detail.show(pane, 7, { record, parts, block: [3, 4], fields: [[":status", "200", "indexed"]], table: { count: 1, size: 34, max_size: 4096, before: 0, entries: [[62, "a", "b"]] } }, { go: number => went.push(number), link: () => "" });
  const part = name => pane.querySelectorAll(".part").find(one => one.textContent.startsWith(name));
  const cells = mark => pane.querySelectorAll(`.${mark}`).filter(one => one.dataset.at !== undefined).map(one => Number(one.dataset.at));
  part(":status").dispatch("click");
  assert.deepEqual(cells("pinned"), [9, 9]);
  pane.querySelectorAll(".byte")[1].dispatch("mouseover");
  assert.ok(part("length").classList.contains("hot") && !part("frame header").classList.contains("hot"));
  pane.querySelectorAll(".byte")[9].dispatch("click");
  assert.ok(part(":status").classList.contains("pinned"));
  assert.match(pane.querySelector(".where").textContent, /header block › :status {2}· {2}byte 9/);
  pane.querySelector(".hex").dispatch("keydown", { key: "ArrowLeft" });
  assert.ok(part("frame header").classList.contains("pinned"));
  pane.querySelectorAll("button").find(one => one.textContent === "#4").dispatch("click");
  assert.deepEqual(went, [4]);
  assert.match(pane.textContent, /Dynamic table after this block: 1 entries, 34 of 4096 bytes/);
});

test("text of a client stays text", () => {
  const pane = new Element("section");
  const record = { seq: 1, time: 0, what: "violation", text: "<script>", detail: "<img>", section: "§", from: "client", reaction: { stream_error: "PROTOCOL_ERROR" } };
  detail.show(pane, 1, { record, parts: [], block: [], fields: [] }, { go() {}, link: () => "" });
  assert.match(pane.textContent, /<script>: <img> \(§\)\. The server answers with a stream error, PROTOCOL_ERROR\./);
  assert.equal(pane.querySelector("script"), null);
});
