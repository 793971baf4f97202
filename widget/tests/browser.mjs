// The browser of the tests: Debian's Chromium, or what `CHROMIUM` names.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export function launch() {
  return chromium.launch({ executablePath: executable(), args: ["--no-sandbox", "--disable-gpu"] });
}

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const places = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error("no Chromium in PATH: install `chromium`, or set CHROMIUM to its path");
  return found;
}
