/** What esbuild is told about a repository's files: entries, packages that stay outside, binaries. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, extname, join, relative, resolve, sep } from "node:path";

import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";

import { isPackagePath, type Outside } from "../core/bundle.ts";
import { ENTRY, entryCode } from "../core/buildproblem.ts";
import { packageNameOf } from "../core/native-package.ts";
import { type Package, type Packages, upward } from "./packages.ts";

/** What the plugins note during one call. */
export interface Seen {
  readonly imports: OutsideImport[];
  /** By the metafile's name of the input. */
  readonly binaries: Map<string, OwnBinary>;
}

/** A `.node` file of the user's own, which lies beside the bundle. */
export interface OwnBinary {
  /** Path from the repository's root. */
  readonly file: string;
  /** Name in the artifact. */
  readonly name: string;
  readonly content: Uint8Array;
}

export function entries(root: string): Plugin {
  return {
    name: "entries",
    setup(setup) {
      setup.onResolve({ filter: new RegExp(`^${ENTRY}:`) }, ({ path }) => ({
        namespace: ENTRY,
        path: path.slice(ENTRY.length + 1),
      }));
      setup.onLoad({ filter: /.*/, namespace: ENTRY }, ({ path }) => ({
        contents: entryCode(path),
        resolveDir: root,
        loader: "js",
      }));
    },
  };
}

/** esbuild's namespaces of modules that only hand on what Node's `require` gives. */
const REQUIRED = "warren-require";
const BINARY = "warren-binary";

/** Asked again by a plugin itself. */
const ASKED = "asked";

/** Without a package: it is not installed. */
export type OutsideImport = Outside & { readonly package?: Package };

export interface ExternalSettings {
  /** Real path of the repository's folder. */
  readonly root: string;
  readonly format: "esm" | "cjs";
  readonly packages: Packages;
  /** Folders of packages to leave outside besides the native ones. */
  readonly outside: ReadonlySet<string>;
  /** Imports to leave as they are, see `outsideKey`: packages ask for what is not there, and do without. */
  readonly absent: ReadonlySet<string>;
}

export function outsideKey(importer: string, specifier: string): string {
  return `${importer}\0${specifier}`;
}

type Decision = OnResolveResult | undefined | Promise<OnResolveResult | undefined>;

/**
 * Leaves native packages outside, and those that are to be. esbuild bundles most of them without a word, to code that
 * cannot find its binaries.
 */
export function externals(settings: ExternalSettings, seen: Seen): Plugin {
  const { root, packages, outside, absent } = settings;

  function decide(args: OnResolveArgs, setup: PluginBuild): Decision {
    const { path, resolveDir } = args;
    if (args.pluginData === ASKED) return undefined;
    const importer = metafilePath(root, args.importer);
    if (absent.has(outsideKey(importer, path))) {
      seen.imports.push({ importer, specifier: path });
      return { path, external: true };
    }
    const name = packageNameOf(path);
    if (name === undefined || isBuiltin(path)) return undefined;
    const found = packages.find(name, resolveDir);
    if (found === undefined) return hasPlugAndPlay(root) ? plugAndPlay(args, setup) : undefined;
    if (!outside.has(found.folder) && packages.native(found) === undefined) return undefined;
    return leave(args, found, setup);
  }

  async function leave(
    args: OnResolveArgs,
    found: Package,
    setup: PluginBuild,
  ): Promise<OnResolveResult | undefined> {
    const { path, kind } = args;
    if (await isReplaced(args, found, setup)) return undefined;
    seen.imports.push({ importer: metafilePath(root, args.importer), specifier: path, package: found });
    const isImport = kind === "import-statement" || kind === "dynamic-import";
    // Node finds fewer names in a CommonJS module than bundlers do, and another default; `require` gives all of it.
    if (settings.format === "esm" && isImport && !(await isEsModule(args, found, setup))) {
      return { path, namespace: REQUIRED };
    }
    return { path, external: true };
  }

  return {
    name: "externals",
    setup(setup) {
      // Names of packages: few enough to be asked for each. What is `absent` may also be a path.
      const filter = absent.size > 0 ? /.*/ : /^[^./]/;
      setup.onResolve({ filter, namespace: "file" }, (args) => decide(args, setup));
      setup.onResolve({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({ path, external: true }));
      setup.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
        loader: "js",
      }));
    },
  };
}

