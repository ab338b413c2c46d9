/** What may stand as a function's `source`, and what esbuild is told about its runtime. */
import type { BuildRequest } from "./artifact.ts";
import type { Problem } from "./problem.ts";
import { findRuntime, runtimeNames } from "./runtime.ts";
import { suggestion } from "./suggest.ts";

/** What esbuild reads as code that can be an entry. */
const EXTENSIONS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

/** What is wrong with a request before any file is looked at. */
export function requestProblem({ source, runtime, place }: BuildRequest): Problem | undefined {
  if (!isInside(source)) return outsideProblem({ source, place });
  if (!EXTENSIONS.some((extension) => source.endsWith(extension))) {
    return {
      place,
      message: `\`${source}\` cannot be built: only ${EXTENSIONS.join(" ")} and .py files can`,
      hint: "Write the function in TypeScript, JavaScript or Python.",
    };
  }
  if (esbuildTarget(runtime) === undefined) {
    const nodes = runtimeNames("node");
    return {
      place,
      message: `\`${source}\` cannot be built for runtime \`${runtime}\`: only for ${nodes.join(" and ")}`,
      hint: `Take \`runtime: ${nodes[0]}\`, or a .py file as the source.`,
    };
  }
  return undefined;
}

/** A relative path that does not climb out, with forward slashes. A symlink may still lead out. */
export function isInside(path: string): boolean {
  const parts = path.split("/");
  return !path.startsWith("/") && !path.includes("\\") && !/^[a-z]+:/i.test(path) && !parts.includes("..");
}

export function outsideProblem({ source, place }: Pick<BuildRequest, "source" | "place">): Problem {
  return {
    place,
    message: `\`${source}\` leads out of the repository`,
    hint: "Give a path from the repository's root, such as `functions/worker.ts`.",
  };
}

/** `files`: names of the files that are in the folder of the source. */
export function missingProblem({ source, place }: BuildRequest, files: readonly string[]): Problem {
  const folder = source.slice(0, source.lastIndexOf("/") + 1);
  const extensions = source.endsWith(".py") ? [".py"] : EXTENSIONS;
  const candidates = files.filter((file) => extensions.some((extension) => file.endsWith(extension)));
  return {
    place,
    message: `there is no file \`${source}\``,
    hint: suggestion(
      source,
      candidates.map((file) => `${folder}${file}`),
      `files in \`${folder || "./"}\` that can be built`,
    ),
  };
}

/** esbuild's name of the runtime: `node24` for `nodejs24.x`. Undefined for others than Node. */
export function esbuildTarget(name: string): string | undefined {
  const runtime = findRuntime(name);
  return runtime?.language === "node" ? runtime.esbuild : undefined;
}
