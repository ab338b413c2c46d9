/** Lambda's limit on unpacked code, and what takes the room. */
import { type ArtifactFile, type BuildRequest, UNZIPPED_BYTES_MAX } from "./artifact.ts";
import { packageName } from "./package-path.ts";
import { megabytes } from "./passport.ts";
import type { Problem } from "./problem.ts";

const SHOWN = 3;

export function sizeProblem(
  { source, place }: Pick<BuildRequest, "source" | "place">,
  files: readonly ArtifactFile[],
): Problem | undefined {
  const bytes = sum(files);
  if (bytes <= UNZIPPED_BYTES_MAX) return undefined;
  const parts = Map.groupBy(files, ({ path }) => packageName(path) ?? path.split("/")[0] ?? path);
  const largest = [...parts]
    .map(([name, own]) => ({ name, bytes: sum(own) }))
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, SHOWN)
    .map((part) => `${part.name} ${megabytes(part.bytes)}`);
  return {
    place,
    message: `\`${source}\` is ${megabytes(bytes)} when built, and Lambda takes ${megabytes(UNZIPPED_BYTES_MAX)}: ${largest.join(", ")}`,
    hint: "Take away what is not needed, or move a part into a function of its own.",
  };
}

function sum(files: readonly ArtifactFile[]): number {
  return files.reduce((total, { content }) => total + content.byteLength, 0);
}
