/** The packages that are installed, found as Node finds them; each is looked at once. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, join, sep } from "node:path";

import { sniffBinary } from "../core/binary.ts";
import { type Manifest, manifestOf, nativeMark } from "../core/native-package.ts";

export interface Package {
  /** As it is imported: npm installs a package under another name if asked to. */
  readonly name: string;
  /** Real path: pnpm's packages and a workspace's are symlinks. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface NativeCode {
  /** The end of a sentence: `it has a binding.gyp`. */
  readonly why: string;
  /** Without a binary of the target it cannot work: more is known than that there is, say, a program for Windows. */
  readonly isNeeded: boolean;
}

export interface Packages {
  /** The package `name` that code in the folder `from` gets. */
  find(name: string, from: string): Package | undefined;
  /** The package that a file is of, by its real path; undefined for the user's own files. */
  owner(file: string): Package | undefined;
  native(found: Package): NativeCode | undefined;
}

/** What no binary is called; to open each file of the AWS SDK would take longer than to bundle it. */
const TEXT = new Set(
  ".js .mjs .cjs .jsx .ts .mts .cts .tsx .json .map .md .txt .css .html .yml .yaml .wasm .flow".split(" "),
);

export function installedPackages(): Packages {
  const found = new Map<string, Package | undefined>();
  const marks = new Map<string, NativeCode | undefined>();
  const owners = new Map<string, Package | undefined>();

  function at(nodeModules: string, name: string): Package | undefined {
    const path = join(nodeModules, name);
    if (!found.has(path)) found.set(path, readPackage(path, name));
    return found.get(path);
  }

  function find(name: string, from: string): Package | undefined {
    for (const folder of upward(from)) {
      if (folder.endsWith(`${sep}node_modules`)) continue;
      const one = at(join(folder, "node_modules"), name);
      if (one !== undefined) return one;
    }
    return undefined;
  }

  return {
    find,
    owner(file) {
      const [, folder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? [];
      if (folder === undefined) return undefined;
      if (!owners.has(folder)) {
        const name = folder.slice(folder.lastIndexOf(`node_modules${sep}`) + 13).replaceAll(sep, "/");
        owners.set(folder, readPackage(folder, name));
      }
      return owners.get(folder);
    },
    native(one) {
      if (!marks.has(one.folder)) marks.set(one.folder, nativeCode(one, find));
      return marks.get(one.folder);
    },
  };
}

/** The folder and those that it lies in. */
export function upward(folder: string): readonly string[] {
  const outer = dirname(folder);
  return outer === folder ? [folder] : [folder, ...upward(outer)];
}

function readPackage(path: string, name: string): Package | undefined {
  const file = join(path, "package.json");
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  const text = readFileSync(file, "utf8");
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    // As Node and npm have it too: a package that cannot be used. esbuild says so, where it is imported.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof manifest !== "object" || manifest === null) return undefined;
  return { name, folder: realpathSync(path), manifest: manifestOf({ ...manifest }) };
}

function nativeCode(
  { folder, manifest }: Package,
  find: (name: string, from: string) => Package | undefined,
): NativeCode | undefined {
  const optional = Object.keys(manifest.optionalDependencies ?? {}).flatMap(
    (name) => find(name, folder)?.manifest ?? [],
  );
  const why = nativeMark(manifest, readdirSync(folder), optional);
  if (why !== undefined) return { why, isNeeded: true };
  // A package of the user's own workspace may hold anything, such as what it was compiled to for tests.
  return folder.includes(`${sep}node_modules${sep}`) ? binaryIn(folder) : undefined;
}

function binaryIn(folder: string): NativeCode | undefined {
  let harmless: NativeCode | undefined;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    const inside = entry.isDirectory()
      ? binaryIn(path)
      : entry.isFile() && !TEXT.has(extname(entry.name))
        ? binaryAt(path)
        : undefined;
    if (inside?.isNeeded === true) return inside;
    harmless ??= inside;
  }
  return harmless;
}

/** As far as the field in a PE header that tells of it lies, usually. */
const HEAD_BYTES = 1024;

function binaryAt(path: string): NativeCode | undefined {
  const kind = sniffBinary(headOf(path))?.kind;
  if (kind !== "elf" && kind !== "mach-o" && kind !== "pe") return undefined;
  return { why: `it holds ${path.slice(path.lastIndexOf(sep) + 1)}`, isNeeded: kind !== "pe" };
}

function headOf(path: string): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
