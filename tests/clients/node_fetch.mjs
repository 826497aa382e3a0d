// Fetches one URL with Node's http2 and prints one JSON line of what happened.
//   node node_fetch.mjs URL [--ca FILE] [--method M] [--header k:v]... [--upload N] [--max-time S]
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import http2 from "node:http2";

const { NGHTTP2_NO_ERROR } = http2.constants;
const options = { method: "GET", header: [], upload: 0, "max-time": 10 };
const [url, ...rest] = process.argv.slice(2);
for (let i = 0; i < rest.length; i += 2) {
  const name = rest[i].replace(/^--/, "");
  if (name === "header") options.header.push(rest[i + 1]);
  else options[name] = rest[i + 1];
}

const outcome = {
  client: "node", version: process.version, result: null, code: null, by: null, status: null, headers: [],
  informational: [], trailers: [], pushes: [], body_octets: 0, body_sha256: null, goaway: null, detail: "",
};
const hash = createHash("sha256");

const pairs = (raw) => {
  const list = [];
  for (let i = 0; i + 1 < (raw?.length ?? 0); i += 2) list.push([String(raw[i]), String(raw[i + 1])]);
  return list;
};

let session;
const finish = (result, fields = {}) => {
  if (outcome.result !== null) return;
  Object.assign(outcome, { result, ...fields, body_sha256: hash.digest("hex") });
  process.stdout.write(JSON.stringify(outcome) + "\n", () => {
    // Lets nghttp2 send what it has queued (GOAWAY after an error of the session).
    session?.close();
    setTimeout(() => process.exit(0), 50);
  });
};

// A live timer also keeps Node from ending silently with a pending request.
setTimeout(() => finish("timeout"), Number(options["max-time"]) * 1000);
process.on("uncaughtException", (error) => finish("other", { detail: String(error) }));

session = http2.connect(url, { ca: options.ca ? readFileSync(options.ca) : undefined });
let sessionError = null;
session.on("goaway", (code, last, debug) => {
  outcome.goaway = { code, last_stream_id: last, debug: debug ? Buffer.from(debug).toString("latin1") : "" };
});
session.on("error", (error) => {
  sessionError = error;
  const code = outcome.goaway?.code || null;
  // Time for a stream's own end, which says more.
  setImmediate(() => finish(code ? "connection-error" : "other", { code, by: code ? "server" : null, detail: `${error.code}: ${error.message}` }));
});
session.on("stream", (pushed, headers, flags, raw) => {
  outcome.pushes.push({ stream: pushed.id, headers: pairs(raw) });
  pushed.on("error", () => {});
  pushed.resume();
});

const target = new URL(url);
const fields = { ":method": options.method, ":path": target.pathname + target.search };
for (const header of options.header) {
  const [name, value] = [header.slice(0, header.indexOf(":")), header.slice(header.indexOf(":") + 1)];
  fields[name] = value;
}
const upload = Number(options.upload);
const request = session.request(fields, { endStream: upload === 0 });
request.on("headers", (headers, flags, raw) => {
  outcome.informational.push({ status: Number(headers[":status"]), headers: pairs(raw) });
});
request.on("response", (headers, flags, raw) => {
  outcome.status = Number(headers[":status"]);
  outcome.headers = pairs(raw);
});
request.on("trailers", (headers, flags, raw) => (outcome.trailers = pairs(raw)));
request.on("data", (chunk) => {
  outcome.body_octets += chunk.length;
  hash.update(chunk);
});
let ended = false;
request.on("end", () => (ended = true));
let streamError = null;
request.on("error", (error) => (streamError = error));
request.on("close", () => {
  const code = request.rstCode;
  const words = [streamError, sessionError].filter(Boolean).map((error) => `${error.code}: ${error.message}`).join("; ");
  const goaway = outcome.goaway?.code || null;
  if (goaway) finish("connection-error", { code: goaway, by: "server", detail: words });
  else if (sessionError) finish("other", { detail: words });
  else if (code !== NGHTTP2_NO_ERROR) finish("stream-error", { code, detail: words });
  else if (ended && !request.aborted && outcome.status !== null) finish("complete");
  else finish("other", { detail: words || "the stream closed early" });
});
if (upload > 0) {
  let left = upload;
  const chunk = Buffer.alloc(65536, "u");
  const more = () => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!request.write(part)) return request.once("drain", more);
    }
    request.end();
  };
  more();
}
