
"use strict";
const byId = (id) => document.getElementById(id);
const rows = JSON.parse(byId("error-data").textContent);
const perPage = 50;
let page = 0;
let shown = rows;

const percent = (share) => (share * 100).toFixed(1) + " %";
const likeliest = (row) => row.top.map(([id, share]) => id + " " + percent(share)).join(", ");
const decision = (row) => row.decision + (row.reason ? ": " + row.reason : "") + (row.article ? ": " + row.article : "");
const examples = (row) => row.nearest_examples.map((near) => `${near.text} [${near.intent ?? "out_of_scope"} ${near.similarity.toFixed(2)}]`).join(" · ");
const article = (row) => (row.nearest_article ? row.nearest_article.id + " (" + row.nearest_article.similarity.toFixed(2) + ")" : "");

function fill(select, values) {
  for (const value of [...new Set(values)].sort()) select.append(new Option(value, value));
}

function filter() {
  const text = byId("f-text").value.trim().toLowerCase();
  const expected = byId("f-expected").value;
  const predicted = byId("f-predicted").value;
  const action = byId("f-decision").value;
  const suspected = byId("f-suspected").checked;
  shown = rows.filter((row) =>
    (!text || row.text.toLowerCase().includes(text)) && (!expected || row.expected === expected) &&
    (!predicted || row.predicted === predicted) && (!action || row.decision === action) && (!suspected || row.suggested));
  page = 0;
  draw();
}

function draw() {
  const body = byId("error-table").tBodies[0];
  body.replaceChildren(...shown.slice(page * perPage, (page + 1) * perPage).map((row) => {
    const line = document.createElement("tr");
    const before = (row.before || []).map((text) => "… " + text + "\n").join("");
    const label = row.expected + (row.suggested ? " (suspected: " + row.suggested + "?)" : "");
    for (const [index, value] of [before + row.text, label, row.predicted, percent(row.confidence), likeliest(row), decision(row), examples(row), article(row)].entries()) {
      const cell = line.insertCell();
      for (const [number, part] of value.split("\n").entries()) {
        if (number) cell.append(document.createElement("br"));
        cell.append(part);
      }
      if (index === 3) cell.className = "n";
    }
    return line;
  }));
  const from = Math.min(page * perPage + 1, shown.length);
  byId("count").textContent = shown.length + " of " + rows.length + " errors" + (shown.length ? ", " + from + " to " + Math.min((page + 1) * perPage, shown.length) + " shown" : "");
  byId("previous").disabled = page === 0;
  byId("next").disabled = (page + 1) * perPage >= shown.length;
}

// A spreadsheet runs what starts like a formula, in some languages in full width too: an apostrophe makes it text.
function csvField(value) {
  const text = String(value);
  const safe = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) ? "'" + text : text;
  return '"' + safe.replaceAll('"', '""') + '"';
}

function download() {
  const header = ["text", "label", "taken_for", "confidence", "suspected_label", "likeliest_intents", "decision", "nearest_examples", "nearest_article"];
  const lines = shown.map((row) => [row.text, row.expected, row.predicted, row.confidence, row.suggested || "", likeliest(row), decision(row), examples(row), article(row)]);
  const csv = "\ufeff" + [header, ...lines].map((line) => line.map(csvField).join(",")).join("\r\n") + "\r\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  link.download = "errors.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function sortable(table) {
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].textContent;
      const number = (text) => Number.parseFloat(text.replace(/[^0-9.\-].*$/, ""));
      const compare = (a, b) => {
        const [x, y] = [number(key(a)), number(key(b))];
        return Number.isNaN(x) || Number.isNaN(y) ? key(a).localeCompare(key(b)) : x - y;
      };
      const sorted = [...table.tBodies[0].rows].sort((a, b) => (down ? compare(b, a) : compare(a, b)));
      table.tBodies[0].append(...sorted);
    });
  }
}

for (const table of document.querySelectorAll("table:not(#error-table)")) {
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    if (head.className === "n") for (const row of table.tBodies[0].rows) row.cells[column].className = "n";
  }
  sortable(table);
}
fill(byId("f-expected"), rows.map((row) => row.expected));
fill(byId("f-predicted"), rows.map((row) => row.predicted));
fill(byId("f-decision"), rows.map((row) => row.decision));
for (const id of ["f-text", "f-expected", "f-predicted", "f-decision", "f-suspected"]) byId(id).addEventListener("input", filter);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("previous").addEventListener("click", () => { page -= 1; draw(); });
byId("next").addEventListener("click", () => { page += 1; draw(); });
byId("download").addEventListener("click", download);
byId("filters").hidden = false;
byId("pages").hidden = false;
draw();
