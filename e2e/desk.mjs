// The real binary with a tiny shop of its own: trained, served on a port that the system chose, gone afterwards.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const fixture = join(root, "server/tests/fixture");
const model = process.env.SHOPDESK_MODEL ?? join(root, "models/multilingual-e5-small");

/** So few examples cannot support a strict promise, know no way to ask for a human but words and no greetings, and say little of what goes on. */
const TINY = {
  "max_error = 0.02": "max_error = 0.1",
  "confidence = 0.95": "confidence = 0.6",
  "answer_probability = 0.5": "answer_probability = 0.2",
  "clarify_confidence = 0.2": "clarify_confidence = 0.25",
  "context_confidence = 0.5": "context_confidence = 0.0",
  "upset_confidence = 0.8\n": "",
  'human_intent = "ask_human"\n': "",
  'small_talk_intents = ["greeting", "thanks_bye"]\n': "",
};

export class Desk {
  /** Trains and serves the tiny shop; with `changes`, texts of its settings are replaced by others. */
  static async start(changes = {}) {
    const folder = await mkdtemp(join(tmpdir(), "shopdesk-e2e-"));
    const paths = { intents: join(fixture, "intents"), articles: join(fixture, "kb") };
    const settings = await Desk.settings({ ...TINY, ...changes }, folder, { paths, alwaysOpen: true });
    const desk = new Desk(folder, settings);
    desk.run("train");
    await desk.serve();
    return desk;
  }

  /** The starter shop's settings with its data in the folder; on demand with these paths alone, and with people who are always there. */
  static async settings(changes, folder, { paths = null, alwaysOpen = false } = {}) {
    let text = await readFile(join(root, "shop/shopdesk.toml"), "utf8");
    const own = { model, data: join(folder, "data"), ...paths };
    text = text.replace(/^\[paths\]\n[^[]*/m, (section) =>
      section.replace(/^(\w+) = "(.*)"\n/gm, (_, key, path) => {
        const place = own[key] ?? (paths ? null : join(root, "shop", path));
        return place ? `${key} = ${JSON.stringify(place)}\n` : "";
      }),
    );
    const usual = {
      "quiet_milliseconds = 500": "quiet_milliseconds = 50",
      // All browsers have one address.
      "per_address = 600": "per_address = 60000",
      "conversations_per_address = 30": "conversations_per_address = 1000",
    };
    for (const [from, to] of Object.entries({ ...usual, ...changes })) {
      assert.ok(text.includes(from), `\`${from.trim()}\` does not stand in the starter shop's settings any more`);
      text = text.replace(from, to);
    }
    if (alwaysOpen) text = text.replace(/^\[hours\]\n(?:(?!\[).*\n)*/m, '[hours]\nmon-sun = ["0:00-24:00"]\n\n');
    const file = join(folder, "shopdesk.toml");
    await writeFile(file, text);
    return file;
  }

  constructor(folder, settings) {
    this.folder = folder;
    this.settings = settings;
    this.binary = process.env.SHOPDESK_BINARY ?? join(root, "target/debug/shopdesk");
  }

  /** A command of the program; returns what it printed. */
  run(...words) {
    const done = spawnSync(this.binary, ["--shop", this.settings, ...words], { encoding: "utf8", env: this.environment });
    if (done.status !== 0) throw new Error(`shopdesk ${words.join(" ")}: ${done.stderr}${done.error ?? ""}`);
    return done.stdout.trim();
  }

  get environment() {
    return { ...process.env, SHOPDESK_LOG: process.env.SHOPDESK_LOG ?? "warn" };
  }

  /** Serves until it is stopped; where somebody has a password, nobody is invited. */
  async serve() {
    this.origin = null;
    const words = ["--shop", this.settings, "serve", "--listen", "127.0.0.1:0"];
    this.server = spawn(this.binary, words, { env: this.environment, stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: this.server.stdout })) {
      this.origin ??= line.match(/http:\/\/[^/ ]+/)?.[0] ?? null;
      this.invitation = line.match(/\/console\/invitation#\S+/)?.[0];
      if (this.invitation || (this.origin && this.hasPeople)) return;
    }
    throw new Error("shopdesk serve ended before it served");
  }

  /** Ends the server, and leaves what it wrote. */
  async end() {
    const gone = new Promise((resolve) => this.server.once("exit", resolve));
    this.server.kill("SIGTERM");
    await gone;
  }

  async stop() {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
