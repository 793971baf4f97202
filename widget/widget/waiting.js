// How long to wait before the next try, and a wait that good news can cut short.

const FIRST_MS = 800;
const LONGEST_MS = 30_000;

/** Doubles with every failed attempt. The jitter keeps a shop's visitors from coming back all at once. */
export function backoff(attempt) {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return longest / 2 + Math.random() * (longest / 2);
}

export class Pause {
  #end = null;

  for(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake(), milliseconds);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake() {
    this.#end?.();
    this.#end = null;
  }
}
