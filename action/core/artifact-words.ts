/** A built function in words and in JSON. */
import type { Artifact } from "./artifact.ts";
import type { DocumentOf } from "./outcome-document.ts";
import { megabytes, passportCells } from "./passport.ts";
import { formatProblem, type Problem } from "./problem.ts";

export function artifactLines({ component, key, unzippedBytes, calls, passport }: Artifact): string[] {
  const { native, glibc, load } = passportCells(passport);
  const what =
    calls.kind === "exact" ? calls.actions.join(", ") || "no AWS calls" : `calls unknown: ${calls.reason}`;
  return [
    `${component}  ${megabytes(unzippedBytes)}  ${key}`,
    `  ${what}`,
    ...native.map((one) => `  with ${one}`),
    `  ${load}${glibc === "" ? "" : `; needs glibc ${glibc}`}`,
    ...passport.warnings.map((warning) => `  warning: ${formatProblem(warning)}`),
  ];
}

/** Of all artifacts, each once: functions share files and packages. */
export function artifactWarnings(artifacts: readonly Artifact[]): readonly Problem[] {
  const all = artifacts.flatMap(({ passport }) => passport.warnings);
  return [...new Map(all.map((warning) => [formatProblem(warning), warning])).values()];
}

export function artifactJson(artifact: Artifact): DocumentOf<"built">["artifacts"][number] {
  const { component, key, handler, unzippedBytes, calls, passport } = artifact;
  return { component, key, handler, unzippedBytes, calls, passport };
}
