// Pictures of the console and the widget for the documents, from the real binary: `scripts/screenshots [WORD]`.

import { createHmac } from "node:crypto";
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "../widget/tests/browser.mjs";
import { PASSWORD, Person } from "./console.mjs";
import { Desk } from "./desk.mjs";
import { Shopper } from "./shopper.mjs";
import { CONVERSATIONS, PEOPLE } from "./story.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const images = join(root, "docs/images");
const only = process.argv[2] ?? "";
const LARGEST = 200_000;
const SECRET = "a secret of a made-up shop";

/** The starter shop, with a bundle that is there already, if there is one. */
async function starterDesk() {
  const folder = await mkdtemp(join(tmpdir(), "shopdesk-pictures-"));
  process.env.SHOPDESK_IDENTITY_SECRET = SECRET;
  const desk = new Desk(folder, await Desk.settings({}, folder));
  const bundle = process.env.SHOPDESK_BUNDLE ?? join(root, "data/bundle");
  if (existsSync(bundle)) await cp(bundle, join(folder, "data/bundle"), { recursive: true });
  else desk.run("train");
  await desk.serve();
  return desk;
}

/** Somebody who uses the API. */
class Caller {
  constructor(origin, headers = {}) {
    Object.assign(this, { origin, headers });
  }

  async send(method, path, body) {
    const headers = { "content-type": "application/json", ...this.headers };
    const reply = await fetch(`${this.origin}/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    const text = await reply.text();
    return { reply, json: text ? JSON.parse(text) : null };
  }

  async post(path, body) {
    return (await this.send("POST", path, body)).json;
  }

  static async logIn(origin, login) {
    const { reply, json } = await new Caller(origin).send("POST", "session", { login, password: PASSWORD });
    const cookie = reply.headers.get("set-cookie").split(";")[0];
    return new Caller(origin, { cookie, "x-csrf-token": json.csrf_token });
  }
}

async function people(desk) {
  const choose = (link) => new Caller(desk.origin).post("invitations", { invitation: link, password: PASSWORD });
  await choose(desk.invitation);
  const admin = await Caller.logIn(desk.origin, "admin");
  const callers = { admin };
  for (const person of PEOPLE) {
    await choose((await admin.post("agents", person)).invitation);
    callers[person.login] = await Caller.logIn(desk.origin, person.login);
  }
  await admin.post("keys", { name: "ERP", scopes: ["tickets", "stats"] });
  return callers;
}

/** One conversation of the story; returns its id and that of its ticket. */
async function told(desk, callers, { days, lines, customer, context, helpful, rate, by, note, reply, intent, close }) {
  const [id, name] = customer ?? [];
  const signature = id && createHmac("sha256", SECRET).update(id).digest("hex");
  const begin = { site: "main", channel: "widget", language: /[\u4e00-\u9fff]/.test(lines[0]) ? "zh-CN" : "en", context };
  if (id) begin.customer = { id, name, signature };
  const begun = await new Caller(desk.origin).post("conversations", begin);
  const shopper = new Caller(desk.origin, { authorization: `Bearer ${begun.token}` });
  const here = `conversations/${begun.id}`;
  let answer;
  for (const text of lines) answer = (await shopper.post(`${here}/messages`, { text })).reply ?? answer;
  if (helpful !== undefined && answer?.kind === "answer") {
    await shopper.post(`${here}/messages/${answer.id}/helpful`, { helpful }).catch(() => {});
  }
  const { json } = await callers.admin.send("GET", "tickets?limit=200&state=open,assigned");
  const ticket = json.tickets.find((ticket) => ticket.conversation === begun.id);
  if (ticket && days && !by) [by, reply, close] = ["laochen", "您好，我帮您核实好了，已经处理。", "solved"];
  if (ticket && by) {
    const act = (body) => callers[by].post(`tickets/${ticket.id}/actions`, body);
    await act({ action: "claim" });
    if (note) await act({ action: "note", text: note });
    if (reply) await callers[by].post(`tickets/${ticket.id}/messages`, { text: reply });
    if (intent) await act({ action: "intent", intent });
    if (close) await act({ action: "close", reason: close });
  } else if (rate && !ticket) {
    await shopper.post(`${here}/close`, {});
  }
  if (rate) await shopper.post(`${here}/rating`, { score: rate }).catch(() => {});
  return { conversation: begun.id, ticket: ticket?.id };
}

/** Nobody waits two weeks for pictures: what happened on other days is moved there. */
function moveBack(desk, days) {
  const script = `
import json, sqlite3, sys
days = json.loads(sys.argv[2])
database = sqlite3.connect(sys.argv[1])
tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
for table in tables:
    columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    times = [name for name in columns if name in ("at", "day") or name.endswith(("_at", "_due"))]
    where = ("id = ?" if table == "conversations" else "conversation = ?" if "conversation" in columns
             else "ticket IN (SELECT id FROM tickets WHERE conversation = ?)" if "ticket" in columns
             else "message IN (SELECT id FROM events WHERE conversation = ?)" if "message" in columns else None)
    for time in times if where else []:
        for conversation, count in days.items():
            database.execute(f"UPDATE {table} SET {time} = {time} - ? WHERE {where} AND typeof({time}) = 'integer'", (count * 86400000 - hash(conversation) % 30000000, conversation))
database.commit()
`;
  const done = spawnSync("python3", ["-c", script, join(desk.folder, "data/shopdesk.db"), JSON.stringify(days)], { encoding: "utf8", env: { ...process.env, PYTHONHASHSEED: "1" } });
  if (done.status !== 0) throw new Error(done.stderr);
}

/** Each picture: its name, who looks, at what, and how. */
const PICTURES = [
  { name: "console-login", path: "/console/login", height: 520 },
  { name: "console-inbox", login: "xiaolin", path: "/console/inbox" },
  { name: "console-inbox-dark", login: "emma", path: "/console/inbox", locale: "en-GB", colorScheme: "dark" },
  { name: "console-ticket", login: "xiaolin", ticket: "少了20块" },
  { name: "console-knowledge", login: "xiaomei", path: "/console/knowledge" },
  { name: "console-article", login: "xiaomei", path: "/console/knowledge/return-how-to/zh" },
  { name: "console-quality", login: "xiaomei", path: "/console/quality" },
  { name: "console-learning", login: "xiaomei", path: "/console/learning" },
  { name: "console-phone", login: "xiaolin", path: "/console/inbox", width: 390, height: 844 },
  { name: "console-settings", login: "admin", path: "/console/settings/agents" },
  { name: "console-hours", login: "admin", path: "/console/settings/hours" },
  { name: "console-audit", login: "admin", path: "/console/settings/audit", locale: "en-GB" },
];

async function pictures(browser, desk) {
  const states = {};
  for (const { name, login, path, ticket, width = 1280, height = 800, ...look } of PICTURES.filter((one) => one.name.includes(only))) {
    if (login === "admin") await letTicketsBeGiven(desk);
    const options = { locale: "zh-CN", viewport: { width, height }, deviceScaleFactor: 1, ...look };
    if (login) options.storageState = states[login] ??= await loggedIn(browser, desk, login);
    const person = await Person.at(browser, desk.origin, options);
    await person.open(path ?? "/console/inbox");
    if (ticket) {
      await person.ticketAbout(ticket).getByRole("link").first().click();
      await person.page.waitForURL("**/console/tickets/*");
    }
    await person.page.waitForTimeout(700);
    await keep(person.page, name);
    await person.close();
  }
}

/** So far nobody got a ticket without claiming it, and the pictures of the inbox are the same every time. */
async function letTicketsBeGiven(desk) {
  const admin = await Caller.logIn(desk.origin, "admin");
  const { agents } = (await admin.send("GET", "agents")).json;
  for (const { id, skills } of agents) await admin.send("PATCH", `agents/${id}`, { skills: { ...skills, most_tickets: 8 } });
}

async function loggedIn(browser, desk, login) {
  const person = await Person.at(browser, desk.origin);
  await person.open("/console/login");
  await person.logIn(login);
  await person.page.waitForURL((url) => !url.pathname.endsWith("/login"));
  const state = await person.page.context().storageState();
  await person.close();
  return state;
}

async function widgetPicture(browser, desk) {
  if (!"widget".includes(only)) return;
  const shopper = await Shopper.at(browser, desk.origin, { viewport: { width: 900, height: 720 } });
  // Which of them is answered by itself depends on the bundle.
  for (const question of ["怎么退货", "退款几天能到账", "发货要几天"]) {
    await shopper.say(question);
    const answered = shopper.page.locator(".source").first().waitFor({ timeout: 8_000 });
    if (await answered.then(() => true, () => false)) break;
  }
  await shopper.page.waitForTimeout(500);
  await keep(shopper.page, "widget");
  await shopper.close();
}

async function keep(page, name) {
  const path = join(images, `${name}.png`);
  await page.screenshot({ path });
  const { size } = await stat(path);
  console.log(`${path} ${Math.round(size / 1000)} kB${size > LARGEST ? ": too large for a document" : ""}`);
}

await mkdir(images, { recursive: true });
const [browser, desk] = await Promise.all([launch(), starterDesk()]);
try {
  const callers = await people(desk);
  const days = {};
  for (const one of CONVERSATIONS) {
    const { conversation } = await told(desk, callers, one);
    if (one.days) days[conversation] = one.days;
  }
  desk.hasPeople = true;
  await desk.end();
  moveBack(desk, days);
  await desk.serve();
  await pictures(browser, desk);
  await widgetPicture(browser, desk);
} finally {
  await browser.close();
  await desk.stop();
}
