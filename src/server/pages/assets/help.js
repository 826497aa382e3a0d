// What the question mark shows.

import { h } from "./dom.js";

const FILTERS = [
  ["type:HEADERS,DATA", "frames of these types; also violation, not-sent, octets, unknown"],
  ["stream:1,5-9", "these streams; over HTTP/1.1 the numbers of requests"],
  ["frame:12-40", "records by number"],
  ["length:16385-", "by bytes of payload"],
  ["flag:END_STREAM", "with a flag"],
  ["code:PROTOCOL_ERROR", "by error code, or by its number"],
  ["rule:h2.window", "violations of rules that begin so"],
  ["from:client", "or from:server"],
  ["cause:raw", "or checked, automatic: why the server sent it"],
  ["is:error", "or violation, request, response, malformed, cut"],
  ['"a text"', "in what a frame says, its headers, or the script's name"],
  ["-from:server", "a minus in front inverts"],
];
const KEYS = [
  ["/", "filter"], ["j k ↓ ↑", "next and previous frame"], ["e E", "next and previous error"],
  ["c f d", "to connections, frames, detail"], ["← → ↑ ↓ in the bytes", "move, and see what each means"],
  ["p", "pause"], ["Esc", "back"], ["Ctrl-click", "choose several connections"],
];

export const HELP = () => {
  const items = all => h("dl", {}, all.map(([word, meaning]) => [h("dt", {}, word), h("dd", {}, meaning)]));
  return [h("h2", {}, "Filter"), h("p", {}, "All words must fit."), items(FILTERS), h("h2", {}, "Keys"), items(KEYS),
    h("form", { method: "dialog" }, h("button", {}, "Close"))];
};
