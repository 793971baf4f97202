// The messages in their order, with days, notices, what is unsent and who is typing. Elements stay the same
// while their message does, because a live region reads every new element aloud.

import { element, icon } from "../dom.js";
import { markdown } from "../markdown.js";
import { day } from "../times.js";
import { MessageElement } from "./message.js";

const NEAR_THE_END = 80;
const SAME_GROUP_MS = 300_000;

export class Log {
  #shown = new Map();

  constructor(view) {
    this.view = view;
    const { texts } = view;
    this.list = element("div", { class: "list", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": texts.log });
    this.typing = element("div", { class: "message bot typing", role: "status" });
    this.scroller = element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": texts.log, onscroll: () => this.#scrolled() },
      this.#greeting(), this.list, this.typing);
    this.newer = element("button", { class: "newer", type: "button", hidden: true, onclick: () => this.scrollToEnd() },
      icon("down"), texts.newMessages);
    this.element = element("div", { class: "log" }, this.scroller, this.newer);
    this.atEnd = true;
    // A card or a keyboard that takes room must not hide the last message.
    new ResizeObserver(() => this.atEnd && this.scrollToEnd()).observe(this.scroller);
  }

  render() {
    const { conversation } = this.view;
    const entries = this.#entries();
    const keys = new Set(entries.map(({ key }) => key));
    for (const [key, shown] of this.#shown) {
      if (keys.has(key)) continue;
      shown.element.remove();
      this.#shown.delete(key);
    }
    let grown = false;
    let ownGrown = false;
    entries.forEach((entry, index) => {
      let shown = this.#shown.get(entry.key);
      if (!shown) {
        shown = entry.make();
        this.#shown.set(entry.key, shown);
        grown = true;
        ownGrown ||= entry.message?.sender === "shopper";
      }
      if (this.list.children[index] !== shown.element) this.list.insertBefore(shown.element, this.list.children[index] ?? null);
      shown.update?.(entry);
    });
    const typed = this.#renderTyping(conversation.typing);
    if (ownGrown || (grown || typed) && this.atEnd) this.scrollToEnd();
    else if (grown && this.view.isOpen) this.newer.hidden = false;
    else if (this.atEnd) this.scrollToEnd();
  }

  renderTimes() {
    for (const shown of this.#shown.values()) shown.renderTime?.();
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.atEnd = true;
    this.newer.hidden = true;
  }

  #scrolled() {
    this.atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_THE_END;
    if (this.atEnd) this.newer.hidden = true;
  }

  #greeting() {
    const { texts, greeting, shop } = this.view;
    return element("div", { class: "message bot first last greeting" },
      element("span", { class: "avatar", "aria-hidden": "true" }, icon("bot")),
      element("div", { class: "content" },
        element("p", { class: "sender", dir: "auto" }, `${shop} · ${texts.bot}`),
        element("div", { class: "bubble" }, ...markdown(greeting))));
  }

  #entries() {
    const { conversation } = this.view;
    const unsent = conversation.unsent.map((entry) => ({ sender: "shopper", text: entry.text, client_message_id: entry.id, entry }));
    const all = [...conversation.messages, ...unsent];
    const lastOwn = all.findLast((message) => message.sender === "shopper");
    const botListens = conversation.state === "bot" || conversation.state === "closed";
    const lastBot = botListens && unsent.length === 0 ? conversation.messages.at(-1) : null;
    const entries = [];
    let shownDay = null;
    let notices = [...conversation.notices];
    all.forEach((message, index) => {
      if (message.created_at) {
        for (const notice of notices.filter(({ sequence }) => sequence < message.sequence)) entries.push(this.#notice(notice));
        notices = notices.filter(({ sequence }) => sequence > message.sequence);
        const { key, title } = day(message.created_at, this.view.clock.now(), this.view.texts);
        if (key !== shownDay) entries.push({ key: `day ${key}`, make: () => this.#line("day", title) });
        shownDay = key;
      }
      entries.push({
        key: message.client_message_id ?? message.id,
        message,
        first: !sameGroup(all[index - 1], message),
        last: !sameGroup(message, all[index + 1]),
        newestOwn: message === lastOwn,
        newest: message === lastBot,
        make: () => new MessageElement(this.view),
      });
    });
    return [...entries, ...notices.map((notice) => this.#notice(notice))];
  }

  #notice({ sequence, kind, name }) {
    const { texts } = this.view;
    return { key: `notice ${sequence}`, make: () => this.#line("notice", kind === "joined" ? texts.joined(name) : texts.left) };
  }

  #line(kind, text) {
    return { element: element("p", { class: `line ${kind}`, dir: "auto" }, text) };
  }

  /** Whether somebody just began to type. */
  #renderTyping(typing) {
    const { texts } = this.view;
    const name = typing && (typing.by === "bot" ? texts.bot : typing.name ?? texts.agent);
    const text = typing ? texts.typing(name) : "";
    if ((this.typing.dataset.text ?? "") === text) return false;
    this.typing.dataset.text = text;
    this.typing.classList.toggle("agent", typing?.by === "agent");
    this.typing.replaceChildren(...(typing ? [
      element("span", { class: "avatar", "aria-hidden": "true" }, [...(typing.name ?? "")][0]?.toUpperCase() ?? icon(typing.by === "bot" ? "bot" : "person")),
      element("div", { class: "bubble dots" }, element("span", { class: "unseen" }, text), element("i"), element("i"), element("i")),
    ] : []));
    return typing !== null;
  }
}

function sameGroup(one, other) {
  if (!one || !other || one.sender !== other.sender || one.sender_name !== other.sender_name && one.sender === "agent") return false;
  if (!one.created_at || !other.created_at) return true;
  return Math.abs(Date.parse(other.created_at) - Date.parse(one.created_at)) < SAME_GROUP_MS;
}
