/** Packages that lie beside a bundle: their files, and those of all that they depend on, for the function's system. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ArtifactFile, BuildRequest } from "../core/artifact.ts";
import { layOut, type Placed } from "../core/layout.ts";
import {
  fitsTarget,
  isNamedFor,
  type Manifest,
  manifestOf,
  type Target,
  targetOf,
} from "../core/native-package.ts";
import type { NativePackage } from "../core/passport.ts";
import { type Problem, UserError } from "../core/problem.ts";
import type { Removed } from "../core/prune.ts";
import type { Environment } from "./cache.ts";
import { type PackageFiles, packageFiles } from "./package-files.ts";
import type { Package, Packages } from "./packages.ts";
import { fetchVariants, type Variant } from "./variants.ts";

export interface VendorSettings {
  /** Real path of the repository's folder. */
  readonly root: string;
  readonly environment: Environment;
  readonly packages: Packages;
}

export interface VendoredPackage extends Pick<NativePackage, "name" | "version" | "origin"> {
  /** Path in the artifact. */
  readonly location: string;
  /** Where it was read. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export type Vendored =
  | {
      readonly kind: "vendored";
      readonly files: readonly ArtifactFile[];
      readonly removed: readonly Removed[];
      readonly packages: readonly VendoredPackage[];
      readonly warnings: readonly Problem[];
    }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

interface Node extends Package {
  readonly id: string;
  readonly origin: NativePackage["origin"];
}

/** One for each build: what is read of a package is kept, for other functions that need it too. */
export interface Vendor {
  /** `roots`: packages that the bundle imports. */
  vendor(roots: readonly Package[], target: Pick<BuildRequest, "architecture">): Promise<Vendored>;
}

export function createVendor(settings: VendorSettings): Vendor {
  const { packages, root } = settings;
  const read = new Map<string, PackageFiles>();
  const own = new Set(Object.keys(readManifest(join(root, "package.json")).dependencies ?? {}));

  function filesOf(
    { location, package: { folder } }: Placed<Node>,
    target: Pick<BuildRequest, "architecture">,
  ) {
    const key = `${target.architecture} ${location} ${folder}`;
    const known = read.get(key) ?? packageFiles(folder, location, target);
    read.set(key, known);
    return known;
  }

  return {
    async vendor(roots, architecture) {
      const target = targetOf(architecture);
      const nodes = roots.map((one) => nodeOf(one, "installed"));
      const absent: Variant[] = [];
      layOut(nodes, (node) => {
        const { found, variants } = dependencies(node, target, { packages, own, fetched: [] });
        absent.push(...variants);
        return found;
      });
      let got: Awaited<ReturnType<typeof fetchVariants>>;
      try {
        got = await fetchVariants(absent, target, settings);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { kind: "failed", problems: error.problems };
      }
      const { placed, conflicts } = layOut(
        nodes,
        (node) => dependencies(node, target, { packages, own, fetched: got.folders }).found,
      );
      if (conflicts.length > 0) return { kind: "failed", problems: conflicts.map(conflictProblem) };
      const parts = placed.map((one) => filesOf(one, architecture));
      return {
        kind: "vendored",
        files: parts.flatMap(({ files }) => files),
        removed: parts.flatMap(({ removed }) => removed),
        packages: placed.map(({ location, package: { name, folder, manifest, origin } }) => ({
          name,
          version: manifest.version ?? "",
          origin,
          location,
          folder,
          manifest,
        })),
        warnings: got.warnings,
      };
    },
  };
}

function nodeOf(one: Package, origin: Node["origin"]): Node {
  const { name = one.name, version } = one.manifest;
  return { ...one, id: version === undefined ? one.folder : `${name}@${version}`, origin };
}

interface Sources {
  readonly packages: Packages;
  /** Names that the repository itself depends on. */
  readonly own: ReadonlySet<string>;
  readonly fetched: readonly string[];
}

/** What the package gets on the target, and its variants for the target that are not there. */
function dependencies(
  { name: dependent, folder, manifest, origin }: Node,
  target: Target,
  { packages, own, fetched }: Sources,
): { readonly found: readonly Node[]; readonly variants: readonly Variant[] } {
  const found: Node[] = [];
  const variants: Variant[] = [];
  const optional = manifest.optionalDependencies ?? {};
  for (const [name, range] of Object.entries({
    ...manifest.dependencies,
    ...optional,
    ...peers(manifest, own),
  })) {
    const installed = packages.find(name, folder);
    if (installed !== undefined && fitsTarget({ ...installed.manifest, name }, target)) {
      found.push(nodeOf(installed, origin));
    } else if (Object.hasOwn(optional, name) && isNamedFor(name, target)) {
      const other = fetched
        .flatMap((one) => packages.find(name, one) ?? [])
        .find(
          (one) => isExactly(one.manifest.version, range) && fitsTarget({ ...one.manifest, name }, target),
        );
      if (other === undefined) variants.push({ name, range, dependent });
      else found.push(nodeOf(other, "fetched"));
    }
  }
  return { found, variants };
}

/** A range was looked up in the lock file, which has one version only. */
function isExactly(version: string | undefined, range: string): boolean {
  return version === range || !/^\d/.test(range);
}

/** Optional ones are there for other uses of the package more often than not, such as `typescript`. */
function peers({ peerDependencies = {}, peerDependenciesMeta = {} }: Manifest, own: ReadonlySet<string>) {
  return Object.fromEntries(
    Object.entries(peerDependencies).filter(
      ([name]) => peerDependenciesMeta[name]?.optional !== true || own.has(name),
    ),
  );
}

function conflictProblem([one, other]: readonly [Node, Node]): Problem {
  const versions = [one, other].map(({ manifest }) => manifest.version ?? "?").toSorted();
  return {
    message: `\`${one.name}\` is imported in two versions, ${versions.join(" and ")}; it cannot be bundled, and beside the bundle is room for one`,
    hint: `\`npm ls ${one.name}\` tells which packages want which; bring them to one version.`,
  };
}

function readManifest(file: string): Manifest {
  try {
    return manifestOf({ ...(JSON.parse(readFileSync(file, "utf8")) as object) });
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
