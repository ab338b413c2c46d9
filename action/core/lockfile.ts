/**
 * The versions and hashes that a lock file of npm, pnpm, yarn or bun holds. Only what is needed to know that what is
 * fetched later is what was locked: no tree is built of it.
 */
import { parse } from "yaml";

export interface Locked {
  readonly version: string;
  /** Subresource Integrity, for example `sha512-…`; yarn from 2 on keeps another hash, of its own archive. */
  readonly integrity?: string;
}

/** Package name -> all locked versions of it. */
export type LockedPackages = ReadonlyMap<string, readonly Locked[]>;

/** In the order in which they are looked for. */
export const LOCK_FILES = [
  "npm-shrinkwrap.json",
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
] as const;

export type LockFile = (typeof LOCK_FILES)[number];

type Entry = readonly [name: string, locked: Locked];
type Tree = Readonly<Record<string, unknown>>;

/** Throws SyntaxError or YAMLParseError for what is none. */
export function parseLockfile(file: LockFile, text: string): LockedPackages {
  const found = new Map<string, Locked[]>();
  for (const [name, locked] of entriesOf(file, text)) {
    const others = found.get(name) ?? [];
    if (others.some(({ version }) => version === locked.version)) continue;
    found.set(name, [...others, locked]);
  }
  return found;
}

function entriesOf(file: LockFile, text: string): readonly Entry[] {
  switch (file) {
    case "npm-shrinkwrap.json":
    case "package-lock.json": {
      const lock = treeOf(JSON.parse(text));
      const packages = Object.entries(treeOf(lock["packages"])).flatMap(([path, value]) =>
        entry(/(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1], treeOf(value)),
      );
      return packages.length > 0 ? packages : oldEntries(lock);
    }
    case "pnpm-lock.yaml":
      return Object.entries(treeOf(treeOf(parse(text))["packages"])).flatMap(([key, value]) => {
        // `/a@1.0.0(b@2.0.0)` until lock files of version 9.
        const [, name, version] = /^\/?((?:@[^/@]+\/)?[^/@]+)@([^()]+)/.exec(key) ?? [];
        return entry(name, { version, ...treeOf(treeOf(value)["resolution"]) });
      });
    case "yarn.lock":
      return /^# yarn lockfile v1/m.test(text) ? classicEntries(text) : berryEntries(treeOf(parse(text)));
    case "bun.lock":
      // JSON with trailing commas, which YAML allows.
      return Object.values(treeOf(treeOf(parse(text))["packages"])).flatMap((value) => {
        const [id, , , integrity] = Array.isArray(value) ? (value as readonly unknown[]) : [];
        const [, name, version] = /^((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(textOf(id)) ?? [];
        return entry(name, { version, integrity });
      });
  }
}

/** Lock files of npm 6. */
function oldEntries(tree: Tree): readonly Entry[] {
  return Object.entries(treeOf(tree["dependencies"])).flatMap(([name, value]) => [
    ...entry(name, treeOf(value)),
    ...oldEntries(treeOf(value)),
  ]);
}

/** `"a@^1", "a@^2":` and, below it, `  version "2.0.0"` and `  integrity sha512-…`. */
function classicEntries(text: string): readonly Entry[] {
  return text.split(/\n(?=\S)/).flatMap((block) => {
    const name = /^"?((?:@[^/@"]+\/)?[^/@"]+)@[^\n]*:\n/.exec(block)?.[1];
    const version = /^ {2}version "([^"]+)"/m.exec(block)?.[1];
    const integrity = /^ {2}integrity "?([^\s"]+)/m.exec(block)?.[1];
    return entry(name, { version, integrity });
  });
}

function berryEntries(tree: Tree): readonly Entry[] {
  return Object.values(tree).flatMap((value) => {
    const { resolution, version } = treeOf(value);
    return entry(/^((?:@[^/@]+\/)?[^/@]+)@/.exec(textOf(resolution))?.[1], { version });
  });
}

function entry(name: string | undefined, { version, integrity }: Tree): readonly Entry[] {
  if (name === undefined || typeof version !== "string") return [];
  return [[name, { version, ...(typeof integrity === "string" ? { integrity } : {}) }]];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function treeOf(value: unknown): Tree {
  return typeof value === "object" && value !== null ? (value as Tree) : {};
}

/** Whether two integrities speak of the same bytes; undefined if they have no kind of hash in common. */
export function sameIntegrity(one: string, other: string): boolean | undefined {
  const hashes = (text: string): ReadonlyMap<string, string> =>
    new Map(text.split(/\s+/).map((hash) => [hash.slice(0, hash.indexOf("-")), hash.split("?")[0] ?? hash]));
  const others = hashes(other);
  const common = [...hashes(one)].filter(([kind]) => others.has(kind));
  if (common.length === 0) return undefined;
  return common.every(([kind, hash]) => others.get(kind) === hash);
}

/** The version that a dependency on `range` has: one, or undefined if the lock file leaves it open. */
export function lockedVersion(packages: LockedPackages, name: string, range: string): string | undefined {
  if (/^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(range)) return range;
  const versions = packages.get(name) ?? [];
  return versions.length === 1 ? versions[0]?.version : undefined;
}
