// Elements in one call. Text is always text: nothing that came over the wire becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** @returns an element with these properties (`class`, `on…` and attributes) and children. */
export const h = (name, properties, ...children) => built(document.createElement(name), properties, children);

/** The same for SVG. */
export const s = (name, properties, ...children) => built(document.createElementNS(SVG, name), properties, children);

function built(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== undefined && child !== null && child !== false));
  return element;
}
