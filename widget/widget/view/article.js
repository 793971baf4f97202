// The article that an answer was taken from, over the conversation.

import { element, icon } from "../dom.js";
import { markdown } from "../markdown.js";

export class Article {
  #closed = null;
  #wanted = null;

  constructor(view) {
    this.view = view;
    this.back = element("button", { class: "round", type: "button", "aria-label": view.texts.back, onclick: () => this.hide() }, icon("back"));
    this.title = element("h2", { class: "title", dir: "auto" }, view.texts.article);
    this.body = element("div", { class: "article-body", tabindex: "0", role: "region", "aria-label": view.texts.article, "aria-live": "polite" });
    this.element = element("div", { class: "article", hidden: true }, element("header", { class: "header" }, this.back, this.title,
      element("button", { class: "round", type: "button", "aria-label": view.texts.closeChat, onclick: () => view.close() }, icon("close"))), this.body);
  }

  async show(article, closed) {
    this.#closed = closed;
    this.#wanted = article;
    this.element.hidden = false;
    this.back.focus();
    const { texts, api } = this.view;
    this.body.replaceChildren(element("p", { class: "quiet" }, texts.loading));
    try {
      const read = await api.article(article);
      if (this.#wanted === article) this.#fill(read);
    } catch {
      if (this.#wanted === article) this.#fail(article);
    }
  }

  /** Whether it was open. */
  hide() {
    if (this.element.hidden) return false;
    this.element.hidden = true;
    this.#wanted = null;
    this.#closed();
    return true;
  }

  #fill({ title, answer, body, language }) {
    this.body.lang = language;
    this.body.scrollTop = 0;
    this.body.replaceChildren(element("h3", { class: "headline", dir: "auto" }, title),
      element("div", { class: "lead" }, ...markdown(answer ?? "")), ...markdown(body ?? ""));
  }

  #fail(article) {
    const { texts } = this.view;
    this.body.replaceChildren(element("p", { role: "alert" }, texts.loadFailed),
      element("button", { class: "outlined", type: "button", onclick: () => this.show(article, this.#closed) }, texts.retry));
  }
}
