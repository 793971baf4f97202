// The page of a ticket: the conversation as it goes on, replies that are sent once, drafts that are not lost, and keys.

import { copyButtons } from "./copy.js";
import { follow } from "./live.js";
import { isTyping, shortcuts, showDialog } from "./shortcuts.js";

/** How often the shopper is told that somebody writes. */
const TYPING_MS = 3_000;
/** For how long a sign that the shopper writes holds. */
const TYPES_MS = 6_000;
/** How soon to look again while somebody is in the middle of something. */
const BUSY_MS = 2_000;
/** A page that nobody sees gives its line back: browsers have few of them. */
const HIDDEN_MS = 30_000;

const page = document.getElementById("ticket");
const id = page.dataset.ticket;
const side = () => document.getElementById("side");
const isMine = () => side().dataset.mine === "true";
const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "content-type": "application/json" };
const post = (path, body) =>
  fetch(`/v1/tickets/${id}/${path}`, { method: "POST", headers, body: body && JSON.stringify(body), keepalive: true }).catch(() => null);

// The conversation.

const log = document.getElementById("log");
const lines = document.getElementById("lines");
const toEnd = document.getElementById("to-end");
let last = Number(page.dataset.last);
let heard = last;
let reading = null;

const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;

function scrollToEnd() {
  log.scrollTop = log.scrollHeight;
  toEnd.hidden = true;
}

/** Brings what was said since then, one look at a time. */
async function readOn() {
  if (reading) return;
  reading = true;
  while (last < heard) {
    const wanted = heard;
    const reply = await fetch(`/console/tickets/${id}/conversation?after=${last}`, { headers: { "hx-request": "true" } }).catch(() => null);
    if (!reply?.ok) {
      // What is refused for good is refused the next time, too.
      if (!reply || reply.status === 429 || reply.status >= 500) setTimeout(readOn, BUSY_MS);
      break;
    }
    append(await reply.text());
    last = Math.max(last, wanted);
  }
  reading = false;
}

function append(html) {
  const wasAtEnd = isAtEnd();
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const known = new Set([...lines.children].map((line) => line.dataset.sequence));
  const fresh = [...holder.content.children].filter((line) => !known.has(line.dataset.sequence));
  lines.append(...fresh);
  last = Math.max(last, ...fresh.map((line) => Number(line.dataset.sequence)));
  if (fresh.some((line) => line.matches(".shopper"))) shopperTypes(false);
  if (wasAtEnd) scrollToEnd();
  else if (fresh.length > 0) toEnd.hidden = false;
  markRead();
}

toEnd.addEventListener("click", scrollToEnd);
log.addEventListener("scroll", () => {
  if (isAtEnd()) {
    toEnd.hidden = true;
    markRead();
  }
});

let typesUntil = null;
function shopperTypes(types) {
  clearTimeout(typesUntil);
  const wasAtEnd = isAtEnd();
  document.getElementById("typing").hidden = !types;
  if (types) typesUntil = setTimeout(() => shopperTypes(false), TYPES_MS);
  if (types && wasAtEnd) scrollToEnd();
}

/** Tells the shopper that whoever has the ticket has read; others may look without that. */
let told = 0;
function markRead() {
  if (document.hidden || !isMine() || !isAtEnd() || last <= told) return;
  told = last;
  post("read", { sequence: last });
}

function shopperHasRead(sequence) {
  for (const line of lines.querySelectorAll("li.agent")) {
    if (Number(line.dataset.sequence) <= sequence) line.querySelector(".read").hidden = false;
  }
}

function markHelpful({ message, helpful }) {
  const line = lines.querySelector(`[data-message="${CSS.escape(message)}"]`);
  if (!line) return;
  line.querySelector(".helped").hidden = !helpful;
  line.querySelector(".unhelped").hidden = helpful;
}

// The line on which it is told what happens.

const hear = (event) => {
  heard = Math.max(heard, event.sequence ?? 0);
  readOn();
};
const line = document.getElementById("line");

