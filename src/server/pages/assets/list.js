// A list of which only the rows on screen are in the document.

import { h } from "./dom.js";

export class VirtualList {
  #element;
  #space;
  #height;
  #draw;
  #choose;
  #follow;
  #count = 0;
  #selected = -1;
  #rows = new Map();
  #queued = false;

  /**
   * @param element the scrolling element, a listbox.
   * @param height pixels of a row.
   * @param draw makes the element of row `index`.
   * @param follow whether the end stays in view when rows are added.
   * @param choose is called with the index of a row that is clicked or reached by a key.
   */
  constructor(element, { height, draw, choose, follow = () => true }) {
    this.#element = element;
    this.#height = height;
    this.#draw = draw;
    this.#choose = choose;
    this.#follow = follow;
    this.#space = h("div", { class: "space" });
    element.append(this.#space);
    element.addEventListener("scroll", () => this.#later(), { passive: true });
    new ResizeObserver(() => this.#later()).observe(element);
    element.addEventListener("keydown", event => this.#key(event));
    this.#space.addEventListener("click", event => {
      const row = event.target.closest(".row");
      if (row) this.#choose(Number(row.dataset.index));
    });
  }

  /** Shows `count` rows; those from `changed` on are drawn again. */
  update(count, changed = 0) {
    const follow = this.#atEnd() && (this.#follow() || this.#element.scrollTop > 0);
    this.#count = count;
    this.#space.style.height = `${count * this.#height}px`;
    for (const [index, row] of this.#rows)
      if (index >= changed || index >= count) {
        row.remove();
        this.#rows.delete(index);
      }
    if (follow && this.#selected < 0) this.#element.scrollTop = count * this.#height;
    this.#render();
  }

  /** Marks a row, and brings it into view. -1 marks none. */
  select(index, { center = false } = {}) {
    this.#mark(this.#selected, false);
    this.#selected = index;
    this.#mark(index, true);
    if (index < 0) return this.#element.removeAttribute("aria-activedescendant");
    const { clientHeight, scrollTop } = this.#element;
    const top = index * this.#height;
    if (center && (top < scrollTop || top + this.#height > scrollTop + clientHeight)) this.#element.scrollTop = top - clientHeight / 2;
    else if (top < scrollTop) this.#element.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) this.#element.scrollTop = top + this.#height - clientHeight;
    this.#render();
    this.#element.setAttribute("aria-activedescendant", `row-${index}`);
  }

  get selected() {
    return this.#selected;
  }

  #atEnd() {
    const { scrollTop, clientHeight } = this.#element;
    return scrollTop + clientHeight >= this.#count * this.#height - this.#height;
  }

  #later() {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.#render();
    });
  }

  #render() {
    const { scrollTop, clientHeight } = this.#element;
    const first = Math.max(0, Math.floor(scrollTop / this.#height) - 8);
    const last = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / this.#height) + 8);
    for (const [index, row] of this.#rows)
      if (index < first || index >= last) {
        row.remove();
        this.#rows.delete(index);
      }
    for (let index = first; index < last; index++) {
      if (this.#rows.has(index)) continue;
      const row = this.#draw(index);
      row.id = `row-${index}`;
      row.dataset.index = index;
      row.setAttribute("role", "option");
      row.setAttribute("aria-posinset", index + 1);
      row.setAttribute("aria-setsize", this.#count);
      row.style.top = `${index * this.#height}px`;
      this.#rows.set(index, row);
      this.#space.append(row);
    }
    this.#mark(this.#selected, true);
  }

  #mark(index, on) {
    this.#rows.get(index)?.setAttribute("aria-selected", on);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#element.clientHeight / this.#height) - 1);
    const from = this.#selected;
    const to = {
      ArrowDown: from + 1, j: from + 1, ArrowUp: from < 0 ? this.#count - 1 : from - 1, k: from - 1,
      PageDown: from + page, PageUp: from - page, Home: 0, End: this.#count - 1,
    }[event.key];
    if (to === undefined || this.#count === 0) return;
    event.preventDefault();
    this.#choose(Math.min(Math.max(to, 0), this.#count - 1));
  }
}
