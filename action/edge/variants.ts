/** Gets the packages for the function's system that are not installed on this one, as the lock file has them. */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";

import {
  LOCK_FILES,
  type LockedPackages,
  lockedVersion,
  parseLockfile,
  sameIntegrity,
} from "../core/lockfile.ts";
import type { Target } from "../core/native-package.ts";
import { type Problem, UserError } from "../core/problem.ts";
import { cacheFolder, type Environment, keptFolder } from "./cache.ts";
import {
  askWhy,
  type Installed,
  installedIn,
  installVariants,
  type NpmResult,
  type NpmSettings,
} from "./npm.ts";
import { upward } from "./packages.ts";

/** A package that another one names as its variant for the target. */
export interface Variant {
  readonly name: string;
  /** As the dependent package writes it; nearly always one exact version. */
  readonly range: string;
  readonly dependent: string;
}

export interface Fetched {
  /** A folder with `node_modules` in it for each group of packages that can lie beside each other. */
  readonly folders: readonly string[];
  readonly warnings: readonly Problem[];
}

interface Lock {
  /** For messages: `package-lock.json`. */
  readonly file: string;
  readonly packages: LockedPackages;
}

interface Settings {
  /** Real path of the repository's folder. */
  readonly root: string;
  readonly environment: Environment;
}

/**
 * Throws UserError `package-missing` for what cannot be had, `package-changed` for what is not what the lock file says, and
 * `lockfile-invalid`.
 */
export async function fetchVariants(
  variants: readonly Variant[],
  target: Target,
  { root, environment }: Settings,
): Promise<Fetched> {
  if (variants.length === 0) return { folders: [], warnings: [] };
  const lock = await readLock(root);
  const packages = lock?.packages ?? new Map();
  const open = variants.filter(({ name, range }) => lockedVersion(packages, name, range) === undefined);
  if (open.length > 0)
    throw new UserError(
      "package-missing",
      open.map((one) => unlocked(one, lock)),
    );
  const settings = { environment, npmrc: ownNpmrc(root, environment) };
  const folders: string[] = [];
  const warnings: Problem[] = [];
  for (const group of groups(variants, packages)) {
    const folder = await fetchGroup(group, target, lock, settings);
    folders.push(folder);
    warnings.push(...compare(await installedIn(folder), lock));
  }
  return { folders, warnings };
}

/** npm reads the user's own by itself. */
function ownNpmrc(root: string, { HOME = "" }: Environment): string | undefined {
  const found = upward(root).map((folder) => join(folder, ".npmrc"));
  return found.find((file) => file !== join(HOME, ".npmrc") && existsSync(file));
}

async function readLock(root: string): Promise<Lock | undefined> {
  for (const folder of upward(root)) {
    for (const name of LOCK_FILES) {
      const text = await readFile(join(folder, name), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "EACCES") return undefined;
        throw error;
      });
      if (text !== undefined) return { file: name, packages: parseLock(name, text) };
    }
  }
  return undefined;
}

function parseLock(name: (typeof LOCK_FILES)[number], text: string): LockedPackages {
  try {
    return parseLockfile(name, text);
  } catch (error) {
    if (!(error instanceof Error) || !/^(?:SyntaxError|YAMLParseError)$/.test(error.name)) throw error;
    const message = `${name} cannot be read: ${error.message.split("\n")[0]}`;
    throw new UserError("lockfile-invalid", { message, hint: "Make it anew." }, { cause: error });
  }
}

function unlocked({ name, range, dependent }: Variant, lock: Lock | undefined): Problem {
  const why =
    lock === undefined
      ? "there is no lock file that says which version"
      : `${lock.file} does not say which version`;
  return {
    message: `\`${dependent}\` needs \`${name}\` (${range}) on Lambda, and ${why}`,
    hint: "Make the lock file anew, so that it has the packages of all systems.",
  };
}

type Group = Readonly<Record<string, string>>;

/** A name has one version in each. */
function groups(variants: readonly Variant[], packages: LockedPackages): readonly Group[] {
  const versions = new Map<string, readonly string[]>();
  for (const { name, range } of variants) {
    const version = lockedVersion(packages, name, range) ?? range;
    versions.set(name, [...new Set([...(versions.get(name) ?? []), version])].toSorted());
  }
  const names = [...versions.keys()].toSorted();
  return Array.from({ length: Math.max(...[...versions.values()].map(({ length }) => length)) }, (_, i) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const version = versions.get(name)?.[i];
        return version === undefined ? [] : [[name, version]];
      }),
    ),
  );
}

