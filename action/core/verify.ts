/** Whether the binaries of an artifact can load where the function runs, as far as the files themselves can tell. */
import type { ArtifactFile, BuildRequest } from "./artifact.ts";
import type { Problem } from "./problem.ts";
import type { Removed } from "./prune.ts";

/** A BuildRequest may be spread into it. */
export interface VerifyRequest extends Pick<BuildRequest, "runtime" | "architecture" | "place"> {
  /** All of the artifact, pruned. */
  readonly files: readonly ArtifactFile[];
  /** What `prune` took away: a package without a binary of the target has had others. */
  readonly removed?: readonly Removed[];
  /** Packages of which each must have a binary of the target, in itself or in the packages that it depends on. */
  readonly roots?: readonly NativeRoot[];
  /**
   * Paths in the zip of the binaries that a process really loaded: where they are given, a fault in one of those is a
   * problem and any other a warning. Verify after the load, where there was one.
   */
  readonly loaded?: readonly string[];
}

export interface NativeRoot {
  readonly name: string;
  /** In the zip, for example `node_modules/sharp`. */
  readonly folder: string;
}

export interface Verdict {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** The highest version of glibc that a binary asks for, for example `2.17`; absent without binaries. */
  readonly glibc?: string;
  /** Paths of the binaries that fit the target. */
  readonly binaries: readonly string[];
}

/** Problems stand at the request's `place`. The runtime is one that is known. */
export function verifyFiles(request: VerifyRequest): Verdict {
  throw new Error(`not built yet: ${request.files.length}`);
}
