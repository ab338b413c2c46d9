/**
 * Builds in a process of its own: `child.ts <root> <source>...`. Prints what the artifacts are and which esbuild
 * processes it took.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

import { builderOf, requestOf } from "./project.ts";

export interface Report {
  readonly artifacts: readonly { readonly key: string; readonly zipSha256: string }[];
  /** The names of the environment variables of each esbuild process. */
  readonly processes: readonly (readonly string[])[];
  /** Of this process, after the build. */
  readonly environment: readonly string[];
}

const [root = "", ...sources] = process.argv.slice(2);
const artifacts = await builderOf(root).build(sources.map(requestOf));
const report: Report = {
  artifacts: await Promise.all(
    artifacts.map(async ({ key, zip }) => ({
      key,
      zipSha256: createHash("sha256")
        .update(await zip())
        .digest("hex"),
    })),
  ),
  processes: esbuildProcesses(),
  environment: Object.keys(process.env),
};
console.log(JSON.stringify(report));

function esbuildProcesses(): readonly (readonly string[])[] {
  const threads = readdirSync("/proc/self/task");
  const children = threads.flatMap((thread) =>
    readProc(`self/task/${thread}/children`).split(" ").filter(Boolean),
  );
  return children
    .filter((child) => readProc(`${child}/cmdline`).includes("esbuild"))
    .map((child) =>
      readProc(`${child}/environ`)
        .split("\0")
        .flatMap((line) => line.split("=")[0] || []),
    );
}

function readProc(path: string): string {
  return readFileSync(`/proc/${path}`, "utf8");
}
