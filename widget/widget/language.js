// Which of the languages a visitor reads.

import english from "./texts/en.js";
import simplified from "./texts/zh-Hans.js";
import traditional from "./texts/zh-Hant.js";

const TEXTS = { "zh-Hans": simplified, "zh-Hant": traditional, en: english };

/** The override first, then the page's language, then the browser's; of these the first that we write. */
export function chooseLanguage(override, offered) {
  const wishes = [override, document.documentElement.lang, ...(navigator.languages ?? [navigator.language])];
  const written = wishes.map(normalise).filter((language) => language !== null);
  return written.find((language) => !offered?.length || offered.includes(language)) ?? written[0] ?? "en";
}

export function textsIn(language) {
  return TEXTS[language];
}

/** The text of `{"zh-Hans": …, "en": …}` that suits best, or `null`. */
export function localised(texts, language) {
  return texts?.[language] ?? texts?.en ?? Object.values(texts ?? {})[0] ?? null;
}

function normalise(tag) {
  const parts = (tag ?? "").toLowerCase().split(/[-_]/);
  if (parts[0] === "en") return "en";
  if (parts[0] !== "zh" && parts[0] !== "yue") return null;
  if (parts.includes("hans")) return "zh-Hans";
  const traditional = parts[0] === "yue" || ["hant", "tw", "hk", "mo"].some((part) => parts.includes(part));
  return traditional ? "zh-Hant" : "zh-Hans";
}
