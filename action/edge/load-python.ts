/** Loads a Python artifact with a Python of its runtime's version, where this machine has one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";

import type { LoadRequest, LoadResult } from "../core/passport.ts";
import { LOAD_PROGRAM, pythonLoadResult, type PythonReport } from "../core/python-load.ts";
import { pythonVersion } from "../core/python-source.ts";
import { findPython } from "./python-interpreter.ts";

/** Lambda gives an import 10 seconds; a busy runner may need longer for what Lambda does in 5. */
const LOAD_MS = 60_000;

const MACHINE = { arm64: "arm64", x86_64: "x64" } as const;

/**
 * `folder`: real path of the unpacked artifact. `environment`: this machine's own, to find Python; the artifact's code
 * sees nothing of it.
 */
export async function loadPython(
  request: LoadRequest,
  options: {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly signal?: AbortSignal;
  },
): Promise<LoadResult> {
  const { architecture, native, runtime, handler } = request;
  const version = pythonVersion(runtime);
  if (version === undefined) throw new Error(`${runtime} is no Python`);
  // Code without binaries is the same everywhere.
  if (native && MACHINE[architecture] !== process.arch) {
    return {
      kind: "not-loaded",
      why: `binaries for ${architecture} need an ${architecture} runner: under qemu, Python takes minutes`,
    };
  }
  const python = await findPython(version, options.environment);
  if (python === undefined)
    return { kind: "not-loaded", why: `there is no Python ${version} on this machine` };
  const dot = handler.lastIndexOf(".");
  return await load(
    request,
    python,
    [options.folder, handler.slice(0, dot), handler.slice(dot + 1)],
    options,
  );
}

async function load(
  request: LoadRequest,
  python: string,
  args: readonly [string, string, string],
  { signal }: { readonly signal?: AbortSignal },
): Promise<LoadResult> {
  signal?.throwIfAborted();
  // -I and -S: nothing of the machine's own packages and settings. -B: no bytecode into the artifact.
  const child = spawn(python, ["-I", "-S", "-B", "-c", LOAD_PROGRAM, ...args], {
    cwd: args[0],
    env: childEnvironment(request, args[0]),
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    // A group of its own, so that what the import has started ends with it, and lets go of the pipes.
    detached: true,
  });
  await once(child, "spawn");
  const end = (): void => endGroup(child.pid);
  const late = AbortSignal.timeout(LOAD_MS);
  for (const one of [late, signal]) one?.addEventListener("abort", end, { once: true });
  child.once("exit", end);
  const [reported, complaint, [code, killed]] = await Promise.all([
    text(child.stdio[3] as Readable),
    text(child.stderr as Readable),
    once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
  ]).finally(() => signal?.removeEventListener("abort", end));
  signal?.throwIfAborted();
  if (reported !== "") return pythonLoadResult(request, JSON.parse(reported) as PythonReport);
  const { source, runtime } = request;
  if (late.aborted)
    return { kind: "inconclusive", why: `its import did not end within ${LOAD_MS / 1000} seconds` };
  const how = killed === null ? `ended the process with code ${code}` : `crashed the process (${killed})`;
  const last = complaint.trim().split("\n").at(-1) ?? "";
  return {
    kind: "failed",
    problem: {
      place: { file: source, line: 1, column: 1 },
      message: `importing \`${source}\` by ${runtime} ${how}${last === "" ? "" : `: ${last}`}`,
    },
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** What Lambda sets and an import may read. No credentials: whatever needs them needs the network, too. */
function childEnvironment({ component, runtime, handler }: LoadRequest, folder: string): NodeJS.ProcessEnv {
  return Object.assign(Object.create(null), {
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: component,
    AWS_REGION: "us-east-1",
    HOME: folder,
    LAMBDA_TASK_ROOT: folder,
    LANG: "en_US.UTF-8",
    PATH: "/usr/bin:/bin",
    TZ: ":UTC",
    _HANDLER: handler,
  });
}
