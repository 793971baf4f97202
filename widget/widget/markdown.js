// The small Markdown of the shop's articles, as elements: paragraphs, headings, lists, quotes, code,
// emphasis and links. HTML in it is text like any other.

import { element } from "./dom.js";
import { link, withLinks } from "./links.js";

const DEEPEST = 6;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])[ \t]+(.*)$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const FENCE = /^ {0,3}(```|~~~)/;
const RULE = /^ {0,3}([-*_])[ \t]*(\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?(.*)$/;

/** The blocks of a text. */
export function markdown(text) {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

function blocks(lines, depth) {
  const made = [];
  for (let at = 0; at < lines.length;) {
    const block = depth < DEEPEST ? blockAt(lines, at, depth) : null;
    if (block !== null) {
      if (block.node !== null) made.push(block.node);
      at = block.next;
      continue;
    }
    let end = at + 1;
    while (end < lines.length && (depth >= DEEPEST || !beginsBlock(lines[end]))) end += 1;
    made.push(element("p", { dir: "auto" }, ...spans(lines.slice(at, end).join("\n"), depth)));
    at = end;
  }
  return made;
}

function beginsBlock(line) {
  return line.trim() === "" || [ITEM, HEADING, FENCE, RULE, QUOTE].some((kind) => kind.test(line));
}

function blockAt(lines, at, depth) {
  const line = lines[at];
  if (line.trim() === "") return { node: null, next: at + 1 };
  if (FENCE.test(line)) return fenced(lines, at);
  if (RULE.test(line)) return { node: element("hr"), next: at + 1 };
  const heading = HEADING.exec(line);
  if (heading) {
    const title = heading[2].replace(/[ \t]+#+[ \t]*$/, "");
    return { node: element("h3", { dir: "auto" }, ...spans(title, depth)), next: at + 1 };
  }
  if (QUOTE.test(line)) return quote(lines, at, depth);
  if (ITEM.test(line)) return list(lines, at, depth);
  return null;
}

function fenced(lines, at) {
  const fence = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(fence)) end += 1;
  const code = element("code", {}, lines.slice(at + 1, end).join("\n"));
  return { node: element("pre", { dir: "ltr", tabindex: "0" }, code), next: end + 1 };
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => QUOTE.exec(line)[1]);
  return { node: element("blockquote", {}, ...blocks(inner, depth + 1)), next: end };
}

function list(lines, at, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  let next = at;
  while (next < lines.length) {
    const item = ITEM.exec(lines[next]);
    if (!item || item[1].length > indent.length + 1 || /\d/.test(item[2]) !== ordered) break;
    if (item[1].length < indent.length) break;
    const inner = [item[3]];
    next += 1;
    // What is indented below an item belongs to it, a blank line in between included.
    while (next < lines.length && belongs(lines, next, indent.length)) inner.push(outdent(lines[next++], indent.length));
    items.push(element("li", { dir: "auto" }, ...tight(blocks(inner, depth + 1))));
    while (next < lines.length - 1 && lines[next].trim() === "" && ITEM.test(lines[next + 1])) next += 1;
  }
  const start = ordered ? parseInt(mark, 10) : null;
  return { node: element(ordered ? "ol" : "ul", { start: start === 1 ? null : start }, ...items), next };
}

function belongs(lines, at, indent) {
  const line = lines[at];
  if (line.trim() === "") return at + 1 < lines.length && /^\s+\S/.test(lines[at + 1]) && leading(lines[at + 1]) >= indent + 2;
  return leading(line) >= indent + 2 || !beginsBlock(line);
}

function outdent(line, indent) {
  return line.replace(new RegExp(`^[ \\t]{0,${indent + 4}}`), (space) => " ".repeat(Math.max(0, space.length - indent - 4)));
}

function leading(line) {
  return /^[ \t]*/.exec(line)[0].length;
}

// The paragraph of an item that is nothing else needs no paragraph's margins.
function tight(nodes) {
  const [first, ...rest] = nodes;
  return first?.tagName === "P" ? [...first.childNodes, ...rest] : nodes;
}

// Every alternative ends at the next mark of its kind, so that no text can make it slow.
const SPAN = new RegExp([
  /\\([!-/:-@[-`{-~])/,
  /(`+)([^`]+)\2/,
  /!?\[([^[\]]*)\]\(\s*<?([^()\s<>]*)>?[^()]*\)/,
  /<((?:https?:\/\/|mailto:|tel:)[^\s<>]*)>/,
  /\*\*(?=\S)([^*]+)\*\*/,
  /__(?=\S)([^_]+)__(?!\w)/,
  /\*(?=\S)([^*]+)\*/,
  /(?<![\p{L}\p{N}_])_(?=\S)([^_]+)_(?![\p{L}\p{N}_])/,
  /~~(?=\S)([^~]+)~~/,
].map((part) => part.source).join("|"), "gu");

function spans(text, depth) {
  if (depth >= DEEPEST) return withLinks(text);
  const made = [];
  let end = 0;
  for (const match of text.matchAll(SPAN)) {
    made.push(...plain(text.slice(end, match.index)), span(match, depth + 1));
    end = match.index + match[0].length;
  }
  made.push(...plain(text.slice(end)));
  return made;
}

function span([whole, escaped, , code, label, address, bare, strong, strongToo, soft, softToo, struck], depth) {
  if (escaped !== undefined) return escaped;
  if (code !== undefined) return element("code", {}, code.trim());
  if (label !== undefined) return link(address, label === "" ? [address] : spans(label, DEEPEST));
  if (bare !== undefined) return link(bare, [bare.replace(/^(mailto|tel):/, "")]);
  if ((strong ?? strongToo) !== undefined) return element("strong", {}, ...spans(strong ?? strongToo, depth));
  if ((soft ?? softToo) !== undefined) return element("em", {}, ...spans(soft ?? softToo, depth));
  return struck === undefined ? whole : element("s", {}, ...spans(struck, depth));
}

// A line's end in a chat is meant as one.
function plain(text) {
  return text.split("\n").flatMap((line, index) => [index > 0 ? element("br") : "", ...withLinks(line)]).filter((node) => node !== "");
}
