/** What keeps files from becoming an artifact, whatever is in them. */
import type { ArtifactFile, BuildRequest } from "./artifact.ts";
import { packageName } from "./package-path.ts";
import type { Problem } from "./problem.ts";
import { sizeProblem } from "./size.ts";

/** A zip takes a backslash for a slash, so that `..\evil` leads out; no packager makes a name of control characters. */
const STRANGE = /[\\\p{Cc}]|(?:^|\/)\.\.(?:\/|$)|^\//u;

export function packingProblem(
  request: Pick<BuildRequest, "source" | "place">,
  files: readonly ArtifactFile[],
): Problem | undefined {
  return nameProblem(request, files) ?? sizeProblem(request, files);
}

function nameProblem(
  { source, place }: Pick<BuildRequest, "source" | "place">,
  files: readonly ArtifactFile[],
): Problem | undefined {
  const strange = files.map(({ path }) => path).filter((path) => STRANGE.test(path));
  const first = strange.find((path) => ownerOf(path) !== undefined) ?? strange[0];
  if (first === undefined) return undefined;
  const owner = ownerOf(first);
  const whose = owner === undefined ? "" : ` of \`${owner}\``;
  const more = strange.length > 1 ? `, and ${strange.length - 1} more like it` : "";
  return {
    place,
    // As JSON has it, or a control character would be printed.
    message: `\`${source}\` cannot be packed: a file${whose} is called ${JSON.stringify(first)}${more}, which is no name on every system or leads out of the folder that it is unpacked into`,
    hint: "If it is a package's file, do not go on before you know why it is called so: packages that are made to break in look like this. Take another version, or another package.",
  };
}

/** npm's package, or the folder in which Python's lies. */
function ownerOf(path: string): string | undefined {
  return packageName(path) ?? /^(\w[\w.-]*)\//.exec(path)?.[1];
}
