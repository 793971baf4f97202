// Which conversation is this visitor's, with the token that opens it. Shared by the tabs of the shop.

import { Refused } from "./api.js";

const LONGEST_TIMER_MS = 3_600_000;
const AFTER_FAILURE_MS = 30_000;

export class Session {
  #timer = null;

  constructor(shelf, clock, options, language) {
    this.shelf = shelf;
    this.clock = clock;
    this.options = options;
    this.language = language;
    this.api = null;
  }

  /** `{id, token, token_expires_at, issued_at}`, or `null` before the first message. */
  get current() {
    return this.shelf.get("session");
  }

  get token() {
    return this.current?.token ?? null;
  }

  /** The conversation's id; begins one if there is none. To be called by one tab at a time. */
  async ensure() {
    if (this.current !== null) return this.current.id;
    const begun = await this.#begin();
    this.clock.observe(begun.created_at);
    // Without locks another tab may have been faster: then its conversation is the one.
    if (this.current === null) this.#keep(begun.id, begun);
    return this.current.id;
  }

  forget(id) {
    if (id === undefined || this.current?.id === id) this.shelf.remove("session");
  }

  /** Keeps the token fresh for as long as the page is open. */
  async keepFresh() {
    clearTimeout(this.#timer);
    const wait = this.#refreshInMs();
    if (wait === null) return;
    const failed = wait <= 0 && !await this.#refresh();
    const next = Math.max(this.#refreshInMs() ?? LONGEST_TIMER_MS, failed ? AFTER_FAILURE_MS : 1_000);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.keepFresh(), Math.min(next, LONGEST_TIMER_MS));
  }

  async #begin() {
    const { site, customer } = this.options;
    const body = { site, channel: "widget", language: this.language, context: this.options.context() };
    if (customer === null) return this.api.begin(body);
    try {
      return await this.api.begin({ ...body, customer });
    } catch (error) {
      if (!(error instanceof Refused && error.code === "wrong-signature")) throw error;
      // The shop's mistake must not leave the shopper without help: they go on as a stranger.
      console.warn("shopdesk: data-customer-signature does not fit data-customer-id");
      return this.api.begin(body);
    }
  }

  // When half of the token's life is over, by the server's clock.
  #refreshInMs() {
    const session = this.current;
    if (session === null) return null;
    const now = this.clock.now();
    if (now === null || !this.clock.exact && session.issued_at === null) return 0;
    const expires = Date.parse(session.token_expires_at);
    const issued = session.issued_at ?? now;
    return issued + (expires - issued) / 2 - now;
  }

  async #refresh() {
    const { id } = this.current;
    try {
      const fresh = await this.api.refreshToken(id);
      if (this.current?.id === id) this.#keep(id, fresh);
      return true;
    } catch {
      // The old token may still do. If not, the next request says so and the conversation begins anew.
      return false;
    }
  }

  #keep(id, { token, token_expires_at }) {
    this.shelf.set("session", { id, token, token_expires_at, issued_at: this.clock.now() });
  }
}
