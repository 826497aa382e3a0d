// As much of a document as the inspector's modules use.

class Classes {
  #names = new Set();
  constructor(text = "") {
    text.split(/\s+/).filter(Boolean).forEach(name => this.#names.add(name));
  }
  add(name) { this.#names.add(name); }
  remove(name) { this.#names.delete(name); }
  contains(name) { return this.#names.has(name); }
  toggle(name, on) { on ? this.add(name) : this.remove(name); }
  toString() { return [...this.#names].join(" "); }
}

export class Element {
  constructor(name) {
    Object.assign(this, { name, children: [], attributes: new Map(), listeners: new Map(), dataset: {}, style: {}, classList: new Classes(), parent: null });
    Object.assign(this, { scrollTop: 0, clientHeight: 240, clientWidth: 600 });
  }
  setAttribute(name, value) {
    if (name === "class") this.classList = new Classes(value);
    else if (name.startsWith("data-")) this.dataset[name.slice(5)] = String(value);
    this.attributes.set(name, String(value));
  }
  getAttribute(name) { return this.attributes.get(name) ?? null; }
  removeAttribute(name) { this.attributes.delete(name); }
  append(...nodes) {
    for (const node of nodes) {
      node instanceof Element ? (node.remove(), (node.parent = this)) : 0;
      this.children.push(node);
    }
  }
  replaceChildren(...nodes) {
    this.children = [];
    this.append(...nodes.filter(node => node !== ""));
  }
  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter(child => child !== this);
    this.parent = null;
  }
  contains(other) { return other === this || this.children.some(child => child instanceof Element && child.contains(other)); }
  get textContent() { return this.children.map(child => (child instanceof Element ? child.textContent : String(child))).join(""); }
  set textContent(text) { this.children = [text]; }
  addEventListener(name, listener) { this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]); }
  /** Calls listeners here and above. */
  dispatch(name, event = {}) {
    const full = { target: this, preventDefault() {}, ...event };
    for (let at = this; at; at = at.parent) for (const listener of at.listeners.get(name) ?? []) listener(full);
  }
  closest(selector) {
    for (let at = this; at; at = at.parent) if (at.matches(selector)) return at;
    return null;
  }
  matches(selector) {
    if (selector.startsWith(".")) return this.classList.contains(selector.slice(1));
    const data = /^\[data-([\w-]+)(?:="(.*)")?\]$/.exec(selector);
    if (data) return data[1] in this.dataset && (data[2] === undefined || this.dataset[data[1]] === data[2]);
    return this.name === selector;
  }
  *all() {
    for (const child of this.children)
      if (child instanceof Element) {
        yield child;
        yield* child.all();
      }
  }
  querySelector(selector) { return [...this.all()].find(one => one.matches(selector)) ?? null; }
  querySelectorAll(selector) { return [...this.all()].filter(one => one.matches(selector)); }
  scrollIntoView() {}
  focus() {}
}

/** Puts a document into the global scope. */
export function install() {
  const frames = [];
  Object.assign(globalThis, {
    document: { createElement: name => new Element(name), createElementNS: (_, name) => new Element(name), activeElement: null },
    ResizeObserver: class { observe() {} },
    requestAnimationFrame: run => frames.push(run),
    matchMedia: () => ({ matches: false }),
    location: new URL("https://localhost:9000/_wire/"),
  });
  return { drawn: () => frames.splice(0).forEach(run => run()) };
}
