// What one site's widget remembers in this browser, and in memory where the browser refuses to
// (private windows, blocked storage, a full quota).

export class Shelf {
  /** `area` is "localStorage" (shared by the tabs of the shop) or "sessionStorage" (of this tab). */
  constructor(area, site) {
    this.area = area;
    this.prefix = `shopdesk:${site}:`;
    this.memory = new Map();
  }

  get(key) {
    if (this.memory.has(key)) return this.memory.get(key);
    try {
      return JSON.parse(window[this.area].getItem(this.prefix + key));
    } catch {
      return null;
    }
  }

  set(key, value) {
    try {
      window[this.area].setItem(this.prefix + key, JSON.stringify(value));
      this.memory.delete(key);
    } catch {
      this.memory.set(key, value);
    }
  }

  remove(key) {
    this.memory.delete(key);
    try {
      window[this.area].removeItem(this.prefix + key);
    } catch {
      // Nothing was kept there, so there is nothing to forget.
    }
  }

  /** The keys that begin with `start`. */
  keys(start) {
    const found = new Set([...this.memory.keys()].filter((key) => key.startsWith(start)));
    try {
      for (const key of Object.keys(window[this.area])) {
        if (key.startsWith(this.prefix + start)) found.add(key.slice(this.prefix.length));
      }
    } catch {
      // Only the memory is left.
    }
    return [...found];
  }

  /** Calls `listener` with the key when another tab changes something; with `null` when all is wiped. */
  onChange(listener) {
    window.addEventListener("storage", (event) => {
      if (event.key === null) listener(null);
      else if (event.key.startsWith(this.prefix)) listener(event.key.slice(this.prefix.length));
    });
  }
}
