// Puts what a button names on the clipboard.

import { say } from "./console.js";

/** Lets every `[data-copy]` copy, and say `copied`. */
export function copyButtons(copied) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    if (await copy(button.dataset.copy)) say(copied, "done");
  });
}

async function copy(text) {
  // Browsers have a clipboard on pages with TLS only.
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "offscreen";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  return done;
}
