/**
 * What is known of an artifact besides its code: what was put in for the target, what its binaries ask for, and whether
 * it loads. Shown in the plan and the comment; none of it decides what runs.
 */
import type { ArtifactFile } from "./artifact.ts";
import type { Place, Problem } from "./problem.ts";

export interface Passport {
  readonly native: readonly NativePackage[];
  /** The highest version of glibc that a binary asks for, for example `2.17`; absent without binaries. */
  readonly glibc?: string;
  /** The runtime's own, for example `2.34`; present if `glibc` is. */
  readonly glibcLimit?: string;
  readonly load: Load;
  /** Not wrong for certain: a fault in a binary that was not loaded, a doubt about the runtime. */
  readonly warnings: readonly Problem[];
}

/** A package that lies beside the bundle, because it holds binaries or reads its own files. */
export interface NativePackage {
  readonly name: string;
  readonly version: string;
  /** `fetched`: not installed here, got for the target at the locked version. */
  readonly origin: "installed" | "fetched";
  /** How many binaries of the target it ends up with. */
  readonly binaries: number;
  readonly bytes: number;
}

export type Load =
  /** `binaries`: paths in the zip of those that the process really loaded. */
  | { readonly kind: "loaded"; readonly milliseconds: number; readonly binaries: readonly string[] }
  /** Only verified; one sentence without a full stop says why. */
  | { readonly kind: "not-loaded"; readonly why: string }
  /** The attempt proves nothing, for example as qemu itself crashed. */
  | { readonly kind: "inconclusive"; readonly why: string };

/** What is to be loaded: the unpacked artifact of one function. */
export interface LoadRequest {
  readonly component: string;
  readonly source: string;
  readonly runtime: string;
  readonly architecture: "arm64" | "x86_64";
  /** Lambda's handler, for example `index.handler`. */
  readonly handler: string;
  readonly files: readonly ArtifactFile[];
  /** It holds native packages: it needs a process of its own. */
  readonly native: boolean;
  readonly place: Place;
  /** What the function's own environment variables are to be while it loads; those of Lambda are there in any case. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a load came to; `failed` refuses the artifact. */
export type LoadResult = Load | { readonly kind: "failed"; readonly problem: Problem };

/** What a passport comes to, a fact a cell, in words without any markup. */
export interface PassportCells {
  /** One a package, for example `sharp 0.35.5`. */
  readonly native: readonly string[];
  /** For example `2.17 of 2.34`; empty without binaries. */
  readonly glibc: string;
  /** For example `loads in 120 ms`. */
  readonly load: string;
}

export function passportCells({ native, glibc, glibcLimit, load }: Passport): PassportCells {
  return {
    native: native.map(nativeCell),
    glibc: glibc === undefined ? "" : `${glibc} of ${glibcLimit}`,
    load: loadCell(load),
  };
}

function nativeCell({ name, version, origin, binaries, bytes }: NativePackage): string {
  const facts = [
    ...(origin === "fetched" ? ["fetched for the function's system"] : []),
    ...(binaries === 0 ? [] : [`${binaries} ${binaries === 1 ? "binary" : "binaries"}`]),
    megabytes(bytes),
  ];
  return `${name} ${version} (${facts.join(", ")})`;
}

function loadCell(load: Load): string {
  switch (load.kind) {
    case "loaded":
      return `loads in ${Math.round(load.milliseconds)} ms`;
    case "not-loaded":
      return `verified, not loaded: ${load.why}`;
    case "inconclusive":
      return `verified; its load proves nothing: ${load.why}`;
  }
}

/** For people: `12.3 MB`, `4 kB`. */
export function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
