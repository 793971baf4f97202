// The shoppers' API in memory, for the widget's own tests: as strict as the contract, and as unreliable as a test wants it.

import { createHmac, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const TYPES = { js: "text/javascript", html: "text/html; charset=utf-8", css: "text/css", svg: "image/svg+xml" };
export const IDENTITY_SECRET = "identity-secret-of-the-tests";

export class MockServer {
  conversations = new Map();
  requests = [];
  /** Answers that come instead of the real one: `{match, status, retryAfter?, times}`. */
  failures = [];
  heartbeats = true;
  tokenLifeMs = 3_600_000;
  /** The server's time minus the real one. */
  clockLead = 0;
  site = {
    site: "main",
    name: { "zh-Hans": "山茶生活", "zh-Hant": "山茶生活", en: "Camellia Home" },
    languages: ["zh-Hans", "zh-Hant", "en"],
    color: "#0b6e4f", position: "right", open_now: true, opens_at: null,
    hours: { "zh-Hans": "每天 9:00–22:00", "zh-Hant": "每天 9:00–22:00", en: "9:00–22:00 every day" },
    max_message_characters: 2000,
    greeting: {
      "zh-Hans": "您好，欢迎光临山茶生活！订单、物流、退换货，都可以直接问我。",
      "zh-Hant": "您好，歡迎光臨山茶生活！訂單、物流、退換貨，都可以直接問我。",
      en: "Hello and welcome to Camellia Home! Ask me about orders, delivery or returns.",
    },
  };

  async start() {
    this.server = createServer((request, response) => this.#handle(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    }));
    await new Promise((resolve) => this.server.listen(0, resolve));
    this.port = this.server.address().port;
    this.origin = `http://localhost:${this.port}`;
    /** Another origin, as a shop's pages are. */
    this.shop = `http://127.0.0.1:${this.port}`;
    this.beat = setInterval(() => this.heartbeats && this.#each((stream) => stream.write(": beat\n\n")), 2_000);
    return this;
  }

  async stop() {
    clearInterval(this.beat);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  fail(match, status, { retryAfter, times = 1 } = {}) {
    this.failures.push({ match, status, retryAfter, times });
  }

  dropStreams() {
    this.#each((stream) => stream.destroy());
  }

  get only() {
    return [...this.conversations.values()].at(-1);
  }

  posted(path) {
    return this.requests.filter(({ method, url }) => method === "POST" && url.includes(path));
  }

  say(conversation, message) {
    const { sequence, at } = this.#next(conversation);
    const stored = { id: randomUUID(), sequence, sender: "bot", sender_name: null, created_at: at, ...message };
    if (stored.sender === "bot") {
      for (const [key, value] of Object.entries({ kind: "answer", article: null, choices: [], asks_if_helpful: false, helpful: null, assessment: null })) stored[key] ??= value;
    }
    conversation.messages.push(stored);
    this.#publish(conversation, { sequence, kind: "message", at, message: stored });
    return stored;
  }

  setState(conversation, state, { reason = null, agent = null, waiting = null } = {}) {
    const { sequence, at } = this.#next(conversation);
    Object.assign(conversation, { state, waiting });
    this.#publish(conversation, { sequence, kind: "state", at, state, reason, agent });
  }

  ephemeral(conversation, event) {
    this.#write(conversation, `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  async #handle(request, response) {
    const url = new URL(request.url, this.origin);
    if (!url.pathname.startsWith("/v1/")) return this.#file(url, response);
    response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID");
    response.setHeader("Access-Control-Allow-Methods", "GET, POST");
    response.setHeader("Access-Control-Expose-Headers", "Retry-After, Date");
    response.setHeader("Date", new Date(Date.now() + this.clockLead).toUTCString());
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    const body = await readBody(request);
    this.requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    const failure = this.failures.find(({ match, times }) => times > 0 && request.url.includes(match));
    if (failure) {
      failure.times -= 1;
      if (failure.status === 0) return request.socket.destroy();
      if (failure.retryAfter) response.setHeader("Retry-After", failure.retryAfter);
      return problem(response, failure.status, failure.status === 429 ? "too-many-requests" : "unavailable");
    }
    return this.#route(request, response, url, body);
  }

  #route(request, response, url, body) {
    const parts = url.pathname.split("/").slice(2).map(decodeURIComponent);
    if (parts[0] === "sites") return parts[1] === "main" ? json(response, 200, this.site) : problem(response, 404, "no-site");
    if (parts[0] === "articles") return json(response, 200, article(parts));
    if (parts.length === 1) return this.#begin(response, body);
    const conversation = this.conversations.get(parts[1]);
    if (!conversation) return problem(response, 404, "no-conversation");
    const token = request.headers.authorization?.slice("Bearer ".length);
    if (!(conversation.tokens.get(token) > this.#now().getTime())) return problem(response, 401, "no-token");
    const act = { undefined: "show", messages: parts.length === 3 ? "message" : "helpful" }[parts[2]] ?? parts[2];
    return this[`_${act}`](response, conversation, { body, url, request, parts });
  }

  #begin(response, body) {
    const { customer } = body;
    if (customer && customer.signature !== createHmac("sha256", IDENTITY_SECRET).update(customer.id).digest("hex")) return problem(response, 401, "wrong-signature");
    const conversation = {
      id: randomUUID(), state: "bot", created_at: this.#now().toISOString(), language: body.language, context: body.context, customer,
      messages: [], events: [], last_sequence: 0, rating: null, waiting: null, streams: new Set(), tokens: new Map(), contacts: [],
    };
    this.conversations.set(conversation.id, conversation);
    const { id, state, created_at, language } = conversation;
    return json(response, 201, { id, state, created_at, language, ...this.#token(conversation) });
  }

  _token(response, conversation) {
    return json(response, 200, this.#token(conversation));
  }

  _show(response, conversation) {
    const { id, state, created_at, language, last_sequence, messages, rating, waiting } = conversation;
    const can_rate = rating === null && messages.some(({ sender }) => sender !== "shopper");
    const notices = conversation.events.filter(({ kind }) => kind === "state");
    return json(response, 200, { id, state, created_at, language, last_sequence, messages, notices, rating, waiting, can_rate });
  }

  _message(response, conversation, { body }) {
    const known = conversation.messages.find(({ client_message_id }) => client_message_id === body.client_message_id);
    if (known) return json(response, 200, { message: known, reply: null, state: conversation.state });
    if ([...body.text].length > this.site.max_message_characters) return problem(response, 422, "message-too-long");
    if (conversation.state === "closed") this.setState(conversation, "bot");
    const message = this.say(conversation, { sender: "shopper", text: body.text, client_message_id: body.client_message_id });
    if (conversation.state === "bot") setTimeout(() => this.#answer(conversation, body), this.answerAfterMs ?? 20);
    return json(response, 200, { message, reply: null, state: conversation.state });
  }

  #answer(conversation, { text }) {
    this.ephemeral(conversation, { kind: "typing", by: "bot" });
    setTimeout(() => this.say(conversation, answerTo(text, conversation.language)), this.typingMs ?? 30);
  }

  _events(response, conversation, { url, request }) {
    const after = Number(request.headers["last-event-id"] ?? url.searchParams.get("after") ?? 0);
    const missed = conversation.events.filter(({ sequence }) => sequence > after);
    if (!request.headers.accept?.includes("text/event-stream")) {
      return json(response, 200, { events: missed, last_sequence: conversation.last_sequence });
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("retry: 100\n\n");
    for (const event of missed) response.write(frame(event));
    conversation.streams.add(response);
    response.on("close", () => conversation.streams.delete(response));
  }

  _human(response, conversation) {
    if (conversation.state === "bot" || conversation.state === "closed") {
      const waiting = { position: 3, open_now: this.site.open_now, opens_at: this.site.opens_at, expected_seconds: this.site.open_now ? 170 : null };
      this.setState(conversation, "waiting_for_human", { reason: "human_requested", waiting });
    }
    return json(response, 200, { state: conversation.state });
  }

  _helpful(response, conversation, { body, parts }) {
    conversation.messages.find(({ id }) => id === parts[3]).helpful = body.helpful;
    return response.writeHead(204).end();
  }

  _contact(response, conversation, { body }) {
    conversation.contacts.push(body);
    return response.writeHead(204).end();
  }

  _rating(response, conversation, { body }) {
    if (conversation.rating) return problem(response, 409, "already-rated");
    conversation.rating = { score: body.score, comment: body.comment ?? null };
    return json(response, 201, conversation.rating);
  }

  _close(response, conversation) {
    this.setState(conversation, "closed");
    return json(response, 200, { state: "closed" });
  }

  _typing(response) {
    return response.writeHead(204).end();
  }

  _read(response) {
    return response.writeHead(204).end();
  }

  #token(conversation) {
    const token = randomUUID();
    const expires = this.#now().getTime() + this.tokenLifeMs;
    conversation.tokens.set(token, expires);
    return { token, token_expires_at: new Date(expires).toISOString() };
  }

  #next(conversation) {
    conversation.last_sequence += 1;
    return { sequence: conversation.last_sequence, at: this.#now().toISOString() };
  }

  #now() {
    return new Date(Date.now() + this.clockLead);
  }

  #publish(conversation, event) {
    conversation.events.push(event);
    this.#write(conversation, frame(event));
  }

  #write(conversation, text) {
    for (const stream of conversation.streams) stream.write(text);
  }

  #each(act) {
    for (const conversation of this.conversations.values()) for (const stream of conversation.streams) act(stream);
  }

  /** `/page?…` is a shop's page with a strict policy; `attributes` of the script tag come as `data-…` parameters. */
  async #file(url, response) {
    if (url.pathname === "/page") return this.#page(url, response);
    if (url.pathname === "/hostile.css") return response.writeHead(200, { "Content-Type": "text/css" }).end(HOSTILE);
    // As shipped; `WIDGET=modules` tries the sources side by side.
    const shipped = url.pathname === "/widget.js" && process.env.WIDGET !== "modules";
    const path = normalize(join(ROOT, shipped ? "dist/widget.js" : url.pathname));
    const content = path.startsWith(ROOT) ? await readFile(path).catch(() => null) : null;
    if (content === null) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[path.split(".").at(-1)] ?? "text/plain", "Access-Control-Allow-Origin": "*" }).end(content);
  }

  #page(url, response) {
    const parameters = [...url.searchParams].filter(([name]) => name.startsWith("data-"));
    const attributes = parameters.map(([name, value]) => ` ${name}="${value.replaceAll('"', "&quot;")}"`).join("");
    const hostile = url.searchParams.has("hostile") ? `<link rel="stylesheet" href="/hostile.css">` : "";
    response.writeHead(200, {
      "Content-Type": TYPES.html,
      "Content-Security-Policy": `default-src 'none'; script-src ${this.origin}; connect-src ${this.origin}; style-src 'self'; img-src 'self'; require-trusted-types-for 'script'`,
    });
    response.end(`<!doctype html><html lang="${url.searchParams.get("lang") ?? "en"}" dir="${url.searchParams.get("dir") ?? "ltr"}"><head><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${hostile}</head>
<body><main><h1>Shop</h1><a href="/page?second">Another page</a> <button type="button" id="help">Help</button></main>
<script type="module" src="${this.origin}/widget.js" data-site="main"${attributes}></script></body></html>`);
  }
}

