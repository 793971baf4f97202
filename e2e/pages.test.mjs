// Every page of the console: for everybody to use, in both languages, by day and by night, on a telephone; and harmless whatever shoppers write.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "../widget/tests/browser.mjs";
import { assertAccessible } from "./axe.mjs";
import { Person } from "./console.mjs";
import { Desk } from "./desk.mjs";
import { Shopper } from "./shopper.mjs";

const MARKUP = `<script>alert(1)</script></textarea>"><img src=x onerror=alert(1)>`;
const FORMULA = `=HYPERLINK("http://x","y")`;

/** All pages that are there in every shop. */
const PAGES = [
  "/console/inbox",
  "/console/inbox/replies",
  "/console/knowledge",
  "/console/knowledge/search?q=退货",
  "/console/knowledge/unanswered",
  "/console/knowledge/new",
  "/console/knowledge/return-how-to/zh",
  "/console/knowledge/return-how-to/zh/edit",
  "/console/quality",
  "/console/quality/reviews",
  "/console/quality/reports",
  "/console/learning",
  "/console/settings/agents",
  "/console/settings/keys",
  "/console/settings/webhooks",
  "/console/settings/audit",
  "/console/settings/sites",
  "/console/settings/hours",
  "/console/settings/promise",
  "/console/settings/limits",
  "/console/account",
  "/console/no-such-page",
];

const LOOKS = [
  { name: "by day", colorScheme: "light", locale: "en-GB" },
  { name: "by night, in Chinese", colorScheme: "dark", locale: "zh-CN" },
  { name: "on a telephone", colorScheme: "light", locale: "zh-CN", viewport: { width: 390, height: 844 } },
];

