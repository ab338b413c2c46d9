/** Every native package of a function must end with a binary of the function's system: npm exits 0 without it. */
import type { ArtifactFile } from "./artifact.ts";
import type { Target } from "./fault-words.ts";
import type { Inspected } from "./inspect.ts";
import { closureOf, readPackages } from "./native-closure.ts";
import { packageFolder } from "./package-path.ts";
import type { Problem } from "./problem.ts";
import type { Removed } from "./prune.ts";

export interface NativeRoot {
  readonly name: string;
  /** In the zip, for example `node_modules/sharp`. */
  readonly folder: string;
}

export interface RootsRequest {
  readonly roots: readonly NativeRoot[];
  readonly files: readonly ArtifactFile[];
  readonly inspected: ReadonlyMap<string, Inspected>;
  readonly removed: readonly Removed[];
  readonly target: Target;
}

/**
 * By what a package depends on, not by itself: sharp's binary is in a package of its own, and another's package for musl
 * rightly loses all that it had. Warning: WebAssembly is there in its place.
 */
export function rootProblems({ roots, files, inspected, removed, target }: RootsRequest): {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  if (roots.length === 0) return { problems, warnings };
  const packages = readPackages(files);
  const folders = new Set(roots.map(({ folder }) => folder));
  for (const root of roots) {
    const closure = closureOf(root.folder, packages, folders);
    const isOwn = (path: string): boolean => closure.has(packageFolder(path) ?? "");
    const own = [...inspected].flatMap(([path, one]) => (isOwn(path) ? one.kind : []));
    if (own.includes("target")) continue;
    const others = removed.flatMap((one) => (one.reason === "foreign" && isOwn(one.path) ? one : []));
    const list = own.includes("wasm") ? warnings : problems;
    list.push(rootProblem(root, others, target, own.includes("wasm")));
  }
  return { problems, warnings };
}

function rootProblem(
  { name }: NativeRoot,
  others: readonly (Removed & { readonly reason: "foreign" })[],
  target: Target,
  hasWasm: boolean,
): Problem {
  const { architecture, runtime } = target;
  // The addon says more than a library that it brings.
  const first = others.find(({ path }) => path.endsWith(".node")) ?? others[0];
  const systems = [...new Set(others.map(({ builtFor }) => builtFor))];
  const has =
    first === undefined
      ? hasWasm
        ? "but only WebAssembly, which is slower"
        : "nor any other"
      : `but only for ${systems.join(" and ")}: \`${first.path}\``;
  const other = architecture === "arm64" ? "x86_64" : "arm64";
  const way = systems.includes(`Linux on ${other}`) ? `, or set \`architecture: ${other}\`` : "";
  return {
    message: `\`${name}\` has no binary for Linux with glibc on ${architecture}, where the function runs (${runtime.name}), ${has}`,
    hint:
      first === undefined
        ? `Where an install script makes it, run \`npm rebuild ${name}\` on Linux on ${architecture} and see that it works${way}; else take a version of \`${name}\` that publishes one.`
        : `Take a version of \`${name}\` that publishes one for Linux on ${architecture}${way}.`,
  };
}
