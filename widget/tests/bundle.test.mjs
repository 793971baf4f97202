// What ships is small, complete and made from what is in the repository.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { bundle } from "../bundle.mjs";
import english from "../widget/texts/en.js";
import simplified from "../widget/texts/zh-Hans.js";
import traditional from "../widget/texts/zh-Hant.js";

const MOST_BYTES = 30_000;

test("the bundle is made from these sources", async () => {
  const shipped = await readFile(new URL("../dist/widget.js", import.meta.url), "utf8");
  assert.equal(shipped, await bundle(), "run `npm run bundle`");
});

test("the bundle is at most 30 kB compressed", async () => {
  const bytes = gzipSync(await bundle(), { level: 9 }).length;
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
});

test("every language has every text", () => {
  for (const texts of [simplified, traditional]) assert.deepEqual(shape(texts), shape(english));
});

function shape(texts) {
  return Object.fromEntries(Object.entries(texts).sort().map(([key, text]) =>
    [key, typeof text === "object" ? shape(text) : typeof text]));
}
