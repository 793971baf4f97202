// The window and its launcher, in a shadow tree of their own: the page's styles end outside, ours inside.

import { palette } from "./colour.js";
import { element, icon } from "./dom.js";
import { localised } from "./language.js";
import { SHEET } from "./styles.js";
import { Article } from "./view/article.js";
import { Bar } from "./view/bar.js";
import { Composer } from "./view/composer.js";
import { Header } from "./view/header.js";
import { Log } from "./view/log.js";

const SURFACES = { light: "#ffffff", dark: "#1b1c20" };
const PHONE = "(max-width: 520px), (max-height: 460px)";

export class View {
  #opener = null;

  /** `parts`: conversation, api, clock, options, site, language, texts, tab (what this tab remembers). */
  constructor(parts) {
    Object.assign(this, parts);
    this.shop = this.options.name ?? localised(this.site.name, this.language) ?? this.texts.shop;
    this.greeting = this.options.greeting ?? localised(this.site.greeting, this.language) ?? this.texts.greeting;
    this.phone = matchMedia(PHONE);
    this.#build();
    this.#paint();
    this.#listen();
    this.render();
    // A window that fills a phone would hide the page the shopper just went to.
    if (this.tab.get("open") && !this.phone.matches) this.open({ focus: false });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open({ focus = true } = {}) {
    if (this.isOpen) return;
    this.#opener = document.activeElement === this.host ? null : document.activeElement;
    this.panel.hidden = false;
    this.root.classList.add("open");
    this.tab.set("open", true);
    this.render();
    this.log.scrollToEnd();
    if (focus) this.composer.focus();
  }

  close() {
    if (!this.isOpen) return;
    const hadFocus = this.panel.contains(this.shadow.activeElement);
    this.panel.hidden = true;
    this.root.classList.remove("open");
    this.tab.remove("open");
    this.render();
    if (!hadFocus) return;
    // Back to the page's own button, if that is what opened us; else to the launcher.
    if (this.#opener?.isConnected && this.#opener !== document.body) this.#opener.focus();
    else this.launcher.focus();
  }

  showArticle(article, link) {
    this.root.classList.add("reading");
    this.article.show(article, () => {
      this.root.classList.remove("reading");
      link?.isConnected ? link.focus() : this.composer.focus();
    });
  }

  /** Forgets what was typed and not sent. */
  clear() {
    this.composer.clear();
    this.article.hide();
  }

  render() {
    const { conversation, texts } = this;
    const { unread } = conversation;
    if (this.isOpen && !document.hidden) conversation.markRead();
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    this.badge.hidden = unread === 0 || this.isOpen;
    this.launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.launcher.setAttribute("aria-label", this.isOpen ? texts.closeChat
      : unread > 0 ? texts.openChatUnread(unread) : texts.openChat);
    this.panel.setAttribute("aria-modal", String(this.phone.matches));
    this.header.render();
    this.log.render();
    this.bar.render();
    this.composer.render();
  }

  #build() {
    this.host = document.createElement("shopdesk-widget");
    this.shadow = this.host.attachShadow({ mode: "open" });
    adopt(this.shadow, SHEET);
    this.header = new Header(this);
    this.log = new Log(this);
    this.bar = new Bar(this);
    this.composer = new Composer(this);
    this.article = new Article(this);
    this.badge = element("span", { class: "badge", "aria-hidden": "true" });
    this.launcher = element("button", {
      class: "launcher", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false",
      onclick: () => this.isOpen ? this.close() : this.open(),
    }, icon("chat"), icon("down"), this.badge);
    const chat = element("div", { class: "chat" },
      this.header.element, this.log.element, this.bar.element, this.composer.element);
    this.panel = element("section", { class: "panel", role: "dialog", "aria-label": this.texts.dialog(this.shop), hidden: true },
      chat, this.article.element);
    const position = (this.options.position ?? this.site.position) === "left" ? "left" : "right";
    this.root = element("div", { class: `root ${position}`, lang: this.texts.locale, dir: this.texts.direction }, this.panel, this.launcher);
    this.shadow.append(this.root);
    // Beside the body, not in it: pages transform, replace and clip their bodies.
    document.documentElement.append(this.host);
  }

  #paint() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const paint = () => {
      const wished = this.options.theme;
      const theme = wished === "light" || wished === "dark" ? wished : dark.matches ? "dark" : "light";
      const colours = palette(this.options.color ?? this.site.color, SURFACES[theme]);
      this.root.dataset.theme = theme;
      this.root.style.setProperty("--accent", colours.accent);
      this.root.style.setProperty("--on-accent", colours.onAccent);
      this.root.style.setProperty("--accent-text", colours.accentText);
    };
    dark.addEventListener("change", paint);
    paint();
  }

  #listen() {
    this.conversation.addEventListener("change", () => this.render());
    this.phone.addEventListener("change", () => this.render());
    document.addEventListener("visibilitychange", () => this.render());
    setInterval(() => this.isOpen && !document.hidden && this.log.renderTimes(), 20_000);
    this.panel.addEventListener("keydown", (event) => this.#key(event));
    // A dropped file would otherwise make the browser leave the shop's page.
    for (const kind of ["dragover", "drop"]) this.panel.addEventListener(kind, (event) => this.#refuseFiles(event));
    // What is typed here is none of the page's keyboard shortcuts.
    for (const kind of ["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "cut", "copy"]) {
      this.root.addEventListener(kind, (event) => event.stopPropagation());
    }
    // The keyboard of a phone covers the window's lower half unless the window is as small as what is left.
    window.visualViewport?.addEventListener("resize", () => {
      this.root.style.setProperty("--height", `${window.visualViewport.height}px`);
    });
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      if (!this.header.closeMenu() && !this.article.hide()) this.close();
    } else if (event.key === "Tab" && this.phone.matches) this.#keepFocusInside(event);
  }

  #keepFocusInside(event) {
    const reachable = [...this.panel.querySelectorAll("a[href], button, input, textarea, [tabindex='0']")]
      .filter((one) => !one.disabled && one.checkVisibility?.({ visibilityProperty: true }) !== false);
    const edge = event.shiftKey ? reachable[0] : reachable.at(-1);
    if (this.shadow.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? reachable.at(-1) : reachable[0]).focus();
  }

  #refuseFiles(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    if (event.type === "drop") this.composer.refuseFiles();
  }
}

// Constructed sheets need no `style-src`; the element is for browsers older than 2023.
function adopt(shadow, css) {
  if ("adoptedStyleSheets" in Document.prototype && "replaceSync" in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  } else {
    shadow.append(element("style", {}, css));
  }
}
