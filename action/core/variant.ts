/** Which files of a package stand in for each other: the same addon for several versions of Node, of which one is loaded. */
import { packageFolder } from "./package-path.ts";

/** Words in paths that say what a binary is for, not what it is. */
const TARGET_WORD =
  /^(?:v?\d+|abi\d*|napi|node|nodejs|electron|linux|glibc|gnu|musl|x64|x86|x86_64|amd64|arm64|aarch64|armv\d\w*|cpython|cp\d+\w*)$/;

/**
 * Equal for variants of one binary: `build/node/115/addon.node` and `build/node/127/addon.node`. Folders count, as a
 * loader takes `build/Release/a.node` before `prebuilds/linux-x64/a.node`, whether that one would fit or not.
 */
export function variantKey(path: string): string {
  const folder = packageFolder(path) ?? "";
  const words = path.slice(folder.length).split(/[/.+-]/);
  return `${folder} ${words.filter((word) => !TARGET_WORD.test(word)).join(" ")}`;
}
