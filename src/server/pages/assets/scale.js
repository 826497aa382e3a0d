// From records to places on a chart. Each record has a place of its own, in order, since many share a time; what lies
// between them is as long as the time that passed, but long gaps in which nothing happens are cut short and said to be.

/**
 * @param records `[number, seconds]` in any order.
 * @returns `place(number)` from 0 to 1, `breaks` (the places of gaps that are cut) and `ticks` (place and label).
 */
export function scale(records) {
  const times = new Map(records);
  const numbers = [...times.keys()].sort((a, b) => a - b);
  if (numbers.length < 2) return { place: () => 0.02, breaks: [], ticks: numbers.map(number => ({ at: 0.02, label: label(times.get(number)) })) };
  const gaps = numbers.slice(1).map((number, index) => Math.max(times.get(number) - times.get(numbers[index]), 0));
  const longest = limit(gaps);
  const passed = gaps.reduce((sum, gap) => sum + Math.min(gap, longest), 0);
  // Half of the width is for time, half for order.
  const slot = (passed || 1) / gaps.length;
  const sums = [0];
  for (const gap of gaps) sums.push(sums.at(-1) + Math.min(gap, longest) + slot);
  const whole = sums.at(-1);
  const places = new Map(numbers.map((number, index) => [number, sums[index] / whole]));
  const place = number => places.get(number) ?? places.get(numbers[Math.max(upper(numbers, number) - 1, 0)]);
  const breaks = gaps.flatMap((gap, index) => (gap > longest ? [{ at: (sums[index] + sums[index + 1]) / 2 / whole, gap }] : []));
  const ticks = [];
  for (const number of numbers) {
    const text = label(times.get(number));
    const isLast = number === numbers.at(-1);
    const isFree = ticks.length === 0 || place(number) - ticks.at(-1).at > 0.24;
    // The end has its label, and room for it.
    if (isLast || (isFree && place(number) < 0.7 && text !== ticks.at(-1)?.label)) ticks.push({ at: place(number), label: text });
  }
  return { place, breaks, ticks };
}

/** Gaps longer than this are cut: some times what they are usually. */
function limit(gaps) {
  const some = gaps.filter(gap => gap > 0).sort((a, b) => a - b);
  if (some.length < 2) return Infinity;
  const usual = some[Math.floor(some.length * 0.75) - (some.length < 4 ? 1 : 0)];
  const limit = 4 * usual;
  // What is a little longer than usual needs no cut.
  return some.at(-1) <= 2 * limit ? Infinity : limit;
}

/** How many numbers of a sorted list are not above `wanted`. */
function upper(sorted, wanted) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @returns seconds for people. */
export function label(seconds) {
  if (seconds === 0) return "0";
  if (seconds < 0.9995) return `${trimmed(seconds * 1e3)} ms`;
  return `${trimmed(seconds)} s`;
}

const trimmed = number => number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") || "0";

/** @returns from which point to which a window was used up, and for how many seconds; the last may go on to the end. */
export function stalls(points) {
  const found = [];
  let open = null;
  for (const [number, time, window] of points) {
    if (window <= 0) open ??= { from: number, time };
    else if (open) {
      found.push({ from: open.from, to: number, seconds: time - open.time });
      open = null;
    }
  }
  if (open) found.push({ from: open.from, to: null, seconds: null });
  return found;
}