describe("the console's pages", { timeout: 300_000 }, () => {
  let browser, desk, admin, shopper, state, pages;

  /** Those about one ticket, one person and one version of an article. */
  async function pagesAboutOne() {
    const ask = async (path) => (await admin.page.request.get(`${desk.origin}${path}`)).json();
    const [ticket] = (await ask("/v1/tickets")).tickets;
    const [agent] = (await ask("/v1/agents")).agents;
    await admin.open("/console/knowledge/return-how-to/zh");
    const version = await admin.page.locator('a[href*="/versions/"]').first().getAttribute("href");
    return [`/console/tickets/${ticket.id}`, `/console/settings/agents/${agent.id}`, version];
  }

  before(async () => {
    desk = await Desk.start();
    browser = await launch();
    admin = await Person.at(browser, desk.origin);
    await admin.choosePassword(desk.invitation);
    await admin.logInTo("/console/settings/agents", "admin");
    state = await admin.page.context().storageState();
    shopper = await Shopper.at(browser, desk.origin);
    await shopper.say("怎么退货");
    await shopper.reads("签收次日起").waitFor();
    await shopper.say(MARKUP);
    await shopper.say(FORMULA);
    await shopper.say("转人工");
    await shopper.waits.waitFor();
    pages = [...PAGES, ...(await pagesAboutOne())];
  });
  after(async () => {
    await browser?.close();
    await desk?.stop();
  });

  for (const { name, ...look } of LOOKS) {
    test(`keep nobody out, ${name}`, async () => {
      const person = await Person.at(browser, desk.origin, { storageState: state, ...look });
      for (const path of pages) {
        const reply = await person.open(path);
        assert.equal(reply.status(), path.endsWith("/no-such-page") ? 404 : 200, path);
        await assertAccessible(person.page, `${path}, ${name}`);
        const width = await person.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(width <= 0, `${path} is ${width} px wider than the screen, ${name}`);
      }
      person.assertUnharmed();
      await person.close();
    });
  }

  test("keep nobody out before they are logged in", async () => {
    const stranger = await Person.at(browser, desk.origin);
    for (const path of ["/console/login", "/console/invitation#no-such"]) {
      await stranger.open(path);
      await assertAccessible(stranger.page, path);
    }
    stranger.assertUnharmed();
    await stranger.close();
  });

  /** The administrator looks at the shopper's ticket. */
  async function openTicket() {
    await admin.open("/console/inbox");
    const tickets = admin.page.locator("tr.ticket");
    await tickets.first().waitFor();
    await admin.page.getByRole("link", { name: /^#\d+$/ }).first().click();
    await admin.heading(/^Ticket #\d+$/).waitFor();
  }

  test("show what shoppers wrote as they wrote it, and run none of it", async () => {
    await openTicket();
    await admin.lineOfTalk(MARKUP).waitFor();
    await admin.lineOfTalk(FORMULA).waitFor();
    await assertAccessible(admin.page, "a ticket");
    assert.equal(await admin.page.locator("img[src=x]").count(), 0);
    await admin.page.getByLabel("Reply to the shopper").fill(MARKUP);
    await admin.button(/^Send to the shopper/).click();
    await shopper.reads("onerror=alert(1)").waitFor();
    admin.assertUnharmed();
    shopper.assertUnharmed();
  });

  test("keep what is typed while a reply is on its way", async () => {
    await openTicket();
    const box = admin.page.getByLabel("Reply to the shopper");
    const typeOn = async (route) => {
      await box.fill("The first. And the second.");
      await route.continue();
    };
    await admin.page.route("**/messages", typeOn, { times: 1 });
    await box.fill("The first.");
    await admin.button(/^Send to the shopper/).click();
    await admin.page.waitForFunction((field) => field.value === "And the second.", await box.elementHandle());
    await box.fill("");
  });

  test("keep what is filled in for one step while another is taken", async () => {
    await openTicket();
    await admin.page.locator("#close > summary").click();
    await admin.page.locator('#close input[name="own"]').fill("because");
    await admin.page.locator("#priority").selectOption("low");
    await admin.page.locator(".steps .tag.low").waitFor();
    await admin.page.waitForFunction(() => document.querySelector('#close[open] input[name="own"]')?.value === "because");
  });

  test("show what is filtered by, although the list is brought up to date meanwhile", async () => {
    await admin.open("/console/inbox");
    await admin.page.locator("tr.ticket").first().waitFor();
    const bringUpToDate = async (route) => {
      await admin.page.evaluate(() => globalThis.htmx.trigger("#list", "refresh"));
      await admin.page.waitForTimeout(1_000);
      await route.continue();
    };
    await admin.page.route(/\/console\/inbox\?/, bringUpToDate, { times: 1 });
    await admin.page.locator("#f-state").selectOption("merged");
    await admin.heading("No ticket is like that").waitFor();
    assert.equal(await admin.page.locator("tr.ticket").count(), 0);
  });

  test("say in a sentence that something failed on the way", async () => {
    await admin.open("/console/inbox");
    await admin.page.route(/\/console\/inbox\/list/, (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" }), { times: 1 });
    await admin.page.evaluate(() => globalThis.htmx.trigger("#list", "refresh"));
    await admin.page.getByText("It was not done. Please try again.").waitFor();
    await admin.page.locator("tr.ticket").first().waitFor();
    assert.equal(await admin.heading("Bad Gateway").count(), 0);
  });

  test("take out nothing that a spreadsheet would run", async () => {
    const stranger = await Person.at(browser, desk.origin);
    await stranger.open("/console/login");
    await stranger.logIn(FORMULA, "not-a-password");
    await stranger.page.getByText("The login name or the password is wrong.").waitFor();
    await stranger.close();
    const table = await admin.page.request.get(`${desk.origin}/console/settings/audit.csv`);
    const text = await table.text();
    assert.match(text, /"'=HYPERLINK\(""http:\/\/x"",""y""\)"/);
    assert.doesNotMatch(text, /(^|,)"[=+@-]/m);
  });

  test("keep the language that somebody chose", async () => {
    const person = await Person.at(browser, desk.origin, { storageState: state });
    await person.open("/console/settings/hours");
    await person.heading("When people are there").waitFor();
    await person.button("中文").click();
    await person.heading("人工服务时间").waitFor();
    assert.equal(await person.page.evaluate(() => document.documentElement.lang), "zh-CN");
    await person.open("/console/inbox");
    await person.page.locator("#f-state").selectOption("merged");
    await person.page.waitForURL("**/console/inbox?state=merged");
    await person.button("English").click();
    await person.heading("No ticket is like that").waitFor();
    await person.close();
  });

  test("change when people are there, for shoppers from then on", async () => {
    await admin.open("/console/settings/hours");
    const saturday = admin.page.locator("#hours-sat");
    const before = await saturday.inputValue();
    await saturday.fill("whenever");
    await admin.page.locator("#hours").getByRole("button", { name: "Save" }).click();
    await admin.page.getByText("Not saved yet: change what is marked below.").waitFor();
    await admin.page.locator("#hours-sat-wrong").getByText("whenever").waitFor();
    assert.equal(await saturday.inputValue(), "whenever");
    await assertAccessible(admin.page, "hours with a mistake");
    for (const day of ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]) await admin.page.locator(`#hours-${day}`).fill("");
    await admin.page.locator("#hours").getByRole("button", { name: "Save" }).click();
    await admin.page.getByText("Saved. It is in force on all servers").waitFor();
    const site = async () => (await admin.page.request.get(`${desk.origin}/v1/sites/main`)).json();
    assert.equal((await site()).open_now, false);
    await admin.button("Back to the settings file").click();
    await admin.page.getByText("What shopdesk.toml says is in force again").waitFor();
    assert.equal(await saturday.inputValue(), before);
  });

  test("keep an invitation when the language changes", async () => {
    const link = await admin.addPerson("bo", "Bo", "Agent");
    const person = await Person.at(browser, desk.origin);
    await person.page.goto(link);
    await person.button("中文").click();
    await person.heading("设置密码").waitFor();
    await person.button("English").click();
    await person.choosePassword(person.page.url());
    await person.close();
  });
});
