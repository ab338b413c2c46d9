/**
 * dist/ (or the folder that is given): the command line and the Action, each one file that needs no installed
 * packages. Only esbuild's program is not in it, as that is the machine's own kind (edge/esbuild-program.ts).
 */
import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { build } from "esbuild";

const ENTRIES = [
  { source: "action/cli.ts", target: "cli.cjs" },
  { source: "action/main.ts", target: "index.cjs" },
];

const root = resolve(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(root, "dist"));
const present = ENTRIES.filter(({ source }) => existsSync(`${root}/${source}`));
for (const { source, target } of ENTRIES) {
  if (!present.some((entry) => entry.source === source))
    console.warn(`SKIPPED: there is no ${source}, so no ${target}`);
}
if (present.length === 0) throw new Error("nothing to bundle");

await rm(folder, { recursive: true, force: true });
for (const { source, target } of present) {
  const { warnings } = await build({
    absWorkingDir: root,
    entryPoints: [source],
    outfile: join(folder, target),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    mainFields: ["module", "main"],
    // Names stay, so that a stack trace in somebody's log can be read without a source map.
    minifyWhitespace: true,
    legalComments: "none",
    // CommonJS has no import.meta; in dist/ all files lie in one folder.
    define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
    // esbuild's own API looks for the package around it, where it has no program; edge/esbuild-program.ts gives it one.
    logOverride: { "require-resolve-not-external": "silent" },
    logLevel: "warning",
  });
  if (warnings.length > 0) throw new Error(`${source}: esbuild has warnings, see above`);
  console.log(`${source} -> ${target}`);
}
// Runs in a process of its own, in the Node of a function's runtime.
await build({
  absWorkingDir: root,
  entryPoints: ["action/load/main.mts"],
  outfile: join(folder, "load/main.mjs"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  minifyWhitespace: true,
  logLevel: "warning",
});
console.log("action/load/ -> load/main.mjs");
await cp(`${root}/templates`, join(folder, "templates"), { recursive: true });
console.log("templates/ -> templates/");
