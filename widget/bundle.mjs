// Joins the modules into the one file that the server embeds: `node bundle.mjs` writes dist/widget.js.

import { writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const TARGET = new URL("dist/widget.js", import.meta.url);

export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("widget.js", import.meta.url))],
    bundle: true, format: "esm", minify: true, charset: "utf8", target: "es2022", write: false, logLevel: "error",
    banner: { js: "// The shopdesk widget; its readable sources are in widget/ of the repository." },
  });
  return outputFiles[0].text;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = await bundle();
  await writeFile(TARGET, text);
}
