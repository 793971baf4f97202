// Pictures of the widget for people to look at: `node tests/shots.mjs [FOLDER]`.

import { mkdir } from "node:fs/promises";
import { launch } from "./browser.mjs";
import { MockServer } from "./mock-server.mjs";

const folder = process.argv[2] ?? new URL("../shots", import.meta.url).pathname;
const only = process.argv[3];
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const LANGUAGES = { "zh-Hans": ["", "怎么退货？", "尺码"], "zh-Hant": ["", "怎麼退貨？", "尺碼"], en: ["demo/en.html", "How do I return this?", "size"] };

await mkdir(folder, { recursive: true });
const browser = await launch();
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const language of Object.keys(LANGUAGES)) {
      const name = `${size}-${colorScheme}-${language}`;
      if (!only || name.includes(only)) await picture(name, { viewport, colorScheme, language });
    }
  }
}
await browser.close();

async function picture(name, { viewport, colorScheme, language }) {
  const server = await new MockServer().start();
  const [page_, question, size] = LANGUAGES[language];
  const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: 1, reducedMotion: "reduce", hasTouch: viewport.width < 500 });
  const page = await context.newPage();
  const shot = (what) => page.screenshot({ path: `${folder}/${name}-${what}.png` });
  if (language === "zh-Hant") await page.route("**/", async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ response: reply, body: (await reply.text()).replace('lang="zh-CN"', 'lang="zh-TW"') });
  });
  await page.goto(`${server.origin}/${page_}`);
  await page.locator(".launcher").click();
  await page.waitForTimeout(100);
  await shot("1-greeting");
  await page.locator(".field").fill(question);
  await page.keyboard.press("Enter");
  await page.locator(".source").waitFor();
  await page.waitForTimeout(150);
  await shot("2-answer");
  await page.locator(".source").click();
  await page.locator(".lead").waitFor();
  await shot("3-article");
  await page.keyboard.press("Escape");
  await page.locator(".vote").first().click();
  await page.locator(".field").fill(size);
  await page.keyboard.press("Enter");
  await page.locator(".choice").first().waitFor();
  await page.waitForTimeout(100);
  await shot("4-choices");
  await page.locator(".human").click();
  await page.locator(".queue").waitFor();
  await page.waitForTimeout(150);
  await shot("5-waiting");
  const conversation = server.only;
  server.setState(conversation, "waiting_for_human", { waiting: { position: 1, open_now: false, opens_at: new Date(Date.now() + 36_000_000).toISOString(), expected_seconds: null } });
  await page.waitForTimeout(200);
  await shot("6-closed-hours");
  await page.locator(".queue button").click();
  await page.waitForTimeout(100);
  await shot("7-contact");
  server.setState(conversation, "with_human", { agent: language === "en" ? "Lin" : "小林" });
  server.say(conversation, { sender: "agent", sender_name: language === "en" ? "Lin" : "小林", text: language === "en" ? "Hello, Lin here. Which size did you order?" : "您好，我是小林，请问您订的是哪个尺码？" });
  server.ephemeral(conversation, { kind: "typing", by: "agent", name: language === "en" ? "Lin" : "小林" });
  await page.waitForTimeout(200);
  await shot("8-human");
  server.setState(conversation, "closed");
  await page.locator(".rating").waitFor();
  await page.locator(".star input").nth(4).check({ force: true });
  await page.waitForTimeout(100);
  await shot("9-rating");
  await context.close();
  await server.stop();
}
