// What the page asks for: the `data-` attributes of the script tag, and `window.shopdesk.setContext`.

const MOST_KEYS = 16;
const LONGEST_VALUE = 500;

export class Options {
  #context = {};

  /** `script` is the tag that loaded the widget. */
  constructor(script) {
    const data = script.dataset;
    this.site = data.site;
    this.language = data.language ?? null;
    this.color = data.color ?? null;
    this.position = data.position ?? null;
    this.theme = data.theme ?? null;
    this.name = data.name ?? null;
    this.greeting = data.greeting ?? null;
    this.customer = customer(data.customerId, data.customerSignature, data.customerName);
    this.setContext({ order: data.order, product: data.product });
  }

  /** Adds to what agents see beside the conversation; `null` takes a key away. */
  setContext(entries) {
    for (const [key, value] of Object.entries(entries ?? {})) {
      if (value === null || value === undefined || value === "") delete this.#context[key];
      else this.#context[key] = [...String(value)].slice(0, LONGEST_VALUE).join("");
    }
  }

  /** As the API takes it. The page's query stays here: it may hold secrets of the shop. */
  context() {
    const page = (location.origin + location.pathname).slice(0, LONGEST_VALUE);
    return Object.fromEntries(Object.entries({ page, ...this.#context }).slice(0, MOST_KEYS));
  }
}

/** The tag among several that loads this very module. */
export function ownScript(url) {
  const wanted = new URL(url);
  const tags = [...document.querySelectorAll("script[data-site]")];
  const place = (tag) => new URL(tag.src, document.baseURI);
  return tags.find((tag) => place(tag).href === wanted.href)
    ?? tags.find((tag) => place(tag).origin + place(tag).pathname === wanted.origin + wanted.pathname)
    ?? null;
}

/** An id without its signature proves nothing, so it is as good as none. */
export function customer(id, signature, name) {
  if (!id || !signature) return null;
  return name ? { id, signature, name } : { id, signature };
}
