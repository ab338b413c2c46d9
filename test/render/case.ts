/** A folder of this folder is a test: pipeline.yaml and what belongs to it -> what `warren render` says of it. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Artifact, Calls, Sites } from "../../action/core/artifact.ts";
import { UserError, formatProblem } from "../../action/core/problem.ts";
import { concreteStage } from "../../action/core/stage.ts";
import { readableJson } from "../../action/core/value.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import type { Workspace } from "../../action/ports.ts";
import { readItems, readProject, renderProject } from "../../action/project.ts";
import { repositoryRoot } from "../support/shipped.ts";

export const CASES = import.meta.dirname;

/** given.yaml: what is not in the repository that is rendered. */
interface Given {
  readonly stage?: string;
  readonly branch?: string;
  /** Another case whose pipeline.yaml this one takes; without both it is the repository's own. */
  readonly pipeline?: string;
  /** By component; one that is not in here is rendered as not built. */
  readonly calls?: Readonly<Record<string, GivenCalls>>;
}

interface GivenCalls {
  readonly actions?: readonly string[];
  readonly oneOf?: readonly (readonly string[])[];
  readonly onBehalf?: readonly string[];
  readonly uncertain?: string;
  readonly prefixes?: readonly string[];
  readonly sites?: Sites;
}

export const OUTPUTS: readonly string[] = ["stack.json", "warnings.txt", "error.txt"];

/** File name -> text. */
export type Rendering = Readonly<Partial<Record<"stack.json" | "warnings.txt" | "error.txt", string>>>;

export function caseNames(): string[] {
  return readdirSync(CASES, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
}

type Files = Pick<Workspace, "read" | "list">;

/** `change`: what else is between the files and their reader. */
export async function renderCase(
  name: string,
  change: (files: Files) => Files = (files) => files,
): Promise<Rendering> {
  const given = givenOf(name);
  const disk = workspaceOf(name);
  const workspace = { ...disk, ...change(disk) };
  try {
    const project = await readProject({ workspace, shipped: change(diskWorkspace(repositoryRoot)) });
    const { stage = "prod", branch = "" } = given;
    const stack = renderProject(
      project,
      concreteStage(project.pipeline.stages, { stage, branch, sha256: workspace.sha256 }),
      Object.entries(given.calls ?? {}).map(artifact),
    );
    await readItems(stack.tables, { workspace });
    return {
      "stack.json": readableJson(stack.template),
      ...(stack.warnings.length > 0 ? { "warnings.txt": lines(stack.warnings.map(formatProblem)) } : {}),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { "error.txt": lines(error.problems.map(formatProblem)) };
  }
}

function givenOf(name: string): Given {
  const file = join(CASES, name, "given.yaml");
  return existsSync(file) ? (parse(readFileSync(file, "utf8")) as Given) : {};
}

/** A repository in which config/ is the case's own folder. */
export function workspaceOf(name: string): Workspace {
  const { pipeline = name } = givenOf(name);
  const own = existsSync(join(CASES, pipeline, "pipeline.yaml"));
  const disk = diskWorkspace(own ? join(CASES, pipeline) : repositoryRoot);
  return { ...disk, read: (path) => disk.read(own ? path.replace(/^config\//, "") : path) };
}

function artifact([component, given]: [string, GivenCalls]): Artifact {
  return {
    component,
    key: `functions/${component}.zip`,
    handler: "index.handler",
    zip: async () => new Uint8Array(),
    unzippedBytes: 0,
    calls: callsOf(given),
    passport: { native: [], load: { kind: "not-loaded", why: "it was made for a test" }, warnings: [] },
  };
}

function callsOf({ actions = [], uncertain, oneOf, onBehalf, prefixes, sites }: GivenCalls): Calls {
  const known = {
    actions,
    ...(oneOf ? { oneOf } : {}),
    ...(onBehalf ? { onBehalf } : {}),
    ...(sites ? { sites } : {}),
  };
  if (uncertain === undefined) return { kind: "exact", ...known };
  return { kind: "uncertain", ...known, reason: uncertain, ...(prefixes ? { prefixes } : {}) };
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
