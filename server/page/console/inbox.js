// The inbox: it brings itself up to date, tells of new tickets, and can be worked with by keys.

import { say } from "./console.js";
import { follow } from "./live.js";
import { isTyping, shortcuts, showDialog } from "./shortcuts.js";

/** Changes that come close together make one look: many agents of a shop share an address, and its limit. */
const QUIET_MS = 3_000;
/** How soon to try again while somebody is in the middle of something. */
const BUSY_MS = 2_000;

const inbox = document.getElementById("inbox");
const line = document.getElementById("line");
const list = () => document.getElementById("list");
const rows = () => [...list().querySelectorAll("tr.ticket")];

// Bringing the list up to date.

let timer = null;
let lastRefresh = 0;
let known = Number(list().dataset.last);

function refreshSoon() {
  if (timer !== null) return;
  timer = setTimeout(refresh, Math.max(0, lastRefresh + QUIET_MS - Date.now()));
}

function refresh() {
  timer = null;
  if (isBusy()) {
    timer = setTimeout(refresh, BUSY_MS);
    return;
  }
  lastRefresh = Date.now();
  htmx.trigger(list(), "refresh");
}

/** Whether a new list would be in somebody's way. */
function isBusy() {
  const focused = document.activeElement;
  const writes = isTyping(focused) && focused.closest("#views, #list");
  return Boolean(writes || document.querySelector("dialog[open]") || list().querySelector("tr.more.htmx-request, tr.more .htmx-request"));
}

document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== list()) return;
  event.detail.parameters.rows = String(rows().length);
  event.detail.parameters.since = String(known);
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (!event.detail.target?.closest?.("#list, tr") && event.detail.elt?.id !== "list") return;
  select(selected, false);
  tell();
});

document.body.addEventListener("ticket-changed", () => {
  document.getElementById("assign").close();
  // Whoever did it should see it at once.
  clearTimeout(timer);
  refresh();
});

follow(() => "/v1/tickets/events", { ticket: refreshSoon, refresh: refreshSoon }, (connected) => {
  // What happened while the line was lost is seen by looking.
  if (connected && !line.hidden) refreshSoon();
  line.hidden = connected;
});

// Telling of new tickets.

const notify = document.getElementById("notify");
let unseen = 0;

function tell() {
  known = Math.max(known, Number(list().dataset.last));
  const arrivals = [...list().querySelectorAll("#arrivals li")];
  list().querySelector("#arrivals")?.replaceChildren();
  if (arrivals.length === 0) return;
  if (document.hidden) {
    unseen += arrivals.length;
    document.title = document.title.replace(/^(\(\d+\) )?/, `(${unseen}) `);
  }
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  for (const arrival of arrivals) {
    const shown = new Notification(inbox.dataset.title, { body: arrival.textContent, tag: `ticket-${arrival.dataset.number}` });
    shown.onclick = () => {
      window.focus();
      location.href = arrival.dataset.path;
    };
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  document.title = document.title.replace(/^\(\d+\) /, "");
});

if ("Notification" in window && Notification.permission === "default") {
  notify.hidden = false;
  notify.addEventListener("click", async () => {
    const answer = await Notification.requestPermission();
    notify.hidden = answer === "granted";
    say(answer === "granted" ? inbox.dataset.notified : inbox.dataset.denied, answer === "granted" ? "done" : "");
  });
}

// Choosing and opening.

let selected = null;

function select(number, reveal) {
  selected = number;
  for (const row of rows()) row.classList.toggle("selected", row.dataset.number === number);
  const row = current();
  if (!row || !reveal) return;
  row.querySelector("a.open").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function current() {
  return rows().find((row) => row.dataset.number === selected) ?? null;
}

function move(by) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(current());
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
  select(all[next].dataset.number, true);
}

function open(row) {
  const path = row?.querySelector("a.open").href;
  if (path) location.href = path;
}

function assign(row) {
  if (!row?.querySelector("button.assign")) return;
  const dialog = showDialog("assign");
  dialog.querySelector("[name=ticket]").value = row.dataset.ticket;
  dialog.querySelector("[data-number]").textContent = `#${row.dataset.number}`;
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("#list tr.ticket");
  if (!row) return;
  if (event.target.closest("button.assign")) assign(row);
  else if (!event.target.closest("a, button") && String(getSelection()) === "") open(row);
});

shortcuts({
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  o: () => open(current()),
  Enter: () => open(current()),
  c: () => current()?.querySelector("button.claim")?.click(),
  a: () => assign(current()),
  "/": () => document.getElementById("q").focus(),
  "?": () => showDialog("shortcuts"),
  "g i": () => { location.href = "/console/inbox"; },
  "g m": () => { location.href = "/console/inbox?assignee=me"; },
  "g u": () => { location.href = "/console/inbox?assignee=nobody"; },
});

const search = document.getElementById("q");
// It was looked for while it was typed.
search.addEventListener("change", (event) => event.stopPropagation());
document.getElementById("filters").addEventListener("submit", () => search.blur());
