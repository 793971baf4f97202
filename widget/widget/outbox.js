// What the shopper wrote and the server has not confirmed. It survives page changes and tunnels, and is
// delivered once: every entry has its own key, tabs take turns, and the server knows an id it saw before.

import { Refused, Unreachable } from "./api.js";
import { Pause, backoff } from "./waiting.js";

const LONGEST_REST_MS = 300_000;

export class Outbox {
  #running = false;
  #again = false;
  #pause = new Pause();

  /** `deliver(entry)` resolves when the server has the entry; `changed()` tells the view. */
  constructor(shelf, lock, { deliver, changed }) {
    this.shelf = shelf;
    this.lock = lock;
    this.deliver = deliver;
    this.changed = changed;
    /** Seconds that the server asked us to wait, while we do. */
    this.resting = null;
  }

  /** In the order they were written. */
  entries() {
    return this.shelf.keys("outbox:")
      .map((key) => this.shelf.get(key))
      .filter((entry) => entry !== null)
      .sort((a, b) => a.order - b.order);
  }

  add(entry) {
    const order = Math.max(0, ...this.entries().map((other) => other.order)) + 1;
    const id = randomId();
    this.shelf.set(`outbox:${id}`, { ...entry, id, order, failed: null });
    this.changed();
    this.flush();
  }

  remove(id) {
    this.shelf.remove(`outbox:${id}`);
    this.changed();
  }

  retry(id) {
    const entry = this.shelf.get(`outbox:${id}`);
    if (entry === null) return;
    this.shelf.set(`outbox:${id}`, { ...entry, failed: null });
    this.changed();
    this.flush();
  }

  clear() {
    for (const key of this.shelf.keys("outbox:")) this.shelf.remove(key);
    this.shelf.remove("rest");
    this.changed();
  }

  /** Tries again at once: the network is back. */
  wake() {
    this.#pause.wake();
    this.flush();
  }

  async flush() {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    for (let attempt = 0; this.#next() !== null || this.#again;) {
      this.#again = false;
      const wait = await exclusively(this.lock, () => this.#deliverAll(attempt));
      if (wait === null) continue;
      attempt += 1;
      await this.#pause.for(wait);
    }
    this.#running = false;
  }

  /** Delivers until nothing is left (`null`), or says how many milliseconds to wait before the next try. */
  async #deliverAll(attempt) {
    for (let entry; (entry = this.#next()) !== null;) {
      const rest = this.#restMs();
      if (rest > 0) return rest;
      try {
        await this.deliver(entry);
        this.resting = null;
        this.remove(entry.id);
      } catch (error) {
        if (error instanceof Unreachable) return backoff(attempt);
        if (!(error instanceof Refused)) console.warn("shopdesk:", error);
        if (error instanceof Refused && error.passing) {
          if (error.retryAfter === null) return backoff(attempt);
          this.#rest(error.retryAfter);
        } else {
          this.shelf.set(`outbox:${entry.id}`, { ...entry, failed: error.code || "failed" });
          this.changed();
        }
      }
    }
    return null;
  }

  #next() {
    return this.entries().find((entry) => entry.failed === null) ?? null;
  }

  // Kept where all tabs see it, or the next tab would run into the same limit.
  #rest(seconds) {
    this.shelf.set("rest", Date.now() + Math.max(1, seconds) * 1000);
  }

  #restMs() {
    const until = this.shelf.get("rest");
    const left = until === null ? 0 : Math.min(until - Date.now(), LONGEST_REST_MS);
    this.resting = left > 0 ? Math.ceil(left / 1000) : null;
    if (left <= 0) this.shelf.remove("rest");
    this.changed();
    return left;
  }
}

/** One tab at a time where the browser can arrange it; elsewhere the message's id keeps it from counting twice. */
function exclusively(lock, work) {
  return navigator.locks ? navigator.locks.request(lock, work) : work();
}

/** Like `crypto.randomUUID`, which pages without https do not have. */
export function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
