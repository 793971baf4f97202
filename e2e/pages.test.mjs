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

/** All pages that have an address of their own. */
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
  let browser, desk, admin, shopper, state;

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
  });
  after(async () => {
    await browser?.close();
    await desk?.stop();
  });

  for (const { name, ...look } of LOOKS) {
    test(`keep nobody out, ${name}`, async () => {
      const person = await Person.at(browser, desk.origin, { storageState: state, ...look });
      for (const path of PAGES) {
        await person.open(path);
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

  test("show what shoppers wrote as they wrote it, and run none of it", async () => {
    await admin.open("/console/inbox");
    const tickets = admin.page.locator("tr.ticket");
    await tickets.first().waitFor();
    await admin.page.getByRole("link", { name: /^#\d+$/ }).first().click();
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
    await person.close();
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