function answerTo(text, language) {
  if (text.startsWith("echo ")) return { text: text.slice(5) };
  if (/size|尺码|尺碼/.test(text)) {
    const [ask, one, other] = {
      "zh-Hans": ["您想问的是哪一项？", "尺码怎么选", "尺码不合适要换"],
      "zh-Hant": ["您想問的是哪一項？", "尺碼怎麼選", "尺碼不合適要換"],
    }[language] ?? ["Which of these do you mean?", "Choosing a size", "Exchanging a size"];
    return { kind: "clarify", text: ask, choices: [{ intent: "size", title: one }, { intent: "exchange", title: other }] };
  }
  return { ...ANSWERS[language] ?? ANSWERS.en, asks_if_helpful: true };
}

const ANSWERS = {
  en: {
    text: "You can return anything within **30 days**, unused and in its box.\n\n1. Open [your orders](https://shop.example/orders) and press *Return*.\n2. Print the label.\n3. Hand it to the courier.\n\nThe money is back within 3 days.",
    article: { id: "returns", language: "en", version: 3, title: "Returning an article" },
  },
  "zh-Hans": {
    text: "签收后 **7 天内**，商品未使用且包装完好，可以无理由退货：\n\n1. 打开[我的订单](https://shop.example/orders)，点“申请退货”。\n2. 选择上门取件的时间。\n3. 把商品交给快递员。\n\n收到退货后 3 个工作日内原路退款。",
    article: { id: "returns", language: "zh-Hans", version: 3, title: "怎样申请七天无理由退货" },
  },
  "zh-Hant": {
    text: "簽收後 **7 天內**，商品未使用且包裝完好，可以無理由退貨：\n\n1. 打開[我的訂單](https://shop.example/orders)，點「申請退貨」。\n2. 選擇到府取件的時間。\n3. 把商品交給物流人員。\n\n收到退貨後 3 個工作日內原路退款。",
    article: { id: "returns", language: "zh-Hant", version: 3, title: "怎樣申請七天無理由退貨" },
  },
};

