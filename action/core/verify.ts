/**
 * Whether the binaries of an artifact can load where the function runs, as far as the files can tell. The load test
 * (edge/load.ts) is the other half: a library that this machine has and Lambda lacks shows only here, what a package
 * does when it is imported only there.
 */
import type { ArtifactFile, BuildRequest } from "./artifact.ts";
import { type Doubt, type Fault, faultsOf, glibcOf } from "./binary-fault.ts";
import { type Finding, grouped, ownerOf } from "./fault-groups.ts";
import type { Mercy, Target } from "./fault-words.ts";
import { type Inspected, inspect } from "./inspect.ts";
import { type NativeRoot, rootProblems } from "./native-root.ts";
import type { Problem } from "./problem.ts";
import type { Removed } from "./prune.ts";
import { runtimeOf } from "./runtime.ts";
import { variantKey } from "./variant.ts";
import { compareVersions } from "./version.ts";
import { isForOtherPython, wrongTags } from "./wheel.ts";

/** A BuildRequest may be spread into it. */
export interface VerifyRequest extends Pick<
  BuildRequest,
  "runtime" | "architecture" | "place" | "allowNewerLibstdcxx"
> {
  /** All of the artifact, pruned. */
  readonly files: readonly ArtifactFile[];
  /** What `prune` took away: a package that has no binary of the target may have had others. */
  readonly removed?: readonly Removed[];
  /** Packages of which each must have a binary of the target, in itself or in the packages that it depends on. */
  readonly roots?: readonly NativeRoot[];
  /**
   * Paths in the zip of the binaries that a process really loaded: where they are given, a fault in one of those is a
   * problem and any other a warning. Verify after the load, where there was one.
   */
  readonly loaded?: readonly string[];
}

export interface Verdict {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** The highest version of glibc that one of those without a fault asks for, for example `2.17`; absent without them. */
  readonly glibc?: string;
  /** Paths of the binaries of the target's system and processor, sorted. */
  readonly binaries: readonly string[];
}

/** Problems stand at the request's `place`. The runtime is one that is known (core/runtime.ts). */
export function verifyFiles(request: VerifyRequest): Verdict {
  const { architecture, place, removed = [], roots = [] } = request;
  const target: Target = { runtime: runtimeOf(request.runtime), architecture };
  const files = request.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const inspected = new Map(files.map(({ path, content }) => [path, inspect(content, architecture)]));
  const binaries = [...inspected].flatMap(([path, one]) =>
    one.kind === "target" ? { path, elf: one.elf } : [],
  );

  const paths = binaries.map(({ path }) => path);
  const found = findings(inspected, request, target);
  const faulty = new Set(found.filter((one) => isFault(one, request)).map(({ path }) => path));
  const fit = new Set(paths.filter((path) => !faulty.has(path)).map(variantKey));
  const judged = ofThisNode(found, paths).map((one) => ({ ...one, mercy: mercyOn(one, request, fit) }));
  const missing = rootProblems({ roots, files, inspected, removed, target });
  const at = (problem: Problem): Problem => ({ place, ...problem });
  const highest = binaries
    .flatMap(({ path, elf }) => (faulty.has(path) ? [] : (glibcOf(elf) ?? [])))
    .toSorted(compareVersions)
    .at(-1);
  return {
    problems: [
      ...grouped(
        judged.filter(({ mercy }) => mercy === "none"),
        target,
      ),
      // That it was imported proves nothing: many look for their binary only when they are first called.
      ...missing.problems,
    ].map(at),
    warnings: [
      ...grouped(
        judged.filter(({ mercy }) => mercy !== "none"),
        target,
      ),
      ...missing.warnings,
    ].map(at),
    ...(highest !== undefined && { glibc: highest }),
    binaries: paths,
  };
}

/** Without those of addons for other Nodes of which there are variants for this one: a loader goes by their names. */
function ofThisNode(found: readonly Finding[], paths: readonly string[]): readonly Finding[] {
  const others = new Set(found.flatMap(({ path, fault }) => (fault.kind === "modules" ? path : [])));
  const right = new Set(paths.filter((path) => !others.has(path)).map(variantKey));
  return found.filter(({ path }) => !others.has(path) || !right.has(variantKey(path)));
}

function isFault({ fault }: Finding, { allowNewerLibstdcxx }: VerifyRequest): boolean {
  return !isDoubt(fault) && !(fault.kind === "libstdcxx" && allowNewerLibstdcxx === true);
}

