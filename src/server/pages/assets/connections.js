// The pane of the connections, and what is known of them.

import { h } from "./dom.js";

/** Requests that are listed of one connection. */
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

  /** Forgets those before `oldest`. */
  forget(oldest) {
    for (const id of this.all.keys()) if (id < oldest) this.all.delete(id);
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

/** Whether a connection was used for the pages below `/_wire/` and for nothing else. */
export function isOwn(facts) {
  const paths = requests(facts).map(request => request.path);
  return paths.length > 0 && paths.every(path => /^(https?:\/\/[^/]*)?\/_wire\//.test(path) || path === "/favicon.ico") && !isBad(facts);
}

/** @returns the requests that are known of a connection, oldest first. */
export function requests(facts) {
  if (Array.isArray(facts.requests)) return facts.requests;
  return facts.last_request ? [facts.last_request] : [];
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

/** The name of a client by the `user-agent` that the server knows, or its address. */
const client = facts => facts.client ?? facts.client_address;

/** Fills the pane. `on.choose(id, more)`: `more` adds to what is chosen. */
export function show(pane, { listed, chosen, own }, on) {
  const scroll = pane.scrollTop;
  const focused = pane.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const all = h("button", { class: "conn", "aria-pressed": String(chosen.length === 0), "data-id": "all", onclick: () => on.choose(null, false) },
    h("span", { class: "first" }, h("b", {}, "all"), h("span", { class: "proto" }, "newest 64, merged in time")));
  const entries = listed.map(facts => entry(facts, chosen, own, on));
  const empty = listed.length ? "" : h("p", { class: "empty" }, "No connections yet. Open a handler, or point a client at this server.");
  pane.replaceChildren(all, ...entries, empty);
  pane.scrollTop = scroll;
  if (focused) pane.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
}

function entry(facts, chosen, own, on) {
  const state = facts.closed ? h("span", { class: "state" }, "closed") : h("span", { class: "state open" }, "● open");
  const all = requests(facts).filter(request => own || !request.path.startsWith("/_wire/"));
  const total = facts.requests_total ?? (Array.isArray(facts.requests) ? facts.requests.length : facts.requests);
  const lines = all.slice(-MAX_REQUESTS).map(({ method, path, status }) =>
    h("li", {}, h("span", {}, method), h("span", { class: "path", title: path }, path), h("span", { class: status === null || status >= 500 ? "status bad" : "status" }, status === null ? "–" : String(status))));
  const more = total > all.length && all.length > MAX_REQUESTS ? h("li", {}, `… ${total} requests`) : "";
  const wrong = faults(facts);
  return h("button", {
    class: "conn", "data-id": facts.id, "aria-pressed": String(chosen.includes(facts.id)),
    title: facts.closed ? facts.closed.text : "open; Ctrl-click chooses several",
    onclick: event => on.choose(facts.id, event.ctrlKey || event.metaKey || event.shiftKey),
  },
  h("span", { class: "first" }, h("b", { class: isBad(facts) ? "bad" : null }, `${isBad(facts) ? "⚠ " : ""}${facts.id}`), h("span", { class: "proto" }, protocol(facts)), state),
  h("div", { class: "sub", title: facts.client_address }, [client(facts), facts.profile && `profile ${facts.profile}`].filter(Boolean).join(" · ")),
  wrong.length ? h("div", { class: isBad(facts) ? "sub bad" : "sub" }, wrong.join(", ")) : "",
  lines.length ? h("ul", {}, more, lines) : "");
}

const protocol = facts => (facts.protocol === "HTTP/2" ? (facts.tls ? "h2" : "h2c") : facts.tls ? "h1 tls" : "h1");
