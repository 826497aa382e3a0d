// One row of the list of frames.

import { h } from "./dom.js";

/** Letters for flags: the column is narrow. */
const FLAGS = { END_STREAM: "ES", END_HEADERS: "EH", PADDED: "PAD", PRIORITY: "PRI", ACK: "ACK", "reserved bit": "R" };

/** @returns flags in few letters. */
export const shortFlags = flags => (flags ?? "").split("|").filter(Boolean).map(flag => FLAGS[flag] ?? flag).join(" ");

/** @returns milliseconds with three digits behind the point, as the text form has them. */
export const milliseconds = seconds => (seconds * 1e3).toFixed(seconds < 100 ? 3 : 1);

/** @returns the time of day without its hour, since rows of several connections have no common beginning. */
export function clock(at) {
  const date = new Date(at * 1e3);
  const two = number => String(number).padStart(2, "0");
  return `${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** @returns the element of a row; `merged` if there are those of other connections, too. */
export function rowElement(row, merged) {
  const arrow = row.from === "server" ? "→" : row.from === "client" ? "←" : "·";
  const chips = [];
  const script = row.script && `${row.script.function} in ${row.script.file}${row.script.line ? `:${row.script.line}` : ""}`;
  if (row.cause === "raw") chips.push(h("span", { class: "chip raw", title: script }, "raw"));
  if (row.section) chips.push(h("span", { class: "chip" }, row.section.replace("RFC ", "")));
  const wrong = row.error ? (row.from === "client" ? "✗ client " : "✗ ") : "";
  return h("div", { class: ["row", row.error && "error", row.effect].filter(Boolean).join(" "), title: row.says || null },
    h("span", { class: "c-time", title: `${milliseconds(row.time)} ms; ${new Date(row.at * 1e3).toISOString()}` }, merged ? clock(row.at) : milliseconds(row.time)),
    h("span", { class: "c-dir", title: row.from ?? "noted" }, arrow),
    h("span", { class: "c-conn" }, String(row.connection)),
    h("span", { class: "c-stream" }, row.stream === undefined ? "" : String(row.stream)),
    h("span", { class: "c-type" }, row.type.replace(/^[✗✓] /, "")),
    h("span", { class: "c-flags", title: row.flags || null }, shortFlags(row.flags)),
    h("span", { class: "c-len" }, row.length === undefined ? "" : String(row.length)),
    h("span", { class: "c-says" }, wrong, row.says.replace(/^✗ /, "")),
    h("span", { class: "chips" }, chips));
}
