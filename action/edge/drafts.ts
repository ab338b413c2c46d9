/** From a request to the files of its artifact, not yet verified, loaded or named. */
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import type { ArtifactFile, BuildRequest, Calls } from "../core/artifact.ts";
import { bundleQuestions, distinct, type Question } from "../core/build-inputs.ts";
import { ENTRY } from "../core/buildproblem.ts";
import { isPackagePath, ownFiles, ownFileWarnings, SIGNATURES } from "../core/bundle.ts";
import { doesWithout, variantNamed } from "../core/native-package.ts";
import type { OwnCode } from "../core/call-sites.ts";
import { bundleCalls } from "../core/calls.ts";
import type { NativeRoot } from "../core/native-root.ts";
import { packageName } from "../core/package-path.ts";
import type { NativePackage } from "../core/passport.ts";
import type { Problem } from "../core/problem.ts";
import type { Removed } from "../core/prune.ts";
import { keepSources, parseSourceMap } from "../core/sourcemap.ts";
import type { Bundled } from "./bundles.ts";
import type { Bundle } from "./esbuild.ts";
import type { Package, Packages } from "./packages.ts";
import { packPython } from "./python.ts";
import type { Vendor, Vendored, VendoredPackage } from "./vendor.ts";

export interface Draft {
  /** All of one runtime and architecture. */
  readonly requests: readonly [BuildRequest, ...BuildRequest[]];
  readonly handler: string;
  readonly files: readonly ArtifactFile[];
  readonly removed: readonly Removed[];
  readonly roots: readonly NativeRoot[];
  readonly calls: Calls;
  readonly warnings: readonly Problem[];
  /** What it is made of; undefined if that cannot be told, or may be something else tomorrow. */
  readonly questions: readonly Question[] | undefined;
  /** Packages beside the bundle, for the passport; `binaries` are paths of those that fit the target. */
  readonly native: (binaries: readonly string[]) => readonly NativePackage[];
}

export type Drafted =
  | { readonly kind: "drafted"; readonly draft: Draft }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

export interface DraftSettings {
  /** Real path of the repository's folder. */
  readonly root: string;
  readonly packages: Packages;
  readonly vendor: Vendor;
  /** Asks what a draft is made of. */
  readonly isKept: boolean;
}

export async function draftPython(request: BuildRequest, root: string): Promise<Drafted> {
  const packed = await packPython(request, { root });
  if (packed.kind === "failed") return packed;
  const { files, handler, calls, warnings, native, inputs, pinned } = packed;
  const home = dirname(request.source);
  const folders = inputs.filter((path) => path.endsWith(".py")).map((path) => dirname(path));
  return {
    kind: "drafted",
    draft: {
      requests: [request],
      handler,
      files,
      removed: [],
      roots: [],
      calls,
      warnings,
      questions: pinned
        ? [
            ...inputs.map((path): Question => ({ kind: "file", path })),
            // A module beside the source goes before a package from the index.
            { kind: "modules", path: home },
            // A package of the user's own goes along whole.
            ...[...new Set(folders)].flatMap((path): readonly Question[] =>
              path === home ? [] : [{ kind: "tree", path }],
            ),
          ]
        : undefined,
      native: () => native,
    },
  };
}

/**
 * One draft for each system that the bundle is for, if packages beside it make that a difference, and for each environment: code
 * that is loaded with one function's variables says nothing of another function that lacks them.
 */
export async function draftBundle(bundled: Bundled, settings: DraftSettings): Promise<readonly Drafted[]> {
  if (bundled.kind === "failed") return [bundled];
  const { job, bundle } = bundled;
  const own = await readOwn(bundle, settings.root);
  const roots = [
    ...new Map(bundle.imports.flatMap(({ package: one }) => (one ? [[one.folder, one]] : []))).values(),
  ];
  const isPlain = roots.length === 0 && bundle.binaries.length === 0;
  const groups = Map.groupBy(job.requests, ({ architecture, allowNewerLibstdcxx, environment }) =>
    JSON.stringify([environment, ...(isPlain ? [] : [architecture, allowNewerLibstdcxx])]),
  ).values();
  const drafts: Drafted[] = [];
  for (const [first, ...rest] of groups) {
    if (first !== undefined) drafts.push(await draft([first, ...rest], bundled, { ...settings, own, roots }));
  }
  return drafts;
}

interface Own {
  readonly files: readonly ArtifactFile[];
  readonly code: readonly OwnCode[];
  readonly warnings: readonly Problem[];
}

/** What is the same for every system. */
async function readOwn(bundle: Bundle, root: string): Promise<Own> {
  const texts = await Promise.all(
    ownFiles(bundle.metafile, bundle.output).map(async (file) => ({
      file,
      code: await readFile(join(root, file), "utf8"),
    })),
  );
  return {
    files: [...bundleFiles(bundle), ...binaryFiles(bundle)],
    code: texts,
    warnings: texts.flatMap(({ file, code }) => ownFileWarnings(file, code)),
  };
}

