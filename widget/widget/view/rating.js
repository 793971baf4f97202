// How it was, asked once at the end.

import { element, icon } from "../dom.js";

const BAD = ["slow", "not_solved", "unclear", "rude"];
const GOOD = ["solved", "fast", "friendly"];

export class RatingForm {
  constructor(view, later) {
    this.view = view;
    const { texts } = view;
    this.score = 0;
    this.stars = element("div", { class: "stars", role: "radiogroup", "aria-label": texts.ratingTitle }, [1, 2, 3, 4, 5].map((score) => this.#star(score)));
    this.word = element("p", { class: "word", "aria-hidden": "true" });
    this.reasons = element("div", { class: "reasons", role: "group", "aria-label": texts.ratingWhy });
    this.comment = element("textarea", { class: "input-line", rows: "2", maxlength: "1000", placeholder: texts.ratingComment, "aria-label": texts.ratingComment });
    this.error = element("p", { class: "error", role: "alert" });
    this.button = element("button", { class: "filled", type: "submit" }, texts.ratingSend);
    this.details = element("div", { class: "details", hidden: true }, this.reasons, this.comment, this.error);
    this.button.hidden = true;
    this.element = element("form", { class: "card form rating", onsubmit: (event) => this.#submit(event) },
      element("strong", {}, texts.ratingTitle), this.stars, this.word, this.details,
      element("div", { class: "row" }, this.button, element("button", { class: "plain", type: "button", onclick: later }, texts.later)));
  }

  #star(score) {
    return element("label", { class: "star" },
      element("input", { type: "radio", name: "score", value: score, "aria-label": this.view.texts.ratingStars(score), onchange: () => this.#choose(score) }),
      icon("star"));
  }

  #choose(score) {
    const { texts } = this.view;
    const wasGood = this.score > 3;
    [...this.stars.children].forEach((star, index) => star.classList.toggle("lit", index < score));
    this.word.textContent = texts.ratingScore(score);
    if (this.score === 0 || wasGood !== score > 3) {
      this.reasons.replaceChildren(...(score > 3 ? GOOD : BAD).map((reason) => element("label", { class: "reason" },
        element("input", { type: "checkbox", value: reason }), element("span", {}, texts.ratingReasons[reason]))));
    }
    this.score = score;
    this.details.hidden = false;
    this.button.hidden = false;
  }

  async #submit(event) {
    event.preventDefault();
    const { conversation, texts } = this.view;
    const reasons = [...this.reasons.querySelectorAll(":checked")].map((box) => box.value);
    const comment = this.comment.value.trim();
    this.button.disabled = true;
    try {
      await conversation.rate({ score: this.score, reasons, ...(comment === "" ? {} : { comment }) });
    } catch {
      this.error.textContent = texts.somethingFailed;
    }
    this.button.disabled = false;
  }
}
