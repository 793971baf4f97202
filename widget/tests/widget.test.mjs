// The widget in a browser, on a page with a strict policy, against a server in memory.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { launch } from "./browser.mjs";
import { IDENTITY_SECRET, MockServer } from "./mock-server.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe("widget", { timeout: 240_000 }, () => {
  let browser, server, context, errors;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());
  beforeEach(async () => {
    server = await new MockServer().start();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
    context.setDefaultTimeout(8_000);
    errors = [];
  });
  afterEach(async () => {
    await context.close();
    await server.stop();
    assert.deepEqual(errors, []);
  });

  async function visit(query = "", { on = context } = {}) {
    const page = await on.newPage();
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => /Content Security Policy|Trusted/.test(message.text()) && errors.push(message.text()));
    await page.goto(`${server.shop}/page?${query}`);
    return page;
  }

  async function opened(query, options) {
    const page = await visit(query, options);
    await page.locator(".launcher").click();
    return page;
  }

  async function ask(page, text) {
    await page.locator(".field").fill(text);
    await page.keyboard.press("Enter");
  }

  const own = (page, text) => page.locator(".own", { hasText: text });
  const bot = (page, text) => page.locator(".message.bot:not(.greeting)", { hasText: text });
  const sentTexts = () => server.only.messages.filter(({ sender }) => sender === "shopper").map(({ text }) => text);
  const until = async (condition) => {
    for (let tries = 0; !condition(); tries += 1) {
      assert.ok(tries < 160, `never: ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  test("a question is answered, with source, links and lists", async () => {
    const page = await opened();
    await ask(page, "How do I return it?");
    await bot(page, "within 30 days").waitFor();
    assert.equal(await page.locator(".bot ol li").count(), 3);
    const link = page.locator(".bot a", { hasText: "your orders" });
    assert.equal(await link.getAttribute("href"), "https://shop.example/orders");
    assert.match(await link.getAttribute("rel"), /noopener/);
    assert.match(await bot(page, "30 days").locator(".sender").textContent(), /Camellia Home/);
    assert.equal(await bot(page, "30 days").locator("time").textContent(), "just now");
    await page.locator(".source").click();
    await page.locator(".article-body", { hasText: "What cannot be returned" }).waitFor();
    await page.keyboard.press("Escape");
    assert.ok(await page.locator(".source").evaluate((one) => one.getRootNode().activeElement === one));
    await page.locator(".vote").first().click();
    await page.locator(".thanks", { hasText: "Thank you" }).waitFor();
    assert.equal(server.only.messages[1].helpful, true);
  });

  test("a clarifying button is sent as a choice, and then gone", async () => {
    const page = await opened();
    await ask(page, "size");
    await page.locator(".choice").first().click();
    await until(() => server.posted("/messages").length === 2);
    assert.deepEqual(pick(server.posted("/messages")[1].body, ["text", "choice"]), { text: "Choosing a size", choice: "size" });
    await page.waitForFunction(() => document.querySelector("shopdesk-widget").shadowRoot.querySelectorAll(".list .message").length === 4);
    assert.equal(await bot(page, "Which of these").first().locator(".choice").count(), 0);
  });

  test("the conversation survives a change of pages, the open window too", async () => {
    const page = await opened();
    await ask(page, "one");
    await bot(page, "30 days").waitFor();
    await page.locator(".field").fill("half a thought");
    await page.waitForTimeout(400);
    await page.locator("a", { hasText: "Another page" }).click();
    await own(page, "one").waitFor();
    assert.equal(await page.locator(".field").inputValue(), "half a thought");
    assert.equal(server.conversations.size, 1);
  });

  test("what was typed on a train is sent once, over a change of pages", async () => {
    const page = await opened();
    await ask(page, "first");
    await bot(page, "30 days").waitFor();
    await context.setOffline(true);
    await page.locator(".banner", { hasText: "offline" }).waitFor();
    await ask(page, "in the tunnel");
    await ask(page, "still in the tunnel");
    await own(page, "still in the tunnel").locator(".status", { hasText: "when you are online" }).waitFor();
    await page.waitForTimeout(1_000);
    await context.setOffline(false);
    await page.reload();
    await own(page, "still in the tunnel").locator("time:not([hidden])").waitFor();
    await until(() => sentTexts().length === 3);
    assert.deepEqual(sentTexts(), ["first", "in the tunnel", "still in the tunnel"]);
    assert.equal(await page.locator(".own").count(), 3);
  });

  test("a reply that got lost does not send the message twice", async () => {
    const page = await opened();
    await ask(page, "first");
    await bot(page, "30 days").waitFor();
    let lost = false;
    await page.route("**/messages?wait=false", async (route) => {
      if (lost) return route.continue();
      lost = true;
      await route.fetch();
      await route.abort();
    });
    await ask(page, "only once");
    await until(() => server.posted("/messages").length === 3);
    await page.waitForTimeout(300);
    assert.deepEqual(sentTexts(), ["first", "only once"]);
    assert.equal(await own(page, "only once").count(), 1);
  });

  test("a broken stream resumes where it was", async () => {
    const page = await opened();
    await ask(page, "hello");
    await bot(page, "30 days").waitFor();
    server.dropStreams();
    server.say(server.only, { sender: "agent", sender_name: "Lin", text: "Said in between" });
    await page.locator(".agent", { hasText: "Said in between" }).waitFor();
    const resumed = server.requests.filter(({ url }) => url.includes("/events")).at(-1);
    assert.equal(resumed.headers["last-event-id"], "2");
    assert.equal(await page.locator(".agent").count(), 1);
  });

  test("a server that is away is said and found again", async () => {
    const page = await opened();
    await ask(page, "hello");
    await bot(page, "30 days").waitFor();
    server.fail("/events", 503, { times: 3 });
    server.dropStreams();
    await page.locator(".banner", { hasText: "Connection lost" }).waitFor();
    await page.locator(".banner").waitFor({ state: "hidden", timeout: 15_000 });
  });

  test("Retry-After is honoured", async () => {
    const page = await opened();
    server.fail("/messages", 429, { retryAfter: 2 });
    const before = Date.now();
    await ask(page, "slowly");
    await page.locator(".banner", { hasText: "goes out in" }).waitFor();
    await until(() => server.posted("/messages").length === 2);
    assert.ok(Date.now() - before >= 1_900);
    await bot(page, "30 days").waitFor();
    await page.locator(".banner").waitFor({ state: "hidden" });
  });

  test("a refused message stays, to be deleted or tried again", async () => {
    const page = await opened();
    server.fail("/messages", 422);
    await ask(page, "hm");
    const failed = page.locator(".failed");
    await failed.waitFor();
    await failed.locator("button", { hasText: "Try again" }).click();
    await bot(page, "30 days").waitFor();
    assert.equal(await page.locator(".failed").count(), 0);
  });

  test("an expired conversation loses no message", async () => {
    const page = await opened();
    await ask(page, "first");
    await bot(page, "30 days").waitFor();
    server.only.tokens.clear();
    await ask(page, "second");
    await until(() => server.conversations.size === 2 && sentTexts().length === 1);
    assert.deepEqual(sentTexts(), ["second"]);
  });

  test("the token is renewed before it ends", async () => {
    server.tokenLifeMs = 4_000;
    const page = await opened();
    await ask(page, "first");
    await bot(page, "30 days").waitFor();
    await page.waitForTimeout(6_000);
    assert.ok(server.posted("/token").length >= 2);
    await ask(page, "second");
    await until(() => sentTexts().length === 2);
    assert.equal(server.conversations.size, 1);
  });

  for (const lead of [-3, 3]) {
    test(`a clock that is ${lead} years off breaks nothing`, async () => {
      server.clockLead = lead * 365 * 86_400_000;
      const page = await opened();
      await ask(page, "what time is it");
      await bot(page, "30 days").waitFor();
      assert.equal(await own(page, "time").locator("time").textContent(), "just now");
      await page.locator(".line", { hasText: "Today" }).waitFor();
      await page.waitForTimeout(300);
      assert.ok(server.posted("/token").length <= 1);
    });
  }

  test("two tabs show one conversation and send everything once", async () => {
    const [one, two] = [await opened(), await opened()];
    await ask(one, "from the first");
    await own(two, "from the first").locator("time:not([hidden])").waitFor();
    await context.setOffline(true);
    await ask(one, "alpha");
    await ask(two, "bravo");
    await own(one, "bravo").waitFor();
    await context.setOffline(false);
    await until(() => sentTexts().length === 3);
    await one.waitForTimeout(500);
    assert.deepEqual(sentTexts().sort(), ["alpha", "bravo", "from the first"]);
    assert.equal(server.conversations.size, 1);
    assert.equal(await one.locator(".own").count(), 3);
    assert.equal(await two.locator(".own").count(), 3);
  });

  test("unread messages are counted on the launcher", async () => {
    const page = await opened();
    await ask(page, "hello");
    await bot(page, "30 days").waitFor();
    await page.keyboard.press("Escape");
    assert.ok(await page.locator(".launcher").evaluate((one) => one.getRootNode().activeElement === one));
    server.say(server.only, { sender: "agent", sender_name: "Lin", text: "Are you there?" });
    await page.locator(".badge", { hasText: "1" }).waitFor();
    assert.equal(await page.locator(".launcher").getAttribute("aria-label"), "Open the chat, 1 unread message");
    await page.reload();
    await page.locator(".badge", { hasText: "1" }).waitFor();
    await page.locator(".launcher").click();
    await page.locator(".badge").waitFor({ state: "hidden" });
    await until(() => server.posted("/read").at(-1)?.body.sequence === 3);
  });

  test("a person is one press away, with the place in the queue, typing and the end", async () => {
    const page = await opened();
    await page.locator(".human").click();
    await page.locator(".queue", { hasText: "number 3" }).waitFor();
    assert.match(await page.locator(".queue").textContent(), /about 3 minutes/);
    server.ephemeral(server.only, { kind: "waiting", waiting: { position: 1, open_now: true, opens_at: null, expected_seconds: 40 } });
    await page.locator(".queue", { hasText: "You are next" }).waitFor();
    server.setState(server.only, "with_human", { agent: "Lin" });
    await page.locator(".subtitle", { hasText: "You are talking to Lin" }).waitFor();
    server.ephemeral(server.only, { kind: "typing", by: "agent", name: "Lin" });
    await page.locator(".typing", { hasText: "Lin is typing" }).waitFor();
    server.say(server.only, { sender: "agent", sender_name: "Lin", text: "Hello <b>you</b>, see https://shop.example/a。" });
    await page.locator(".typing .dots").waitFor({ state: "detached" });
    assert.equal(await page.locator(".agent .bubble").textContent(), "Hello <b>you</b>, see https://shop.example/a。");
    assert.equal(await page.locator(".agent a").getAttribute("href"), "https://shop.example/a");
    await page.locator(".field").pressSequentially("thanks");
    await until(() => server.posted("/typing").length === 1);
    server.setState(server.only, "closed");
    await page.locator(".rating").waitFor();
    await page.locator(".star input").nth(1).check({ force: true });
    await page.locator(".reason", { hasText: "Slow" }).click();
    await page.locator(".rating textarea").fill("took long");
    await page.locator(".rating .filled").click();
    await page.locator(".card", { hasText: "Thank you" }).waitFor();
    assert.deepEqual(server.posted("/rating")[0].body, { score: 2, reasons: ["slow"], comment: "took long" });
    await page.reload();
    await page.locator(".agent").waitFor();
    assert.equal(await page.locator(".rating").count(), 0);
  });

  test("who joined, and that it ended, stands where it happened after a reload, too", async () => {
    const page = await opened();
    await ask(page, "one");
    await bot(page, "30 days").waitFor();
    server.setState(server.only, "waiting_for_human", { reason: "human_requested" });
    server.setState(server.only, "with_human", { agent: "Lin" });
    server.say(server.only, { sender: "agent", sender_name: "Lin", text: "Hello" });
    server.setState(server.only, "closed");
    const lines = page.locator(".line.notice");
    await page.locator(".line.notice", { hasText: "ended" }).waitFor();
    const shown = await page.locator(".list > *").allTextContents();
    await page.reload();
    await page.locator(".line.notice", { hasText: "ended" }).waitFor();
    assert.deepEqual(await lines.allTextContents(), ["Lin joined the conversation", "The conversation has ended"]);
    const order = (texts) => texts.map((text) => text.replace(/\d+:\d+.*|just now/g, ""));
    assert.deepEqual(order(await page.locator(".list > *").allTextContents()), order(shown));
  });

  test("outside the hours they are said, and a contact can be left", async () => {
    server.site = { ...server.site, open_now: false, opens_at: new Date(Date.now() + 3_600_000).toISOString() };
    const page = await opened();
    await page.locator(".human").click();
    await page.locator(".queue", { hasText: "Nobody is here right now" }).waitFor();
    assert.match(await page.locator(".queue").textContent(), /9:00–22:00/);
    await page.locator(".queue button").click();
    await page.locator(".form .filled").click();
    await page.locator(".error", { hasText: "phone number" }).waitFor();
    await page.locator(".segments label").nth(1).click();
    await page.locator(".form input[type=email]").fill("a@b.example");
    await page.locator(".form .filled").click();
    await page.locator(".queue", { hasText: "get back to you" }).waitFor();
    assert.deepEqual(server.only.contacts, [{ kind: "email", value: "a@b.example" }]);
  });

  test("a new conversation leaves the old one behind", async () => {
    const page = await opened();
    await ask(page, "old");
    await bot(page, "30 days").waitFor();
    await page.locator("button[aria-label=More]").click();
    await page.locator(".item", { hasText: "New conversation" }).click();
    await page.locator(".confirm .filled").click();
    await own(page, "old").waitFor({ state: "detached" });
    await ask(page, "new");
    await until(() => server.conversations.size === 2);
  });

  test("identity, order and product reach the conversation", async () => {
    const signature = createHmac("sha256", IDENTITY_SECRET).update("C-1").digest("hex");
    const page = await opened(`data-customer-id=C-1&data-customer-signature=${signature}&data-customer-name=Mei&data-order=O-7&secret=1`);
    await page.evaluate(() => window.shopdesk.setContext({ product: "mug", basket: "2" }));
    await ask(page, "hello");
    await until(() => server.conversations.size === 1);
    assert.deepEqual(server.only.customer, { id: "C-1", signature, name: "Mei" });
    assert.deepEqual(server.only.context, { page: `${server.shop}/page`, order: "O-7", product: "mug", basket: "2" });
  });

  test("another customer sees nothing of the one before, in no tab", async () => {
    const signed = (id) => `data-customer-id=${id}&data-customer-signature=${createHmac("sha256", IDENTITY_SECRET).update(id).digest("hex")}`;
    const first = await opened(signed("C-1"));
    await ask(first, "my secret");
    await bot(first, "30 days").waitFor();
    const second = await opened(signed("C-2"));
    await own(first, "my secret").waitFor({ state: "detached" });
    await ask(second, "hello");
    await until(() => server.conversations.size === 2);
    await bot(second, "30 days").waitFor();
    assert.equal(await first.locator(".own").count(), 0);
    assert.equal(await second.locator(".own", { hasText: "secret" }).count(), 0);
  });

  test("a wrong signature costs the shopper nothing", async () => {
    const page = await opened("data-customer-id=C-1&data-customer-signature=00");
    await ask(page, "hello");
    await bot(page, "30 days").waitFor();
    assert.equal(server.only.customer, undefined);
  });

  test("scripts and formulas in messages are text", async () => {
    const page = await opened();
    const nasty = `<script>window.hit=1</script></script><img src=x onerror="window.hit=1">=1+1 [x](javascript:alert(1)) "><svg onload=alert(1)>`;
    await ask(page, nasty);
    await own(page, "=1+1").waitFor();
    await ask(page, `echo ${nasty} [y](data:text/html,x) <javascript:alert(1)> ![i](javascript:1)`);
    await bot(page, "=1+1").waitFor();
    assert.equal(await own(page, nasty).first().locator(".bubble").textContent(), nasty);
    assert.equal(await page.locator(".bubble script, .bubble img, .bubble svg").count(), 0);
    assert.equal(await bot(page, "=1+1").locator("a").count() + await own(page, "=1+1").locator("a").count(), 0);
    assert.equal(await page.evaluate(() => window.hit), undefined);
  });

  test("Markdown stays quick, however nasty", async () => {
    const page = await opened();
    let count = 0;
    for (const text of ["[".repeat(1900), "*a ".repeat(600), "> ".repeat(900), "`".repeat(1900), "- ".repeat(900), "_(".repeat(900), "![](".repeat(400)]) {
      const began = Date.now();
      await ask(page, `echo ${text}`);
      count += 2;
      await page.waitForFunction((wanted) => document.querySelector("shopdesk-widget").shadowRoot.querySelectorAll(".list .message").length === wanted, count);
      assert.ok(Date.now() - began < 4_000, text.slice(0, 5));
    }
  });

  test("10,000 pasted characters, emoji, long words and right-to-left text", async () => {
    const page = await opened();
    await page.locator(".field").fill("好".repeat(10_000));
    await page.locator(".note", { hasText: "8000 characters too many" }).waitFor();
    assert.match(await page.locator(".counter").textContent(), /10000 of 2000/);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator(".own").count(), 0);
    await page.locator(".field").fill("👩‍👩‍👧‍👦".repeat(200));
    assert.equal(await page.locator(".field").getAttribute("aria-invalid"), "false");
    await page.locator(".field").fill("W".repeat(1_900));
    await page.keyboard.press("Enter");
    await own(page, "WWW").waitFor();
    await ask(page, "مرحبا، أين طلبي 123؟");
    const bubble = own(page, "مرحبا").locator(".bubble");
    await bubble.waitFor();
    assert.equal(await bubble.evaluate((one) => getComputedStyle(one).direction), "rtl");
    const { scroll, client } = await page.locator(".scroller").evaluate((one) => ({ scroll: one.scrollWidth, client: one.clientWidth }));
    assert.equal(scroll, client);
  });

  test("keyboard: Enter sends, Shift+Enter does not, nor does an input method", async () => {
    const page = await visit();
    await page.locator("#help").focus();
    await page.evaluate(() => {
      window.keys = [];
      document.addEventListener("keydown", (event) => window.keys.push(event.key));
      window.shopdesk.open();
    });
    await page.locator(".field").waitFor();
    assert.ok(await page.locator(".field").evaluate((one) => one.getRootNode().activeElement === one));
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    await page.locator(".field").evaluate((one) => {
      one.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, composed: true, cancelable: true }));
      one.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, composed: true, cancelable: true }));
    });
    assert.equal(await page.locator(".own").count(), 0);
    await page.keyboard.press("Enter");
    await own(page, "two").waitFor();
    assert.equal(await own(page, "two").locator(".bubble").textContent(), "one\ntwo");
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.id), "help");
    assert.deepEqual(await page.evaluate(() => window.keys), []);
  });

  test("a hostile page cannot break it, and it does not touch the page", async () => {
    const page = await visit("hostile&dir=rtl");
    const launcher = page.locator(".launcher");
    const box = await launcher.boundingBox();
    assert.deepEqual([box.width, box.height], [56, 56]);
    assert.ok(box.x > 1100 && box.y > 650, JSON.stringify(box));
    await launcher.click();
    const style = await page.locator(".field").evaluate((one) => ({
      size: getComputedStyle(one).fontSize, color: getComputedStyle(one).color, direction: getComputedStyle(one.closest(".root")).direction,
    }));
    assert.deepEqual(style, { size: "15px", color: "rgb(23, 24, 28)", direction: "ltr" });
    await page.locator(".panel").evaluate((one) => Promise.all(one.getAnimations().map((animation) => animation.finished)));
    const panel = await page.locator(".panel").boundingBox();
    assert.ok(panel.width === 392 && panel.x + panel.width <= 1280);
    assert.equal(await page.evaluate(() => document.body.querySelectorAll("shopdesk-widget").length + document.head.querySelectorAll("style").length), 0);
  });

  test("without storage it works for as long as the page does", async () => {
    await context.addInitScript(() => {
      for (const area of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, area, { get: () => { throw new DOMException("denied", "SecurityError"); } });
      }
    });
    const page = await opened();
    await ask(page, "private");
    await bot(page, "30 days").waitFor();
    await ask(page, "again");
    await until(() => sentTexts().length === 2);
  });

  test("without Web Locks and randomUUID, as on a page without https", async () => {
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
      Object.defineProperty(Crypto.prototype, "randomUUID", { value: undefined });
    });
    const page = await opened();
    await ask(page, "plain");
    await bot(page, "30 days").waitFor();
  });

  test("languages: the page's, the browser's, the override", async () => {
    const placeholder = async (query) => {
      const page = await visit(query);
      const text = await page.locator(".field").getAttribute("placeholder");
      await page.close();
      return text;
    };
    assert.equal(await placeholder("lang=zh-CN"), "请输入消息…");
    assert.equal(await placeholder("lang=zh-TW"), "請輸入訊息…");
    assert.equal(await placeholder("lang=zh-HK"), "請輸入訊息…");
    assert.equal(await placeholder("lang=fr"), "Write a message…");
    assert.equal(await placeholder("lang=en&data-language=zh-Hant"), "請輸入訊息…");
  });

  test("colour, position and name by the site, with the page's overrides", async () => {
    server.site = { ...server.site, color: "#ffe14d", position: "left" };
    const page = await opened("data-name=Tea%20House");
    const launcher = page.locator(".launcher");
    assert.equal(await launcher.evaluate((one) => getComputedStyle(one).color), "rgb(0, 0, 0)");
    assert.ok((await launcher.boundingBox()).x < 100);
    assert.equal(await page.locator(".chat .title").textContent(), "Tea House");
    const other = await visit("data-position=right&data-color=%23123");
    assert.equal(await other.locator(".launcher").evaluate((one) => getComputedStyle(one).backgroundColor), "rgb(17, 34, 51)");
    assert.ok((await other.locator(".launcher").boundingBox()).x > 1000);
  });

  test("a site that refuses the page shows nothing", async () => {
    server.fail("/v1/sites", 404);
    const page = await visit();
    await page.waitForTimeout(400);
    assert.equal(await page.locator("shopdesk-widget").count(), 0);
  });

  for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing serious (${colorScheme})`, async () => {
      const own_ = await browser.newContext({ colorScheme, locale: "en-GB", reducedMotion: "reduce", bypassCSP: true, viewport: { width: 1280, height: 800 } });
      const page = await opened("", { on: own_ });
      await page.evaluate(axe);
      const check = async (what) => {
        await page.waitForTimeout(50);
        const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        assert.deepEqual(serious.map(({ id, nodes }) => `${what}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
      };
      await check("greeting");
      await ask(page, "size");
      await page.locator(".choice").first().waitFor();
      await check("choices");
      await ask(page, "echo `code` and\n\n```\nlines\n```");
      await ask(page, "How do I return it?");
      await page.locator(".source").waitFor();
      await check("answer");
      await page.locator(".source").click();
      await page.locator(".lead").waitFor();
      await check("article");
      await page.keyboard.press("Escape");
      await page.locator("button[aria-label=More]").click();
      await check("menu");
      await page.keyboard.press("Escape");
      await page.locator(".field").fill("x".repeat(3_000));
      await check("too long");
      await page.locator(".field").fill("");
      server.site.open_now = false;
      await page.locator(".human").click();
      await page.locator(".queue").waitFor();
      await check("queue");
      await page.locator(".queue button").click();
      await check("contact");
      server.setState(server.only, "closed");
      await page.locator(".rating").waitFor();
      await page.locator(".star input").nth(0).check({ force: true });
      await check("rating");
      await own_.close();
    });
  }
});

function pick(value, keys) {
  return Object.fromEntries(keys.map((key) => [key, value[key]]));
}
