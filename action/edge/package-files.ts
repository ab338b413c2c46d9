/** The files of an installed package, for another system than this one. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

import type { ArtifactFile, BuildRequest } from "../core/artifact.ts";
import { foreignBinary, prune, type Removed } from "../core/prune.ts";

export interface PackageFiles {
  /** Paths are from `location`. */
  readonly files: readonly ArtifactFile[];
  readonly removed: readonly Removed[];
}

/**
 * Without packages in it, and without what the target cannot use: binaries go file by file, since some packages hold
 * hundreds of megabytes for other systems. `location`: where it lies in the artifact.
 */
export function packageFiles(
  folder: string,
  location: string,
  target: Pick<BuildRequest, "architecture">,
): PackageFiles {
  const kept: ArtifactFile[] = [];
  const removed: Removed[] = [];
  // A package of the user's own workspace lies there with the secrets that its author works with.
  const isOwn = !folder.includes(`${sep}node_modules${sep}`);
  for (const path of paths(folder, folder)) {
    if (isOwn && /[\\/]\./.test(path.slice(folder.length))) continue;
    const content = readFileSync(path);
    const inside = path.slice(folder.length + 1).replaceAll(sep, "/");
    const file = { path: `${location}/${inside}`, mode: modeOf(content), content };
    const foreign = foreignBinary(file, target);
    if (foreign === undefined) kept.push(file);
    else removed.push(foreign);
  }
  const pruned = prune(kept, target);
  return { files: pruned.kept, removed: [...removed, ...pruned.removed] };
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