/** Why a fault is none of the function's. */
function mercyOn(one: Finding, request: VerifyRequest, fit: ReadonlySet<string>): Mercy {
  const { path, fault } = one;
  const { loaded } = request;
  if (isDoubt(fault)) return "doubt";
  if (!isFault(one, request)) return "allowed";
  // Python does not even look at it: it says that there is no such module.
  if (fault.kind === "tag") return "none";
  if (loaded !== undefined) return loaded.includes(path) ? "none" : "not-loaded";
  return fit.has(variantKey(path)) ? "variant" : "none";
}

function isDoubt(fault: Fault | Doubt): fault is Doubt {
  return fault.kind === "likely-library" || fault.kind === "unknown-modules";
}

function findings(
  inspected: ReadonlyMap<string, Inspected>,
  { files, architecture, loaded }: VerifyRequest,
  target: Target,
): readonly Finding[] {
  const { runtime } = target;
  const provided = providedNames(inspected);
  const surroundings = { runtime, provides: (library: string) => provided.has(library) };
  const content = new Map(files.map((file) => [file.path, file.content]));
  const inFiles = [...inspected].flatMap(([path, one]) =>
    (one.kind === "target" ? faultsOf(one.elf, surroundings) : fileFaults(path, one, content.get(path))).map(
      (fault) => ({ path, fault }),
    ),
  );
  // Which Node an addon is for is known once the function's own has loaded it.
  const known = inFiles.filter(
    ({ path, fault }) => fault.kind !== "unknown-modules" || loaded?.includes(path) !== true,
  );
  if (runtime.language === "node") return known;
  const isUnseen = (path: string): boolean => isForOtherPython(path, runtime.version, architecture);
  return [...known.filter(({ path }) => !isUnseen(path)), ...wrongWheels(inspected, target, isUnseen)];
}

/** Packages with modules for another Python only. One that has some for this, too, may never import the others. */
function wrongWheels(
  inspected: ReadonlyMap<string, Inspected>,
  target: Target,
  isUnseen: (path: string) => boolean,
): readonly Finding[] {
  const { runtime, architecture } = target;
  if (runtime.language !== "python") return [];
  // What a wheel brings for its modules, in `numpy.libs/`, fits every Python.
  const fitting = [...inspected].filter(
    ([path, { kind }]) => kind === "target" && !isUnseen(path) && !/^[^/]+\.libs\//.test(path),
  );
  const owners = new Set(fitting.map(([path]) => ownerOf(path, target)));
  return wrongTags([...inspected.keys()], runtime.version, architecture).flatMap(({ path, tag }) =>
    owners.has(ownerOf(path, target)) ? [] : { path, fault: { kind: "tag", tag } as const },
  );
}

/** Files for Windows that say so are left to lie: setuptools brings starters, and nothing here would look at them. */
const WINDOWS = /\.(?:exe|dll|pyd)$/;

function fileFaults(
  path: string,
  one: Exclude<Inspected, { readonly kind: "target" }>,
  content: Uint8Array | undefined,
): readonly Fault[] {
  switch (one.kind) {
    case "foreign":
      return WINDOWS.test(path) || path.endsWith(".dylib")
        ? []
        : [{ kind: "foreign", builtFor: one.builtFor }];
    case "broken":
      return [{ kind: "damaged", why: one.why }];
    case "build":
    case "wasm":
    case "none":
      return path.endsWith(".node") ? [{ kind: "damaged", why: contentWords(one.kind, content) }] : [];
  }
}

const LFS = "version https://git-lfs";

function contentWords(kind: "build" | "wasm" | "none", content: Uint8Array = new Uint8Array()): string {
  if (content.byteLength === 0) return "it is empty";
  if (String.fromCharCode(...content.subarray(0, LFS.length)) === LFS) {
    return "it is a pointer to a file in Git LFS, which was not fetched";
  }
  return {
    build: "it is a linker's input",
    wasm: "it is WebAssembly",
    none: "it has no binary's first bytes",
  }[kind];
}

/** Under which names the artifact's own libraries can be found: roughly, as RUNPATH and load order decide it. */
function providedNames(inspected: ReadonlyMap<string, Inspected>): ReadonlySet<string> {
  const names = ([path, one]: readonly [string, Inspected]): readonly string[] => {
    if (one.kind !== "target") return [];
    const { soname } = one.elf;
    return [path, path.slice(path.lastIndexOf("/") + 1), ...(soname === undefined ? [] : [soname])];
  };
  return new Set([...inspected].flatMap(names));
}
