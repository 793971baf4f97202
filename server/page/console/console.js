// What every page of the console does by itself: it says when the connection is lost, and takes old notices away.

const notice = document.getElementById("notice");

/** Shows a sentence at the top of the page: `kind` is `problem`, `done` or nothing. */
export function say(text, kind = "") {
  const line = document.createElement("p");
  line.className = `notice ${kind}`;
  line.textContent = text;
  notice.replaceChildren(line);
}

document.body.addEventListener("htmx:sendError", () => say(document.body.dataset.offline, "problem"));
document.body.addEventListener("htmx:timeout", () => say(document.body.dataset.failed, "problem"));
document.body.addEventListener("htmx:beforeRequest", (event) => {
  // What refreshes itself leaves notices alone.
  if (event.detail.requestConfig.triggeringEvent?.isTrusted) notice.replaceChildren();
});
