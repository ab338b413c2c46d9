/** Where this machine keeps a Python of a certain version. */
import { execFile } from "node:child_process";
import { access, constants, glob } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A version manager's `python3.13` may be there and only tell that no such version is chosen. */
const ANSWER_MS = 20_000;

export interface Python {
  /** Absolute path of the program itself: a virtual environment's is only a link with settings. */
  readonly program: string;
  /** The folder that it needs to run. */
  readonly home: string;
}

/**
 * A Python that says it is of this version (`3.13`); undefined if there is none. GitHub's runners have
 * several in their tool cache, of which none is on the PATH before actions/setup-python.
 */
export async function findPython(
  version: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Python | undefined> {
  const name = `python${version}`;
  for (const folder of (environment["PATH"] ?? "").split(delimiter)) {
    const found = folder === "" ? undefined : await askPython(join(folder, name), version);
    if (found !== undefined) return found;
  }
  const [home, data] = [environment["HOME"] ?? "/root", environment["XDG_DATA_HOME"]];
  const versions = [
    join(environment["RUNNER_TOOL_CACHE"] ?? "/opt/hostedtoolcache", "Python", `${version}.*`, "*"),
    join(environment["PYENV_ROOT"] ?? join(home, ".pyenv"), "versions", `${version}.*`),
    join(
      environment["UV_PYTHON_INSTALL_DIR"] ?? join(data ?? join(home, ".local/share"), "uv/python"),
      `cpython-${version}.*`,
    ),
  ];
  for (const pattern of versions) {
    for await (const path of glob(join(pattern, "bin", name))) {
      const found = await askPython(path, version);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const WHO = `
import json, os, sys
program = getattr(sys, "_base_executable", sys.executable)
print(json.dumps(["%d.%d" % sys.version_info[:2], os.path.realpath(program), os.path.realpath(sys.base_prefix)]))
`;

async function askPython(path: string, version: string): Promise<Python | undefined> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ["-I", "-S", "-c", WHO], {
      timeout: ANSWER_MS,
      // No credential: what is found on the PATH is not ours.
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    });
    const [own, program, home] = JSON.parse(stdout) as [string, string, string];
    return own === version ? { program, home } : undefined;
  } catch (error) {
    // Not there, not to be run, not answering, or an answer with an exit code: it is none of ours.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
