/** Loads a Python artifact with a Python of its runtime's version, where this machine has one. */
import type { LoadRequest, LoadResult } from "../core/passport.ts";
import { LOAD_PROGRAM, pythonLoadResult, type PythonReport } from "../core/python-load.ts";
import { pythonVersion } from "../core/python-source.ts";
import { findPython, type Python } from "./python-interpreter.ts";
import { findSandbox, inside, runInside, type Bind } from "./sandbox.ts";

/** Lambda gives an import 10 seconds; a busy runner may need longer for what Lambda does in 5. */
const LOAD_SECONDS = 60;

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
  { folder, signal }: { readonly folder: string; readonly signal?: AbortSignal },
): Promise<LoadResult> {
  const sandbox = await findSandbox();
  const task: Bind = { from: folder, to: "/var/task" };
  const { source, runtime, handler, component } = request;
  const dot = handler.lastIndexOf(".");
  const root = inside(sandbox, task);
  const reports: string[] = [];
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
    },
    limitSeconds: LOAD_SECONDS,
    onReport: (line) => reports.push(line),
    signal,
  });
  const [report] = reports;
  if (report !== undefined) return pythonLoadResult(request, JSON.parse(report) as PythonReport);
  if (code === undefined)
    return { kind: "inconclusive", why: `its import did not end within ${LOAD_SECONDS} seconds` };
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
