/** Builds a function that uses an installed package, and runs it where Lambda would: in a folder with nothing else. */
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import type { Artifact, BuildRequest } from "../../action/core/artifact.ts";
import { runtimeOf } from "../../action/core/runtime.ts";
import { findMachine } from "../../action/edge/machine.ts";
import { builderOf, project, requestOf, unpack } from "../build/project.ts";

export type Architecture = BuildRequest["architecture"];

export const ARCHITECTURES: readonly Architecture[] = ["x86_64", "arm64"];

export interface Trial {
  readonly architecture: Architecture;
  /** Of `functions/a.ts`. */
  readonly code: string;
  /** Of the repository, besides. */
  readonly files?: Readonly<Record<string, string>>;
  /** Name in `functions/` -> the file that it is a copy of. */
  readonly copies?: Readonly<Record<string, string>>;
}

/** `ran`: what the handler returned. `verified`: this machine cannot run the function's processor. `refused`: the error's text. */
export type Verdict =
  | { readonly kind: "ran"; readonly result: unknown; readonly artifact: Artifact }
  | { readonly kind: "verified"; readonly artifact: Artifact }
  | { readonly kind: "refused"; readonly text: string };

/** `folder`: see `installed`. */
export async function trial(
  folder: string,
  { architecture, code, files = {}, copies = {} }: Trial,
): Promise<Verdict> {
  using here = project({ "functions/a.ts": code, ...files });
  rmSync(join(here.root, "node_modules"));
  symlinkSync(join(folder, "node_modules"), join(here.root, "node_modules"));
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(join(folder, file), join(here.root, file));
  for (const [name, from] of Object.entries(copies)) copyFileSync(from, join(here.root, "functions", name));
  const request = { ...requestOf("functions/a.ts", 0), architecture };
  try {
    const [artifact] = await builderOf(here.root).build([request]);
    if (artifact === undefined) throw new Error("no artifact");
    return await run(artifact, request);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "UserError") throw error;
    return { kind: "refused", text: error.message.replaceAll(folder, "<installed>") };
  }
}

/** The handler's result; else what there is instead. */
export function outcome(verdict: Verdict): unknown {
  switch (verdict.kind) {
    case "ran":
      return verdict.result;
    case "verified":
      return "verified";
    case "refused":
      return verdict.text;
  }
}

const CALL = "console.log(JSON.stringify(await (await import('./index.mjs')).handler({})))";

async function run(artifact: Artifact, { runtime, architecture }: BuildRequest): Promise<Verdict> {
  const node = runtimeOf(runtime);
  if (node.language !== "node") throw new Error(`${runtime} is not Node`);
  const machine = await findMachine(node, architecture, { environment: process.env });
  if (machine.kind === "absent") return { kind: "verified", artifact };
  using unpacked = await unpack(artifact);
  const { emulator } = machine;
  const command = emulator === undefined ? [] : [emulator.program, "-L", emulator.systemRoot];
  const output = execFileSync(
    "env",
    ["-i", "AWS_REGION=eu-west-1", ...command, machine.node, "--input-type=module", "--eval", CALL],
    { cwd: unpacked.folder, encoding: "utf8" },
  );
  return { kind: "ran", result: JSON.parse(output), artifact };
}
