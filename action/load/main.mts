/**
 * A program of its own, run by the runtime's own Node: `main.mts <plan.json>` loads functions and tells what came of it.
 * Loads the handler as Lambda's runtime interface client does
 * (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client).
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { isMainThread, workerData } from "node:worker_threads";

import type { LoadEnd, LoadPlan, LoadTask } from "../core/load-report.ts";
import { diagnose, observedEnvironment, watchMain } from "./diagnosis.mts";
import { refuseNetwork } from "./network.mts";
import { fingerprint, isUnchanged } from "./realm.mts";
import { hasTriedNetwork, leave, leaveWithOutput, report, thrown } from "./reports.mts";

/** A process with this much memory in use makes place for a new one. */
const MEMORY_MAX = 300 * 1024 * 1024;

/** Milliseconds that are cheaper than a new process. */
const REST_TRIES = 20;

const NODE_MAJOR = Number(process.versions.node.split(".")[0]);

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");

async function main(): Promise<void> {
  const plan = JSON.parse(fs.readFileSync(process.argv[2] ?? "", "utf8")) as LoadPlan;
  const { tasks, mode } = plan;
  process.argv = [process.argv0];
  refuseNetwork();
  provideStreaming();
  if (mode === "diagnose") diagnose(plan.limitSeconds);
  const fresh = fingerprint();
  const idle = resources();
  for (const [index, task] of tasks.entries()) {
    setEnvironment(task.environment);
    if (mode === "diagnose") process.env = observedEnvironment(process.env);
    process.chdir(task.folder);
    const end = await load(task, plan);
    report(index, end);
    // What a function has left behind may make the next one load that would not by itself.
    const isAsBefore = !hasTriedNetwork() && (await comesToRest(idle)) && isUnchanged(fresh);
    if (end.kind !== "loaded" || !isAsBefore || process.memoryUsage.rss() > MEMORY_MAX) break;
  }
  if (mode === "diagnose") await leaveWithOutput();
  leave();
}

/** How many things there are that could still call back, but for stdout and stderr. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap").length;
}

/** A client of the AWS SDK begins to look for its files of settings when it is made, and has soon found none. */
async function comesToRest(idle: number): Promise<boolean> {
  for (let tries = 0; resources() > idle && tries < REST_TRIES; tries++) await sleep(1);
  return resources() <= idle;
}

/** Touches only what is another value: without TZ, Node searches all files of time zones (20 ms). */
function setEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  for (const [name, value] of Object.entries(environment))
    if (process.env[name] !== value) process.env[name] = value;
}

/** What Lambda's client puts there for functions that stream their response. */
function provideStreaming(): void {
  const awslambda = {
    streamifyResponse: (handler: object) => Object.assign(handler, { [STREAMING]: "response" }),
    HttpResponseStream: { from: (stream: unknown) => stream },
  };
  Object.assign(globalThis, { awslambda });
}

async function load(
  { folder, handler }: LoadTask,
  { listsBinaries, allowsCallbacks }: LoadPlan,
): Promise<LoadEnd> {
  const start = performance.now();
  try {
    const loaded = await loadModule(folder, handler);
    if (loaded === undefined) return { kind: "no-file" };
    // A promise that is rejected meanwhile ends the process, as it would on Lambda.
    await turn();
    const milliseconds = Math.round(performance.now() - start);
    const fault = handlerFault(loaded, basename(handler).replace(/^[^.]*\./, ""), allowsCallbacks);
    return fault ?? { kind: "loaded", milliseconds, binaries: listsBinaries ? binariesIn(folder) : [] };
  } catch (error) {
    return { kind: "threw", error: thrown(error), isUncaught: false };
  }
}

/** `folder/sub/index` for the handler `sub/index.handler`, with the first of the extensions that is there. */
async function loadModule(folder: string, handler: string): Promise<unknown> {
  const stem = resolve(folder, dirname(handler), basename(handler).replace(/\..*$/, ""));
  for (const extension of ["", ".js", ".mjs", ".cjs"]) {
    const path = `${stem}${extension}`;
    if (!fs.existsSync(path) || !fs.statSync(path).isFile()) continue;
    if (extension !== ".mjs" && (extension === ".cjs" || !isModuleFolder(dirname(path))))
      return createRequire(path)(path) as unknown;
    const namespace = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    return NODE_MAJOR >= 24 ? withDefault(namespace) : namespace;
  }
  return undefined;
}

/** Since its client for Node 24, Lambda looks into the default export, too. */
function withDefault(namespace: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const inner = namespace["default"];
  return typeof inner === "object" && inner !== null ? { ...inner, ...namespace } : namespace;
}

/** The nearest package.json says whether .js files are ES modules. */
function isModuleFolder(folder: string): boolean {
  const file = join(folder, "package.json");
  if (fs.existsSync(file)) {
    const { type } = JSON.parse(fs.readFileSync(file, "utf8")) as { readonly type?: string };
    return type === "module";
  }
  return folder !== dirname(folder) && isModuleFolder(dirname(folder));
}

function handlerFault(module: unknown, name: string, allowsCallbacks: boolean): LoadEnd | undefined {
  let handler = module;
  for (const key of name.split(".")) handler = (Object(handler) as Readonly<Record<string, unknown>>)[key];
  if (handler === undefined) return { kind: "no-export", exports: Object.keys(Object(module) as object) };
  if (typeof handler !== "function")
    return { kind: "no-function", type: handler === null ? "null" : typeof handler };
  const isStreaming = (handler as unknown as Readonly<Record<symbol, unknown>>)[STREAMING] === "response";
  return handler.length >= 3 && !isStreaming && !allowsCallbacks
    ? { kind: "callback", parameters: handler.length }
    : undefined;
}

function binariesIn(folder: string): readonly string[] {
  // Else it looks up the names of the machine's addresses. @types/node 24.19 does not know it.
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects } = process.report.getReport() as unknown as {
    readonly sharedObjects: readonly string[];
  };
  return sharedObjects.filter((path) => path.startsWith(`${folder}/`));
}

if (isMainThread) await main();
else watchMain(workerData as number);
