// The parts that need no browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, palette, parse } from "../widget/colour.js";
import { FrameParser } from "../widget/events.js";
import { messageTime, openingTime } from "../widget/times.js";
import { backoff } from "../widget/waiting.js";
import english from "../widget/texts/en.js";

test("frames come out the same however the stream is cut", () => {
  const text = "retry: 50\r\n\r\n: beat\n\nid: 1\nevent: message\ndata: {\"a\":\ndata: 1}\n\nevent: bye\r\rdata:x\n\n";
  const whole = framesOf([text]);
  for (let size = 1; size < 9; size += 1) {
    assert.deepEqual(framesOf(text.match(new RegExp(`[^]{1,${size}}`, "g"))), whole, `pieces of ${size}`);
  }
  assert.deepEqual(whole.map(({ kind, data, retry }) => [kind, data, retry]), [
    ["message", "", 50], ["message", "", null], ["message", "{\"a\":\n1}", null], ["bye", "", null], ["message", "x", null],
  ]);
});

function framesOf(pieces) {
  const frames = [];
  const parser = new FrameParser((frame) => frames.push({ kind: frame.kind, data: frame.data, retry: frame.retry }));
  for (const piece of pieces) parser.push(piece);
  return frames;
}

test("every colour of a shop can be read, on light and on dark", () => {
  const steps = ["00", "33", "66", "99", "cc", "ff"];
  for (const red of steps) for (const green of steps) for (const blue of steps) {
    for (const surface of ["#ffffff", "#1b1c20"]) {
      const { accent, onAccent, accentText } = palette(`#${red}${green}${blue}`, surface);
      assert.ok(contrast(channels(accent), channels(onAccent)) >= 4.5, `on ${accent}`);
      assert.ok(contrast(channels(accentText), parse(surface)) >= 4.5, `${accentText} on ${surface}`);
    }
  }
});

function channels(css) {
  return css.match(/\d+/g).map(Number);
}

test("what is no colour becomes ours", () => {
  for (const wrong of [null, "red;}", "#12", "url(x)", "javascript:"]) assert.equal(palette(wrong, "#ffffff").accent, "rgb(11 110 79)");
});

test("no message is from the future", () => {
  const now = Date.parse("2026-01-02T10:00:00Z");
  assert.equal(messageTime("2026-01-02T10:05:00Z", now, english), "just now");
  assert.equal(messageTime("2026-01-02T09:48:00Z", now, english), "12 minutes ago");
  assert.match(messageTime("2026-01-02T02:00:00Z", now, english), /^\d\d:\d\d$/);
  assert.match(messageTime("2026-01-02T10:05:00Z", null, english), /^\d\d:\d\d$/);
  assert.equal(messageTime("yesterday-ish", now, english), "");
  assert.equal(openingTime("", now, english), "");
});

test("waits grow, and not for ever", () => {
  for (const attempt of [0, 1, 5, 50, 5000]) {
    const wait = backoff(attempt);
    assert.ok(wait >= 400 && wait <= 30_000, String(wait));
  }
});
