// Between the messages and the field: the line's state, the queue or the opening hours, the button for a
// person, the contact form and the rating. One card at a time, so that the messages keep their room.

import { element, icon } from "../dom.js";
import { openingTime } from "../times.js";
import { ContactForm } from "./contact.js";
import { RatingForm } from "./rating.js";

export class Bar {
  #card = "";

  constructor(view) {
    this.view = view;
    const { texts } = view;
    this.line = element("p", { class: "banner", role: "status" });
    this.card = element("div", { class: "card-place" });
    this.human = element("button", { class: "human", type: "button", onclick: () => view.conversation.askForHuman() },
      icon("person"), element("span", {}, texts.human));
    this.element = element("div", { class: "bar" }, this.card, this.line, element("div", { class: "actions" }, this.human));
    this.contactOpen = false;
    this.ratingPutOff = null;
    this.thanked = null;
  }

  render() {
    const { conversation, texts } = this.view;
    this.#renderLine();
    const withPeople = conversation.state === "waiting_for_human" || conversation.state === "with_human";
    this.human.hidden = withPeople;
    this.human.setAttribute("aria-disabled", String(conversation.humanAsked));
    this.human.lastChild.textContent = conversation.humanAsked ? texts.humanAsked : texts.human;
    this.#renderCard();
  }

  #renderLine() {
    const { conversation, texts } = this.view;
    const { resting } = conversation.outbox;
    const [name, text] = conversation.offline ? ["offline", texts.offline]
      : resting !== null ? ["clock", texts.resting(resting)]
      : conversation.trouble ? ["offline", texts.reconnecting] : [null, ""];
    if (this.line.dataset.text === text) return;
    this.line.dataset.text = text;
    this.line.replaceChildren(...(name === null ? [] : [icon(name), text]));
  }

  // A form is made anew only when another card takes its place: what is typed in it stays.
  #renderCard() {
    const { conversation } = this.view;
    const { state, waiting } = conversation;
    const rated = conversation.rating !== null;
    if (state !== "waiting_for_human") this.contactOpen = false;
    const card = state === "waiting_for_human" ? this.contactOpen && !conversation.contactLeft ? "contact" : `queue ${JSON.stringify(waiting)} ${conversation.contactLeft}`
      : state === "closed" && rated && this.thanked === conversation.id ? "thanks"
      : state === "closed" && !rated && conversation.canRate && this.ratingPutOff !== conversation.id ? "rating" : "";
    if (card === this.#card) return;
    const hadFocus = this.card.contains(this.view.shadow.activeElement);
    this.#card = card;
    this.card.replaceChildren(...this.#make(card.split(" ")[0]));
    if (!hadFocus) return;
    if (card === "contact") this.card.querySelector("input").focus();
    else this.view.composer.focus();
  }

  #make(card) {
    const { texts, conversation } = this.view;
    if (card === "queue") return [this.#queue(conversation.waiting)];
    if (card === "contact") return [new ContactForm(this.view, () => this.#showContact(false)).element];
    if (card === "thanks") return [element("p", { class: "card quiet", role: "status" }, icon("check"), texts.ratingThanks)];
    if (card !== "rating") return [];
    this.thanked = conversation.id;
    return [new RatingForm(this.view, () => {
      this.ratingPutOff = conversation.id;
      this.render();
    }).element];
  }

  #queue(waiting) {
    const { texts, clock, site, language, conversation } = this.view;
    const closed = waiting !== null && !waiting.open_now;
    const hours = site.hours?.[language];
    const lines = closed
      ? [waiting.opens_at && texts.opensAt(openingTime(waiting.opens_at, clock.now(), texts)), hours && texts.hours(hours)]
      : [waiting?.expected_seconds && texts.expected(Math.ceil(waiting.expected_seconds / 60)), texts.waitingStay];
    const title = closed ? texts.closedNow : waiting === null ? texts.humanAsked : texts.position(waiting.position);
    const contact = conversation.contactLeft
      ? element("p", { class: "thanks" }, icon("check"), texts.contactThanks)
      : element("button", { class: closed ? "filled" : "plain", type: "button", onclick: () => this.#showContact(true) }, texts.contactOffer);
    return element("div", { class: "card queue", role: "status" }, icon(closed ? "clock" : "person"),
      element("div", {}, element("strong", {}, title), element("p", {}, lines.filter(Boolean).join(texts.betweenSentences)), contact));
  }

  #showContact(open) {
    this.contactOpen = open;
    this.render();
  }
}
