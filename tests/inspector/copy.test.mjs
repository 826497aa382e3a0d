import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { curl, decode, forms, nghttp, quoted, rhai } from "../../src/server/pages/assets/copy.js";

const BASE = new URL("https://localhost:9000/_wire/");
const header = (length, type, flags, stream) => [length, (type << 8) | flags].map((number, index) => number.toString(16).padStart(index ? 4 : 6, "0")).join("") + stream.toString(16).padStart(8, "0");
const record = (type, code, flags, stream, payload, more = {}) => ({
  what: "frame", type, type_code: code, flags, stream, reserved: false, length: payload.length / 2, whole: true,
  octets: header(payload.length / 2, code, flags, stream) + payload, ...more,
});

test("a frame becomes the call that makes it", () => {
  for (const [frame, call] of [
    [record("DATA", 0, 0, 1, "6869"), 'frame::data(1, from_hex("6869"))'],
    [record("DATA", 0, 1, 1, "6869"), 'frame::unknown("DATA", 1, 1, from_hex("6869"))'],
    [record("HEADERS", 1, 4, 3, "88"), 'frame::headers(3, from_hex("88"))'],
    [record("HEADERS", 1, 0, 3, "88"), 'frame::unknown("HEADERS", 0, 3, from_hex("88"))'],
    [record("CONTINUATION", 9, 4, 3, "88"), 'frame::continuation(3, from_hex("88"))'],
    [record("RST_STREAM", 3, 0, 5, "00000008", { code: "CANCEL", code_number: 8 }), "frame::rst_stream(5, error::CANCEL)"],
    [record("RST_STREAM", 3, 0, 5, "000000ff", { code: "UNKNOWN(0xff)", code_number: 255 }), "frame::rst_stream(5, 255)"],
    [record("RST_STREAM", 3, 0, 5, "00", { error: "payload of 1 bytes where 4 are needed" }), 'frame::unknown("RST_STREAM", 0, 5, from_hex("00"))'],
    [record("SETTINGS", 4, 1, 0, ""), "frame::settings_ack()"],
    [record("SETTINGS", 4, 0, 0, "000300000064" + "00be00000001", { settings: [["MAX_CONCURRENT_STREAMS", 100], ["UNKNOWN(0x00be)", 1]] }), "frame::settings([[setting::MAX_CONCURRENT_STREAMS, 100], [190, 1]])"],
    [record("PING", 6, 0, 0, "0011223344556677"), 'frame::ping(from_hex("0011223344556677"))'],
    [record("GOAWAY", 7, 0, 0, "0000000100000001" + "6869", { last_stream: 1, code: "PROTOCOL_ERROR", code_number: 1 }), 'frame::goaway(1, error::PROTOCOL_ERROR, from_hex("6869"))'],
    [record("WINDOW_UPDATE", 8, 0, 0, "00000001", { increment: 1 }), "frame::window_update(0, 1)"],
    [record("WINDOW_UPDATE", 8, 0, 0, "80000001", { increment: 1 }), 'frame::unknown("WINDOW_UPDATE", 0, 0, from_hex("80000001"))'],
    [record("UNKNOWN(0x42)", 0x42, 3, 0, "00"), 'frame::unknown(66, 3, 0, from_hex("00"))'],
    [record("PING", 6, 0, 0, "00", { reserved: true }), 'response.writer.write_raw(from_hex("000001060000000000' + '00"))'],
  ]) assert.equal(rhai(frame), call);
});

test("a request becomes command lines", () => {
  const request = [[":method", "PUT"], [":scheme", "https"], [":authority", "localhost:9000"], [":path", "/a?b=c&d"], ["user-agent", "it's"], ["content-length", "3"], ["x-empty", ""]];
  assert.equal(curl(request, BASE), `curl -v --http2 --insecure -X PUT -H 'user-agent: it'\\''s' -H 'x-empty;' 'https://localhost:9000/a?b=c&d'`);
  assert.equal(nghttp(request, BASE), `nghttp -nv '-H:method: PUT' '-Huser-agent: it'\\''s' '-Hx-empty: ' 'https://localhost:9000/a?b=c&d'`);
  const clear = [[":method", "HEAD"], [":scheme", "http"], [":authority", "h:1"], [":path", "/"]];
  assert.equal(curl(clear, BASE), "curl -v --http2-prior-knowledge --head http://h:1/");
});

test("a head of HTTP/1.1 becomes a curl command", () => {
  const text = "POST /x HTTP/1.1\r\nHost: h:8000\r\nCookie: a=b\r\n\r\nbody";
  const octets = Buffer.from(text).toString("hex");
  const all = Object.fromEntries(forms({ record: { what: "octets", from: "client", text, octets } }, new URL("http://h:8000/")));
  assert.equal(all.curl, "curl -v --http1.1 -X POST -H 'Cookie: a=b' http://h:8000/x");
  assert.equal(all.nghttp, undefined);
});

test("whatever a client sent cannot leave its word of the shell", () => {
  for (const text of ["a'b", "$(touch x)", "`x`", "a\nb", "\\", "é\0ÿ".replace("\0", "\x01"), "'; rm -rf /; '"]) {
    const bytes = Buffer.from(execFileSync("bash", ["-c", `printf %s ${quoted(text)}`]));
    assert.equal(bytes.toString("latin1"), text, quoted(text));
  }
});

test("bytes become a decode line", () => {
  assert.equal(decode("0000"), "echo 0000 | wireserve decode");
  const anatomy = { record: record("PING", 6, 0, 0, "0011223344556677") };
  assert.deepEqual(forms(anatomy, BASE).map(([name]) => name), ["hex", "Rhai", "wireserve decode"]);
});
