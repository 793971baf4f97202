// One line to the server on which it tells what happens, taken up again by itself as long as the page is open.

const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Follows `path()`, which says where to go on. `on` has a function for each kind of event; `status(connected)` hears of the line.
 * Returns what ends it.
 */
export function follow(path, on, status) {
  let source = null;
  let timer = null;
  let failures = 0;
  let ended = false;

  function open() {
    source = new EventSource(path());
    source.onopen = () => {
      failures = 0;
      status(true);
    };
    source.onerror = () => {
      status(false);
      // A browser goes on by itself after a lost connection, but not after a refusal.
      if (source.readyState === EventSource.CLOSED && !ended) later();
    };
    for (const [kind, take] of Object.entries(on)) source.addEventListener(kind, (event) => take(parsed(event.data)));
    source.addEventListener("bye", () => status(false));
  }

  function later() {
    source.close();
    failures += 1;
    timer = setTimeout(again, Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS));
  }

  async function again() {
    const session = await fetch("/v1/session").catch(() => null);
    if (ended) return;
    // Whoever is not logged in any more is asked to.
    if (session?.status === 401) location.reload();
    else open();
  }

  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    source.close();
  };
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return {};
  }
}
