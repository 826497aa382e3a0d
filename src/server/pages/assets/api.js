// What the page asks the server for.

const get = async (path, parameters, signal) => {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ""));
  const response = await fetch(`/_wire/${path}${query.size ? `?${query}` : ""}`, { cache: "no-store", signal });
  if (response.ok) return response.json();
  // Status and reason, then a sentence.
  const text = (await response.text()).split("\n\n").slice(1).join("\n\n").trim();
  throw Object.assign(new Error(text || `The server responds with ${response.status}.`), { status: response.status });
};

export const connections = signal => get("connections", {}, signal).then(all => all.connections);

export const rows = ({ connection, after, filter, own, limit }, signal) =>
  get("rows", { connection, after, filter, limit, own: own ? "1" : undefined }, signal);

export const record = ({ connection, number }, signal) => get("record", { connection, number }, signal);

export const overview = ({ connection, own }, signal) => get("overview", { connection, own: own ? "1" : undefined }, signal);

/** Opens the stream of what comes. `on` has a function for each event. */
export function live({ watch, filter, own }, on) {
  const query = new URLSearchParams({ watch });
  if (filter) query.set("filter", filter);
  if (own) query.set("own", "1");
  const source = new EventSource(`/_wire/live?${query}`);
  for (const name of ["connections", "gone", "rows"]) source.addEventListener(name, event => on[name](JSON.parse(event.data)));
  source.addEventListener("open", () => on.open());
  source.addEventListener("error", () => on.lost(source.readyState === EventSource.CLOSED));
  return () => source.close();
}
