// The events of one conversation, for as long as somebody wants them: server-sent events over `fetch`
// (because `EventSource` can send no token), long polling where a proxy holds a stream back.

import { Refused, Unreachable } from "./api.js";
import { Pause, backoff } from "./waiting.js";

// The server sends a comment every 15 s, so a stream that says nothing for longer is dead.
const SILENCE_MS = 40_000;
const SILENT_STREAMS_BEFORE_POLLING = 2;
const POLL_SECONDS = 25;
const BYE_MS = 1_000;

export class Events {
  #stopped = false;
  #open = null;
  #pause = new Pause();
  #silent = 0;
  #resumed = false;
  #retryMs = BYE_MS;

  /**
   * `listener.after()` is the last sequence known, `prepare()` loads what came before the first stream,
   * `event(event)` takes one event, `status(connected)` the line's state, `gone()` ends it all.
   */
  constructor(api, conversation, listener) {
    this.api = api;
    this.conversation = conversation;
    this.listener = listener;
  }

  async run() {
    let prepared = false;
    for (let attempt = 0; !this.#stopped;) {
      try {
        if (!prepared) await this.listener.prepare();
        prepared = true;
        if (this.#stopped) return;
        const connected = () => {
          attempt = 0;
          this.listener.status(true);
        };
        if (this.#silent >= SILENT_STREAMS_BEFORE_POLLING) await this.#poll(connected);
        else await this.#stream(connected);
        if (!this.#stopped) await this.#pause.for(this.#retryMs * (1 + Math.random()));
      } catch (error) {
        if (this.#stopped) return;
        if (error instanceof Refused && error.gone) return this.listener.gone();
        if (!(error instanceof Refused || error instanceof Unreachable)) console.warn("shopdesk:", error);
        this.listener.status(false);
        await this.#pause.for(error.retryAfter == null ? backoff(attempt++) : error.retryAfter * 1000);
      }
    }
  }

  /** Tries again at once: the network is back. */
  wake() {
    this.#pause.wake();
  }

  /** Drops the line, to take it up again as after any failure: the network is gone. */
  interrupt() {
    this.#open?.abort();
  }

  stop() {
    this.#stopped = true;
    this.#open?.abort();
    this.#pause.wake();
  }

  async #stream(connected) {
    this.#open = new AbortController();
    let watchdog = null;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        this.#silent += 1;
        this.#open.abort();
      }, SILENCE_MS);
    };
    alive();
    try {
      const reply = await this.api.stream(this.conversation, this.listener.after(), this.#resumed, this.#open.signal);
      connected();
      this.#resumed = true;
      const reader = reply.body.getReader();
      const decoder = new TextDecoder();
      const parser = new FrameParser((frame) => this.#take(frame));
      for (;;) {
        const { done, value } = await reader.read().catch(() => {
          throw new Unreachable("events");
        });
        if (done) return;
        this.#silent = 0;
        alive();
        parser.push(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(watchdog);
      this.#open.abort();
    }
  }

  async #poll(connected) {
    this.#open = new AbortController();
    const watchdog = setTimeout(() => this.#open.abort(), SILENCE_MS);
    try {
      const reply = await this.api.poll(this.conversation, this.listener.after(), POLL_SECONDS, this.#open.signal);
      connected();
      for (const event of reply.events) this.listener.event(event);
    } finally {
      clearTimeout(watchdog);
    }
  }

  #take(frame) {
    if (frame.retry !== null) this.#retryMs = frame.retry;
    if (frame.data === "" || frame.kind === "bye") return;
    let event;
    try {
      event = JSON.parse(frame.data);
    } catch {
      return;
    }
    this.listener.event(event);
  }
}

/** Cuts a text/event-stream into frames, wherever the network cut it into pieces. */
export class FrameParser {
  #rest = "";
  #frame = emptyFrame();

  constructor(take) {
    this.take = take;
  }

  push(text) {
    this.#rest += text;
    // A carriage return at the end may be the first half of a line's end, so it waits for the next piece.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") {
      const frame = this.#frame;
      this.#frame = emptyFrame();
      frame.data = frame.lines.join("\n");
      return this.take(frame);
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") this.#frame.kind = value;
    else if (field === "data") this.#frame.lines.push(value);
    else if (field === "retry" && /^\d+$/.test(value)) this.#frame.retry = Math.min(Number(value), 60_000);
  }
}

function emptyFrame() {
  return { kind: "message", lines: [], data: "", retry: null };
}
