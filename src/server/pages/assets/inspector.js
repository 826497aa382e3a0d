// The inspector: puts the panes together. What is shown is in the fragment of the URL; search is answered by the server.

import * as api from "./api.js";
import { draw } from "./charts.js";
import * as pane from "./connections.js";
import * as detail from "./detail.js";
import { h } from "./dom.js";
import { HELP } from "./help.js";
import { VirtualList } from "./list.js";
import { rowElement } from "./row.js";
import { format, parse } from "./state.js";
import { MAX_ROWS, Store } from "./store.js";

/** Connections whose frames are merged if none is chosen. */
const MAX_MERGED = 64;
/** Rows of a page, and pages that are on their way at once. */
const PAGE = 5000;
const AT_ONCE = 4;

const $ = id => document.getElementById(id);
const connections = new pane.Connections();
const store = new Store();
let state = parse(location.hash);
let loading = new AbortController();
let closeLive = () => {};
const chart = { shown: null, overview: null, timer: 0 };

const list = new VirtualList($("list"), {
  height: 24,
  draw: index => rowElement(store.rows[index], shownIds().length > 1),
  choose: index => choose(store.rows[index], { push: true }),
  // What is merged is watched as it comes; what is chosen is read from its beginning.
  follow: () => state.connections.length === 0,
});

// ---- What is shown

const shownIds = () => (state.connections.length ? [...state.connections] : connections.listed(state.own).slice(0, MAX_MERGED).map(facts => facts.id));
const focused = () => state.frame?.connection ?? (state.connections.at(-1) ?? store.rows.at(-1)?.connection ?? shownIds()[0] ?? null);

function step(name) {
  $("inspector").dataset.step = name;
  $("back").querySelector("span").textContent = name === "detail" ? "frames" : "connections";
}