export function hasPlugAndPlay(root: string): boolean {
  return upward(root).some((folder) => existsSync(join(folder, ".pnp.cjs")));
}

/** esbuild can read yarn's archives, but what cannot be bundled could not be taken out of them. */
async function plugAndPlay(args: OnResolveArgs, setup: PluginBuild): Promise<OnResolveResult | undefined> {
  const { path, kind, importer, resolveDir } = args;
  const found = await setup.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
  if (found.errors.length === 0 && !isPackagePath(found.path)) return undefined;
  const text = `\`${path}\` is not in node_modules, as this repository uses Yarn's Plug'n'Play, out of whose archives a function cannot be packed`;
  const hint = "Write `nodeLinker: node-modules` into .yarnrc.yml, and run `yarn install`.";
  return { errors: [{ text, notes: [{ text: hint }] }] };
}

/** Whether tsconfig.json gives a file of the user's own that name. */
async function isReplaced(args: OnResolveArgs, { folder }: Package, setup: PluginBuild): Promise<boolean> {
  const { path, kind, importer, resolveDir } = args;
  const found = await setup.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
  const isFile = found.errors.length === 0 && !found.external && found.namespace === "file";
  return isFile && !isPackagePath(found.path) && !found.path.startsWith(`${folder}${sep}`);
}

/** Whether Node gets an ES module for an `import` of it. */
async function isEsModule(args: OnResolveArgs, { manifest }: Package, setup: PluginBuild): Promise<boolean> {
  const { path, kind, importer, resolveDir } = args;
  const { exports, main = "index.js", type } = manifest;
  let file = main;
  if (exports !== undefined || packageNameOf(path) !== path) {
    const found = await setup.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
    // It is not there: Node will say so.
    if (found.errors.length > 0) return true;
    file = found.path;
  }
  return extname(file) === ".mjs" || (type === "module" && extname(file) === ".js");
}

/** A native addon in the repository itself. An ES module cannot import one, `require` can. */
export function ownBinaries(root: string, seen: Seen): Plugin {
  return {
    name: "own-binaries",
    setup(setup) {
      setup.onResolve({ filter: /^[./].*\.node$/ }, ({ path, resolveDir, namespace }) => {
        if (namespace === BINARY) return { path, external: true };
        return { namespace: BINARY, path: metafilePath(root, resolve(resolveDir, path)) };
      });
      setup.onLoad({ filter: /.*/, namespace: BINARY }, ({ path }) => {
        const file = resolve(root, path);
        if (path.startsWith("../") && !isPackagePath(path)) {
          return { errors: [{ text: `${path} is outside of the repository` }] };
        }
        let content: Uint8Array;
        try {
          content = readFileSync(file);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
          return { errors: [{ text: `there is no file \`${path}\`` }] };
        }
        // By the path that its author knows it by; one outside of the repository has none in the artifact.
        const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
        const name = path.startsWith("../") ? `${basename(file, ".node")}-${hash}.node` : path;
        seen.binaries.set(`${BINARY}:${path}`, { file: path, name, content });
        return { contents: `module.exports = require("./${name}");`, loader: "js", resolveDir: root };
      });
    },
  };
}

/**
 * lib-dynamodb is not marked as free of side effects (3.1162), so every bundle of it would hold its paginators,
 * and with them QueryCommand and ScanCommand, whether they are used or not.
 */
export const sideEffectFree: Plugin = {
  name: "side-effect-free",
  setup(setup) {
    setup.onResolve({ filter: /^@aws-sdk\/lib-dynamodb$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === ASKED) return undefined;
      const { kind, importer, resolveDir } = from;
      const found = await setup.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
      return found.errors.length > 0 ? undefined : { path: found.path, sideEffects: false };
    });
  },
};

function metafilePath(root: string, file: string): string {
  return relative(root, file).replaceAll(sep, "/");
}
