// Where the shopper writes.

import { element, icon } from "../dom.js";

const COUNTER_FROM = 0.8;
const HIGHEST = 132;
const NOTE_SHOWN_MS = 8_000;

export class Composer {
  #noteTimer = null;
  #draftTimer = null;

  constructor(view) {
    this.view = view;
    const { texts } = view;
    this.most = view.site.max_message_characters ?? 2000;
    this.field = element("textarea", {
      class: "field", rows: "1", dir: "auto", placeholder: texts.write, "aria-label": texts.write, "aria-describedby": "counter note",
      enterkeyhint: "send", autocomplete: "off",
      oninput: () => this.#typed(), onkeydown: (event) => this.#key(event), onpaste: (event) => this.#paste(event),
    });
    this.button = element("button", { class: "send", type: "submit", "aria-label": texts.send }, icon("send"));
    this.counter = element("p", { class: "counter", id: "counter", hidden: true });
    this.note = element("p", { class: "note", id: "note", role: "alert" });
    this.element = element("form", { class: "composer", onsubmit: (event) => this.#submit(event) },
      this.note, element("div", { class: "input" }, this.field, this.button), this.counter);
    this.field.value = view.tab.get("draft") ?? "";
    this.#measure();
  }

  focus() {
    this.field.focus();
  }

  clear() {
    this.field.value = "";
    this.#keepDraft();
    this.#measure();
  }

  /** A short word to the shopper, below the messages. */
  say(text) {
    clearTimeout(this.#noteTimer);
    this.note.textContent = text;
    this.#noteTimer = setTimeout(() => this.#measure(), NOTE_SHOWN_MS);
  }

  refuseFiles() {
    this.say(this.view.texts.noFiles);
  }

  render() {
    this.#measure(this.note.textContent);
  }

  #typed() {
    this.#measure();
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#keepDraft(), 300);
    if (this.field.value.trim() !== "") this.view.conversation.tellTyping();
  }

  #key(event) {
    // Enter ends a word of an input method; 229 is what older Safari says while one composes.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  #paste(event) {
    const { files } = event.clipboardData;
    if (files.length === 0 || event.clipboardData.getData("text/plain") !== "") return;
    event.preventDefault();
    this.refuseFiles();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (text === "" || this.#over() > 0) {
      this.field.focus();
      return;
    }
    this.view.conversation.say(text);
    this.clear();
    this.field.focus();
  }

  // Characters as the server counts them: an emoji outside the basic plane is one.
  #count() {
    return [...this.field.value.trim()].length;
  }

  #over() {
    return this.#count() - this.most;
  }

  #measure(note = "") {
    const { texts } = this.view;
    const count = this.#count();
    const over = count - this.most;
    this.counter.hidden = count < this.most * COUNTER_FROM;
    this.counter.textContent = texts.counter(count, this.most);
    this.counter.classList.toggle("over", over > 0);
    this.field.setAttribute("aria-invalid", String(over > 0));
    const words = over > 0 ? texts.tooLong(over, this.most) : note;
    if (this.note.textContent !== words) this.note.textContent = words;
    this.button.classList.toggle("ready", count > 0 && over <= 0);
    this.button.setAttribute("aria-disabled", String(count === 0 || over > 0));
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, HIGHEST)}px`;
  }

  #keepDraft() {
    clearTimeout(this.#draftTimer);
    if (this.field.value === "") this.view.tab.remove("draft");
    else this.view.tab.set("draft", this.field.value.slice(0, this.most * 5));
  }
}
