/**
 * Loads artifacts as Lambda would: in an empty folder, with the runtime's own Node or Python, without network and
 * without credentials.
 */
import { mkdtemp, mkdtempDisposable, realpath, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { eachAtOnce } from "../core/parallel.ts";
import type { LoadRequest, LoadResult } from "../core/passport.ts";
import { type NodeRuntime, runtimeOf } from "../core/runtime.ts";
import { loadNode, unpackFiles } from "./load-node.ts";
import { loadPython } from "./load-python.ts";
import { findMachine } from "./machine.ts";
import { findSandbox, type Sandbox } from "./sandbox.ts";

export interface LoadSettings {
  /**
   * This machine's own: finds npm, qemu and Python on the PATH, gives npm its proxies and its cache. No artifact's
   * process sees any of it.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborting it ends every process that was started; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The best of this machine, if it is not given. */
  readonly sandbox?: Sandbox;
  readonly limits?: Limits;
}

/** How long an import may take. */
export interface Limits {
  readonly nativeSeconds: number;
  readonly emulatedSeconds: number;
  /** Python compiles all that it imports, as no artifact brings bytecode; pandas takes 2 to 10 on a busy machine. */
  readonly pythonSeconds: number;
}

/** Lambda gives an import 10 seconds. The AWS SDK takes 7 under qemu, jsdom 13. */
const LIMITS: Limits = { nativeSeconds: 10, emulatedSeconds: 90, pythonSeconds: 60 };

/** Names of what a process without a sandbox could take from this one's memory. */
const CREDENTIAL = /^(AWS|ACTIONS)_.*(KEY|TOKEN)|TOKEN$|SECRET|PASSWORD/;

type Results = Map<LoadRequest, LoadResult>;
type Job = (results: Results) => Promise<void>;

/**
 * One result for each request, in the requests' order. Throws only for what is no fault of an artifact, such as a full
 * disk or npm that cannot get Node (UserError `node-missing`).
 */
export async function loadArtifacts(
  requests: readonly LoadRequest[],
  settings: LoadSettings,
): Promise<readonly LoadResult[]> {
  const sandbox = settings.sandbox ?? (await findSandbox());
  const exposed = sandbox.kind === "none" ? exposedCredential(settings.environment) : undefined;
  if (exposed !== undefined) {
    const why = `what is loaded could read ${exposed} of this job, as there is no sandbox here (${sandbox.why})`;
    return requests.map(() => ({ kind: "not-loaded", why }));
  }
  const scratch = await realpath(await mkdtemp(join(tmpdir(), "warren-load-")));
  const results: Results = new Map();
  try {
    const jobs = jobsOf(requests, { ...settings, sandbox, scratch });
    await eachAtOnce(availableParallelism(), jobs, async (job) => await job(results));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return requests.map((request) => {
    const result = results.get(request);
    if (result === undefined) throw new Error(`${request.component} has no result`);
    return result;
  });
}

function exposedCredential(environment: LoadSettings["environment"]): string | undefined {
  return Object.keys(environment).find((name) => CREDENTIAL.test(name) && environment[name] !== "");
}

type Context = LoadSettings & { readonly sandbox: Sandbox; readonly scratch: string };

/** What has binaries gets a process for itself, and comes first, as it takes longest. */
function jobsOf(requests: readonly LoadRequest[], context: Context): readonly Job[] {
  const alone: Job[] = [];
  const shared = new Map<string, { readonly runtime: NodeRuntime; readonly requests: LoadRequest[] }>();
  for (const request of requests) {
    const runtime = runtimeOf(request.runtime);
    if (runtime.language === "python") alone.push((results) => python(request, context, results));
    else if (request.native) {
      alone.push((results) => node([request], runtime, request.architecture, context, results));
    } else {
      // What a process is started with holds for all that it loads.
      const key = `${runtime.name} ${request.environment?.["NODE_OPTIONS"]}`;
      const group = shared.get(key) ?? { runtime, requests: [] };
      group.requests.push(request);
      shared.set(key, group);
    }
  }
  const batches = [...shared.values()].flatMap(({ runtime, requests: all }) =>
    split(all, availableParallelism()).map(
      // JavaScript is the same on every processor.
      (batch): Job =>
        (results) =>
          node(batch, runtime, "any", context, results),
    ),
  );
  return [...alone, ...batches];
}

function split<Item>(items: readonly Item[], parts: number): readonly (readonly Item[])[] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

async function node(
  batch: readonly LoadRequest[],
  runtime: NodeRuntime,
  architecture: LoadRequest["architecture"] | "any",
  { environment, signal, limits = LIMITS, sandbox, scratch }: Context,
  results: Results,
): Promise<void> {
  const machine = await findMachine(runtime, architecture, { environment, signal });
  if (machine.kind === "absent") {
    for (const request of batch) results.set(request, { kind: "not-loaded", why: machine.why });
    return;
  }
  const limitSeconds = machine.emulator === undefined ? limits.nativeSeconds : limits.emulatedSeconds;
  const loaded = await loadNode(batch, machine, { runtime, sandbox, scratch, limitSeconds, signal });
  for (const [request, result] of loaded) results.set(request, result);
}

async function python(
  request: LoadRequest,
  { environment, signal, sandbox, scratch, limits = LIMITS }: Context,
  results: Results,
): Promise<void> {
  await using folder = await mkdtempDisposable(join(scratch, "python-"));
  const unpack = async (): Promise<string> => {
    await unpackFiles(request.files, folder.path);
    return folder.path;
  };
  const limitSeconds = limits.pythonSeconds;
  results.set(request, await loadPython(request, { unpack, environment, sandbox, limitSeconds, signal }));
}
