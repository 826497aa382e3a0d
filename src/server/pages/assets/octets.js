// Bytes and the parts that they make up: which part covers a byte, and which bytes a part has.

/** @returns the bytes of hexadecimal text. */
export function fromHex(text) {
  const bytes = new Uint8Array(text.length >> 1);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** @returns pairs of digits with spaces between them. */
export const spaced = hex => (hex.match(/../g) ?? []).join(" ");

/** @returns the character of a byte in the column beside the hexadecimal one. */
export const ascii = byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");

/** @returns bytes with text escapes as Rhai and shells understand them. */
export const hexOf = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");

/** Every part of a tree with its depth and its path of names, parents first. */
export function* walk(parts, path = []) {
  for (const part of parts ?? []) {
    const here = [...path, part];
    yield { part, path: here };
    yield* walk(part.parts, here);
  }
}

/**
 * The parts that cover a byte, from the outermost to the deepest one.
 * @returns an empty list if none does.
 */
export function covering(parts, offset) {
  const found = [];
  let level = parts ?? [];
  for (;;) {
    // Of neighbors that share a byte, the narrower one says more.
    const fitting = level.filter(part => part.from <= offset && offset < part.to);
    if (fitting.length === 0) return found;
    const best = fitting.reduce((a, b) => (b.to - b.from < a.to - a.from ? b : a));
    found.push(best);
    level = best.parts ?? [];
  }
}
