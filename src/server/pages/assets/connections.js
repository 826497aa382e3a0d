// The pane of the connections, and what is known of them.

import { h } from "./dom.js";

/** Requests that are listed of one connection: the newest. */
const MAX_REQUESTS = 8;
/** Connections that are listed: the newest. */
const MAX_LISTED = 500;

/** What is known of connections, by their numbers. */
export class Connections {
  constructor() {
    this.all = new Map();
    /** Those that were once used for something else than the inspector: they stay listed. */
    this.used = new Set();
  }

  /** Takes what the server says of some of them. */
  take(list) {
    for (const facts of list) {
      this.all.set(facts.id, facts);
      if (!isOwn(facts)) this.used.add(facts.id);
    }
  }

  /** Forgets those that the server has forgotten. */
  forget(ids) {
    for (const id of ids) {
      this.all.delete(id);
      this.used.delete(id);
    }
  }

  get(id) {
    return this.all.get(id);
  }

  /** Those to be listed, newest first. */
  listed(own) {
    const all = [...this.all.values()].sort((a, b) => b.id - a.id);
    return (own ? all : all.filter(facts => this.used.has(facts.id))).slice(0, MAX_LISTED);
  }
}

/** Whether a connection seems to be the inspector's own: all of its known requests are. One for an outcome is a test's. */
export function isOwn(facts) {
  const own = ({ path }) => /^(https?:\/\/[^/]*)?\/(_wire\/(?!outcome\/)|favicon\.ico$)/.test(path);
  return facts.requests.length > 0 && facts.requests.every(own) && !isBad(facts);
}

/** Whether something went wrong. */
export const isBad = ({ errors, expectations_failed }) =>
  errors.violations > 0 || expectations_failed > 0 || (errors.peer_goaway !== null && errors.peer_goaway !== "NO_ERROR");

/** @returns what went wrong, in words. */
export function faults({ errors, expectations_failed }) {
  const faults = [];
  if (errors.peer_goaway && errors.peer_goaway !== "NO_ERROR") faults.push(`client: GOAWAY ${errors.peer_goaway}`);
  if (errors.violations) faults.push(`${errors.violations} ${errors.violations === 1 ? "violation" : "violations"}`);
  if (expectations_failed) faults.push(`${expectations_failed} failed ${expectations_failed === 1 ? "expectation" : "expectations"}`);
  if (errors.peer_resets) faults.push(`${errors.peer_resets} ${errors.peer_resets === 1 ? "stream" : "streams"} reset by the client`);
  return faults;
}

/** Fills the pane. `on.choose(id, more)`: `more` adds to what is chosen. */
export function show(pane, { listed, chosen }, on) {
  const scroll = pane.scrollTop;
  const focused = pane.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const all = h("button", { class: "conn", "aria-pressed": String(chosen.length === 0), "data-id": "all", onclick: () => on.choose(null, false) },
    h("span", { class: "first" }, h("b", {}, "all"), h("span", { class: "proto" }, "newest 64, merged in time")));
  const entries = listed.map(facts => entry(facts, chosen, on));
  const empty = listed.length ? "" : h("p", { class: "empty" }, "No connections yet. Open a handler, or point a client at this server.");
  pane.replaceChildren(all, ...entries, empty);
  pane.scrollTop = scroll;
  if (focused) pane.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
}

function entry(facts, chosen, on) {
  const state = facts.closed ? h("span", { class: "state" }, "closed") : h("span", { class: "state open" }, "● open");
  const newest = facts.requests.slice(-MAX_REQUESTS);
  const lines = newest.map(({ method, path, status }) =>
    h("li", {}, h("span", {}, method), h("span", { class: "path", title: path }, path), h("span", { class: status === null || status >= 500 ? "status bad" : "status" }, status === null ? "–" : String(status))));
  const more = facts.requests_total > newest.length ? h("li", {}, `${facts.requests_total} requests, the newest:`) : "";
  const wrong = faults(facts);
  return h("button", {
    class: "conn", "data-id": facts.id, "aria-pressed": String(chosen.includes(facts.id)),
    title: facts.closed ? facts.closed.text : "open; Ctrl-click chooses several",
    onclick: event => on.choose(facts.id, event.ctrlKey || event.metaKey || event.shiftKey),
  },
  h("span", { class: "first" }, h("b", { class: isBad(facts) ? "bad" : null }, `${isBad(facts) ? "⚠ " : ""}${facts.id}`), h("span", { class: "proto" }, protocol(facts)), state),
  h("div", { class: "sub", title: facts.client_address }, [facts.client_address, facts.profile && `profile ${facts.profile}`].filter(Boolean).join(" · ")),
  wrong.length ? h("div", { class: isBad(facts) ? "sub bad" : "sub" }, wrong.join(", ")) : "",
  lines.length ? h("ul", {}, more, lines) : "");
}

const protocol = facts => (facts.protocol === "HTTP/2" ? (facts.tls ? "h2" : "h2c") : facts.tls ? "h1 tls" : "h1");
