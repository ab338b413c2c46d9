/** What is got once and kept for later runs. */
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** GitHub's runners keep tools in one folder; elsewhere it is where caches lie. */
export function cacheFolder({ RUNNER_TOOL_CACHE, XDG_CACHE_HOME, HOME }: Environment): string {
  return join(RUNNER_TOOL_CACHE || XDG_CACHE_HOME || join(HOME || "/tmp", ".cache"), "warren");
}

/**
 * The folder, which `make` fills if it is not there. It is there only when it is whole: `make` is given another
 * one beside it, which takes its name at the end. What `make` throws leaves nothing behind.
 */
export async function keptFolder(folder: string, make: (fresh: string) => Promise<void>): Promise<string> {
  if (await isThere(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    await make(fresh);
    await rename(fresh, folder).catch(async (error: unknown) => {
      // Another run was faster.
      if (!(await isThere(folder))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