async function fetchGroup(
  wanted: Group,
  { cpu }: Target,
  lock: Lock | undefined,
  settings: NpmSettings,
): Promise<string> {
  const locked = Object.entries(wanted).map(([name, version]) => [
    name,
    version,
    hashOf(lock, name, version),
  ]);
  const key = createHash("sha256")
    .update(JSON.stringify([cpu, locked]))
    .digest("hex")
    .slice(0, 32);
  return keptFolder(join(cacheFolder(settings.environment), "packages", key), async (fresh) => {
    const result = await installVariants(wanted, cpu, fresh, settings);
    if (result.kind !== "done")
      throw new UserError("package-missing", missing(Object.entries(wanted), result));
    // npm is content without what is optional, whatever the reason: only what is there counts.
    const there = new Set((await installedIn(fresh)).map(({ name, version }) => `${name}@${version}`));
    const problems: Problem[] = [];
    for (const [name, version] of Object.entries(wanted)) {
      if (there.has(`${name}@${version}`)) continue;
      const place = join(fresh, "asked");
      await mkdir(place, { recursive: true });
      const why = await askWhy({ name, version }, cpu, place, settings);
      // By its own word it is for another system than its name says.
      if (why.kind === "failed" && why.code === "EBADPLATFORM") continue;
      problems.push(missing([[name, version]], why));
    }
    if (problems.length > 0) throw new UserError("package-missing", problems);
    // Before it is kept: a later run would take it for what it asks for.
    compare(await installedIn(fresh), lock);
  });
}

function missing(packages: readonly (readonly [string, string])[], result: NpmResult): Problem {
  const names = packages.map(([name, version]) => `\`${name}@${version}\``).join(", ");
  const what = `the function needs ${names}, which ${packages.length === 1 ? "is" : "are"} not installed here`;
  switch (result.kind) {
    case "absent":
      return {
        message: `${what}, and npm, which gets packages for another system, is not on the PATH`,
        hint: "On GitHub add a step `uses: actions/setup-node` before Warren's; elsewhere install Node with npm.",
      };
    case "late":
      return {
        message: `${what}, and npm did not get them within ${result.seconds} seconds`,
        hint: "Run it again.",
      };
    case "done":
      return { message: `${what}; npm says that it installed them, and has not`, hint: "Run it again." };
    case "failed":
      return {
        message: `${what}, and npm cannot get ${packages.length === 1 ? "it" : "them"}: ${result.text}`,
        hint:
          result.code === "E404"
            ? "The registry that npm uses does not have it: look at `registry` in .npmrc, or take another version of the package."
            : "Run it again; if it stays so, look at the registry and the proxy that npm is told to use.",
      };
  }
}

function hashOf(lock: Lock | undefined, name: string, version: string): string | undefined {
  return lock?.packages.get(name)?.find((one) => one.version === version)?.integrity;
}

/** What is told of packages that the lock file says nothing about. Throws UserError `package-changed`. */
function compare(installed: readonly Installed[], lock: Lock | undefined): readonly Problem[] {
  const unknown: string[] = [];
  const changed: Problem[] = [];
  for (const { name, version, integrity = "" } of installed) {
    const locked = hashOf(lock, name, version);
    const same = locked === undefined ? undefined : sameIntegrity(locked, integrity);
    if (same === undefined) unknown.push(`\`${name}@${version}\``);
    if (same !== false) continue;
    changed.push({
      message: `what npm got for \`${name}@${version}\` is not what ${lock?.file} has locked`,
      hint: "Do not go on before you know why: the registry gave another file than the one that was locked.",
    });
  }
  if (changed.length > 0) throw new UserError("package-changed", changed);
  if (unknown.length === 0) return [];
  const why =
    lock === undefined
      ? "there is no lock file"
      : `${lock.file} has no hash of ${unknown.length === 1 ? "it" : "them"}`;
  return [{ message: `${unknown.join(", ")} could not be compared with what was locked: ${why}` }];
}
