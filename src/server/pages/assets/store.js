// Rows of several connections in the order of time, as pages of them come in.

/** More rows than these are not kept: a filter finds the others. */
export const MAX_ROWS = 300_000;

export class Store {
  constructor() {
    this.clear();
  }

  clear() {
    /** In the order of time. Each has `connection`, `at` (seconds since 1970) and what the server says of it. */
    this.rows = [];
    /** Of each connection: the number of the last record that was looked at. */
    this.after = new Map();
    this.seen = 0;
    this.missed = 0;
    this.left = 0;
  }

  /**
   * Adds a page of one connection that began at `opened`.
   * @returns the place from which on rows changed.
   */
  add(page, opened) {
    const known = this.after.get(page.connection) ?? 0;
    if (page.after < known) return this.rows.length;
    this.after.set(page.connection, page.after);
    this.seen += page.seen;
    this.missed += page.missed;
    const fresh = page.rows.filter(row => row.seq > known);
    const room = MAX_ROWS - this.rows.length;
    if (fresh.length > room) this.left += fresh.length - Math.max(room, 0);
    for (const row of fresh.slice(0, Math.max(room, 0))) {
      row.connection = page.connection;
      row.at = opened + row.time;
      this.rows.push(row);
    }
    return this.#sort(Math.min(fresh.length, Math.max(room, 0)));
  }

  /** The place of a record, or -1. */
  find(connection, number) {
    return this.rows.findIndex(row => row.connection === connection && row.seq === number);
  }

  /** The next place from `index` on in direction `step` whose row `wanted` takes, or -1. */
  next(index, step, wanted) {
    for (let at = index + step; at >= 0 && at < this.rows.length; at += step) if (wanted(this.rows[at])) return at;
    return -1;
  }

  // Only the tail can be out of order: what was there is sorted.
  #sort(count) {
    const { rows } = this;
    const start = rows.length - count;
    if (count === 0) return rows.length;
    const ordered = (from, to) => {
      for (let at = Math.max(from, 1); at < to; at++) if (compare(rows[at - 1], rows[at]) > 0) return false;
      return true;
    };
    if (ordered(start, rows.length)) return start;
    const first = rows[start];
    let low = 0;
    let high = start;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(rows[middle], first) <= 0) low = middle + 1;
      else high = middle;
    }
    const tail = rows.splice(low).sort(compare);
    for (const row of tail) rows.push(row);
    return low;
  }
}

const compare = (a, b) => a.at - b.at || a.connection - b.connection || a.seq - b.seq;