/** Writes the state into the URL; with `push` there is a way back to what was before. */
function write(push) {
  const url = location.pathname + location.search + format(state);
  if (push) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

function showConnections() {
  pane.show($("connections"), { listed: connections.listed(state.own), chosen: state.connections, own: state.own }, { choose: chooseConnection });
  const single = shownIds().length < 2;
  $("frames").classList.toggle("single", single);
  $("frames").querySelector(".head .c-time").textContent = single ? "ms" : "time";
}

function showCounts() {
  const many = number => number.toLocaleString("en-US");
  const { rows, seen, missed, left } = store;
  $("counts").textContent = `${many(rows.length)} of ${many(seen)} ${seen === 1 ? "frame" : "frames"}`;
  const said = [];
  const dropped = shownIds().reduce((sum, id) => sum + (connections.get(id)?.records_dropped ?? 0), 0);
  if (dropped) said.push(`${many(dropped)} older records had to go: see connection in [transcript] of wpt.toml.`);
  if (missed > dropped) said.push(`${many(missed - dropped)} records went before they could be shown.`);
  if (left) said.push(`Only the first ${many(MAX_ROWS)} rows are shown, ${many(left)} are not: filter more narrowly.`);
  if (!state.connections.length && connections.listed(state.own).length > MAX_MERGED) said.push(`The newest ${MAX_MERGED} connections are merged here; choose one to see an older one.`);
  $("missed").textContent = said.join(" ");
  $("missed").hidden = said.length === 0;
}

function showSave() {
  const id = focused();
  const link = (text, query) => h("a", { href: `/_wire/connections/${id}${query}`, download: `connection-${id}${query.startsWith(".") ? query : ""}` }, text);
  $("save-menu").replaceChildren(...(id === null ? [h("p", {}, "There is no connection yet.")] : [
    h("p", {}, `Connection ${id}, all of its records`),
    link("JSON Lines", ".jsonl"), link("JSON", ".json"), link("Text", ".txt"),
    link("HAR", ".har"), ...(connections.get(id)?.protocol === "HTTP/2" ? [link("qlog", ".sqlog")] : []), link("pcapng, for Wireshark", ".pcapng"),
    link("Bytes of the client", "?format=octets&from=client"), link("Bytes of the server", "?format=octets&from=server"),
  ]));
}

// ---- Rows

/** Loads all rows again, then follows what comes. */
async function load() {
  loading.abort();
  loading = new AbortController();
  closeLive();
  const { signal } = loading;
  store.clear();
  list.select(-1);
  list.update(0);
  fault(null);
  $("inspector").setAttribute("aria-busy", "true");
  try {
    connections.take(await api.connections(signal));
    showConnections();
    const waiting = shownIds();
    const worker = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await pages(id, signal);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    showConnections();
    await restore();
    if (!state.paused) follow();
  } catch (error) {
    if (!signal.aborted) fault(error.message, error.status === 400);
  } finally {
    if (!signal.aborted) $("inspector").removeAttribute("aria-busy");
  }
}

async function pages(connection, signal) {
  for (let after = 0, more = true; more; ) {
    let page;
    try {
      page = await api.rows({ connection, after, filter: state.filter, own: state.own, limit: PAGE }, signal);
    } catch (error) {
      // Forgotten since it was listed, or a link to what is long gone.
      if (error.status !== 404) throw error;
      if (state.connections.includes(connection)) fault(`Connection ${connection}: ${error.message}`);
      return;
    }
    take(page);
    ({ after, more } = page);
  }
}

function take(page) {
  const selected = list.selected < 0 ? null : store.rows[list.selected];
  const changed = store.add(page, connections.get(page.connection)?.opened ?? 0);
  list.update(store.rows.length, changed);
  if (selected && changed <= list.selected) list.select(store.find(selected.connection, selected.seq));
  showCounts();
}

/** Says what is wrong with the filter, or with the server. */
function fault(text, ofFilter = false) {
  $("query-fault").textContent = text ?? "";
  $("query-fault").hidden = !text;
  $("query").setAttribute("aria-invalid", ofFilter);
}

/** Follows what comes after what is there. */
function follow() {
  closeLive();
  const watch = shownIds().slice(0, MAX_MERGED).map(id => `${id}:${store.after.get(id) ?? 0}`).join(",");
  const watched = new Set(shownIds());
  liveState("live");
  closeLive = api.live({ watch, filter: state.filter, own: state.own }, {
    open: () => liveState("live"),
    lost: ended => liveState(ended ? "ended" : "reconnecting"),
    rows: page => {
      take(page);
      if (page.connection === focused()) later();
    },
    gone: ids => {
      connections.forget(ids);
      showConnections();
    },
    connections: some => {
      connections.take(some);
      showConnections();
      showCounts();
      if (!state.connections.length && shownIds().some(id => !watched.has(id))) follow();
    },
  });
}

function liveState(word) {
  $("live-text").textContent = word;
  if (word === "live" || word === "paused") delete $("pause").dataset.lost;
  else $("pause").dataset.lost = "";
  $("pause").setAttribute("aria-pressed", String(word === "paused"));
}

function pause(paused) {
  state.paused = paused;
  write(false);
  if (paused) {
    closeLive();
    liveState("paused");
  } else {
    follow();
  }
}

// ---- Choosing

function chooseConnection(id, more) {
  const chosen = state.connections;
  if (id === null) state.connections = [];
  else if (!more) state.connections = [id];
  else state.connections = chosen.includes(id) ? chosen.filter(one => one !== id) : [...chosen, id];
  state.frame = null;
  write(true);
  showConnections();
  detail.say($("detail"), SAY);
  step("frames");
  load();
}

async function choose(row, { push = false, quiet = false } = {}) {
  state.frame = { connection: row.connection, number: row.seq };
  write(push && !matchMedia("(min-width: 801px)").matches);
  list.select(store.find(row.connection, row.seq), { center: quiet });
  if (!quiet) step("detail");
  await showRecord();
}

async function showRecord() {
  const { frame } = state;
  later(0);
  try {
    const anatomy = await api.record(frame);
    if (frame !== state.frame) return;
    const link = () => location.origin + location.pathname + format({ connections: [frame.connection], filter: state.filter, frame, own: state.own });
    detail.show($("detail"), frame.connection, anatomy, { go, link });
  } catch (error) {
    if (frame === state.frame) detail.say($("detail"), error.message);
  }
}

/** Goes to a record of the focused connection, whether the filter lets it be seen or not. */
function go(number) {
  choose({ connection: focused(), seq: number }, { push: true });
}

/** Shows the frame that the URL names. */
async function restore() {
  if (!state.frame) return;
  list.select(store.find(state.frame.connection, state.frame.number), { center: true });
  await showRecord();
}

// ---- Charts

/** Draws the charts soon; several changes are one drawing. */
function later(delay = 400) {
  const at = performance.now() + delay;
  // What keeps coming must not put it off for good.
  if (chart.timer && chart.at <= at) return;
  clearTimeout(chart.timer);
  chart.at = at;
  chart.timer = setTimeout(() => {
    chart.timer = 0;
    charts();
  }, delay);
}

async function charts() {
  const id = focused();
  showSave();
  if (id === null || !$("overview").open) return;
  const shown = `${id} ${state.own} ${connections.get(id)?.closed ? store.after.get(id) : Math.random()}`;
  try {
    if (chart.shown !== shown) {
      const overview = await api.overview({ connection: id, own: state.own });
      // Another connection may have been chosen meanwhile: its own drawing follows.
      if (id !== focused()) return;
      [chart.overview, chart.shown] = [overview, shown];
    }
  } catch {
    // Forgotten meanwhile: the chart that is there stays.
    return;
  }
  $("overview-of").textContent = `of connection ${id}${chart.overview.is_whole ? "" : " (its first records were dropped: windows are counted from what is left)"}`;
  const here = state.frame?.connection === id ? chart.overview.lanes.flatMap(lane => lane.marks).find(mark => mark.seq === state.frame.number) : null;
  draw($("lanes"), $("windows"), chart.overview, here?.seq ?? null, { go: number => choose({ connection: id, seq: number }, { push: true }) });
}

// ---- Input

const SAY = "Choose a frame to see what it says and what each of its bytes means.";

let typing = 0;
$("query").addEventListener("input", event => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    state.filter = event.target.value.trim();
    write(false);
    load().then(() => later(0));
  }, 150);
});
$("pause").addEventListener("click", () => pause(!state.paused));
$("own").addEventListener("click", () => {
  state.own = !state.own;
  write(false);
  apply();
});
$("back").addEventListener("click", () => step($("inspector").dataset.step === "detail" ? "frames" : "connections"));
$("help").addEventListener("click", () => $("help-text").showModal());
$("help-text").append(...HELP());
if (matchMedia("(max-width: 800px)").matches) $("overview").open = false;
$("overview").addEventListener("toggle", () => later(0));
$("save").addEventListener("toggle", showSave);
document.addEventListener("click", event => {
  if (!event.target.closest("#save")) $("save").open = false;
});
new ResizeObserver(() => later(100)).observe($("overview"));

