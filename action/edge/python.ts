/** Python functions: the source, what it imports beside it, and the wheels of its requirements.txt for the target. */
import type { ArtifactFile, BuildRequest, Calls } from "../core/artifact.ts";
import type { NativePackage } from "../core/passport.ts";
import type { Problem } from "../core/problem.ts";

export type PythonOutcome =
  | {
      readonly kind: "packed";
      /** Sorted; without bytecode and installer's records, so that equal inputs are equal bytes. */
      readonly files: readonly ArtifactFile[];
      /** Lambda's handler, for example `producerai.handler`. */
      readonly handler: string;
      /** Packages that hold binaries; those of pure Python are not listed. */
      readonly native: readonly NativePackage[];
      readonly calls: Calls;
      readonly warnings: readonly Problem[];
      /** Files of the repository that were read, from its root, sorted. */
      readonly inputs: readonly string[];
      /** Every package's version is in `inputs`: without it the same inputs may be other files tomorrow. */
      readonly pinned: boolean;
    }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

/** Whether a source is Python's: what the builder sends here. */
export function isPython({ source }: Pick<BuildRequest, "source">): boolean {
  return source.endsWith(".py");
}

/**
 * The files of one function, not yet verified, zipped or loaded. Needs `uv` on the PATH when there is a requirements.txt
 * beside the source. `root`: real path of the repository's folder.
 */
export async function packPython(
  request: BuildRequest,
  { root }: { readonly root: string },
): Promise<PythonOutcome> {
  throw new Error(`not built yet: ${request.source} in ${root}`);
}
