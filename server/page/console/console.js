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
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status === 204 || isOurs(detail.xhr)) return;
  detail.shouldSwap = false;
  say(document.body.dataset.failed, "problem");
});
document.body.addEventListener("htmx:beforeRequest", (event) => {
  // What refreshes itself leaves notices alone.
  if (event.detail.requestConfig.triggeringEvent?.isTrusted) notice.replaceChildren();
});
// Whoever changes the language stays at what the page shows by now.
document.querySelector("form.languages").addEventListener("submit", (event) => {
  event.target.elements.next.value = location.pathname + location.search;
});

/** Whether an answer is a part of a page. A failure that we tell of names its place; what a proxy says of one does not. */
function isOurs(xhr) {
  const isPage = (xhr.getResponseHeader("content-type") ?? "").startsWith("text/html");
  return isPage && (xhr.status < 500 || xhr.getResponseHeader("hx-retarget") !== null);
}
