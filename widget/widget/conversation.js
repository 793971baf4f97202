// One visitor's conversation as the view shows it: what the server said, what is still to be sent, and
// what the visitor may do. Dispatches `change` whenever any of it is different.

import { Refused } from "./api.js";
import { Events } from "./events.js";
import { Outbox } from "./outbox.js";

const TYPING_SHOWN_MS = 6_000;
const TYPING_TOLD_EVERY_MS = 4_000;
// A short break is not worth a word to the shopper.
const TROUBLE_SHOWN_AFTER_MS = 1_500;
// A browser opens six connections to a server, so tabs that nobody looks at give theirs back.
const HIDDEN_TAB_STREAMS_MS = 60_000;

export class Conversation extends EventTarget {
  #events = null;
  #typingTimer = null;
  #typingTold = -Infinity;
  #troubleTimer = null;
  #hiddenTimer = null;
  #pending = false;

  constructor(api, session, clock, shelf) {
    super();
    this.api = api;
    this.session = session;
    this.clock = clock;
    this.shelf = shelf;
    this.outbox = new Outbox(shelf, `${shelf.prefix}outbox`, {
      deliver: (entry) => this.#deliver(entry),
      changed: () => this.#changed(),
    });
    this.#empty();
    this.left = false;
    this.offline = navigator.onLine === false;
    this.#listen();
  }

  /** Takes up the conversation of an earlier page, and sends what that page could not. */
  start() {
    if (this.session.current !== null) this.#follow();
    this.outbox.flush();
  }

  // What the visitor does.

  say(text, choice = null) {
    // The page is older than the login in another tab, so it does not know whose words these are.
    if (this.left) return location.reload();
    this.outbox.add({ kind: "message", text, choice });
  }

  askForHuman() {
    if (!this.humanAsked && !this.left) this.outbox.add({ kind: "human" });
  }