function article([, id, language, version]) {
  const { text, article: { title } } = ANSWERS[language] ?? ANSWERS.en;
  const body = language === "en"
    ? "## What cannot be returned\n\n- Opened cosmetics\n- Cut fabric\n- Gift cards\n\n## Who pays for the courier\n\nWe do, when the article is faulty. Otherwise the fee is taken off the refund; see the [price list](https://shop.example/prices)."
    : "## 哪些商品不能退\n\n- 已拆封的化妆品\n- 裁剪过的布料\n- 礼品卡\n\n## 运费由谁承担\n\n商品有质量问题时由我们承担。其他情况从退款中扣除，见[运费说明](https://shop.example/prices)。";
  return { id, language, version: Number(version), title, answer: text, body };
}

const HOSTILE = `
* { color: red !important; font-size: 40px !important; letter-spacing: 9px !important; margin: 30px !important; }
body, body * { transform: rotate(3deg) !important; display: block !important; }
html { font-size: 3px; } body { transform: scale(.5); overflow: hidden; }
shopdesk-widget, .panel, .launcher, button { display: none !important; opacity: 0 !important; position: static !important; visibility: hidden !important; z-index: -1 !important; }
:root { --accent: red; --surface: red; --text: red; }
`;

function frame(event) {
  return `id: ${event.sequence}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

function json(response, status, value) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function problem(response, status, code) {
  response.writeHead(status, { "Content-Type": "application/problem+json" })
    .end(JSON.stringify({ type: `urn:shopdesk:problem:${code}`, title: code, status, detail: code }));
}

async function readBody(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return text === "" ? null : JSON.parse(text);
}