function begin() {
  return follow(() => `/v1/tickets/${id}/events?after=${last}`, {
    message: hear,
    state: hear,
    rating: hear,
    contact: (event) => {
      hear(event);
      refreshSoon();
    },
    helpful: (event) => {
      hear(event);
      markHelpful(event);
    },
    typing: (sign) => sign.by === "shopper" && shopperTypes(true),
    read: (sign) => sign.by === "shopper" && shopperHasRead(sign.sequence),
    ticket: refreshSoon,
  }, (connected) => {
    if (connected && !line.hidden) refreshSoon();
    line.hidden = connected;
  });
}

let end = begin();
let leaving = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) {
    leaving = setTimeout(() => {
      end();
      end = null;
    }, HIDDEN_MS);
    return;
  }
  if (!end) {
    end = begin();
    refreshSoon();
  }
  markRead();
});

// What stands beside it.

let refreshing = null;

function refreshSoon() {
  if (refreshing === null) refreshing = setTimeout(refresh, 300);
}

function refresh() {
  refreshing = null;
  const focused = document.activeElement;
  const busy = side().querySelector("details.menu[open], .htmx-request") || (isTyping(focused) && side().contains(focused)) || document.querySelector("dialog[open]");
  if (busy) {
    refreshing = setTimeout(refresh, BUSY_MS);
    return;
  }
  htmx.trigger(side(), "refresh");
}

let logIsOpen = false;
let typedInMenus = new Map();
document.body.addEventListener("htmx:beforeSwap", ({ detail: { target, elt } }) => {
  if (target?.id !== "side") return;
  logIsOpen = Boolean(side().querySelector("details:not(.menu)[open]"));
  // What was sent from a menu itself is answered in it.
  const others = [...side().querySelectorAll("details.menu[open]")].filter((menu) => !menu.contains(elt));
  typedInMenus = new Map(others.map((menu) => [menu.id, new FormData(menu.querySelector("form"))]));
});

/** Opens the menus that were open, with what was filled in there. */
function restoreMenus() {
  for (const [name, typed] of typedInMenus) {
    const menu = document.getElementById(name);
    if (!menu) continue;
    menu.open = true;
    for (const field of menu.querySelectorAll("input, select")) {
      if (field.type === "radio") field.checked = typed.get(field.name) === field.value;
      else field.value = typed.get(field.name);
    }
  }
  typedInMenus.clear();
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "side" && event.detail.elt?.id !== "side") return;
  if (logIsOpen) side().querySelector("details:not(.menu)").open = true;
  restoreMenus();
  const canReply = side().dataset.canReply === "true";
  box.disabled = !canReply;
  reply.querySelector("button.primary").disabled = !canReply;
  markRead();
});

// Replies. A reply keeps its key until it has arrived, so that it is said once however often it is sent.

const reply = document.getElementById("reply");
const box = document.getElementById("reply-text");
const note = document.getElementById("note");
const noteBox = document.getElementById("note-text");
const draft = `draft:${id}`;

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function keepDraft() {
  const kept = { text: box.value, note: noteBox.value, key: reply.client_message_id.value };
  if (kept.text === "" && kept.note === "") sessionStorage.removeItem(draft);
  else sessionStorage.setItem(draft, JSON.stringify(kept));
}

function restoreDraft() {
  const kept = JSON.parse(sessionStorage.getItem(draft) ?? "{}");
  box.value = kept.text ?? "";
  noteBox.value = kept.note ?? "";
  reply.client_message_id.value = kept.key || newKey();
}

let typed = 0;
box.addEventListener("input", () => {
  keepDraft();
  if (box.value.trim() === "" || Date.now() - typed < TYPING_MS) return;
  typed = Date.now();
  post("typing");
});
noteBox.addEventListener("input", keepDraft);

const areas = new Map([[reply, box], [note, noteBox]]);
const sent = new Map();

document.body.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (areas.has(elt)) sent.set(elt, areas.get(elt).value);
});

