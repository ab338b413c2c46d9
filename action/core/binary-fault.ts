/** What keeps one binary of the function's processor from loading on its runtime. */
import { compareVersions } from "./version.ts";
import type { Elf, VersionNeed } from "./elf.ts";
import type { Runtime, System, VersionPrefix } from "./runtime.ts";

export type Fault =
  /** Another system, processor or libc. */
  | { readonly kind: "foreign"; readonly builtFor: string }
  /** It is called like a binary, and is none or no whole one; `why` ends a sentence. */
  | { readonly kind: "damaged"; readonly why: string }
  | { readonly kind: "library"; readonly library: string }
  | { readonly kind: "glibc"; readonly version: string }
  /** Of gcc's own libraries, whose level on Lambda is not certain; `version`: `GLIBCXX_3.4.31`. */
  | { readonly kind: "libstdcxx"; readonly prefix: VersionPrefix; readonly version: string }
  /** An addon for other versions of Node. */
  | { readonly kind: "modules"; readonly versions: readonly number[] }
  /** A module for other versions of Python. */
  | { readonly kind: "tag"; readonly tag: string };

export type Doubt =
  | { readonly kind: "likely-library"; readonly library: string }
  /** An addon for one version of Node: which one shows only when it is loaded. */
  | { readonly kind: "unknown-modules" };

export interface Surroundings {
  readonly runtime: Runtime;
  /** Whether a binary of the artifact answers to a library's name, or lies at its path. */
  readonly provides: (library: string) => boolean;
}

/** Empty: it loads, as far as can be told from outside. */
export function faultsOf(elf: Elf, surroundings: Surroundings): readonly (Fault | Doubt)[] {
  return [
    ...libraryFaults(elf, surroundings),
    ...versionFaults(elf, surroundings),
    ...addonFaults(elf, surroundings),
  ];
}

/** The highest glibc that it asks for, for example `2.17`. */
export function glibcOf({ versions }: Elf): string | undefined {
  const needs = versions.filter(isStrong).flatMap((need) => numbered(need, ["GLIBC"]) ?? []);
  return needs
    .map(({ version }) => version)
    .toSorted(compareVersions)
    .at(-1);
}

function libraryFaults(
  { needed, interpreter }: Elf,
  { runtime, provides }: Surroundings,
): readonly (Fault | Doubt)[] {
  const { libraries, likely } = runtime.system;
  const absent = needed.filter((library) => !libraries.has(library) && !provides(library));
  const starter = interpreter !== undefined && !isSystems(interpreter, runtime.system) ? [interpreter] : [];
  return [...absent, ...starter].map((library) =>
    likely.has(library) ? { kind: "likely-library", library } : { kind: "library", library },
  );
}

/** `/lib64/ld-linux-x86-64.so.2`, and not one of Nix's store. */
function isSystems(interpreter: string, { libraries }: System): boolean {
  const [, folder, name = ""] = /^\/(lib|lib64|usr\/lib|usr\/lib64)\/([^/]+)$/.exec(interpreter) ?? [];
  return folder !== undefined && libraries.has(name);
}

function versionFaults(elf: Elf, { runtime, provides }: Surroundings): readonly Fault[] {
  const { newest, libraries } = runtime.system;
  // Node has the system's libstdc++ loaded already; Python has none, and takes the one that a package brings.
  const asked = elf.versions.filter(
    (need) =>
      isStrong(need) &&
      libraries.has(need.library) &&
      (runtime.language === "node" || !provides(need.library)),
  );
  const tooNew = (prefixes: readonly VersionPrefix[]) =>
    asked
      .flatMap((need) => numbered(need, prefixes) ?? [])
      .filter(({ prefix, version }) => compareVersions(version, newest[prefix]) > 0)
      .toSorted((a, b) => compareVersions(a.version, b.version));

  const glibc = tooNew(["GLIBC"]).at(-1);
  if (glibc !== undefined) return [{ kind: "glibc", version: glibc.version }];
  const [first] = (["GLIBCXX", "CXXABI", "GCC"] as const).flatMap((prefix) => tooNew([prefix]).at(-1) ?? []);
  return first === undefined ? [] : [{ kind: "libstdcxx", ...first }];
}

/** The loader says nothing about a weak one that is missing. */
function isStrong({ weak }: VersionNeed): boolean {
  return !weak;
}

const NUMBERED = /^(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)$/;

/** glibc's marks that a loader must understand a file's form; https://sourceware.org/glibc/wiki/Release/2.36. */
const MARKS: Readonly<Record<string, string>> = { GLIBC_ABI_DT_RELR: "2.36" };

/** Undefined for others, such as `GLIBC_PRIVATE` and `CXXABI_TM_1`, of which there is no newer or older. */
function numbered(
  { version }: VersionNeed,
  prefixes: readonly VersionPrefix[],
): { readonly prefix: VersionPrefix; readonly version: string } | undefined {
  const mark = MARKS[version];
  const [, prefix, number] = NUMBERED.exec(mark === undefined ? version : `GLIBC_${mark}`) ?? [];
  const known = prefixes.find((one) => one === prefix);
  return known === undefined || number === undefined ? undefined : { prefix: known, version: number };
}

function addonFaults({ addon }: Elf, { runtime }: Surroundings): readonly (Fault | Doubt)[] {
  if (runtime.language !== "node") return [];
  switch (addon.kind) {
    case "none":
    case "napi":
      return [];
    case "modules":
      return addon.versions.includes(runtime.modules) ? [] : [{ kind: "modules", versions: addon.versions }];
    case "unknown":
      return [{ kind: "unknown-modules" }];
  }
}
