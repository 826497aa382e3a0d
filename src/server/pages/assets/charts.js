// Streams over time, and flow-control windows as lines, for one connection.

import { s } from "./dom.js";
import { label, scale, stalls } from "./scale.js";

const LEFT = 48;
const LANE = 20;
const AXIS = 18;

/** What each effect looks like in a lane of height 20: its height says it, too, not the color alone. */
const HEIGHTS = { opens: [2, 16], content: [7, 11], control: [12, 6], ends: [2, 16], unknown: [12, 6], note: [14, 4] };

/** Draws both. `on.go(number)` is called for a mark that is clicked. */
export function draw(lanes, windows, overview, here, on) {
  const marks = overview.lanes.flatMap(lane => lane.marks.map(mark => [mark.seq, mark.time]));
  const points = overview.windows.flatMap(one => one.points.map(([number, time]) => [number, time]));
  const { place, breaks, ticks } = scale(points.concat(marks));
  drawLanes(lanes, { place, breaks, ticks }, overview, here, on);
  drawWindows(windows, { place, breaks, ticks }, overview);
}

function frame(figure, height, axis, name) {
  const width = Math.max(figure.clientWidth - 24, 200);
  const x = number => LEFT + axis.place(number) * (width - LEFT - 12);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": name });
  const at = share => LEFT + share * (width - LEFT - 12);
  for (const { at: share, label: text } of axis.ticks)
    svg.append(s("path", { class: "grid", d: `M${at(share)} 0V${height - AXIS}` }), s("text", { x: at(share), y: height - 4, "text-anchor": share > 0.9 ? "end" : share < 0.05 ? "start" : "middle" }, text));
  for (const { at: share, gap } of axis.breaks) {
    const mark = s("path", { class: "break", d: `M${at(share)} 0V${height - AXIS}` });
    mark.append(s("title", {}, `nothing for ${label(gap)}`));
    svg.append(mark);
  }
  figure.querySelector("svg")?.remove();
  figure.querySelector(".empty")?.remove();
  figure.append(svg);
  return { svg, x, width };
}

function drawLanes(figure, axis, overview, here, on) {
  const height = Math.max(overview.lanes.length, 1) * LANE + AXIS;
  const { svg, x, width } = frame(figure, height, axis, `${overview.lanes.length} streams over time`);
  overview.lanes.forEach((lane, index) => {
    const y = index * LANE;
    svg.append(s("text", { x: LEFT - 8, y: y + 14, "text-anchor": "end" }, lane.stream === 0 ? "conn" : String(lane.stream)));
    svg.append(s("path", { class: "grid", d: `M${LEFT} ${y + LANE - 1}H${width - 12}` }));
    // One path for each look: thousands of marks stay cheap.
    const paths = new Map();
    for (const mark of lane.marks) {
      const [top, tall] = HEIGHTS[mark.effect] ?? HEIGHTS.note;
      const name = mark.error ? "wrong" : mark.effect;
      const cross = mark.effect === "ends" || mark.error ? `M${x(mark.seq) - 3} ${y + 3}l6 6m0 -6l-6 6` : "";
      paths.set(name, `${paths.get(name) ?? ""}M${x(mark.seq)} ${y + top}v${tall}${cross}`);
    }
    for (const [name, d] of paths) svg.append(s("path", { class: name, d, "stroke-width": 2 }));
  });
  if (here !== null) svg.append(s("path", { class: "here", d: `M${x(here)} 0V${height - AXIS}` }));
  svg.addEventListener("click", event => {
    const box = svg.getBoundingClientRect();
    const lane = overview.lanes[Math.floor((event.clientY - box.top) / LANE)];
    const left = event.clientX - box.left;
    const nearest = lane?.marks.reduce((best, mark) => (Math.abs(x(mark.seq) - left) < Math.abs(x(best.seq) - left) ? mark : best), lane.marks[0]);
    if (nearest) on.go(nearest.seq);
  });
}

function drawWindows(figure, axis, overview) {
  const { windows } = overview;
  figure.querySelector("figcaption").textContent = "Flow-control windows";
  if (windows.length === 0) {
    figure.querySelector("svg")?.remove();
    figure.querySelector(".empty")?.remove();
    const text = figure.ownerDocument.createElement("p");
    text.className = "empty";
    text.textContent = "No content was sent.";
    figure.append(text);
    return;
  }
  const height = 142;
  const [least, most] = windows.flatMap(one => one.points).reduce(([low, high], point) => [Math.min(low, point[2]), Math.max(high, point[2])], [0, 1]);
  const y = window => 8 + (1 - (window - least) / (most - least || 1)) * (height - AXIS - 16);
  const { svg, x, width } = frame(figure, height, axis, "Flow-control windows");
  const streams = windows.filter(one => one.stream !== 0).map(one => one.stream);
  const stalled = windows.some(one => stalls(one.points).length > 0);
  figure.querySelector("figcaption").textContent = `Flow-control windows: connection (thick), ${streams.length > 4 ? `${streams.length} streams` : `stream ${streams.join(", ")}`}${stalled ? "; red: content waits" : ""}`;
  for (const window of [least, 0, most].filter((value, index, all) => all.indexOf(value) === index))
    svg.append(s("path", { class: "grid", d: `M${LEFT} ${y(window)}H${width - 12}` }), s("text", { x: LEFT - 6, y: y(window) + 4, "text-anchor": "end" }, short(window)));
  for (const one of windows) {
    const name = `${one.stream === 0 ? "connection" : `stream ${one.stream}`}, ${one.sender} sends`;
    for (const { from, to, seconds } of stalls(one.points)) {
      const end = to === null ? width - 12 : x(to);
      const stall = s("rect", { class: "stall", x: x(from), y: 0, width: Math.max(end - x(from), 2), height: height - AXIS });
      stall.append(s("title", {}, `${name}: the window is used up${to === null ? " to the end" : ` for ${label(seconds)}`}`));
      svg.append(stall);
    }
    const d = one.points.map(([number, , window], index) => (index === 0 ? `M${x(number)} ${y(window)}` : `H${x(number)}V${y(window)}`)).join("");
    const line = s("path", { class: one.stream === 0 ? "whole" : "window", d: `${d}H${width - 12}`, "stroke-dasharray": one.sender === "client" ? "4 3" : null });
    line.append(s("title", {}, name));
    svg.append(line);
  }
}

/** Bytes in few characters. */
export function short(bytes) {
  const size = Math.abs(bytes);
  if (size < 1000) return String(bytes);
  const [by, unit] = size < 1024 * 1024 ? [1024, "Ki"] : size < 1024 ** 3 ? [1024 ** 2, "Mi"] : [1024 ** 3, "Gi"];
  return `${(bytes / by).toFixed(size / by < 10 ? 1 : 0).replace(/\.0$/, "")} ${unit}`;
}