/** Leaves what was typed while the rest was on its way. */
function takeSentAway(form) {
  const area = areas.get(form);
  if (area.value.startsWith(sent.get(form))) area.value = area.value.slice(sent.get(form).length).trimStart();
}

document.body.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  const arrived = xhr.status >= 200 && xhr.status < 300;
  if (elt === reply) {
    if (arrived) takeSentAway(reply);
    // A refusal means that nothing arrived under this key, or something else did.
    if (arrived || xhr.status === 409) reply.client_message_id.value = newKey();
    if (arrived) scrollToEnd();
    keepDraft();
    box.focus();
  } else if (elt === note && arrived) {
    takeSentAway(note);
    keepDraft();
  }
});

for (const [form, area] of areas) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape") area.blur();
  });
}

/** Puts a text where the cursor is. */
function insert(text) {
  showTab("tab-talk");
  box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input"));
  box.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button || box.disabled) return;
  button.closest("dialog")?.close();
  insert(button.dataset.insert);
});

// Canned replies and intents, found by typing.

box.addEventListener("keydown", (event) => {
  if (event.key !== "/" || box.value !== "") return;
  event.preventDefault();
  choose("canned");
});
document.getElementById("canned-open").addEventListener("click", () => choose("canned"));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-intents]")) choose("intents");
});
// Not at the click: a button that loses the focus before the form is sent leaves its value out.
document.body.addEventListener("htmx:beforeSend", (event) => {
  if (event.target.closest("#intents")) document.getElementById("intents").close();
});

function choose(name) {
  const dialog = showDialog(name);
  const search = dialog.querySelector("input[type=search]");
  if (!search) return;
  search.value = "";
  narrow(search);
  search.focus();
}

function narrow(search) {
  const words = search.value.trim().toLowerCase().split(/\s+/);
  const dialog = search.closest("dialog");
  let found = 0;
  for (const item of dialog.querySelectorAll(`${search.dataset.search} > li`)) {
    const names = item.dataset.names ?? item.textContent.toLowerCase();
    item.hidden = !words.every((word) => names.includes(word));
    if (!item.hidden) found += 1;
  }
  dialog.querySelector("[data-nothing]").hidden = found > 0;
}

for (const search of document.querySelectorAll("dialog input[type=search]")) {
  const items = () => [...search.closest("dialog").querySelectorAll(`${search.dataset.search} > li:not([hidden]) button`)];
  search.addEventListener("input", () => narrow(search));
  search.addEventListener("keydown", (event) => {
    const likely = search.closest("dialog").querySelectorAll(".likely button");
    if (search.value === "" && /^[1-9]$/.test(event.key) && likely[Number(event.key) - 1]) {
      event.preventDefault();
      likely[Number(event.key) - 1].click();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (search.value !== "" || search.closest("#canned")) items()[0]?.click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      items()[0]?.focus();
    }
  });
  search.closest("dialog").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = items().indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    (items()[at + step] ?? search).focus();
  });
}

// Tabs.

const tabs = [...page.querySelectorAll("[role=tab]")];

function showTab(name) {
  for (const tab of tabs) {
    const shown = tab.id === name;
    tab.setAttribute("aria-selected", String(shown));
    tab.tabIndex = shown ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !shown;
  }
}

for (const tab of tabs) {
  tab.addEventListener("click", () => showTab(tab.id));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
    showTab(other.id);
    other.focus();
  });
}

shortcuts({
  r: () => {
    showTab("tab-talk");
    box.focus();
  },
  n: () => {
    showTab("tab-notes");
    noteBox.focus();
  },
  c: () => document.getElementById("claim")?.click(),
  i: () => choose("intents"),
  e: () => {
    const menu = document.getElementById("close");
    if (!menu) return;
    menu.open = true;
    menu.querySelector("input[type=radio]:checked").focus();
  },
  u: () => { location.href = "/console/inbox"; },
  "/": () => choose("canned"),
  "?": () => showDialog("shortcuts"),
  "g i": () => { location.href = "/console/inbox"; },
});

copyButtons(page.dataset.copied);
restoreDraft();
scrollToEnd();
markRead();
