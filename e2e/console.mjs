// The console as somebody uses it: what is on its pages, found by roles and by the texts that people read. The only place that knows them.

import assert from "node:assert/strict";

export const PASSWORD = "giraffe-trumpet-17-moss";

/** Somebody at a browser. Its language is English. */
export class Person {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    // Nothing that shoppers write may ever open one; what we ask to confirm is confirmed.
    this.dialogs = [];
    this.problems = [];
    page.on("dialog", (dialog) => {
      if (dialog.type() === "confirm") return dialog.accept();
      this.dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) this.problems.push(message.text());
    });
  }

  static async at(browser, origin, options = {}) {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(15_000);
    return new Person(await context.newPage(), origin);
  }

  open(path) {
    return this.page.goto(`${this.origin}${path}`);
  }

  button(name, options = {}) {
    return this.page.getByRole("button", { name, ...options });
  }

  heading(name) {
    return this.page.getByRole("heading", { name });
  }

  /** That nothing ran that should not have. */
  assertUnharmed() {
    assert.deepEqual(this.dialogs, []);
    assert.deepEqual(this.problems, []);
  }

  close() {
    return this.page.context().close();
  }

  // The door.

  async choosePassword(invitation, password = PASSWORD) {
    await this.page.goto(invitation.startsWith("http") ? invitation : `${this.origin}${invitation}`);
    await this.page.getByLabel("New password", { exact: true }).fill(password);
    await this.page.getByLabel("The new password once more").fill(password);
    await this.button("Save password").click();
    await this.page.getByText("You can log in now.").waitFor();
  }

  async logIn(login, password = PASSWORD) {
    if (!this.page.url().includes("/console/login")) await this.open("/console/login");
    await this.page.getByLabel("Login name").fill(login);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.locator("#login-form").getByRole("button", { name: "Log in" }).click();
  }

  async logInTo(path, login, password = PASSWORD) {
    await this.open(path);
    await this.logIn(login, password);
    await this.page.waitForURL(`**${path}`);
  }

  // Settings.

  /** Adds somebody who gets no ticket but by claiming it, and returns the link to choose a password with. */
  async addPerson(login, name, role) {
    await this.open("/console/settings/agents");
    await this.page.getByLabel("Login name").fill(login);
    await this.page.getByLabel("Name", { exact: true }).fill(name);
    await this.page.getByLabel("Role").selectOption({ label: role });
    await this.page.getByLabel("Tickets given at once, at most").fill("0");
    await this.button("Add, and make an invitation").click();
    await this.heading(`${name} is added`).waitFor();
    const link = this.page.getByLabel("Invitation link");
    await this.page.waitForFunction((field) => field.value.startsWith("http"), await link.elementHandle());
    return link.inputValue();
  }

  // The inbox and a ticket.

  ticketAbout(text) {
    return this.page.locator("tr.ticket").filter({ hasText: text });
  }

  async openTicketAbout(text) {
    await this.ticketAbout(text).getByRole("link", { name: /^#\d+$/ }).click();
    await this.heading(/^Ticket #\d+$/).waitFor();
  }

  async claimTicket() {
    await this.button("Claim", { exact: true }).click();
    await this.page.getByText("This ticket is yours.").waitFor();
  }

  async reply(text) {
    await this.page.getByLabel("Reply to the shopper").fill(text);
    await this.button(/^Send to the shopper/).click();
    await this.lineOfTalk(text).waitFor();
  }

  lineOfTalk(text) {
    return this.page.getByRole("log", { name: "Conversation" }).getByText(text);
  }

  async correctIntent(title) {
    await this.page.getByRole("complementary", { name: "About the ticket" }).getByRole("button", { name: /^Correct/ }).first().click();
    const dialog = this.page.getByRole("dialog", { name: "Correct the intent" });
    await dialog.getByRole("button", { name: new RegExp(title) }).first().click();
    await dialog.waitFor({ state: "hidden" });
  }

  async closeTicket(reason) {
    await this.page.locator("#close > summary").click();
    await this.page.getByLabel(reason, { exact: true }).check();
    await this.page.locator("#close").getByRole("button", { name: "Close the ticket" }).click();
    await this.page.getByText("The ticket is closed.").waitFor();
  }

  // Quality and learning.

  /** The value of one of the figures, as it is written. */
  async figure(name) {
    const figure = this.page.locator(".figure").filter({ has: this.page.getByRole("heading", { name, exact: true }) });
    return (await figure.locator(".value").textContent()).trim();
  }

  waitingLabel(text) {
    return this.page.locator("#waiting").getByRole("row").filter({ hasText: text });
  }
}
