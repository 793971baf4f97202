// A shopper at the sample storefront, with the widget.

import assert from "node:assert/strict";

export class Shopper {
  static async at(browser, origin, options = {}) {
    const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const shopper = new Shopper();
    Object.assign(shopper, { page, harm: [] });
    page.on("dialog", (dialog) => {
      shopper.harm.push(dialog.message());
      return dialog.dismiss();
    });
    page.on("pageerror", (error) => shopper.harm.push(String(error)));
    page.on("console", (message) => /Content Security Policy|Trusted/.test(message.text()) && shopper.harm.push(message.text()));
    await page.goto(`${origin}${options.path ?? "/"}`);
    await page.locator(".launcher").click();
    return shopper;
  }

  async say(text) {
    await this.page.locator(".field").fill(text);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".own", { hasText: text }).waitFor();
  }

  reads(text) {
    return this.page.locator(".message:not(.own):not(.greeting)", { hasText: text }).last();
  }

  get waits() {
    return this.page.locator(".queue");
  }

  async rate(score) {
    await this.page.locator(".rating").waitFor();
    await this.page.locator(".star input").nth(score - 1).check({ force: true });
    await this.page.locator(".rating .filled").click();
  }

  assertUnharmed() {
    assert.deepEqual(this.harm, []);
  }

  close() {
    return this.page.context().close();
  }
}
