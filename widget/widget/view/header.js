// The top of the window: who one is talking to, and the menu.

import { element, icon } from "../dom.js";

export class Header {
  constructor(view) {
    this.view = view;
    const { texts } = view;
    this.title = element("h2", { class: "title", dir: "auto" }, view.shop);
    this.subtitle = element("p", { class: "subtitle", dir: "auto" });
    this.avatar = element("span", { class: "face", "aria-hidden": "true" });
    this.menuButton = element("button", {
      class: "round", type: "button", "aria-label": texts.menu, "aria-haspopup": "true", "aria-expanded": "false",
      onclick: () => this.menu.hidden ? this.#openMenu() : this.closeMenu(),
    }, icon("more"));
    this.endButton = this.#item(icon("check"), texts.end, () => this.#end());
    this.menu = element("div", { class: "menu", hidden: true, onfocusout: (event) => this.#leaveMenu(event) },
      this.#item(icon("restart"), texts.restart, () => this.#askRestart()), this.endButton);
    this.confirm = element("div", { class: "confirm", role: "group", "aria-label": texts.restart, hidden: true },
      element("p", {}, texts.restartConfirm),
      element("div", { class: "row" },
        element("button", { class: "filled", type: "button", onclick: () => this.#restart() }, texts.restartYes),
        element("button", { class: "outlined", type: "button", onclick: () => this.#closeConfirm() }, texts.cancel)));
    this.element = element("header", { class: "header" }, this.avatar,
      element("div", { class: "names" }, this.title, this.subtitle),
      this.menuButton,
      element("button", { class: "round", type: "button", "aria-label": texts.closeChat, onclick: () => view.close() }, icon("close")),
      this.menu, this.confirm);
  }

  render() {
    const { conversation, texts, shop, site } = this.view;
    const { state, agent } = conversation;
    const human = state === "with_human";
    const initial = [...(human && agent ? agent : shop).trim()][0] ?? "";
    this.avatar.textContent = initial.toUpperCase();
    const open = conversation.waiting?.open_now ?? site.open_now;
    this.avatar.classList.toggle("online", human || open);
    this.subtitle.textContent = human ? texts.subtitleWithHuman(agent ?? texts.agent)
      : state === "waiting_for_human" ? open ? texts.subtitleWaiting : texts.closedNow
      : state === "closed" ? texts.subtitleClosed : texts.subtitle;
    this.menuButton.hidden = state === null;
    this.endButton.hidden = state === "closed";
    if (state === null) this.menu.hidden = true;
  }

  /** Whether there was something to close. */
  closeMenu() {
    if (!this.confirm.hidden) return this.#closeConfirm();
    if (this.menu.hidden) return false;
    this.menu.hidden = true;
    this.menuButton.setAttribute("aria-expanded", "false");
    this.menuButton.focus();
    return true;
  }

  #openMenu() {
    this.menu.hidden = false;
    this.menuButton.setAttribute("aria-expanded", "true");
    this.menu.querySelector("button").focus();
  }

  #leaveMenu(event) {
    if (this.menu.contains(event.relatedTarget) || event.relatedTarget === this.menuButton) return;
    this.menu.hidden = true;
    this.menuButton.setAttribute("aria-expanded", "false");
  }

  #item(drawing, label, onclick) {
    return element("button", { class: "item", type: "button", onclick }, drawing, label);
  }

  #askRestart() {
    this.confirm.hidden = false;
    this.confirm.querySelector("button").focus();
  }

  #closeConfirm() {
    this.confirm.hidden = true;
    this.menuButton.focus();
    return true;
  }

  #restart() {
    this.confirm.hidden = true;
    this.view.conversation.restart();
    this.view.composer.focus();
  }

  async #end() {
    this.closeMenu();
    await this.view.conversation.end().catch(() => this.view.composer.say(this.view.texts.somethingFailed));
  }
}
