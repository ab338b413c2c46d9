/**
 * Takes out of an artifact's packages what the function cannot use: binaries for other systems, by their content and
 * never by their names, and documentation, by its extension. Outside of `node_modules` nothing is taken away.
 */
import type { ArtifactFile, BuildRequest } from "./artifact.ts";
import { sniffBinary } from "./binary.ts";
import { isMusl, readElf } from "./elf.ts";

export interface Pruned {
  /** In the order of the files. */
  readonly kept: readonly ArtifactFile[];
  readonly removed: readonly Removed[];
}

export interface Removed {
  /** Path in the zip. */
  readonly path: string;
  readonly bytes: number;
  /** `foreign`: another system, processor or libc; `build`: a linker's input; `docs`: by extension. */
  readonly reason: "foreign" | "build" | "docs";
  /** What it was built for, for example `macOS on arm64`; absent for documentation. */
  readonly builtFor?: string;
}

/** Pure and deterministic. Files of the target, and licences whatever they are called, stay. */
export function prune(files: readonly ArtifactFile[], target: Pick<BuildRequest, "architecture">): Pruned {
  throw new Error(
    `not built yet: ${files.length} ${target.architecture} ${sniffBinary.name} ${readElf.name} ${isMusl.name}`,
  );
}
