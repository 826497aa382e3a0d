// Bytes as hexadecimal numbers and characters. The arrow keys move over them.

import { h } from "./dom.js";
import { ascii, fromHex } from "./octets.js";

/** Bytes that are shown before somebody asks for more. */
const FIRST = 2048;

/**
 * @param on `over(at)` when the pointer is over a byte, `pin(at)` when one is clicked or reached by a key.
 * @returns the element, and `mark(name, [from, to], scroll)`, which gives a class to bytes.
 */
export function hexView(hex, on) {
  const all = fromHex(hex);
  const element = h("div", { class: "hex", tabindex: 0, role: "application", "aria-label": "Bytes. Arrow keys move, and say what each means." });
  const cells = [];
  const marked = new Map();
  let cursor = -1;
  const columns = matchMedia("(min-width: 1600px)").matches ? 16 : 8;

  function rows(from, to) {
    for (let start = from; start < to; start += columns) {
      const bytes = [...all.slice(start, Math.min(start + columns, to))];
      const numbers = bytes.map((byte, index) => h("span", { class: "byte", "data-at": start + index }, byte.toString(16).padStart(2, "0")));
      const characters = bytes.map((byte, index) => h("span", { class: "char", "data-at": start + index }, ascii(byte)));
      numbers.forEach((number, index) => (cells[start + index] = [number, characters[index]]));
      const gap = Array.from({ length: columns - bytes.length }, () => h("span", { class: "pad" }, "  "));
      element.append(h("div", { class: "hex-row" }, h("span", { class: "at" }, start.toString(16).padStart(4, "0")), numbers, gap, h("span", { class: "ascii" }, characters)));
    }
    if (to >= all.length) return;
    const more = h("button", { onclick: () => { more.remove(); rows(to, all.length); } }, `show all ${all.length} bytes`);
    element.append(more);
  }
  rows(0, Math.min(FIRST, all.length));

  const at = event => {
    const cell = event.target.closest("[data-at]");
    return cell ? Number(cell.dataset.at) : null;
  };
  element.addEventListener("mouseover", event => at(event) !== null && on.over(at(event)));
  element.addEventListener("mouseleave", () => on.over(null));
  element.addEventListener("click", event => at(event) !== null && move(at(event)));
  element.addEventListener("keydown", event => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(Math.min(Math.max(cursor < 0 ? 0 : cursor + step, 0), cells.length - 1));
  });

  function move(to) {
    cells[cursor]?.forEach(cell => cell.classList.remove("cursor"));
    cursor = to;
    cells[cursor]?.forEach(cell => cell.classList.add("cursor"));
    cells[cursor]?.[0].scrollIntoView({ block: "nearest" });
    on.pin(to);
  }

  function mark(name, span, scroll) {
    for (const cell of marked.get(name) ?? []) cell.classList.remove(name);
    const found = span ? cells.slice(span[0], span[1]).flat() : [];
    for (const cell of found) cell.classList.add(name);
    marked.set(name, found);
    if (scroll && name === "pinned") found[0]?.scrollIntoView({ block: "nearest" });
  }
  return { element, mark };
}