const nextError = direction => {
  const index = store.next(list.selected, direction, row => row.error);
  if (index >= 0) choose(store.rows[index]);
};
const KEYS = {
  "/": () => $("query").focus(),
  j: () => list.selected + 1 < store.rows.length && choose(store.rows[list.selected + 1]),
  k: () => list.selected > 0 && choose(store.rows[list.selected - 1]),
  e: () => nextError(1),
  E: () => nextError(-1),
  p: () => pause(!state.paused),
  c: () => $("connections").querySelector("button")?.focus(),
  f: () => $("list").focus(),
  d: () => $("detail").focus(),
  "?": () => $("help-text").showModal(),
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") {
    if (event.target === $("query")) $("list").focus();
    else if (!$("help-text").open) step($("inspector").dataset.step === "detail" ? "frames" : "connections");
    return;
  }
  if (event.target.matches("input") || $("help-text").open || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});
addEventListener("popstate", () => {
  state = parse(location.hash);
  apply();
});

/** Shows the state as it is. */
async function apply() {
  $("query").value = state.filter;
  $("own").setAttribute("aria-pressed", String(state.own));
  if (state.paused) liveState("paused");
  if (!state.frame) detail.say($("detail"), SAY);
  step(state.frame ? "detail" : state.connections.length || state.filter ? "frames" : "connections");
  await load();
  later(0);
}

apply();
