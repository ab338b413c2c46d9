/** Which packages of an artifact a native package may have its binaries in: itself and what it depends on. */
import type { ArtifactFile } from "./artifact.ts";
import { packageFolder } from "./package-path.ts";

/** Folder of a package in the zip -> what its package.json names. */
export type Packages = ReadonlyMap<string, Manifest>;

interface Manifest {
  readonly dependencies: readonly string[];
  readonly optional: readonly string[];
}

export function readPackages(files: readonly ArtifactFile[]): Packages {
  return new Map(
    files.flatMap(({ path, content }) => {
      const folder = packageFolder(path);
      return folder !== undefined && path === `${folder}/package.json`
        ? [[folder, readManifest(content)]]
        : [];
    }),
  );
}

function readManifest(content: Uint8Array): Manifest {
  const { dependencies, optionalDependencies } = parse(new TextDecoder().decode(content));
  const optional = names(optionalDependencies);
  return { dependencies: names(dependencies).filter((name) => !optional.includes(name)), optional };
}

function parse(text: string): { readonly dependencies?: unknown; readonly optionalDependencies?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    // Packages ship broken ones among their own tests. One that Node needs fails the load.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function names(value: unknown): readonly string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

/**
 * Folders, the root's first. A dependency that is a root itself answers for itself; an optional one does not, as that
 * is how a package names its binaries for each system.
 */
export function closureOf(root: string, packages: Packages, roots: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set([root]);
  for (const folder of found) {
    const { dependencies = [], optional = [] } = packages.get(folder) ?? {};
    const own = dependencies.flatMap((name) => resolve(name, folder, packages) ?? []);
    for (const one of own) if (!roots.has(one)) found.add(one);
    for (const one of optional.flatMap((name) => resolve(name, folder, packages) ?? [])) found.add(one);
  }
  return found;
}

/** As Node does it: beside the package's own files, then upwards. */
function resolve(name: string, from: string, packages: Packages): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/node_modules/"), 0))) {
    const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages.has(candidate)) return candidate;
    if (folder === "") return undefined;
  }
}
