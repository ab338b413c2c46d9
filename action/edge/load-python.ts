/** Loads a Python artifact with a Python of its runtime's version, where this machine has one. */
import type { LoadRequest, LoadResult } from "../core/passport.ts";
import { LOAD_PROGRAM, parsePythonReport, pythonLoadResult, type PythonReport } from "../core/python-load.ts";
import { pythonVersion } from "../core/python-source.ts";
import { findPython, type Python } from "./python-interpreter.ts";
import { inside, runInside, type Bind, type Sandbox } from "./sandbox.ts";

const MACHINE = { arm64: "arm64", x86_64: "x64" } as const;

export interface PythonLoading {
  /** The real path of a folder with the unpacked artifact; called only if there is a Python to load it with. */
  readonly unpack: () => Promise<string>;
  /** This machine's own, to find Python; the artifact's code sees nothing of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sandbox: Sandbox;
  readonly limitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

export async function loadPython(request: LoadRequest, options: PythonLoading): Promise<LoadResult> {
  const { architecture, native, runtime } = request;
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
  return await load(request, python, options);
}

async function load(
  request: LoadRequest,
  python: Python,
  { unpack, sandbox, limitSeconds, signal }: PythonLoading,
): Promise<LoadResult> {
  const task: Bind = { from: await unpack(), to: "/var/task" };
  const { source, runtime, handler, component } = request;
  const dot = handler.lastIndexOf(".");
  const root = inside(sandbox, task);
  const reports: PythonReport[] = [];
  const { code, output } = await runInside(sandbox, {
    // -I and -S: nothing of the machine's own packages and settings. -B: no bytecode into the artifact.
    command: [
      python.program,
      "-I",
      "-S",
      "-B",
      "-c",
      LOAD_PROGRAM,
      root,
      handler.slice(0, dot),
      handler.slice(dot + 1),
    ],
    // The system's own Python is there already.
    binds: [task, ...(/^\/usr(\/|$)/.test(python.home) ? [] : [{ from: python.home, to: python.home }])],
    // What Lambda sets and an import may read. No credentials: whatever needs them needs the network, too.
    environment: {
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: component,
      AWS_REGION: "us-east-1",
      HOME: "/tmp",
      LAMBDA_TASK_ROOT: root,
      LANG: "en_US.UTF-8",
      PATH: "/usr/bin:/bin",
      TZ: ":UTC",
      _HANDLER: handler,
      ...request.environment,
    },
    limitSeconds,
    onReport: (line) => reports.push(...parsePythonReport(line)),
    signal,
  });
  const [report] = reports;
  if (report !== undefined) return pythonLoadResult(request, report);
  if (code === undefined)
    return {
      kind: "inconclusive",
      why: `its import did not end within ${limitSeconds} seconds, and Lambda gives it 10`,
    };
  const how =
    code > 128 ? `crashed the process (signal ${code - 128})` : `ended the process with code ${code}`;
  const last = output.trim().split("\n").at(-1) ?? "";
  return {
    kind: "failed",
    problem: {
      place: { file: source, line: 1, column: 1 },
      message: `importing \`${source}\` by ${runtime} ${how}${last === "" ? "" : `: ${last}`}`,
    },
  };
}
