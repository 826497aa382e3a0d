// A frame in other words: as hexadecimal text, as a call for a script, as a command line.

import { hexOf, fromHex, spaced } from "./octets.js";

/** @returns `[label, text]` of everything that a record can be copied as. */
export function forms(anatomy, base) {
  const { record } = anatomy;
  const forms = [];
  if (record.octets) {
    forms.push(["hex", spaced(record.octets)]);
    if (record.what === "frame" && record.whole) {
      forms.push(["Rhai", rhai(record)]);
      forms.push(["wireserve decode", decode(record.octets)]);
    }
  }
  const request = anatomy.request ?? headRequest(record);
  if (request) {
    forms.push(["curl", curl(request, base)]);
    if (request.some(([name]) => name.startsWith(":"))) forms.push(["nghttp", nghttp(request, base)]);
  }
  return forms;
}

/** @returns a command that shows these bytes as frames. */
export const decode = hex => `echo ${hex} | wireserve decode`;

/** @returns the call that makes this frame, byte for byte. */
export function rhai(record) {
  const { type, stream, flags } = record;
  // No constructor sets it.
  if (record.reserved) return `response.writer.write_raw(${blob(record.octets)})`;
  const payload = record.octets.slice(18);
  const name = /^UNKNOWN/.test(type) ? record.type_code : `"${type}"`;
  const exact = `frame::unknown(${name}, ${flags}, ${stream}, ${blob(payload)})`;
  const short = record.error ? undefined : SHORT[type]?.(record, payload);
  return short ?? exact;
}

/** Calls that make the frame, if it is one that they can make. */
const SHORT = {
  DATA: ({ stream, flags }, payload) => (flags === 0 ? `frame::data(${stream}, ${blob(payload)})` : undefined),
  HEADERS: ({ stream, flags }, payload) => (flags === 4 ? `frame::headers(${stream}, ${blob(payload)})` : undefined),
  CONTINUATION: ({ stream, flags }, payload) => (flags === 4 ? `frame::continuation(${stream}, ${blob(payload)})` : undefined),
  RST_STREAM: ({ stream, flags, code, code_number }) => (flags === 0 ? `frame::rst_stream(${stream}, ${word("error", code, code_number)})` : undefined),
  WINDOW_UPDATE: ({ stream, flags, increment }, payload) => (flags === 0 && parseInt(payload[0], 16) < 8 ? `frame::window_update(${stream}, ${increment})` : undefined),
  PING: ({ stream, flags }, payload) => (flags === 0 && stream === 0 ? `frame::ping(${blob(payload)})` : undefined),
  GOAWAY: ({ stream, flags, last_stream, code, code_number }, payload) => {
    if (flags !== 0 || stream !== 0 || parseInt(payload[0], 16) >= 8) return undefined;
    const debug = payload.length > 16 ? `, ${blob(payload.slice(16))}` : "";
    return `frame::goaway(${last_stream}, ${word("error", code, code_number)}${debug})`;
  },
  SETTINGS: ({ stream, flags, settings }, payload) => {
    if (stream !== 0) return undefined;
    if (flags === 1 && payload === "") return "frame::settings_ack()";
    if (flags !== 0) return undefined;
    const entry = ([name, value], at) => `[${word("setting", name, parseInt(payload.slice(12 * at, 12 * at + 4), 16))}, ${value}]`;
    return `frame::settings([${settings.map(entry).join(", ")}])`;
  },
};

/** A constant of the script API, or a number that has no name. */
const word = (module, name, number) => (/^\w+$/.test(name) ? `${module}::${name}` : number);

const blob = hex => `from_hex("${hex}")`;

/** A word of a POSIX shell. */
export function quoted(text) {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (/^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  // Any byte, as bash, zsh and ksh read it.
  const escaped = Array.from(text, character => {
    if (character === "'" || character === "\\") return `\\${character}`;
    return /[\x20-\x7e]/.test(character) ? character : `\\x${hexOf([character.charCodeAt(0) & 0xff])}`;
  });
  return `$'${escaped.join("")}'`;
}

/** Headers that a client adds by itself. */
const AUTOMATIC = new Set(["host", "content-length", "connection", "transfer-encoding"]);

const target = (request, base) => {
  const get = name => request.find(([one]) => one === name)?.[1];
  const authority = get(":authority") ?? get("host") ?? base.host;
  return { method: get(":method") ?? "GET", url: `${get(":scheme") ?? base.protocol.slice(0, -1)}://${authority}${get(":path") ?? "/"}` };
};

/** @returns the request as a curl command. */
export function curl(request, base) {
  const { method, url } = target(request, base);
  const http2 = request.some(([name]) => name.startsWith(":"));
  const words = ["curl", "-v", http2 ? (url.startsWith("https:") ? "--http2" : "--http2-prior-knowledge") : "--http1.1"];
  if (url.startsWith("https:")) words.push("--insecure");
  if (method === "HEAD") words.push("--head");
  else if (method !== "GET") words.push("-X", quoted(method));
  for (const [name, value] of request)
    if (!name.startsWith(":") && !AUTOMATIC.has(name.toLowerCase()))
      words.push("-H", quoted(value === "" ? `${name};` : `${name}: ${value}`));
  return [...words, quoted(url)].join(" ");
}

/** @returns the request as an nghttp command. */
export function nghttp(request, base) {
  const { method, url } = target(request, base);
  const words = ["nghttp", "-nv"];
  if (method !== "GET") words.push(quoted(`-H:method: ${method}`));
  for (const [name, value] of request)
    if (!name.startsWith(":") && !AUTOMATIC.has(name.toLowerCase())) words.push(quoted(`-H${name}: ${value}`));
  return [...words, quoted(url)].join(" ");
}

/** The headers of a request over HTTP/1.1, if this record has its head. */
function headRequest(record) {
  if (record.what !== "octets" || record.from !== "client" || !record.text) return null;
  const [line, ...lines] = String.fromCharCode(...fromHex(record.octets)).split(/\r?\n/);
  const match = /^(\S+) (\S+) HTTP\//.exec(line);
  if (!match) return null;
  const end = lines.indexOf("");
  const fields = lines.slice(0, end < 0 ? lines.length : end).map(text => /^([^:]+):\s*(.*)$/.exec(text)?.slice(1));
  const host = fields.find(field => field?.[0].toLowerCase() === "host")?.[1];
  const path = match[2].startsWith("/") ? match[2] : "/";
  const pseudo = [["host", host ?? ""]];
  return headed(match[1], path, pseudo.concat(fields.filter(Boolean)));
}

// The method and the path without making it look like HTTP/2.
const headed = (method, path, fields) => Object.assign(fields, {
  find: wanted => {
    if (wanted([":method"])) return [":method", method];
    if (wanted([":path"])) return [":path", path];
    return Array.prototype.find.call(fields, wanted);
  },
});
