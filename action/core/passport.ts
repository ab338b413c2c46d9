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
