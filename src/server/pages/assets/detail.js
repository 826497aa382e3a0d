// The pane of one record: what it says, its parts, its bytes. A part shows its bytes, and a byte the deepest part that
// covers it.

import { forms } from "./copy.js";
import { h } from "./dom.js";
import { hexView } from "./hex.js";
import { covering, walk } from "./octets.js";
import { label } from "./scale.js";

/**
 * Fills the pane.
 * @param on `go(number)` for another record of the connection, `link()` for the URL of this view.
 */
export function show(pane, connection, anatomy, on) {
  const { record, parts } = anatomy;
  const elements = new Map();
  const where = h("p", { class: "where", role: "status" });
  const bytes = record.octets ? hexView(record.octets, { over: at => light(at, "hot"), pin: at => light(at, "pinned") }) : null;

  /** Marks a part or, with a number, the deepest part that covers a byte; then its bytes. */
  function light(what, mark) {
    const path = typeof what === "number" ? covering(parts, what) : what ? [...walk(parts)].find(one => one.part === what).path : [];
    const part = path.at(-1);
    for (const element of elements.values()) element.classList.remove(mark);
    if (part) {
      elements.get(part).classList.add(mark);
      if (typeof what === "number") elements.get(part).scrollIntoView({ block: "nearest" });
    }
    bytes?.mark(mark, part ? [part.from, part.to] : typeof what === "number" ? [what, what + 1] : null, typeof what !== "number");
    where.textContent = path.map(one => one.name).join(" › ") + (part ? `  ·  ${range(part)}` : "");
  }

  pane.replaceChildren(...[
    h("h2", {}, title(record)),
    h("p", { class: "meta" }, meta(connection, record)),
    verdict(record),
    fieldList(anatomy, on),
    parts.length ? [h("h3", {}, "Parts"), h("ul", { class: "parts" }, parts.map(part => element(part, null, elements, light)))] : [],
    table(anatomy.table), rest(record), copyBar(anatomy, on),
    bytes ? h("div", { class: "bytes" }, h("h3", {}, cut(record)), bytes.element, where) : [],
  ].flat());
}

/** What the pane says where there is no record to show. */
export const say = (pane, text) => pane.replaceChildren(h("p", { class: "empty" }, text));

const range = ({ from, to }) => (to - from === 1 ? `byte ${from}` : to > from ? `bytes ${from} to ${to - 1}` : "no bytes");

function title(record) {
  if (record.what === "frame") return `${record.type} · stream ${record.stream}`;
  return record.what === "violation" ? `Violation${record.rule ? ` · ${record.rule}` : ""}` : record.what.replace("-", " ");
}

function meta(connection, record) {
  const by = record.from ? `from the ${record.from}` : "noted";
  const cause = record.cause ? `, ${record.cause}` : "";
  const script = record.script && `, ${record.script.function} in ${record.script.file}${record.script.line ? `:${record.script.line}` : ""}`;
  return [`#${record.seq} on connection ${connection}, at ${label(record.time)}, ${by}${cause}`, script];
}

function verdict(record) {
  const says = [];
  if (record.what === "violation") {
    says.push(`${record.text}${record.detail ? `: ${record.detail}` : ""} (${record.section}).`);
    const [kind, code] = Object.entries(record.reaction ?? {})[0] ?? [];
    if (record.reaction === "reported") says.push(" The server only reports it.");
    else if (kind) says.push(` The server answers with a ${kind.replace("_", " ")}, ${code}.`);
    else if (record.status) says.push(` The server answers with ${record.status}.`);
  }
  if (record.error) says.push(`Malformed: ${record.error}.`);
  if (record.fields_error) says.push(`The header block cannot be read: ${record.fields_error}.`);
  if (record.what === "expectation") says.push(`${record.passed ? "✓" : "✗ expected in vain:"} ${record.name}${record.detail ? `: ${record.detail}` : ""}`);
  if (["GOAWAY", "RST_STREAM"].includes(record.type) && record.code && record.code !== "NO_ERROR")
    says.push(`The ${record.from} reports ${record.code} (RFC 9113 §7)${record.debug ? `: “${record.debug}”` : ""}.`);
  return says.length ? h("p", { class: "verdict" }, says) : [];
}

/** The fields of the whole block, where it lies in several frames. */
function fieldList({ record, block, fields }, on) {
  if (block.length < 2) return [];
  const links = block.map(number => number === record.seq ? h("b", {}, `#${number}`) : h("button", { onclick: () => on.go(number) }, `#${number}`));
  const row = ([name, value, representation]) =>
    h("tr", {}, h("td", {}, name), h("td", {}, String(value)), h("td", {}, representation ?? ""));
  return [h("h3", {}, "Field block in ", links.flatMap((link, at) => (at ? [" ", link] : [link]))),
    fields.length ? h("table", {}, fields.map(row)) : h("p", { class: "meta" }, "The block has not ended, or cannot be read.")];
}

function element(part, parent, elements, light) {
  // What the part around it says already is not said twice.
  const value = parent && [parent.name, parent.value].includes(part.value) ? "" : part.value;
  const button = h("button", {
    class: part.main ? "part main" : "part",
    onmouseenter: () => light(part, "hot"), onmouseleave: () => light(null, "hot"),
    onfocus: () => light(part, "hot"), onclick: () => light(part, "pinned"),
  }, h("span", { class: "name" }, part.name), value === "" ? "" : ` ${value}`, part.note ? h("span", { class: "how" }, part.note) : "");
  elements.set(part, button);
  const inner = part.parts ?? [];
  // Parts without parts stand beside each other.
  const flat = inner.every(one => !one.parts?.length) && !inner.some(one => one.main);
  return h("li", {}, button, inner.length ? h("ul", { class: flat ? "parts flat" : "parts" }, inner.map(one => element(one, part, elements, light))) : "");
}

function cut(record) {
  const kept = record.octets.length / 2;
  const length = record.what === "frame" ? record.length + 9 : record.length;
  return record.whole === false ? `Bytes (the first ${kept} of ${length} were kept)` : `Bytes (${kept})`;
}

function table(table) {
  if (!table) return [];
  const row = ([index, name, value]) => h("tr", {}, h("td", {}, String(index)), h("td", {}, name), h("td", {}, value));
  const size = `${table.count} entries, ${table.size} of ${table.max_size} bytes`;
  return h("details", {}, h("summary", {}, `Dynamic table after this block: ${size}; before it: ${table.before} entries`),
    h("table", {}, table.entries.map(row)));
}

/** Whatever is not a frame, as its JSON says it. */
function rest(record) {
  if (record.what === "frame" || record.what === "octets") return [];
  return h("details", {}, h("summary", {}, "As JSON"), h("pre", {}, JSON.stringify(record, null, 2)));
}

function copyBar(anatomy, on) {
  const button = ([name, text]) => h("button", { title: text.length > 300 ? `${text.slice(0, 300)}…` : text, onclick: event => copy(text, event.target) }, name);
  const all = [...forms(anatomy, location), ["link", on.link()], ["JSON", JSON.stringify(anatomy.record)]];
  return h("div", { class: "copy" }, "copy as ", all.map(button));
}

async function copy(text, button) {
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    // Without TLS, other hosts than localhost have no clipboard.
    prompt("Copy this:", text);
  }
  setTimeout(() => (button.textContent = name), 1000);
}
