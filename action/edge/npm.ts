/** npm, which chooses, checks and unpacks packages. It never runs a package's scripts. */
import { execFile, type ExecFileException } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Environment } from "./cache.ts";

/** npm repeats by itself what fails, for up to two minutes a file. */
const LIMIT_MS = 300_000;

/**
 * What npm needs, and nothing else: a package's name or a registry's must not be the way to a credential of AWS or
 * GitHub. The two tokens are those that .npmrc files name by custom (actions/setup-node writes NODE_AUTH_TOKEN).
 */
const PASSED =
  /^(?:PATH|HOME|USER|LANG|LC_ALL|TMPDIR|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|NODE_AUTH_TOKEN|NPM_TOKEN|NPM_CONFIG_.+|(?:HTTPS?|ALL|NO)_PROXY)$/i;

const FLAGS = [
  "--ignore-scripts",
  // A repository's .npmrc may name another program, which would be started for a package that lies in Git.
  "--git=git",
  "--no-audit",
  "--no-fund",
  "--no-update-notifier",
  "--no-progress",
  "--loglevel=error",
  "--prefer-offline",
  "--global=false",
  "--dry-run=false",
  "--workspaces=false",
];

export interface NpmSettings {
  readonly environment: Environment;
  /** The repository's .npmrc, for its registries. */
  readonly npmrc?: string | undefined;
  /** Aborting it ends npm; the result is then a failure like any other. */
  readonly signal?: AbortSignal | undefined;
}

export type NpmResult = { readonly kind: "done" } | NpmFailure;

export type NpmFailure =
  /** There is no `npm` on the PATH. */
  | { readonly kind: "absent" }
  | { readonly kind: "late"; readonly seconds: number }
  /** `code`: npm's, for example `E404`. */
  | { readonly kind: "failed"; readonly code: string; readonly text: string };

/** Runs npm in a folder of its own. `done` says only that npm was content: look at what is there. */
export async function npm(
  args: readonly string[],
  folder: string,
  { environment, npmrc, signal }: NpmSettings,
): Promise<NpmResult> {
  if (npmrc !== undefined) await copyFile(npmrc, join(folder, ".npmrc"));
  return new Promise((resolve) => {
    execFile(
      "npm",
      [...args, "--prefix", folder, ...FLAGS],
      {
        cwd: folder,
        env: Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED.test(name))),
        timeout: LIMIT_MS,
        signal,
        maxBuffer: 16 * 1024 * 1024,
      },
      (error, _stdout, stderr) => resolve(resultOf(error, stderr)),
    );
  });
}

/** Where npm's log lies, its stack, and what is said again in words. */
const NOISE =
  /^(?:A complete log|\/.*\.log$|(?:errno|code|syscall|type) |at |(?:network|404)$)|using --force/i;

function resultOf(error: ExecFileException | null, stderr: string): NpmResult {
  if (error === null) return { kind: "done" };
  if (error.code === "ENOENT") return { kind: "absent" };
  if (error.killed === true) return { kind: "late", seconds: LIMIT_MS / 1000 };
  const lines = stderr
    .split("\n")
    .map((line) => line.replace(/^npm (?:error|ERR!|warn|WARN) ?/, "").trim())
    .filter((line) => line !== "" && !NOISE.test(line));
  const code = /^npm (?:error|ERR!) code (\S+)/m.exec(stderr)?.[1] ?? "";
  return { kind: "failed", code, text: lines[0] ?? error.message };
}

export interface Pinned {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** Puts one package into `node_modules` of the folder; npm compares it with the hash, which a lock file tells it. */
export async function installPinned(
  { name, version, integrity }: Pinned,
  folder: string,
  settings: NpmSettings,
): Promise<NpmResult> {
  const root = { name: "pinned", version: "0.0.0", dependencies: { [name]: version } };
  const packages = { "": root, [`node_modules/${name}`]: { version, integrity } };
  await writeFile(join(folder, "package.json"), JSON.stringify(root));
  await writeFile(
    join(folder, "package-lock.json"),
    JSON.stringify({ ...root, lockfileVersion: 3, packages }),
  );
  // --force: it may be for another processor.
  return npm(["ci", "--force"], folder, settings);
}

export interface Installed {
  readonly name: string;
  readonly version: string;
  readonly integrity?: string;
}

/**
 * Those of `wanted` (name -> exact version) that are made for the processor, with what they depend on. What cannot be had
 * is left out without a word, as in any install of optional dependencies.
 */
export async function installVariants(
  wanted: Readonly<Record<string, string>>,
  cpu: string,
  folder: string,
  settings: NpmSettings,
): Promise<NpmResult> {
  const root = { name: "variants", version: "0.0.0", optionalDependencies: wanted };
  await writeFile(join(folder, "package.json"), JSON.stringify(root));
  return npm(["install", "--include=optional", ...system(cpu)], folder, settings);
}

/** Why one package cannot be had: as something that is needed, which npm does not leave out. */
export async function askWhy(
  { name, version }: Pick<Pinned, "name" | "version">,
  cpu: string,
  folder: string,
  settings: NpmSettings,
): Promise<NpmResult> {
  const root = { name: "variant", version: "0.0.0", dependencies: { [name]: version } };
  await writeFile(join(folder, "package.json"), JSON.stringify(root));
  return npm(["install", ...system(cpu)], folder, settings);
}

function system(cpu: string): readonly string[] {
  return ["--os=linux", `--cpu=${cpu}`, "--libc=glibc", "--install-strategy=hoisted"];
}

/** What npm has put into a folder; `integrity` is that of the archive it came in. */
export async function installedIn(folder: string): Promise<readonly Installed[]> {
  const text = await readFile(join(folder, "node_modules/.package-lock.json"), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      // Nothing was installed.
      if (error.code === "ENOENT") return '{"packages":{}}';
      throw error;
    },
  );
  const { packages } = JSON.parse(text) as { packages: Record<string, Omit<Installed, "name">> };
  return Object.entries(packages).flatMap(([path, { version, integrity }]) => {
    const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    return name === undefined ? [] : [{ name, version, ...(integrity === undefined ? {} : { integrity }) }];
  });
}
