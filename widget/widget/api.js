// The shoppers' part of the HTTP API: one method per request, errors as two classes.

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(status, code, retryAfter) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    /** Seconds, or `null` where the server named none. */
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well succeed later. */
  get passing() {
    return this.status === 408 || this.status === 425 || this.status === 429 || this.status >= 500;
  }

  /** Whether the conversation is not ours any more: its token ran out, or it was deleted. */
  get gone() {
    return this.status === 401 || this.status === 404 || this.status === 410;
  }
}

/** No answer came: no network, a proxy in the way, or too slow. */
export class Unreachable extends Error {}

const TIMEOUT_MS = 20_000;

export class Api {
  /** `token()` gives the visitor token in force, or `null`. */
  constructor(base, clock, token) {
    this.base = base;
    this.clock = clock;
    this.token = token;
  }

  site(site) {
    return this.#json("GET", `/v1/sites/${part(site)}`);
  }

  begin(body) {
    return this.#json("POST", "/v1/conversations", body);
  }

  refreshToken(id) {
    return this.#json("POST", `${conversation(id)}/token`, {});
  }

  load(id) {
    return this.#json("GET", conversation(id));
  }

  send(id, message) {
    return this.#json("POST", `${conversation(id)}/messages?wait=false`, message);
  }

  human(id) {
    return this.#json("POST", `${conversation(id)}/human`, {});
  }

  typing(id) {
    return this.#json("POST", `${conversation(id)}/typing`, {});
  }

  read(id, sequence) {
    return this.#json("POST", `${conversation(id)}/read`, { sequence });
  }

  helpful(id, message, helpful) {
    return this.#json("POST", `${conversation(id)}/messages/${part(message)}/helpful`, { helpful });
  }

  contact(id, contact) {
    return this.#json("POST", `${conversation(id)}/contact`, contact);
  }

  rate(id, rating) {
    return this.#json("POST", `${conversation(id)}/rating`, rating);
  }

  close(id) {
    return this.#json("POST", `${conversation(id)}/close`, {});
  }

  article({ id, language, version }) {
    return this.#json("GET", `/v1/articles/${part(id)}/${part(language)}/${part(version)}`);
  }

  /** The open stream of events after `after`; the caller reads its body. */
  stream(id, after, resumed, signal) {
    const headers = { Accept: "text/event-stream" };
    if (resumed) headers["Last-Event-ID"] = String(after);
    return this.#fetch("GET", `${conversation(id)}/events?after=${after}`, { headers, signal });
  }

  /** Waits up to `seconds` for events after `after`. */
  async poll(id, after, seconds, signal) {
    const reply = await this.#fetch("GET", `${conversation(id)}/events?after=${after}&wait=${seconds}`, { headers: {}, signal });
    return reply.json().catch(() => {
      throw new Unreachable("events");
    });
  }

  async #json(method, path, body) {
    const signal = timeout(TIMEOUT_MS);
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const reply = await this.#fetch(method, path, { headers, signal, body: body && JSON.stringify(body) });
    try {
      const text = await reply.text();
      return text === "" ? null : JSON.parse(text);
    } catch {
      // A body that is cut off, or that a captive portal put in the server's place.
      throw new Unreachable(path);
    }
  }

  async #fetch(method, path, { headers, body, signal }) {
    const token = this.token();
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    let reply;
    try {
      reply = await fetch(this.base + path, {
        method, headers, body, signal, credentials: "omit", cache: "no-store", referrerPolicy: "origin",
      });
    } catch {
      throw new Unreachable(path);
    }
    this.clock.observe(reply.headers.get("Date"), true);
    if (!reply.ok) throw await refusal(reply);
    return reply;
  }
}

async function refusal(reply) {
  const problem = await reply.json().catch(() => null);
  const code = String(problem?.type ?? "").replace("urn:shopdesk:problem:", "");
  return new Refused(reply.status, code, retryAfter(reply.headers.get("Retry-After")));
}

function retryAfter(header) {
  const seconds = Number(header);
  return header === null || !Number.isFinite(seconds) ? null : Math.max(0, seconds);
}

function conversation(id) {
  return `/v1/conversations/${part(id)}`;
}

function part(text) {
  return encodeURIComponent(text);
}

function timeout(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}
