// Links that cannot hurt: four protocols, a new tab that knows nothing of this one.

import { element } from "./dom.js";

const PROTOCOLS = new Set(["http:", "https:", "mailto:", "tel:"]);
// Chinese text puts its punctuation right behind an address.
const ADDRESS = /https?:\/\/[^\s<>"'`，。；！？、：（）【】《》“”‘’「」]+/gi;

/** The link, or plain text where the address is none of the four kinds. */
export function link(address, children) {
  const href = safeAddress(address);
  if (href === null) return element("span", {}, ...children);
  return element("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

export function safeAddress(address) {
  try {
    const url = new URL(address, document.baseURI);
    return PROTOCOLS.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Plain text as nodes, with the web addresses in it made clickable. */
export function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(/[.,;:!?)\]}]+$/, "");
    nodes.push(text.slice(end, match.index), link(address, [address]));
    end = match.index + address.length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}
