// One message: its sender, text and time, and below a bot's answer what can be done with it.

import { element, icon } from "../dom.js";
import { withLinks } from "../links.js";
import { markdown } from "../markdown.js";
import { fullTime, messageTime } from "../times.js";

export class MessageElement {
  #text = null;
  #extras = null;
  #foot = null;
  #message = null;

  constructor(view) {
    this.view = view;
    this.sender = element("p", { class: "sender", dir: "auto" });
    this.bubble = element("div", { class: "bubble", dir: "auto" });
    this.extras = element("div", { class: "extras" });
    this.time = element("time");
    this.foot = element("div", { class: "foot" });
    this.avatar = element("span", { class: "avatar", "aria-hidden": "true" });
    this.element = element("div", {}, this.avatar,
      element("div", { class: "content" }, this.sender, this.bubble, this.extras, this.foot));
  }

  /** `first` and `last` of a group show the sender and the time; `newest` still offers its choices. */
  update({ message, first, last, newestOwn, newest }) {
    this.#message = message;
    const own = message.sender === "shopper";
    this.element.className = `message ${own ? "own" : message.sender}${first ? " first" : ""}${last || newestOwn ? " last" : ""}`;
    this.element.classList.toggle("failed", Boolean(message.entry?.failed));
    this.element.classList.toggle("unsent", Boolean(message.entry));
    this.#renderText(message, own);
    this.#renderExtras(message, newest);
    this.#renderFoot(message, newestOwn);
    this.renderTime();
  }

  renderTime() {
    const { created_at } = this.#message;
    this.time.hidden = !created_at;
    if (!created_at) return;
    const { clock, texts } = this.view;
    this.time.dateTime = created_at;
    this.time.title = fullTime(created_at, texts);
    const text = messageTime(created_at, clock.now(), texts);
    if (this.time.textContent !== text) this.time.textContent = text;
  }

  #renderText(message, own) {
    if (this.#text === message.text) return;
    this.#text = message.text;
    const { texts, shop } = this.view;
    const bot = message.sender === "bot";
    this.sender.textContent = own ? texts.you : bot ? `${shop} · ${texts.bot}` : message.sender_name ?? texts.agent;
    if (!own) this.avatar.replaceChildren(bot ? icon("bot") : [...(message.sender_name ?? "")][0]?.toUpperCase() ?? icon("person"));
    this.bubble.replaceChildren(...(bot ? markdown(message.text) : withLinks(message.text)));
  }

  #renderExtras(message, newest) {
    if (message.sender !== "bot") return;
    const shown = JSON.stringify([message.article, message.choices, message.asks_if_helpful, message.helpful, newest]);
    if (shown === this.#extras) return;
    this.#extras = shown;
    const hadFocus = this.extras.contains(this.view.shadow.activeElement);
    this.extras.replaceChildren(...[
      this.#article(message.article), this.#choices(message.choices ?? [], newest), this.#helpful(message),
    ].filter((part) => part !== null));
    if (hadFocus) this.view.composer.focus();
  }

  #article(article) {
    if (!article) return null;
    const { texts } = this.view;
    const button = element("button", {
      class: "source", type: "button",
      onclick: () => this.view.showArticle(article, button),
    }, icon("article"),
    element("span", { class: "label" }, element("small", {}, texts.source), element("span", { dir: "auto" }, article.title)), icon("next"));
    return button;
  }

  #choices(choices, newest) {
    if (choices.length === 0 || !newest) return null;
    return element("div", { class: "choices" }, choices.map(({ intent, title }) => element("button", {
      class: "choice", type: "button", dir: "auto",
      onclick: () => {
        this.view.conversation.say(title, intent);
        this.view.composer.focus();
      },
    }, title)));
  }

  #helpful(message) {
    if (!message.asks_if_helpful) return null;
    const { texts } = this.view;
    if (message.helpful !== null) {
      return element("p", { class: "thanks", role: "status" }, icon("check"), message.helpful ? texts.helpfulThanks : texts.unhelpfulThanks);
    }
    const vote = (helpful, name, label) => element("button", {
      class: "vote", type: "button", onclick: () => this.#vote(message, helpful),
    }, icon(name), label);
    return element("div", { class: "helpful", role: "group", "aria-label": texts.helpfulQuestion },
      element("span", {}, texts.helpfulQuestion), vote(true, "yes", texts.yes), vote(false, "no", texts.no));
  }

  async #vote(message, helpful) {
    const { conversation, composer, texts } = this.view;
    await conversation.rateMessage(message, helpful).catch(() => composer.say(texts.somethingFailed));
  }

  #renderFoot({ entry, sender, sequence }, newestOwn) {
    const { conversation, texts } = this.view;
    const status = entry ? this.#unsentStatus(entry)
      : sender === "shopper" && newestOwn ? sequence <= conversation.seen ? texts.seen : texts.sent : "";
    const shown = `${status} ${entry?.failed}`;
    if (shown === this.#foot) return;
    this.#foot = shown;
    const { outbox } = conversation;
    this.foot.replaceChildren(this.time, ...(status ? [element("span", { class: "status" }, status)] : []), ...(entry?.failed ? [
      element("button", { class: "plain", type: "button", onclick: () => outbox.retry(entry.id) }, texts.retry),
      element("button", { class: "plain", type: "button", onclick: () => outbox.remove(entry.id) }, texts.remove),
    ] : []));
  }

  #unsentStatus({ failed }) {
    const { conversation, texts } = this.view;
    if (failed) return texts.failed[failed] ?? texts.failed.failed;
    return conversation.offline || conversation.trouble ? texts.waitsForNetwork : texts.sending;
  }
}
