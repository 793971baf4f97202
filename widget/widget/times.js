// How the server's times read to a shopper, in their own time zone.

const MINUTE = 60_000;
const DAY = 86_400_000;

/** "just now", "5 minutes ago", "14:05" or "3 November, 14:05". */
export function messageTime(time, now, texts) {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  const age = now === null ? Infinity : Math.max(0, now - at.getTime());
  if (age < MINUTE) return texts.justNow;
  if (age < 60 * MINUTE) {
    return new Intl.RelativeTimeFormat(texts.locale, { numeric: "always" }).format(-Math.floor(age / MINUTE), "minute");
  }
  return clockTime(at, texts);
}

export function fullTime(time, texts) {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : format(at, texts, { dateStyle: "medium", timeStyle: "short" });
}

/** The heading between two days, and the key that tells days apart. */
export function day(time, now, texts) {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return { key: "", title: "" };
  const key = at.toDateString();
  const today = now !== null && key === new Date(now).toDateString();
  const yesterday = now !== null && key === new Date(now - DAY).toDateString();
  const title = today ? texts.today : yesterday ? texts.yesterday
    : format(at, texts, { weekday: "long", month: "long", day: "numeric" });
  return { key, title };
}

/** When the shop opens: only the hour if that is within a day. */
export function openingTime(time, now, texts) {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  if (now !== null && new Date(now).toDateString() === at.toDateString()) return clockTime(at, texts);
  return format(at, texts, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function clockTime(at, texts) {
  return format(at, texts, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function format(at, texts, options) {
  return new Intl.DateTimeFormat(texts.locale, options).format(at);
}