  tellTyping() {
    const talksToPeople = this.state === "with_human" || this.state === "waiting_for_human";
    if (!talksToPeople || performance.now() - this.#typingTold < TYPING_TOLD_EVERY_MS) return;
    this.#typingTold = performance.now();
    this.api.typing(this.id).catch(() => {});
  }

  markRead() {
    if (this.id === null || this.lastSequence <= this.#readSequence()) return;
    this.shelf.set("read", { id: this.id, sequence: this.lastSequence });
    this.api.read(this.id, this.lastSequence).catch(() => {});
    this.#changed();
  }

  async rateMessage(message, helpful) {
    await this.api.helpful(this.id, message.id, helpful);
    this.#put({ ...message, helpful });
  }

  async leaveContact(contact) {
    await this.api.contact(this.id, contact);
    this.contactLeft = true;
    this.#changed();
  }

  async rate(rating) {
    try {
      await this.api.rate(this.id, rating);
    } catch (error) {
      if (error.code !== "already-rated") throw error;
    }
    this.rating = rating;
    this.#changed();
  }

  async end() {
    const { state } = await this.api.close(this.id);
    this.#setState(state);
  }

  /** Ends this conversation and forgets it here; the next message begins another. */
  restart() {
    if (this.id !== null && this.state !== "closed") this.api.close(this.id).catch(() => {});
    this.forget();
  }

  /** Leaves nothing of the conversation in this browser. */
  forget() {
    this.session.forget();
    this.shelf.remove("read");
    this.outbox.clear();
    this.#leave();
  }

  /** Shows nothing of it any more on this page: in another tab the shop's customer has changed. */
  leave() {
    this.#leave();
    this.left = true;
  }

  // What the view asks.

  get humanAsked() {
    return this.outbox.entries().some((entry) => entry.kind === "human");
  }

  get unread() {
    const read = this.#readSequence();
    return this.messages.filter((message) => message.sender !== "shopper" && message.sequence > read).length;
  }

  /** What is written and not on the server yet. */
  get unsent() {
    if (this.left) return [];
    const arrived = new Set(this.messages.map((message) => message.client_message_id));
    return this.outbox.entries().filter((entry) => entry.kind === "message" && !arrived.has(entry.id));
  }

  #readSequence() {
    const read = this.shelf.get("read");
    return read !== null && read.id === this.id ? read.sequence : 0;
  }

  // The line to the server.

  #follow() {
    const { id } = this.session.current;
    this.id = id;
    this.#events?.stop();
    this.#events = new Events(this.api, id, {
      after: () => this.lastSequence,
      prepare: () => this.#load(id),
      event: (event) => this.#take(event),
      status: (connected) => this.#setConnected(connected),
      gone: () => this.#lose(id),
    });
    this.#events.run();
    this.session.keepFresh();
  }

  async #load(id) {
    const loaded = await this.api.load(id);
    if (this.id !== id) return;
    for (const message of loaded.messages) this.#insert(message);
    for (const event of loaded.notices) this.#note(event);
    this.lastSequence = Math.max(this.lastSequence, loaded.last_sequence);
    this.state = loaded.state;
    this.waiting = loaded.waiting;
    this.rating = loaded.rating;
    this.canRate = loaded.can_rate;
    this.#changed();
  }

  #take(event) {
    if (event.sequence) this.lastSequence = Math.max(this.lastSequence, event.sequence);
    if (event.at) this.clock.observe(event.at);
    if (event.kind === "message") this.#put(event.message);
    else if (event.kind === "state") this.#takeState(event);
    else if (event.kind === "helpful") this.#takeHelpful(event);
    else if (event.kind === "rating") this.rating = event;
    else if (event.kind === "contact") this.contactLeft = true;
    else if (event.kind === "typing") this.#takeTyping(event);
    else if (event.kind === "read" && event.by === "agent") this.seen = Math.max(this.seen, event.sequence);
    else if (event.kind === "waiting") this.waiting = event.waiting;
    this.#changed();
  }

  #takeState(event) {
    this.#note(event);
    this.#setState(event.state);
  }

  // An event comes with the conversation as a whole, or as it happens, or both.
  #note({ sequence, at, state, agent }) {
    if (this.notices.some((notice) => notice.sequence === sequence)) return;
    if (state === "with_human" && agent) this.notices.push({ sequence, at, kind: "joined", name: agent });
    if (state === "closed") this.notices.push({ sequence, at, kind: "left" });
    this.notices.sort((a, b) => a.sequence - b.sequence);
    if (agent) this.agent = agent;
  }

  #takeHelpful(event) {
    const message = this.messages.find((one) => one.id === event.message);
    if (message) message.helpful = event.helpful;
  }

  #takeTyping({ by, name }) {
    if (by === "shopper") return;
    this.typing = { by, name: name ?? null };
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#stopTyping(), TYPING_SHOWN_MS);
  }

  #stopTyping() {
    clearTimeout(this.#typingTimer);
    this.typing = null;
    this.#changed();
  }

  // The queue's length, and whether it may be rated, come with the conversation as a whole.
  #setState(state) {
    this.state = state;
    if (state !== "waiting_for_human") this.waiting = null;
    if (state === "closed") this.#stopTyping();
    if (state !== "bot") this.#load(this.id).catch(() => {});
    this.#changed();
  }

  #setConnected(connected) {
    clearTimeout(this.#troubleTimer);
    if (connected) {
      this.trouble = false;
      this.outbox.wake();
      if (this.state === "waiting_for_human") this.#load(this.id).catch(() => {});
    } else {
      this.#troubleTimer = setTimeout(() => {
        this.trouble = true;
        this.#changed();
      }, TROUBLE_SHOWN_AFTER_MS);
    }
    this.#changed();
  }

  async #deliver(entry) {
    try {
      await this.#deliverTo(await this.session.ensure(), entry);
    } catch (error) {
      if (!(error instanceof Refused && error.gone && this.session.current !== null)) throw error;
      // The conversation is gone, the message must not be: it opens a new one.
      this.#lose(this.session.current.id);
      await this.#deliverTo(await this.session.ensure(), entry);
    }
  }

  async #deliverTo(id, entry) {
    if (this.id !== id) this.#follow();
    if (entry.kind === "human") {
      const { state } = await this.api.human(id);
      if (this.id === id) this.#setState(state);
      return;
    }
    const body = { text: entry.text, client_message_id: entry.id };
    if (entry.choice !== null) body.choice = entry.choice;
    const { message, reply, state } = await this.api.send(id, body);
    if (this.id !== id) return;
    this.clock.observe(message.created_at);
    this.#put(message);
    if (reply !== null) this.#put(reply);
    if (state !== this.state) this.#setState(state);
  }

  #lose(id) {
    this.session.forget(id);
    if (this.id === id) this.#leave();
  }

  #leave() {
    this.#events?.stop();
    this.#events = null;
    this.#empty();
    this.#changed();
  }

  #empty() {
    clearTimeout(this.#typingTimer);
    clearTimeout(this.#troubleTimer);
    this.id = null;
    /** `bot`, `waiting_for_human`, `with_human`, `closed`, or `null` before the first message. */
    this.state = null;
    this.messages = [];
    this.notices = [];
    this.lastSequence = 0;
    this.waiting = null;
    this.typing = null;
    this.agent = null;
    this.rating = null;
    this.canRate = false;
    this.contactLeft = false;
    this.seen = 0;
    this.trouble = false;
  }

  #put(message) {
    if (this.typing?.by === message.sender) this.#stopTyping();
    this.#insert(message);
    this.#changed();
  }

  #insert(message) {
    const at = this.messages.findIndex((one) => one.id === message.id);
    if (at >= 0) this.messages[at] = message;
    else this.messages.push(message);
    this.messages.sort((a, b) => a.sequence - b.sequence);
    if (message.sender === "agent" && message.sender_name) this.agent = message.sender_name;
    this.clock.observe(message.created_at);
  }

  // What happens around the page.

  #listen() {
    window.addEventListener("online", () => {
      this.offline = false;
      this.#events?.wake();
      this.outbox.wake();
      this.#changed();
    });
    window.addEventListener("offline", () => {
      this.offline = true;
      this.#events?.interrupt();
      this.#changed();
    });
    window.addEventListener("pageshow", (event) => event.persisted && this.#resume());
    window.addEventListener("pagehide", () => this.#rest());
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hiddenTimer);
      if (document.hidden) this.#hiddenTimer = setTimeout(() => this.#rest(), HIDDEN_TAB_STREAMS_MS);
      else this.#resume();
    });
    this.shelf.onChange((key) => this.#takeOtherTab(key));
  }

  #rest() {
    this.#events?.stop();
    this.#events = null;
  }

  #resume() {
    if (this.left) return;
    if (this.#events === null && this.session.current !== null) this.#follow();
    this.outbox.wake();
  }

  #takeOtherTab(key) {
    if (this.left) return;
    if (key === null || key === "session") {
      const id = this.session.current?.id ?? null;
      if (id !== this.id) {
        this.#leave();
        if (id !== null) this.#follow();
      }
    }
    if (key?.startsWith("outbox:")) this.outbox.flush();
    this.#changed();
  }

  // Many things change at once; the view hears of them once.
  #changed() {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}
