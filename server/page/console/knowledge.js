// Shows texts of articles as the chat does, by the chat's own code, and keeps people from leaving what they have not saved.

import { markdown } from "./markdown.js";

function showAsChat() {
  for (const place of document.querySelectorAll("[data-chat-text]")) {
    place.replaceChildren(...markdown(place.dataset.chatText));
    place.removeAttribute("data-chat-text");
  }
}

showAsChat();
document.body.addEventListener("htmx:afterSwap", showAsChat);

let isUnsaved = false;
document.body.addEventListener("input", (event) => {
  if (event.target.closest("[data-unsaved]")) isUnsaved = true;
});
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  // What was saved leads on to another page.
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) isUnsaved = false;
});
addEventListener("beforeunload", (event) => {
  if (isUnsaved) event.preventDefault();
});
