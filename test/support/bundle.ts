/** The Action and the command line as they are published, built once for all tests. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";
import { repositoryRoot } from "./shipped.ts";

export interface Bundle {
  /** Absolute path of index.cjs. */
  readonly main: string;
  /** Of cli.cjs. */
  readonly cli: string;
}

/**
 * Built by whichever test comes first: it takes three seconds of a core, and some twenty files of tests want it. Not in
 * dist/, which may be somebody's, and not below the repository, whose packages it must do without.
 */
export async function buildBundle(): Promise<Bundle> {
  const folder = join(inject("bundles"), await hashOfSources());
  if (!existsSync(folder)) {
    const fresh = await mkdtemp(`${folder}-`);
    await promisify(execFile)(process.execPath, ["scripts/bundle.ts", fresh], { cwd: repositoryRoot });
    try {
      await rename(fresh, folder);
    } catch (error) {
      // Two at once: the other one's is as good.
      if (!existsSync(folder)) throw error;
      await rm(fresh, { recursive: true });
    }
  }
  return { main: join(folder, "index.cjs"), cli: join(folder, "cli.cjs") };
}

/** They change while tests are watched. */
async function hashOfSources(): Promise<string> {
  const below = async (folder: string): Promise<string[]> =>
    (await readdir(join(repositoryRoot, folder), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const folders = await Promise.all(["action", "templates"].map((folder) => below(folder)));
  const others = ["scripts/bundle.ts", "package-lock.json"].map((name) => join(repositoryRoot, name));
  const hash = createHash("sha256");
  for (const file of [...folders.flat().toSorted(), ...others]) {
    hash
      .update(`${file}\0`)
      .update(await readFile(file))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}
