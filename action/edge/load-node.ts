/** Loads functions for Node in processes of their own: see action/load/, which is what runs there. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { ArtifactFile } from "../core/artifact.ts";
import { lambdaEnvironment } from "../core/lambda-environment.ts";
import { loadResult } from "../core/load-failure.ts";
import type { LoadTrial } from "../core/load-frames.ts";
import { parseReport, type LoadPlan, type LoadReport } from "../core/load-report.ts";
import type { LoadRequest, LoadResult } from "../core/passport.ts";
import type { NodeRuntime } from "../core/runtime.ts";
import { isInside } from "../core/source.ts";
import type { Machine } from "./machine.ts";
import { inside, runInside, type Bind, type Sandbox } from "./sandbox.ts";

export interface LoadPlace {
  /** Of all requests. */
  readonly runtime: NodeRuntime;
  readonly sandbox: Sandbox;
  /** An empty folder that the caller deletes. */
  readonly scratch: string;
  readonly limitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

interface Unpacked {
  readonly request: LoadRequest;
  /** The artifact's folder. */
  readonly from: string;
}

/** In the bundle it lies beside this code. */
const PROGRAM = programOf([
  join(import.meta.dirname, "load/main.mjs"),
  join(import.meta.dirname, "../load/main.mts"),
]);

function programOf(paths: readonly string[]): string {
  const path = paths.find((one) => existsSync(one));
  if (path === undefined) throw new Error(`Warren is not complete: none of ${paths.join(", ")} is there`);
  return path;
}

/** For a busy machine to start Node, which then reports the limit by itself, with the place in the source. */
const MARGIN_SECONDS = 10;

/** More than an import can do with, and less than would push a runner into swapping. */
const HEAP_MEGABYTES = 1024;

/** Where Lambda has them. */
const TASK = "/var/task";
const RUNTIME = "/var/runtime";
const NODE = "/var/lang/bin/node";

/**
 * Functions of one runtime share processes, one after another for as long as they leave the process as it was. Whatever
 * does not load is tried again alone, under Lambda's own path and with all that explains it: that is the verdict.
 */
export async function loadNode(
  requests: readonly LoadRequest[],
  machine: Machine,
  place: LoadPlace,
): Promise<ReadonlyMap<LoadRequest, LoadResult>> {
  const folder = await mkdtemp(join(place.scratch, "node-"));
  let rest: readonly Unpacked[] = requests.map((request, i) => ({ request, from: join(folder, `${i}`) }));
  await Promise.all(rest.map(unpack));
  const results = new Map<LoadRequest, LoadResult>();
  while (rest.length > 0) {
    const trials = await run(rest, folder, "plain", machine, place);
    const loaded = trials.filter(({ report }) => report?.end.kind === "loaded");
    for (const { request, ...trial } of loaded) results.set(request, loadResult(request, trial));
    rest = rest.slice(loaded.length);
    // It has made place for a fresh process.
    if (loaded.length > 0 && trials.length === loaded.length) continue;
    const [failed, suspect] = [trials[loaded.length], rest[0]];
    if (failed === undefined || suspect === undefined) break;
    results.set(suspect.request, await verdict(suspect, failed, folder, machine, place));
    rest = rest.slice(1);
  }
  await rm(folder, { recursive: true });
  return results;
}

async function verdict(
  suspect: Unpacked,
  plain: LoadTrial,
  folder: string,
  machine: Machine,
  place: LoadPlace,
): Promise<LoadResult> {
  // It says nothing, and would take as long again.
  if (plain.isEmulated && plain.report === undefined) return loadResult(suspect.request, plain);
  const [trial] = await run([suspect], folder, "diagnose", machine, place);
  return loadResult(suspect.request, trial ?? plain);
}

type Trial = LoadTrial & { readonly request: LoadRequest };

/** One process. A trial for each function that it came to; the last one's is without a report if the process died of it. */
async function run(
  tasks: readonly Unpacked[],
  folder: string,
  mode: LoadPlan["mode"],
  { node, emulator }: Machine,
  { runtime, sandbox, limitSeconds, signal }: LoadPlace,
): Promise<readonly Trial[]> {
  const [first] = tasks;
  if (first === undefined) return [];
  const isAlone = mode === "diagnose" || first.request.native;
  const task: Bind = { from: isAlone ? first.from : folder, to: TASK };
  const folderOf = ({ from }: Unpacked): string =>
    inside(sandbox, { from, to: isAlone ? TASK : `${TASK}/${basename(from)}` });
  const planned: LoadPlan = {
    tasks: tasks.map((one) => {
      const at = folderOf(one);
      return { folder: at, handler: one.request.handler, environment: lambdaEnvironment(one.request, at) };
    }),
    mode,
    limitSeconds,
    allowsCallbacks: runtime.callbacks,
    listsBinaries: first.request.native,
  };
  const plan: Bind = { from: join(folder, "plan.json"), to: "/var/plan.json" };
  await writeFile(plan.from, JSON.stringify(planned));
  const program: Bind = { from: dirname(PROGRAM), to: RUNTIME };
  const binary: Bind = { from: node, to: NODE };
  const qemu: Bind | undefined = emulator && { from: emulator.program, to: "/var/lang/bin/qemu" };
  const options = first.request.environment?.["NODE_OPTIONS"] ?? "";
  const reports: LoadReport[] = [];
  const { code, output } = await runInside(sandbox, {
    command: [
      ...(qemu === undefined || emulator === undefined
        ? []
        : [inside(sandbox, qemu), "-L", emulator.systemRoot]),
      inside(sandbox, binary),
      // Lambda leaves out what NODE_OPTIONS asks for.
      ...runtime.flags.filter((flag) => !options.includes(flag.replace("--no-", "--"))),
      `--max-old-space-size=${HEAP_MEGABYTES}`,
      // Node tells that it strips types, where Warren is run from its sources.
      "--disable-warning=ExperimentalWarning",
      join(inside(sandbox, program), basename(PROGRAM)),
      inside(sandbox, plan),
    ],
    binds: [task, plan, program, binary, ...(qemu === undefined ? [] : [qemu])],
    environment: planned.tasks[0]?.environment ?? {},
    limitSeconds: limitSeconds + (mode === "diagnose" ? MARGIN_SECONDS : 0),
    onReport: (line) => reports.push(...parseReport(line)),
    signal,
  });
  const told = { code, output, limitSeconds, isEmulated: emulator !== undefined };
  const trials = tasks.map((one, index) => ({
    ...told,
    request: one.request,
    folder: folderOf(one),
    report: reports.find((report) => report.task === index),
  }));
  const ended = code === 0 && reports.length > 0 ? reports.length : reports.length + 1;
  return trials.slice(0, ended);
}

async function unpack({ request, from }: Unpacked): Promise<void> {
  await mkdir(from);
  await unpackFiles(request.files, from);
}

export async function unpackFiles(files: readonly ArtifactFile[], folder: string): Promise<void> {
  const folders = new Set(files.map(({ path }) => dirname(path)));
  for (const one of folders) await mkdir(join(folder, one), { recursive: true });
  for (const { path, mode, content } of files) {
    if (!isInside(path)) throw new Error(`the artifact's file ${path} leads out of it`);
    await writeFile(join(folder, path), content, { mode });
  }
}
