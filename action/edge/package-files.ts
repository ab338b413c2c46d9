/** The files of an installed package, for another system than this one. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

import type { ArtifactFile, BuildRequest } from "../core/artifact.ts";
import { prune, type Removed } from "../core/prune.ts";

export interface PackageFiles {
  /** Paths are from `location`. */
  readonly files: readonly ArtifactFile[];
  readonly removed: readonly Removed[];
}

/**
 * Without packages in it, and without what the target cannot use. File by file, since some packages hold hundreds of megabytes for
 * other systems. `location`: where it lies in the artifact.
 */
export function packageFiles(
  folder: string,
  location: string,
  target: Pick<BuildRequest, "architecture">,
): PackageFiles {
  const kept: ArtifactFile[] = [];
  const removed: Removed[] = [];
  for (const path of paths(folder, folder)) {
    const content = readFileSync(path);
    const inside = path.slice(folder.length + 1).replaceAll(sep, "/");
    const pruned = prune([{ path: `${location}/${inside}`, mode: modeOf(content), content }], target);
    kept.push(...pruned.kept);
    removed.push(...pruned.removed);
  }
  return { files: kept, removed };
}

function paths(folder: string, root: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): readonly string[] => {
    if (entry.name === "node_modules" || entry.name === ".git") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return paths(path, root);
    if (entry.isFile()) return [path];
    // What a link leads to is in the artifact only if it is the package's own: it could be any file of this machine.
    return entry.isSymbolicLink() && isFileInside(path, root) ? [path] : [];
  });
}

function isFileInside(link: string, root: string): boolean {
  if (statSync(link, { throwIfNoEntry: false })?.isFile() !== true) return false;
  return realpathSync(link).startsWith(`${root}${sep}`);
}

/** By content: the modes on this disk depend on who has unpacked it. */
function modeOf(content: Uint8Array): number {
  const isElf = content[0] === 0x7f && content[1] === 0x45 && content[2] === 0x4c && content[3] === 0x46;
  const isScript = content[0] === 0x23 && content[1] === 0x21;
  return isElf || isScript ? 0o755 : 0o644;
}