async function draft(
  requests: Draft["requests"],
  { job, bundle, signing }: Extract<Bundled, { readonly kind: "bundled" }>,
  {
    own,
    roots,
    packages,
    vendor,
    root,
    isKept,
  }: DraftSettings & { readonly own: Own; readonly roots: readonly Package[] },
): Promise<Drafted> {
  const [request] = requests;
  const vendored = await vendor.vendor(roots, request);
  if (vendored.kind === "failed") {
    return {
      kind: "failed",
      problems: vendored.problems.map((problem) => ({ place: request.place, ...problem })),
    };
  }
  const names = vendored.packages.map(({ name }) => name);
  const inputs = isKept
    ? bundleQuestions(bundle.metafile, bundle.output, `${ENTRY}:${job.source}`)
    : undefined;
  const trees = vendored.packages.map(({ folder }): Question => ({
    kind: "tree",
    path: relative(root, folder),
  }));
  const files = [...own.files, ...vendored.files];
  return {
    kind: "drafted",
    draft: {
      requests,
      handler: "index.handler",
      files,
      removed: vendored.removed,
      roots: [
        ...roots
          .filter((one) => packages.native(one)?.isNeeded === true && isNeeded(one, bundle, packages, root))
          .map(({ name }) => ({ name, folder: `node_modules/${name}` })),
        ...nativeBeside(vendored, packages),
      ],
      calls: bundleCalls(bundle.metafile, bundle.output, names, own.code, [
        ...new Set([...signing, ...signingBeside(vendored.files)]),
      ]),
      warnings: [...own.warnings, ...absentWarnings(bundle, packages, root, request), ...vendored.warnings],
      questions: inputs && distinct([...inputs, ...trees]),
      native: (binaries) =>
        nativePackages(vendored.packages, new Set(roots.map(({ name }) => name)), files, binaries),
    },
  };
}

function bundleFiles({ code, map, output }: Bundle): readonly ArtifactFile[] {
  const own = keepSources(parseSourceMap(map), isOwnSource);
  const name = output.slice(output.lastIndexOf("/") + 1);
  const files = {
    [name]: `${code}//# sourceMappingURL=${name}.map\n`,
    // The map lies in /var/task, so `functions/a.ts` is shown as `/var/task/functions/a.ts`.
    [`${name}.map`]: JSON.stringify({
      ...own,
      sources: own.sources.map((source) => source.replace("../", "")),
    }),
  };
  return Object.entries(files).map(([path, text]) => ({ path, mode: 0o644, content: Buffer.from(text) }));
}

function isOwnSource(source: string): boolean {
  return !isPackagePath(source) && !/(?:^|\/)[\w-]+:/.test(source);
}

function binaryFiles({ binaries }: Bundle): readonly ArtifactFile[] {
  return binaries.map(({ name, content }) => ({ path: name, mode: 0o755, content }));
}

/** Whether one of those that import it does not say that it does without. */
function isNeeded({ folder, name }: Package, { imports }: Bundle, packages: Packages, root: string): boolean {
  return imports.some(({ importer, package: one }) => {
    if (one?.folder !== folder) return false;
    const owner = packages.owner(join(root, importer));
    return owner === undefined || !doesWithout(owner.manifest, name);
  });
}

/** Packages whose files sign requests to AWS. As bytes: they may be hundreds of megabytes. */
function signingBeside(files: readonly ArtifactFile[]): readonly string[] {
  return files.flatMap(({ path, content }) => {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    return SIGNATURES.some((name) => bytes.includes(name)) ? (packageName(path) ?? []) : [];
  });
}

/** Native packages that no bundle imports, but a package beside one, and not only if they are there. */
function nativeBeside(
  { packages: all, removed }: Extract<Vendored, { readonly kind: "vendored" }>,
  packages: Packages,
): readonly NativeRoot[] {
  const needed = new Set(
    all.flatMap(({ manifest: { dependencies = {}, optionalDependencies = {} } }) =>
      Object.keys(dependencies).filter((name) => !Object.hasOwn(optionalDependencies, name)),
    ),
  );
  return all.flatMap(({ name, location, folder, manifest }) => {
    const isFor = (path: string): boolean => path.startsWith(`${location}/`);
    const hasBinaries =
      variantNamed(manifest) !== undefined ||
      removed.some(({ reason, path }) => reason === "foreign" && isFor(path));
    const isNative = hasBinaries && packages.native({ name, folder, manifest })?.isNeeded === true;
    return needed.has(name) && isNative ? [{ name, folder: location }] : [];
  });
}

/** Only what a package asks for without saying that it may be missing. */
function absentWarnings(
  { imports }: Bundle,
  packages: Packages,
  root: string,
  { place }: BuildRequest,
): readonly Problem[] {
  return imports.flatMap(({ importer, specifier, package: found }): readonly Problem[] => {
    const owner = found === undefined ? packages.owner(join(root, importer)) : undefined;
    if (owner === undefined) return [];
    if (doesWithout(owner.manifest, specifier)) return [];
    const message = `\`${specifier}\`, which \`${owner.name}\` asks for, is not installed: the function will be without it`;
    return [{ place, message, hint: "Install it if the function needs it." }];
  });
}

function nativePackages(
  packages: readonly VendoredPackage[],
  roots: ReadonlySet<string>,
  files: readonly ArtifactFile[],
  binaries: readonly string[],
): readonly NativePackage[] {
  return packages.flatMap(({ name, version, origin, location }) => {
    const isOwn = ({ path }: Pick<ArtifactFile, "path">): boolean =>
      path.startsWith(`${location}/`) && !path.startsWith(`${location}/node_modules/`);
    const count = binaries.filter((path) => isOwn({ path })).length;
    if (count === 0 && !(roots.has(name) && location === `node_modules/${name}`)) return [];
    const bytes = files.filter(isOwn).reduce((sum, { content }) => sum + content.byteLength, 0);
    return [{ name, version, origin, binaries: count, bytes }];
  });
}
