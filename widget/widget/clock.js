// The server's time as far as we know it. The visitor's own clock is never asked: it may be wrong by years.

export class ServerClock {
  // Server milliseconds minus this page's running time. Every time the server wrote is at most the present,
  // so the largest difference seen is the best one, and old times do no harm.
  #lead = -Infinity;
  /** Whether a reply's `Date` was readable, so that `now()` is right to the second. */
  exact = false;

  observe(time, exact = false) {
    const milliseconds = Date.parse(time);
    if (Number.isNaN(milliseconds)) return;
    this.#lead = Math.max(this.#lead, milliseconds - performance.now());
    this.exact ||= exact;
  }

  /** Milliseconds since 1970, or `null` before the server said anything. */
  now() {
    return this.#lead === -Infinity ? null : this.#lead + performance.now();
  }
}
