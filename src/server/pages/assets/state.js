// What the page shows, as the fragment of its URL: `#connection=7,8&filter=is:error&frame=7:12&own`. Any view has a link.

/** @returns the view that a fragment names. What it does not understand it leaves out. */
export function parse(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const connections = (given.get("connection") ?? "").split(",").map(Number).filter(isNumber);
  const [connection, number] = (given.get("frame") ?? "").split(":").map(Number);
  return {
    connections: [...new Set(connections)],
    // `stream=1` is what outcomes name.
    filter: [isNumber(Number(given.get("stream"))) && `stream:${given.get("stream")}`, given.get("filter")].filter(Boolean).join(" "),
    frame: isNumber(connection) && isNumber(number) ? { connection, number } : null,
    own: given.has("own"),
    paused: given.has("paused"),
  };
}

/** @returns the fragment of a view; empty for the first one. */
export function format({ connections = [], filter = "", frame = null, own = false, paused = false }) {
  const parts = [];
  if (connections.length) parts.push(`connection=${connections.join(",")}`);
  if (filter) parts.push(`filter=${encoded(filter)}`);
  if (frame) parts.push(`frame=${frame.connection}:${frame.number}`);
  if (own) parts.push("own");
  if (paused) parts.push("paused");
  return parts.length ? `#${parts.join("&")}` : "";
}

const isNumber = number => Number.isSafeInteger(number) && number > 0;

// A link is to be read by people: only what would break it is encoded.
const encoded = text => encodeURIComponent(text).replace(/%(?:3A|2C|2F|40)/g, decodeURIComponent);
