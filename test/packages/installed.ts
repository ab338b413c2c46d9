/** Packages from npm, installed once into a cache folder, as test/packages/<set>/package-lock.json has them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { cacheFolder, keptFolder } from "../../action/edge/cache.ts";

const FILES = ["package.json", "package-lock.json"];

/** Absolute path of a folder with them in its node_modules: those for this machine, as npm would do it anywhere. */
export async function installed(set: "all" | "two"): Promise<string> {
  const here = join(import.meta.dirname, set);
  const key = createHash("sha256");
  for (const file of FILES) key.update(readFileSync(join(here, file)));
  const folder = join(
    cacheFolder(process.env),
    "test-packages",
    `${set}-${process.arch}-${key.digest("hex").slice(0, 16)}`,
  );
  return keptFolder(folder, async (fresh) => {
    for (const file of FILES) copyFileSync(join(here, file), join(fresh, file));
    // --force: one of them is for macOS, and that is meant. Scripts would compile with this machine's glibc.
    const flags = ["--force", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await promisify(execFile)("npm", ["ci", ...flags], { cwd: fresh });
  });
}
