// What the desk is for, with a shopper, an agent, a supervisor and an administrator at browsers of their own, against the real binary.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "../widget/tests/browser.mjs";
import { PASSWORD, Person } from "./console.mjs";
import { Desk } from "./desk.mjs";
import { Shopper } from "./shopper.mjs";

const QUESTION = "怎么退货";
const ANSWER = "签收次日起 7 天内可以退";
const UNKNOWN = "给我写一首关于大海的诗";

describe("from a question to a rating", { timeout: 300_000 }, () => {
  let browser, desk, shopper, admin, agent, supervisor;

  before(async () => {
    desk = await Desk.start();
    browser = await launch();
    admin = await Person.at(browser, desk.origin);
    agent = await Person.at(browser, desk.origin);
    supervisor = await Person.at(browser, desk.origin);
  });
  after(async () => {
    await browser?.close();
    await desk?.stop();
  });

  test("the first administrator chooses a password and adds two people", async () => {
    await admin.choosePassword(desk.invitation);
    await admin.logInTo("/console/settings/agents", "admin");
    const links = {
      lin: await admin.addPerson("xiaolin", "Lin", "Agent"),
      mei: await admin.addPerson("xiaomei", "Mei", "Supervisor"),
    };
    await agent.choosePassword(links.lin);
    await supervisor.choosePassword(links.mei);
    await supervisor.logInTo("/console/quality", "xiaomei");
  });

  test("an agent cannot open what takes a higher role", async () => {
    await agent.logInTo("/console/inbox", "xiaolin");
    const reply = await agent.open("/console/settings/agents");
    assert.equal(reply.status(), 403);
    await agent.heading("You may not do this").waitFor();
    assert.equal(await agent.page.getByRole("link", { name: "Settings" }).count(), 0);
    await agent.open("/console/inbox");
    await agent.page.evaluate(() => (globalThis.isSamePage = true));
  });

  test("a shopper gets an answer, and a human for what nobody wrote an article about", async () => {
    shopper = await Shopper.at(browser, desk.origin);
    await shopper.say(QUESTION);
    await shopper.reads(ANSWER).waitFor();
    await shopper.say(UNKNOWN);
    await shopper.waits.waitFor();
  });

  test("the ticket appears before the agent without reloading, is claimed and answered", async () => {
    await agent.ticketAbout(UNKNOWN).waitFor();
    assert.equal(await agent.page.evaluate(() => globalThis.isSamePage), true);
    await agent.openTicketAbout(UNKNOWN);
    await agent.lineOfTalk(ANSWER).waitFor();
    await agent.claimTicket();
    await agent.reply("您好，我是小林。诗我写不好，退货我可以帮您。");
    await shopper.reads("诗我写不好").waitFor();
    await shopper.say("好的，那请帮我退货，已经签收三天了");
    await agent.lineOfTalk("已经签收三天了").waitFor();
  });

  test("the agent corrects the intent and closes the ticket, and the shopper rates", async () => {
    await agent.correctIntent("Return an item");
    await agent.closeTicket("Solved");
    await shopper.rate(5);
    await agent.lineOfTalk("The shopper's rating: 5 of 5").waitFor();
  });

  test("the supervisor sees the figures move and the correction waiting", async () => {
    await supervisor.open("/console/quality");
    assert.equal(await supervisor.figure("Conversations"), "1");
    assert.match(await supervisor.figure("Automation rate"), /50/);
    await supervisor.open("/console/learning");
    const waiting = supervisor.waitingLabel(UNKNOWN);
    await waiting.waitFor();
    assert.match(await waiting.textContent(), /Return an item/);
    await waiting.getByRole("button", { name: "Approve" }).click();
    await waiting.waitFor({ state: "detached" });
  });

  test("whoever logs out comes in again with the password, and with no other", async () => {
    await agent.button("Log out").click();
    await agent.page.waitForURL("**/console/login");
    await agent.logIn("xiaolin", "not-the-password");
    await agent.page.getByText("The login name or the password is wrong.").waitFor();
    assert.equal(await agent.page.getByLabel("Login name").inputValue(), "xiaolin");
    await agent.logIn("xiaolin", PASSWORD);
    await agent.page.waitForURL("**/console/inbox");
  });

  test("nothing ran that should not have", () => {
    for (const one of [shopper, admin, agent, supervisor]) one.assertUnharmed();
  });
});
