// A way to be reached, for when nobody is there.

import { element } from "../dom.js";

// Only typing slips are caught: whether somebody answers there, no pattern can tell.
const PLAUSIBLE = {
  phone: (value) => (value.match(/\d/g) ?? []).length >= 5,
  email: (value) => /^\S+@\S+\.\S+$/.test(value),
  other: (value) => value.length >= 2,
};
const INPUT = { phone: ["tel", "tel"], email: ["email", "email"], other: ["text", "off"] };

export class ContactForm {
  constructor(view, cancelled) {
    this.view = view;
    const { texts } = view;
    this.kind = "phone";
    this.value = element("input", { class: "input-line", "aria-describedby": "contact-error", maxlength: "200" });
    this.note = element("textarea", { class: "input-line", rows: "2", maxlength: "1000", placeholder: texts.contactNote, "aria-label": texts.contactNote });
    this.error = element("p", { class: "error", id: "contact-error", role: "alert" });
    this.button = element("button", { class: "filled", type: "submit" }, texts.contactSend);
    this.element = element("form", { class: "card form", novalidate: true, onsubmit: (event) => this.#submit(event) },
      element("strong", {}, texts.contactTitle), element("p", {}, texts.contactWhy),
      element("div", { class: "segments", role: "radiogroup", "aria-label": texts.contactTitle }, Object.keys(PLAUSIBLE).map((kind) => this.#kind(kind))),
      this.value, this.note, this.error,
      element("div", { class: "row" }, this.button, element("button", { class: "outlined", type: "button", onclick: cancelled }, texts.cancel)));
    this.#choose("phone");
  }

  #kind(kind) {
    return element("label", {},
      element("input", { type: "radio", name: "kind", value: kind, checked: kind === this.kind, onchange: () => this.#choose(kind) }),
      element("span", {}, this.view.texts.contactKinds[kind]));
  }

  #choose(kind) {
    this.kind = kind;
    const label = this.view.texts.contactValue[kind];
    [this.value.type, this.value.autocomplete] = INPUT[kind];
    this.value.placeholder = label;
    this.value.setAttribute("aria-label", label);
    this.error.textContent = "";
  }

  async #submit(event) {
    event.preventDefault();
    const { texts, conversation } = this.view;
    const value = this.value.value.trim();
    if (!PLAUSIBLE[this.kind](value)) {
      this.error.textContent = texts.contactInvalid[this.kind];
      this.value.focus();
      return;
    }
    const note = this.note.value.trim();
    this.button.disabled = true;
    try {
      await conversation.leaveContact(note === "" ? { kind: this.kind, value } : { kind: this.kind, value, note });
    } catch {
      this.error.textContent = texts.somethingFailed;
    }
    this.button.disabled = false;
  }
}
